//! The metrics of CloudWatch that tell what instances and volumes do.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-NVIDIA-GPU.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html>,
//! <https://docs.aws.amazon.com/ebs/latest/userguide/using_cloudwatch_ebs.html> (the last read 2026-11-28; the
//! others not checked since this was written)

use aws_sdk_cloudwatch::types::{Dimension, Metric};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    GpuUtilization,
    GpuMemoryBandwidth,
    GpuMemoryUsed,
    GpuMemoryTotal,
    Cpu,
    NetworkIn,
    NetworkOut,
    EbsRead,
    EbsWrite,
    DiskRead,
    DiskWrite,
    VolumeReadOps,
    VolumeWriteOps,
    VolumeReadBytes,
    VolumeWriteBytes,
    VolumeIdle,
}

/// Of each GPU, as the CloudWatch agent reports it: its dimensions have to be looked up.
pub(super) const GPU: [Kind; 4] =
    [Kind::GpuUtilization, Kind::GpuMemoryBandwidth, Kind::GpuMemoryUsed, Kind::GpuMemoryTotal];

/// Of each instance.
pub(super) const EC2: [Kind; 7] =
    [Kind::Cpu, Kind::NetworkIn, Kind::NetworkOut, Kind::EbsRead, Kind::EbsWrite, Kind::DiskRead, Kind::DiskWrite];

/// Of each volume.
pub(super) const EBS: [Kind; 5] =
    [Kind::VolumeReadOps, Kind::VolumeWriteOps, Kind::VolumeReadBytes, Kind::VolumeWriteBytes, Kind::VolumeIdle];

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::GpuUtilization => "nvidia_smi_utilization_gpu",
            Kind::GpuMemoryBandwidth => "nvidia_smi_utilization_memory",
            Kind::GpuMemoryUsed => "nvidia_smi_memory_used",
            Kind::GpuMemoryTotal => "nvidia_smi_memory_total",
            Kind::Cpu => "CPUUtilization",
            Kind::NetworkIn => "NetworkIn",
            Kind::NetworkOut => "NetworkOut",
            Kind::EbsRead => "EBSReadOps",
            Kind::EbsWrite => "EBSWriteOps",
            Kind::DiskRead => "DiskReadOps",
            Kind::DiskWrite => "DiskWriteOps",
            Kind::VolumeReadOps => "VolumeReadOps",
            Kind::VolumeWriteOps => "VolumeWriteOps",
            Kind::VolumeReadBytes => "VolumeReadBytes",
            Kind::VolumeWriteBytes => "VolumeWriteBytes",
            Kind::VolumeIdle => "VolumeIdleTime",
        }
    }

    /// Gauges are asked for their least, most and mean, counters for what they came to.
    pub(super) const fn stats(self) -> &'static [Stat] {
        match self {
            Kind::GpuUtilization | Kind::GpuMemoryBandwidth | Kind::GpuMemoryUsed | Kind::Cpu => &STATS,
            Kind::GpuMemoryTotal => &[Stat::Maximum],
            _ => &[Stat::Sum],
        }
    }

    /// The metric of an instance or a volume under AWS's own namespaces.
    pub(super) fn of(self, resource_id: &str) -> Metric {
        let (namespace, name) = if EBS.contains(&self) { ("AWS/EBS", "VolumeId") } else { ("AWS/EC2", "InstanceId") };
        let dimension = Dimension::builder().name(name).value(resource_id).build();
        Metric::builder().namespace(namespace).metric_name(self.name()).dimensions(dimension).build()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stat {
    Minimum,
    Maximum,
    Sum,
    Count,
}

pub(super) const STATS: [Stat; 4] = [Stat::Minimum, Stat::Maximum, Stat::Sum, Stat::Count];

impl Stat {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Stat::Minimum => "Minimum",
            Stat::Maximum => "Maximum",
            Stat::Sum => "Sum",
            Stat::Count => "SampleCount",
        }
    }

    /// In the id of a query.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Stat::Minimum => "min",
            Stat::Maximum => "max",
            Stat::Sum => "sum",
            Stat::Count => "count",
        }
    }

    pub(super) fn from_code(code: &str) -> Option<Stat> {
        STATS.into_iter().find(|stat| stat.code() == code)
    }
}
