//! Rent or own in twenty lines: `cargo run --no-default-features --example rent_or_own`

use gpucost::break_even::{Electricity, Input, InputName, Owning, Question, Renting, Terms, break_even, flip_point};
use gpucost::report::break_even::verdict_sentence;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut owning = Owning::at_price("the desktop", Input::given("2200".parse()?));
    owning.electricity = Some(Electricity::new(Input::given(450.into()), Input::given("0.12".parse()?)));
    owning.value_kept_per_year = Some(Input::given("70%".parse()?));
    let question = Question {
        owning,
        renting: Renting::at_rate("the cloud", Input::given("2.14".parse()?)),
        terms: Terms::at_hours(Input::given("3.6".parse()?)),
    };
    let answer = break_even(&question, "2026-11-22".parse()?)?;
    println!("{}", verdict_sentence(&question, &answer));
    for input in [InputName::MachinePrice, InputName::HoursPerDay, InputName::ValueKept] {
        println!("{input} flips it: {:?}", flip_point(&question, input)?);
    }
    Ok(())
}
