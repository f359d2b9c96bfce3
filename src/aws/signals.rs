//! CloudWatch: what instances and volumes did, in five-minute readings.
//!
//! GetMetricData costs $0.01 for 1,000 metrics that are asked for, whatever the window; up to five statistics of one metric
//! in one request count once. <https://aws.amazon.com/cloudwatch/pricing/> (read 2026-11-27 and 2026-11-28, as quoted
//! elsewhere: the page itself was not found). A request takes 500 queries and answers 100,800 points; five-minute points are kept 63 days.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html> (read 2026-11-27)

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::AwsError;
use super::metrics::{EBS, EC2, GPU, Kind, STATS, Stat};
use super::places::{Asked, Place};
use crate::ledger::{Reading, SLOT_SECONDS, Signal, Signals, series_of};
use crate::time::Period;

const LIST: &str = "cloudwatch:ListMetrics";
const GET: &str = "cloudwatch:GetMetricData";

const MOST_QUERIES: usize = 500;
const MOST_POINTS: i64 = 100_800;

/// What to ask about at one place.
#[derive(Clone, Debug)]
pub struct Subjects {
    pub place: Place,
    pub instances: BTreeSet<String>,
    pub volumes: BTreeSet<String>,
    /// Where the CloudWatch agent writes its metrics.
    pub namespace: String,
}

/// The metrics there are of them.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub place: Place,
    asks: Vec<Ask>,
    subjects: BTreeSet<String>,
    /// GPU metrics that name no instance.
    pub nameless: usize,
    pub failure: Option<AwsError>,
}

impl Metrics {
    /// How many must be paid for.
    pub fn count(&self) -> u64 {
        self.asks.len() as u64
    }
}

/// One metric of one part of a resource.
#[derive(Clone, Debug)]
struct Ask {
    resource_id: String,
    part: String,
    kind: Kind,
    metric: Metric,
}

/// What one place told.
#[derive(Debug)]
pub struct Told {
    pub place: Place,
    pub signals: Vec<Signals>,
    /// Metrics that were asked for.
    pub metrics: u64,
    pub failures: Vec<AwsError>,
}

/// Looks up which GPUs report, which costs next to nothing; the rest has fixed names. All places at once.
pub fn find_metrics(subjects: Vec<Subjects>) -> Asked<Metrics> {
    let by_place: BTreeMap<(String, String), Subjects> =
        subjects.into_iter().map(|subjects| (key(&subjects.place), subjects)).collect();
    let places = by_place.values().map(|subjects| subjects.place.clone()).collect();
    Asked::of_each(places, move |place| {
        let subjects = by_place.get(&key(&place)).cloned();
        async move {
            match subjects {
                Some(subjects) => metrics_of(subjects).await,
                None => Metrics { place, asks: Vec::new(), subjects: BTreeSet::new(), nameless: 0, failure: None },
            }
        }
    })
}

fn key(place: &Place) -> (String, String) {
    (place.account_id.clone(), place.region.clone())
}

async fn metrics_of(subjects: Subjects) -> Metrics {
    let Subjects { place, instances, volumes, namespace } = subjects;
    let fixed = |resource_id: &String, kind: Kind| Ask {
        resource_id: resource_id.clone(),
        part: String::new(),
        kind,
        metric: kind.of(resource_id),
    };
    let of_instances = instances.iter().flat_map(|id| EC2.iter().map(move |kind| fixed(id, *kind)));
    let of_volumes = volumes.iter().flat_map(|id| EBS.iter().map(move |kind| fixed(id, *kind)));
    let mut asks: Vec<Ask> = of_instances.chain(of_volumes).collect();
    let (mut nameless, mut failure) = (0, None);
    if !instances.is_empty() {
        match gpu_metrics(&place, &namespace, &instances).await {
            Ok((of_gpus, without_instance)) => {
                asks.extend(of_gpus);
                nameless = without_instance;
            }
            Err(error) => failure = Some(if place.is_known { error.of_good_credentials() } else { error }),
        }
    }
    if failure.as_ref().is_some_and(AwsError::is_general) {
        asks.clear();
    }
    asks.sort_by_cached_key(|ask| {
        (ask.resource_id.clone(), ask.part.clone(), ask.kind, format!("{:?}", ask.metric.dimensions()))
    });
    // A list that grew while it was read names some again; each is paid for once.
    asks.dedup_by(|a, b| a.metric == b.metric);
    Metrics { place, asks, subjects: instances.into_iter().chain(volumes).collect(), nameless, failure }
}

async fn gpu_metrics(
    place: &Place,
    namespace: &str,
    instances: &BTreeSet<String>,
) -> Result<(Vec<Ask>, usize), AwsError> {
    let client = Client::new(&place.account.config);
    let (mut asks, mut nameless) = (Vec::new(), 0);
    for kind in GPU {
        let mut pages = client.list_metrics().namespace(namespace).metric_name(kind.name()).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed(LIST, place, error))?;
            for metric in page.metrics() {
                match instance_of(metric) {
                    Some(id) if instances.contains(id) => asks.push(Ask {
                        resource_id: id.to_owned(),
                        part: part_of(metric),
                        kind,
                        metric: metric.clone(),
                    }),
                    Some(_) => {}
                    None => nameless += 1,
                }
            }
        }
    }
    Ok((asks, nameless))
}

fn dimension<'a>(metric: &'a Metric, name: &str) -> Option<&'a str> {
    metric.dimensions().iter().find(|dimension| dimension.name() == Some(name))?.value()
}

fn instance_of(metric: &Metric) -> Option<&str> {
    dimension(metric, "InstanceId")
}

/// Dimensions of the whole instance.
const OF_INSTANCE: [&str; 6] = ["InstanceId", "InstanceType", "ImageId", "AutoScalingGroupName", "host", "arch"];

/// The GPU's index; empty where the agent puts all of them together.
fn part_of(metric: &Metric) -> String {
    if let Some(index) = dimension(metric, "index") {
        return index.to_owned();
    }
    let others = metric.dimensions().iter().filter(|d| !OF_INSTANCE.contains(&d.name().unwrap_or_default()));
    others.filter_map(|dimension| dimension.value()).collect::<Vec<_>>().join(" ")
}

fn failed<E>(action: &'static str, place: &Place, error: aws_sdk_cloudwatch::error::SdkError<E>) -> AwsError
where
    E: std::error::Error + aws_sdk_cloudwatch::error::ProvideErrorMetadata + 'static,
{
    AwsError::from_sdk(action, &place.region, place.account.profile.as_deref(), error)
}

/// Asks for the readings of a window, which begins and ends with a slot. `asked_at` is noted as the time of asking.
pub fn fetch_signals(metrics: Vec<Metrics>, window: Period, asked_at: Timestamp) -> Asked<Told> {
    let by_place: BTreeMap<(String, String), Metrics> =
        metrics.into_iter().map(|metrics| (key(&metrics.place), metrics)).collect();
    let places = by_place.values().map(|metrics| metrics.place.clone()).collect();
    Asked::of_each(places, move |place| {
        let metrics = by_place.get(&key(&place)).cloned();
        async move {
            match metrics {
                Some(metrics) => told(metrics, window, asked_at).await,
                None => Told { place, signals: Vec::new(), metrics: 0, failures: Vec::new() },
            }
        }
    })
}

/// What a metric read, by the second at which the slot begins.
type Points = BTreeMap<i64, Decimal>;

async fn told(metrics: Metrics, window: Period, asked_at: Timestamp) -> Told {
    let Metrics { place, asks, subjects, .. } = metrics;
    let client = Client::new(&place.account.config);
    let mut points: BTreeMap<(usize, Stat), Points> = BTreeMap::new();
    let mut unknown: BTreeSet<&str> = BTreeSet::new();
    let (mut failures, mut asked) = (Vec::new(), 0);
    for batch in batches(&asks, window) {
        asked += batch.len() as u64;
        let queries = batch.iter().flat_map(|at| asks.get(*at).into_iter().flat_map(|ask| queries(*at, ask)));
        let request = client
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(DateTime::from_secs(window.start.as_second()))
            .end_time(DateTime::from_secs(window.end.as_second()))
            .scan_by(ScanBy::TimestampAscending);
        if let Err(failure) = take_pages(request, &place, &mut points).await {
            unknown.extend(batch.iter().filter_map(|at| asks.get(*at)).map(|ask| ask.resource_id.as_str()));
            let is_denied = matches!(failure, AwsError::Denied { .. }) || failure.is_general();
            failures.push(failure);
            // What is not allowed once is not allowed again.
            if is_denied {
                unknown.extend(subjects.iter().map(String::as_str));
                break;
            }
        }
    }
    let whole = subjects.iter().filter(|id| !unknown.contains(id.as_str()));
    let signals = whole.map(|id| assembled(id, &place, &asks, &points, asked_at)).collect();
    Told { signals, metrics: asked, failures, place }
}

/// Metrics whose queries and points one request holds. All statistics of a metric are asked for together.
fn batches(asks: &[Ask], window: Period) -> Vec<Vec<usize>> {
    let points = (window.seconds() / SLOT_SECONDS).max(1);
    let room = usize::try_from(MOST_POINTS / points).unwrap_or(MOST_QUERIES).clamp(STATS.len(), MOST_QUERIES);
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut queries = room;
    for (at, ask) in asks.iter().enumerate() {
        let needs = ask.kind.stats().len();
        if queries + needs > room {
            batches.push(Vec::new());
            queries = 0;
        }
        queries += needs;
        if let Some(batch) = batches.last_mut() {
            batch.push(at);
        }
    }
    batches
}

fn queries(at: usize, ask: &Ask) -> impl Iterator<Item = MetricDataQuery> {
    ask.kind.stats().iter().map(move |stat| {
        let period = i32::try_from(SLOT_SECONDS).unwrap_or(i32::MAX);
        let wanted = MetricStat::builder().metric(ask.metric.clone()).period(period).stat(stat.name()).build();
        MetricDataQuery::builder().id(format!("m{at}_{}", stat.code())).metric_stat(wanted).build()
    })
}

async fn take_pages(
    request: aws_sdk_cloudwatch::operation::get_metric_data::builders::GetMetricDataFluentBuilder,
    place: &Place,
    points: &mut BTreeMap<(usize, Stat), Points>,
) -> Result<(), AwsError> {
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed(GET, place, error))?;
        for result in page.metric_data_results() {
            take(result, place, points)?;
        }
    }
    Ok(())
}

fn take(
    result: &MetricDataResult,
    place: &Place,
    points: &mut BTreeMap<(usize, Stat), Points>,
) -> Result<(), AwsError> {
    let request_failed = |why: String| AwsError::Request { action: GET, region: place.region.clone(), why };
    if let Some(StatusCode::InternalError | StatusCode::Forbidden) = result.status_code() {
        let said = result.messages().iter().filter_map(|message| message.value()).collect::<Vec<_>>().join("; ");
        return Err(request_failed(format!("a metric was not answered: {said}")));
    }
    let id = result.id().unwrap_or_default();
    let which = id.strip_prefix('m').and_then(|id| id.split_once('_'));
    let which = which.and_then(|(at, stat)| Some((at.parse().ok()?, Stat::from_code(stat)?)));
    let which = which.ok_or_else(|| request_failed(format!("an answer to `{id}`, which was not asked")))?;
    let of_metric = points.entry(which).or_default();
    // What is no number, or below nothing, is unknown.
    let numbers = result
        .values()
        .iter()
        .map(|value| Decimal::try_from(*value).ok().filter(|value| !value.is_sign_negative() || value.is_zero()));
    of_metric.extend(result.timestamps().iter().zip(numbers).filter_map(|(at, value)| Some((at.secs(), value?))));
    Ok(())
}

fn assembled(
    resource_id: &str,
    place: &Place,
    asks: &[Ask],
    points: &BTreeMap<(usize, Stat), Points>,
    asked_at: Timestamp,
) -> Signals {
    let mut read = Read::default();
    for (at, ask) in asks.iter().enumerate().filter(|(_, ask)| ask.resource_id == resource_id) {
        let of = |stat: Stat| points.get(&(at, stat)).cloned().unwrap_or_default();
        match ask.kind.stats() {
            [only] => read.one(ask, of(*only)),
            _ => read.gauge(ask, [of(Stat::Minimum), of(Stat::Maximum), of(Stat::Sum), of(Stat::Count)]),
        }
    }
    let series = read.signals().into_iter().map(|(key, readings)| (key, series_of(readings)));
    Signals {
        account: place.account_id.clone(),
        region: place.region.clone(),
        resource_id: resource_id.to_owned(),
        asked_at,
        series: series.filter(|(_, series)| !series.is_empty()).collect(),
    }
}

/// What the metrics of one resource read, before they are put together.
#[derive(Default)]
struct Read {
    gauges: BTreeMap<(Kind, String), BTreeMap<i64, Reading>>,
    /// Counters, and totals.
    amounts: BTreeMap<(Kind, String), Points>,
}

impl Read {
    /// Series that differ in a dimension that is gone now (an image that was replaced) are one.
    fn one(&mut self, ask: &Ask, points: Points) {
        let known = self.amounts.entry((ask.kind, ask.part.clone())).or_default();
        for (second, amount) in points {
            let most = known.entry(second).or_insert(amount);
            *most = amount.max(*most);
        }
    }

    fn gauge(&mut self, ask: &Ask, [min, max, sum, count]: [Points; 4]) {
        let known = self.gauges.entry((ask.kind, ask.part.clone())).or_default();
        for (second, max) in max {
            let (Some(min), Some(sum), Some(count)) = (min.get(&second), sum.get(&second), count.get(&second)) else {
                continue;
            };
            let samples = count.ceil().try_into().unwrap_or(u32::MAX);
            let reading = Reading { min: *min, max, sum: *sum, samples };
            known.entry(second).and_modify(|known| *known = known.beside(reading)).or_insert(reading);
        }
    }

    fn signals(&self) -> BTreeMap<(Signal, String), BTreeMap<i64, Reading>> {
        let mut signals = BTreeMap::new();
        for ((kind, part), readings) in &self.gauges {
            let (signal, readings) = match kind {
                Kind::GpuMemoryUsed => (Signal::GpuMemory, self.shares(readings, part)),
                Kind::GpuUtilization => (Signal::GpuUtilization, readings.clone()),
                Kind::GpuMemoryBandwidth => (Signal::GpuMemoryBandwidth, readings.clone()),
                _ => (Signal::Cpu, readings.clone()),
            };
            signals.insert((signal, part.clone()), readings);
        }
        let ebs = self.both(Kind::EbsRead, Kind::EbsWrite);
        let local = self.both(Kind::DiskRead, Kind::DiskWrite);
        let mut disk = ebs;
        for (second, reading) in local {
            disk.entry(second)
                .and_modify(|known| *known = Reading::counted(known.sum + reading.sum))
                .or_insert(reading);
        }
        let counted = [
            (Signal::Network, self.both(Kind::NetworkIn, Kind::NetworkOut)),
            (Signal::Disk, disk),
            (Signal::VolumeOps, self.both(Kind::VolumeReadOps, Kind::VolumeWriteOps)),
            (Signal::VolumeBytes, self.both(Kind::VolumeReadBytes, Kind::VolumeWriteBytes)),
            (Signal::VolumeIdle, self.amounts_of(Kind::VolumeIdle)),
        ];
        signals.extend(counted.into_iter().map(|(signal, readings)| ((signal, String::new()), readings)));
        signals
    }

    /// Percent of the GPU's memory, where its total is known.
    fn shares(&self, used: &BTreeMap<i64, Reading>, part: &str) -> BTreeMap<i64, Reading> {
        let totals = self.amounts.get(&(Kind::GpuMemoryTotal, part.to_owned()));
        let share = |(second, used): (&i64, &Reading)| {
            let total = totals?.get(second).filter(|total| !total.is_zero())?;
            let of_total = |used: Decimal| used.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(*total);
            let (min, max, sum) = (of_total(used.min)?, of_total(used.max)?, of_total(used.sum)?);
            Some((*second, Reading { min, max, sum, samples: used.samples }))
        };
        used.iter().filter_map(share).collect()
    }

    fn amounts_of(&self, kind: Kind) -> BTreeMap<i64, Reading> {
        let of_kind = self.amounts.get(&(kind, String::new())).into_iter().flatten();
        of_kind.map(|(second, amount)| (*second, Reading::counted(*amount))).collect()
    }

    /// The sum, where both are known.
    fn both(&self, one: Kind, other: Kind) -> BTreeMap<i64, Reading> {
        let other = self.amounts_of(other);
        let sum = |(second, reading): (i64, Reading)| {
            Some((second, Reading::counted(reading.sum.checked_add(other.get(&second)?.sum)?)))
        };
        self.amounts_of(one).into_iter().filter_map(sum).collect()
    }
}
