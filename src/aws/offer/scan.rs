//! A region's offer file as it streams by: the rows that are rates go to the collector.
//!
//! <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-an-offer.html>: five lines of metadata, the
//! names of the columns on the sixth. A us-east-1 file has hundreds of MB, of which a few thousand rows are wanted.

use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use jiff::Timestamp;

use crate::aws::offer::Collector;
use crate::aws::offer::OfferError;
use crate::aws::offer::OfferLine;
use crate::aws::offer::needles::Needles;
use crate::aws::offer::sheet::Need::{Needed, Optional};
use crate::aws::offer::sheet::{Column, Sheet};
use crate::catalog::{Publication, Published};

/// In the order of [`OfferScan::line`]. What a region does not sell has no columns in its file.
static COLUMNS: [Column; 26] = [
    ("SKU", Needed),
    ("OfferTermCode", Needed),
    ("RateCode", Needed),
    ("TermType", Needed),
    ("Unit", Needed),
    ("PricePerUnit", Needed),
    ("Currency", Needed),
    ("LeaseContractLength", Needed),
    ("PurchaseOption", Needed),
    ("OfferingClass", Needed),
    ("Product Family", Needed),
    ("Region Code", Optional),
    ("Location Type", Needed),
    ("Instance Type", Needed),
    ("vCPU", Needed),
    ("Memory", Needed),
    ("GPU", Optional),
    ("GPU Memory", Optional),
    ("Operating System", Needed),
    ("Tenancy", Needed),
    ("Pre Installed S/W", Needed),
    ("CapacityStatus", Needed),
    ("MarketOption", Optional),
    ("usageType", Needed),
    ("operation", Optional),
    ("Volume API Name", Optional),
];

/// Takes an offer file in chunks, in order, and keeps the rates of one region.
#[derive(Debug)]
pub struct OfferScan {
    region: String,
    needles: Needles,
    sheet: Sheet<26>,
    collector: Collector,
}

impl OfferScan {
    pub fn new(region: &str, families: &[String]) -> OfferScan {
        OfferScan {
            region: region.to_owned(),
            needles: Needles::of_offers(families),
            sheet: Sheet::new(&COLUMNS),
            collector: Collector::new(region, families),
        }
    }

    /// # Errors
    /// If the file is no offer, or one of its rates cannot be taken.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), OfferError> {
        let OfferScan { region, needles, sheet, collector } = self;
        sheet.feed(chunk, needles, &mut |fields| collector.take(&OfferScan::line(region, fields)))
    }

    /// # Errors
    /// If the file was cut off, or has no rate of the region.
    pub fn finish(self, fetched_at: Timestamp) -> Result<Published, OfferError> {
        let OfferScan { region, sheet, mut collector, .. } = self;
        let published_at = sheet.finish(&mut |fields| collector.take(&OfferScan::line(&region, fields)))?;
        let published = collector.finish(Publication::OfferFile, published_at, fetched_at);
        if published.volumes.is_empty() && published.on_demand.is_empty() {
            return Err(OfferError::Nothing { region });
        }
        Ok(published)
    }

    /// Reads a whole file: while one block is searched the next ones are read.
    ///
    /// # Errors
    /// Those of [`OfferScan::feed`] and [`OfferScan::finish`], and if it cannot be read.
    pub fn read(mut self, file: impl Read + Send, fetched_at: Timestamp) -> Result<Published, OfferError> {
        let (filled, to_search) = mpsc::sync_channel(BLOCKS_AHEAD);
        let (searched, to_fill) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || fill(file, &to_fill, &filled));
            for block in to_search {
                let block: Vec<u8> =
                    block.map_err(|error: io::Error| OfferError::Unreadable { why: error.to_string() })?;
                self.feed(&block)?;
                // At the file's end nobody fills it again.
                _ = searched.send(block);
            }
            self.finish(fetched_at)
        })
    }

    fn line<'a>(region: &'a str, fields: [&'a str; 26]) -> OfferLine<'a> {
        let [
            sku,
            offer_term_code,
            rate_code,
            term_type,
            unit,
            price_per_unit,
            currency,
            lease_contract_length,
            purchase_option,
            offering_class,
            product_family,
            region_code,
            location_type,
            instance_type,
            vcpu,
            memory,
            gpu,
            gpu_memory,
            operating_system,
            tenancy,
            pre_installed_sw,
            capacity_status,
            market_option,
            usage_type,
            operation,
            volume_api_name,
        ] = fields;
        OfferLine {
            sku,
            offer_term_code,
            rate_code,
            term_type,
            unit,
            price_per_unit,
            currency,
            lease_contract_length,
            purchase_option,
            offering_class,
            product_family,
            // Files from before 2021 have no region codes: a region's file is of the region, but for its zones.
            region_code: if region_code.is_empty() && location_type == "AWS Region" { region } else { region_code },
            location_type,
            instance_type,
            vcpu,
            memory,
            gpu,
            gpu_memory,
            operating_system,
            tenancy,
            pre_installed_sw,
            capacity_status,
            market_option,
            usage_type,
            operation,
            volume_api_name,
            ..OfferLine::default()
        }
    }
}

/// Reads block after block, into those that were searched already, until the file ends or nobody wants more.
fn fill(mut file: impl Read, to_fill: &Receiver<Vec<u8>>, filled: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut block = to_fill.try_recv().unwrap_or_default();
        block.resize(READ_BYTES, 0);
        let read = match file.read(&mut block) {
            Ok(0) => return,
            Ok(read) => {
                block.truncate(read);
                Ok(block)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = read.is_err();
        if filled.send(read).is_err() || is_last {
            return;
        }
    }
}

/// Bytes read at once.
pub(super) const READ_BYTES: usize = 128 * 1024;
/// Blocks read before they are searched.
const BLOCKS_AHEAD: usize = 4;

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
