//! What other people wrote, in the advice: nothing of it reaches a terminal, a page or a spreadsheet as a command.

use serde_json::json;

use crate::program::Lab;

const HOSTILE: [&str; 5] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "=HYPERLINK(\"http://example.com\")",
    "<script>alert(1)</script>",
    "[it](http://example.com) | `x` **y**",
    "\u{202e}txt.exe\u{200b}",
];

/// An orphan snapshot, an idle address and an instance left running, all named and described like that.
fn lab(hostile: &str) -> Lab {
    let lab = Lab::new();
    let tags = json!([{ "Key": "Name", "Value": hostile }, { "Key": hostile, "Value": hostile }]);
    let snapshot = json!({
        "SnapshotId": "snap-1", "OwnerId": "1", "VolumeId": "vol-9", "VolumeSize": 500, "Description": hostile,
        "StartTime": "2026-10-01T00:00:00Z", "Tags": tags,
    });
    let instance = json!({
        "InstanceId": "i-1", "InstanceType": "g5.xlarge", "LaunchTime": "2026-10-01T00:00:00Z", "Tags": tags,
        "State": { "Name": "running" }, "StateTransitionReason": hostile, "RootDeviceName": hostile,
        "Placement": { "AvailabilityZone": "us-west-2a" },
        "BlockDeviceMappings": [{ "DeviceName": hostile, "Ebs": { "VolumeId": "vol-1", "DeleteOnTermination": false } }],
    });
    let volume = json!({
        "VolumeId": "vol-1", "VolumeType": "gp2", "Size": 500, "CreateTime": "2026-10-01T00:00:00Z", "Tags": tags,
        "AvailabilityZone": "us-west-2a", "Attachments": [{ "InstanceId": "i-1", "DeleteOnTermination": false }],
    });
    let address = json!({ "AllocationId": "eipalloc-1", "PublicIp": "203.0.113.7", "Tags": tags });
    for (file, document) in [
        ("snapshots.json", json!({ "Snapshots": [snapshot] })),
        ("instances.json", json!({ "Reservations": [{ "OwnerId": "1", "Instances": [instance] }] })),
        ("volumes.json", json!({ "Volumes": [volume] })),
        ("addresses.json", json!({ "Addresses": [address] })),
        ("images.json", json!({ "Images": [{ "ImageId": "ami-1", "OwnerId": "1", "Name": hostile, "Tags": tags }] })),
    ] {
        lab.write(file, document.to_string());
        lab.ok(&["usage", "import", file, "--observed-at", "2026-11-01", "--region", "us-west-2"]);
    }
    lab
}

#[test]
fn names_and_descriptions_are_shown_and_obeyed_nowhere() {
    for hostile in HOSTILE {
        let lab = lab(hostile);
        for format in ["table", "md", "csv", "json"] {
            let shown = lab.ok(&["advise", "--as-of", "2026-11-02", "-v", "-o", format]);
            for rule in ["orphan-snapshot:snap-1", "left-running:i-1", "idle-address:eipalloc-1"] {
                let id = rule.split_once(':').map_or("", |(_, id)| id);
                assert!(shown.contains(id), "{rule} in {format}");
            }
            let is_control = |c: char| c.is_control() && c != '\n';
            assert!(!shown.contains(is_control) && !shown.contains(['\u{202e}', '\u{200b}']), "{format}: {hostile:?}");
            if format == "md" {
                assert!(!shown.contains("<script>") && !shown.contains("[it](http"), "{shown}");
            }
            if format == "csv" {
                let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(shown.as_bytes());
                for row in rows.records().map(|row| row.expect("CSV")) {
                    assert!(!row.iter().any(|cell| cell.starts_with('=')), "{row:?}");
                }
            }
        }
    }
}
