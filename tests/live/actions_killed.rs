//! kill -9 at instants all through `snapshot-and-delete`: no volume goes without its whole copy, no copy is made twice.

use crate::actions::{Place, REGION};
use crate::peers::Killer;
use std::process::Stdio;

const KILLS: u32 = 200;

#[test]
fn killed_at_any_instant_it_deletes_nothing_without_a_copy_and_copies_nothing_twice() {
    let place = Place::new();
    let command = |volume: &str| {
        let mut command = place.aws.gpucost(&place.lab, &["snapshot-and-delete", volume, "--yes", "--region", REGION]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    // Every other volume is attached to a stopped instance: it is taken off before it is deleted.
    let holder = place.stopped();
    let root = place.root_of(&holder);
    let volume = |number: usize| {
        let id = place.volume();
        if number % 2 == 1 {
            place.ec2("AttachVolume", &[("InstanceId", &holder), ("VolumeId", &id), ("Device", "/dev/sdf")]);
        }
        id
    };
    let first = volume(1);
    let mut killer = Killer::of(&mut command(&first));
    let mut volumes = vec![first];
    let mut kill = 0;
    while kill < KILLS {
        let volume = volume(volumes.len());
        // Each volume is tried until it is gone, each try killed a little later than the one before.
        loop {
            kill += 1;
            let share = f64::from((kill * 61) % KILLS) / f64::from(KILLS);
            killer.kill(command(&volume).spawn().expect("it starts"), share * 1.1);
            let (there, copies) = (place.volumes(), place.snapshots());
            let of_volume = copies.iter().filter(|(_, of)| *of == volume).count();
            assert!(of_volume <= 1, "{volume} was copied {of_volume} times");
            if !there.contains(&volume) {
                assert_eq!(of_volume, 1, "{volume} is gone without a copy");
                break;
            }
            if kill >= KILLS {
                break;
            }
        }
        volumes.push(volume);
    }
    assert!(killer.died > KILLS / 3, "only {} of {KILLS} runs were killed in time", killer.died);
    // The next run settles all that is left; then nothing is unfinished.
    for volume in &volumes {
        _ = command(volume).status().expect("it runs");
    }
    // An attached volume is listed with its attachment, which names it again.
    assert!(place.volumes().iter().all(|left| *left == root), "{:?} beside {root}", place.volumes());
    assert!(!place.volumes().is_empty(), "nobody asked for the instance's own");
    assert_eq!(place.snapshots().len(), volumes.len(), "one copy of each");
    assert!(place.changes().iter().any(|action| action == "DetachVolume"), "none was taken off");
    let ran = place.run(&["snapshot-and-delete", "--resume", "--yes"]);
    assert!(ran.err.contains("nothing was begun that is not finished"), "{ran:?}");
}
