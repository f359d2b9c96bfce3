use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> VolumeSpec {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    text.parse::<VolumeSpec>().expect_err(text).to_string()
}

#[test]
fn reads_a_volume_as_people_write_it() {
    let gp2 = VolumeSpec { volume_type: VolumeType::Gp2, size_gb: 75, iops: None, throughput_mibps: None };
    assert_eq!(parsed("gp2:75"), gp2);
    let gp3 = VolumeSpec { volume_type: VolumeType::Gp3, size_gb: 500, iops: Some(4000), throughput_mibps: Some(250) };
    assert_eq!(parsed("gp3:500:4000:250"), gp3);
    assert_eq!(parsed("gp3:500::250"), VolumeSpec { iops: None, ..gp3 });
    assert_eq!(parsed("io2:100:5000").iops, Some(5000));
}

#[test]
fn says_what_is_wrong_with_a_volume() {
    assert_eq!(refused("gp2:0"), "gp2 volumes have 1 to 16384 GB, not 0");
    assert_eq!(refused("gp2:16385"), "gp2 volumes have 1 to 16384 GB, not 16385");
    assert_eq!(refused("st1:124"), "st1 volumes have 125 to 16384 GB, not 124");
    assert_eq!(refused("gp3:500:2999"), "gp3 volumes have 3000 to 80000 IOPS, not 2999");
    assert_eq!(refused("gp3:500:3000:2001"), "gp3 volumes have 125 to 2000 MiB/s, not 2001");
    assert_eq!(refused("gp2:75:3000"), "gp2 volumes have no IOPS of their own to choose");
    assert_eq!(refused("io2:75:3000:250"), "io2 volumes have no MiB/s of their own to choose");
    assert_eq!(refused("io1:100"), "io1 volumes need their IOPS: write io1:100:IOPS");
    assert_eq!(refused("gp4:75"), "`gp4` is not a volume type: it is one of gp2, gp3, io1, io2, st1, sc1, standard");
    assert_eq!(refused("gp2:-5"), "`-5` is not a whole number of GB");
    assert_eq!(refused("gp2:+5"), "`+5` is not a whole number of GB");
    assert_eq!(refused("gp2:99999999999"), "`99999999999` is not a whole number of GB");
    for shape in ["", "75", "gp3:500:", "gp3:500:4000:", "gp3:500:4000:250:1"] {
        assert!(refused(shape).contains("is not a volume: write"), "{shape}");
    }
}

#[test]
fn the_limits_themselves_are_accepted() {
    for volume_type in VolumeType::ALL {
        let iops = volume_type.provisioned_iops();
        let throughput = volume_type.provisioned_throughput_mibps();
        for (size, edge) in [(*volume_type.sizes_gb().start(), 0), (*volume_type.sizes_gb().end(), 1)] {
            let at = |range: &Option<RangeInclusive<u32>>| {
                range.as_ref().map(|range| if edge == 0 { *range.start() } else { *range.end() })
            };
            assert!(VolumeSpec::new(volume_type, size, at(&iops), at(&throughput)).is_ok(), "{volume_type} {edge}");
        }
    }
}

#[test]
fn usage_types_tell_volume_types_apart() {
    assert_eq!(VolumeType::Io1.usage_type_suffix(), ".piops");
    for volume_type in VolumeType::ALL {
        assert_eq!(VolumeType::from_usage_type_suffix(volume_type.usage_type_suffix()), Some(volume_type));
        assert_eq!(VolumeType::from_name(volume_type.name()), Some(volume_type));
    }
    assert_eq!(VolumeType::from_usage_type_suffix(".io1"), None);
}

fn any_valid() -> impl Strategy<Value = VolumeSpec> {
    let part = proptest::option::of(1..300_000_u32);
    (0..7_usize, 1..70_000_u32, part, proptest::option::of(1..3000_u32))
        .prop_filter_map("AWS would not create it", |(kind, size, iops, throughput)| {
            VolumeSpec::new(VolumeType::ALL[kind], size, iops, throughput).ok()
        })
}

proptest! {
    #[test]
    fn any_text_is_a_volume_or_an_error(text in "\\PC{0,40}") {
        if let Ok(volume) = text.parse::<VolumeSpec>() {
            prop_assert_eq!(parsed(&volume.to_string()), volume);
        }
    }

    #[test]
    fn text_that_looks_like_a_volume_is_one_or_an_error(text in "(gp2|gp3|io1|io2|st1|x)(:[0-9+-]{0,12}){0,5}") {
        if let Ok(volume) = text.parse::<VolumeSpec>() {
            prop_assert_eq!(parsed(&volume.to_string()), volume);
        }
    }

    #[test]
    fn every_volume_reads_back_as_itself(volume in any_valid()) {
        prop_assert_eq!(parsed(&volume.to_string()), volume);
    }
}
