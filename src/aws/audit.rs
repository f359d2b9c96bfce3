//! One CloudTrail event, read: what it changed.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html> (read
//! 2026-11-23). EC2's own part of it is as EC2 writes it: numbers sometimes as text, lists under `items`.

use jiff::Timestamp;
use serde_json::Value;

use crate::ledger::{Change, ResourceChanged};
use crate::time::parse_timestamp;

/// What an event says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Changes(Vec<ResourceChanged>),
    /// A call that failed, a dry run, a stop of what stood still, a change of something else.
    WithoutEffect,
    /// It lacks what it should tell.
    Unreadable,
}

/// Reads the JSON text of one event.
pub(super) fn read_event(json: &str) -> Read {
    let Ok(event) = serde_json::from_str::<Value>(json) else { return Read::Unreadable };
    // A dry run is an error too: `Client.DryRunOperation`.
    if ["errorCode", "errorMessage"].iter().any(|key| event.get(key).is_some_and(|value| !value.is_null())) {
        return Read::WithoutEffect;
    }
    let Some(record) = Record::of(&event) else { return Read::Unreadable };
    let changes = match record.name {
        "RunInstances" => record.launched(),
        "StartInstances" => record.each_instance(&["running", "pending"], &Change::Started),
        "StopInstances" => record.each_instance(&["stopped", "stopping"], &Change::Stopped),
        "TerminateInstances" => record.each_instance(&["terminated", "shutting-down"], &Change::Terminated),
        "BidEvictedEvent" => record.evicted(),
        "CreateVolume" => record.volume_created(),
        "DeleteVolume" => record.one(text(record.event, "/requestParameters/volumeId"), Change::VolumeDeleted),
        "ModifyVolume" => record.volume_modified(),
        "ModifyInstanceAttribute" => record.retyped(),
        _ => Some(Vec::new()),
    };
    match changes {
        Some(changes) if changes.is_empty() => Read::WithoutEffect,
        Some(changes) => Read::Changes(changes),
        None => Read::Unreadable,
    }
}

/// An event with what every event has.
struct Record<'a> {
    event: &'a Value,
    name: &'a str,
    account: &'a str,
    region: &'a str,
    event_id: &'a str,
    at: Timestamp,
}

impl<'a> Record<'a> {
    fn of(event: &'a Value) -> Option<Record<'a>> {
        let account = text(event, "/recipientAccountId").or_else(|| text(event, "/userIdentity/accountId"));
        Some(Record {
            event,
            name: text(event, "/eventName")?,
            account: account.unwrap_or_default(),
            region: text(event, "/awsRegion")?,
            event_id: text(event, "/eventID")?,
            at: parse_timestamp(text(event, "/eventTime")?).ok()?,
        })
    }

    fn changed(&self, resource_id: &str, change: Change) -> ResourceChanged {
        ResourceChanged {
            account: self.account.to_owned(),
            region: self.region.to_owned(),
            resource_id: resource_id.to_owned(),
            at: self.at,
            change,
            event_id: self.event_id.to_owned(),
        }
    }

    fn one(&self, resource_id: Option<&str>, change: Change) -> Option<Vec<ResourceChanged>> {
        Some(vec![self.changed(resource_id?, change)])
    }

    fn instances(&self) -> Option<&'a Vec<Value>> {
        self.event.pointer("/responseElements/instancesSet/items")?.as_array()
    }

    fn launched(&self) -> Option<Vec<ResourceChanged>> {
        let asked = text(self.event, "/requestParameters/instanceType");
        let launched = self.instances()?.iter().map(|instance| {
            let instance_type = text(instance, "/instanceType").or(asked).map(str::to_owned);
            Some(self.changed(text(instance, "/instanceId")?, Change::Launched { instance_type }))
        });
        launched.collect()
    }

    /// Each instance of the call that was not there already, by its state before.
    fn each_instance(&self, already: &[&str], change: &Change) -> Option<Vec<ResourceChanged>> {
        let is_news =
            |instance: &&Value| text(instance, "/previousState/name").is_none_or(|before| !already.contains(&before));
        let changed = self
            .instances()?
            .iter()
            .filter(is_news)
            .map(|instance| Some(self.changed(text(instance, "/instanceId")?, change.clone())));
        changed.collect()
    }

    /// Spot capacity taken back: EC2's own event, not a call. The instance stops, or is terminated; the meter stops.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-interruptions.html> (read 2026-11-23)
    fn evicted(&self) -> Option<Vec<ResourceChanged>> {
        let ids = self.event.pointer("/serviceEventDetails/instanceIdSet")?.as_array()?;
        ids.iter().map(|id| Some(self.changed(id.as_str()?, Change::Stopped))).collect()
    }

    fn volume_created(&self) -> Option<Vec<ResourceChanged>> {
        let made = self.event.pointer("/responseElements")?;
        let change = Change::VolumeCreated {
            volume_type: text(made, "/volumeType").map(str::to_owned),
            size_gb: number(made, "/size"),
            iops: number(made, "/iops"),
            throughput_mibps: number(made, "/throughput"),
        };
        self.one(text(made, "/volumeId"), change)
    }

    /// Here EC2 writes the call's own envelope around request and answer. What the answer does not tell, the request may.
    fn volume_modified(&self) -> Option<Vec<ResourceChanged>> {
        let request = ["/requestParameters/ModifyVolumeRequest", "/requestParameters"];
        let request = request.iter().find_map(|path| self.event.pointer(path))?;
        let answer =
            ["/responseElements/ModifyVolumeResponse/volumeModification", "/responseElements/volumeModification"];
        let none = Value::Null;
        let answer = answer.iter().find_map(|path| self.event.pointer(path)).unwrap_or(&none);
        let size = |there: &str, here: &str| number(answer, there).or_else(|| number(request, here));
        let id =
            text(answer, "/volumeId").or_else(|| text(request, "/VolumeId")).or_else(|| text(request, "/volumeId"));
        let kind = text(answer, "/targetVolumeType").or_else(|| text(request, "/VolumeType"));
        let change = Change::VolumeModified {
            volume_type: kind.map(str::to_owned),
            size_gb: size("/targetSize", "/Size"),
            iops: size("/targetIops", "/Iops"),
            throughput_mibps: size("/targetThroughput", "/Throughput"),
        };
        self.one(id, change)
    }

    /// Most changes of attributes are of others than the type. Where CloudTrail hides the value, the polls tell it.
    fn retyped(&self) -> Option<Vec<ResourceChanged>> {
        let asked = self.event.pointer("/requestParameters")?;
        let named = text(asked, "/attribute").filter(|attribute| *attribute == "instanceType");
        let value = text(asked, "/instanceType/value").or_else(|| text(asked, "/instanceType"));
        let value = value.or_else(|| named.and_then(|_| text(asked, "/value"))).filter(|value| !value.starts_with('<'));
        let Some(instance_type) = value else { return Some(Vec::new()) };
        self.one(text(asked, "/instanceId"), Change::Retyped { instance_type: instance_type.to_owned() })
    }
}

/// Text at a place in the event; nothing is not text.
fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path)?.as_str().filter(|text| !text.is_empty())
}

/// A count, which EC2 writes as a number or as text.
fn number(value: &Value, path: &str) -> Option<u32> {
    match value.pointer(path)? {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
