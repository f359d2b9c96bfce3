//! kill -9 at instants spread over a run.

use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

/// Knows how long a run takes while the machine is as busy as it is.
pub struct Killer {
    whole: Duration,
    pub died: u32,
}

impl Killer {
    /// Times one run from its beginning to its end.
    #[track_caller]
    pub fn of(command: &mut Command) -> Killer {
        let started = Instant::now();
        assert!(command.status().expect("it runs").success());
        Killer { whole: started.elapsed(), died: 0 }
    }

    /// Kills the run after this share of the time that one takes.
    pub fn kill(&mut self, mut child: Child, share: f64) {
        thread::sleep(self.whole.mul_f64(share));
        child.kill().expect("the kill");
        let is_whole = child.wait().expect("its end").success();
        self.died += u32::from(!is_whole);
        // Other tests come and go: who ends in time is faster than was thought.
        self.whole = self.whole.mul_f64(if is_whole { 0.85 } else { 1.03 });
    }
}
