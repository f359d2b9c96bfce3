//! A million futures of 60 months each, every month's hours drawn from measured ones: how long the odds take; and then
//! with the discount rate, the rise of electricity and the horizon drawn too, 60 months at most.
//!
//! ```text
//! python3 benches/odds/run.py          # beside numpy, in the same run
//! cargo bench --bench odds --no-default-features -- [PATHS]      # 1,000,000 by default
//! ```

use std::time::Instant;

use gpucost::break_even::uncertainty::{Range, Simulation, odds};
use gpucost::break_even::{Electricity, Horizon, Input, InputName, Owning, Question, Renting, Terms, break_even};
use rust_decimal::Decimal;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let mut owning = Owning::at_price("the machine", Input::given("2200".parse()?));
    owning.electricity = Some(Electricity::new(Input::given(450.into()), Input::given("0.12".parse()?)));
    let mut terms = Terms::at_hours(Input::given("3.6".parse()?));
    terms.horizon = Input::given(Horizon::Months(60));
    terms.discount_per_year = Input::given("8%".parse()?);
    let question = Question { owning, renting: Renting::at_rate("cloud", Input::given("2.14".parse()?)), terms };
    let answer = break_even(&question, "2026-11-22".parse()?)?;
    let simulation = Simulation {
        paths,
        seed: 1,
        ranges: vec![(InputName::MachinePrice, "2000..2600".parse::<Range>()?)],
        months: (0..24u32).map(|month| Decimal::new(i64::from(month % 8) * 4 + 4, 1)).collect(),
    };
    let mut of_time = simulation.clone();
    of_time.ranges.extend([
        (InputName::DiscountRate, "0.04..0.12".parse()?),
        (InputName::Escalation, "0..0.05".parse()?),
        (InputName::Horizon, "36..60".parse()?),
    ]);
    for (simulation, with) in [(&simulation, ""), (&of_time, " with rate, rise and horizon drawn")] {
        for _ in 0..3 {
            let began = Instant::now();
            let drawn = odds(&question, answer.npv, simulation)?;
            let took = began.elapsed().as_secs_f64();
            println!("{took:.3} s{with}, own wins {}, P50 {}", drawn.own_wins, drawn.npv.p50);
        }
    }
    Ok(())
}
