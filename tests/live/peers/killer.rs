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

    /// Kills so many runs, the nth of them after a share of its time that `spread` scatters over a whole run and a little
    /// more: `kills` and `spread` have no common divisor.
    #[track_caller]
    pub fn kill_all(&mut self, kills: u32, spread: u32, run: impl Fn(u32) -> Command) {
        for kill in 1..=kills {
            let share = f64::from(kill * spread % kills) / f64::from(kills) * 1.2;
            self.kill(run(kill).spawn().expect("it starts"), share);
        }
        assert!(self.died > kills / 10, "only {} of {kills} runs were killed in time", self.died);
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
