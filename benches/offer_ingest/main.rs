//! `FILE REGION` reads an offer file and prints the region's GPU and EBS rates as JSON.
//! `run.py` beside this file generates one and compares with DuckDB and pandas; it says how in its head.

use std::collections::BTreeMap;
use std::fs::File;
use std::time::Instant;

use gpucost::aws::offer::OfferScan;
use gpucost::catalog::Listing;
use jiff::Timestamp;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo bench` passes a flag of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [path, region] = arguments.as_slice() else {
        println!("FILE REGION; see benches/offer_ingest/run.py");
        return Ok(());
    };
    let began = Instant::now();
    let families = ["p".to_owned(), "g".to_owned()];
    let published = OfferScan::new(region, &families).read(File::open(path)?, Timestamp::UNIX_EPOCH)?;
    let mut rates = BTreeMap::new();
    for rate in &published.on_demand {
        let usd = match rate.listing {
            Listing::OnDemand(usd) => usd.exact(),
            Listing::CapacityBlockOnly => "capacity block".to_owned(),
            Listing::ReservedOnly => "reserved".to_owned(),
        };
        rates.insert(rate.instance_type.clone(), usd);
    }
    for rate in &published.reserved {
        let key = format!("{} {} {}", rate.sku_term_code, rate.payment_option, rate.offering_class);
        rates.insert(key, format!("{} + {}", rate.upfront.exact(), rate.hourly.exact()));
    }
    for rate in &published.volumes {
        rates.insert(format!("{} {}", rate.volume_type, rate.rate.name()), rate.usd.exact());
    }
    for rate in &published.snapshots {
        rates.insert(format!("snapshot {}", rate.rate.name()), rate.usd.exact());
    }
    println!(
        "{}",
        serde_json::json!({ "rates": rates, "seconds": began.elapsed().as_secs_f64(), "peak_kib": peak_kib() })
    );
    Ok(())
}

/// What the parent would be told is never less than its own size when it began this process.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}
