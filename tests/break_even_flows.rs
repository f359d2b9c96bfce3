//! Cash flows by month: loans, purchase options, rising electricity, a falling resale, an upgrade. Closed formulas against the
//! sum of the months, and what must hold whatever the numbers.

use gpucost::break_even::uncertainty::{Range, Simulation, bands, odds};
use gpucost::break_even::{
    Answer, BreakEven, BreakEvenError, Committed, Discount, Electricity, Financing, FlipHours, FlipPoint, Flows,
    Horizon, Input, InputName, Interruptions, MonthLength, Owning, Percentage, Question, Renting, Terms, Transfer,
    Upgrade, Verdict, break_even, flip_point, totals_after,
};
use gpucost::catalog::RateCard;
use gpucost::money::Usd;
use gpucost::report::break_even::{
    answer_table, cash_flow_table, cumulative_chart, formula_table, inputs_table, verdict_sentence,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::Decimal;

const START: Date = date(2026, 11, 22);

fn tiny() -> Decimal {
    Decimal::new(1, 12)
}

fn a_cent() -> Decimal {
    Decimal::new(1, 2)
}

fn usd(text: &str) -> Usd {
    text.parse().expect("dollars")
}

fn share(fraction: Decimal) -> Input<Percentage> {
    Input::given(Percentage::of_fraction(fraction).expect("a share"))
}

fn dollars(amount: Decimal) -> Input<Usd> {
    Input::given(Usd::new(amount))
}

fn answer(question: &Question) -> Answer {
    break_even(question, START).expect("an answer")
}

/// Never is later than any day.
fn order(at: BreakEven) -> Decimal {
    at.reached().map_or(Decimal::MAX, |reached| reached.days)
}

prop_compose! {
    fn decimal(least: i64, most: i64, decimals: u32)(units in least..=most) -> Decimal { Decimal::new(units, decimals) }
}

prop_compose! {
    fn electricity()(
        watts in decimal(50, 2_000, 0),
        idle in decimal(0, 50, 0),
        rate in decimal(1, 60, 2),
        pue in decimal(100, 200, 2),
        escalation in decimal(0, 20, 2),
    ) -> Electricity {
        Electricity {
            load_watts: Input::given(watts),
            idle_watts: Input::given(idle),
            usd_per_kwh: dollars(rate),
            pue: Input::given(pue),
            escalation_per_year: share(escalation),
        }
    }
}

prop_compose! {
    fn financing()(down in decimal(0, 100, 2), apr in decimal(0, 40, 2), months in 1u32..=60) -> Financing {
        Financing { down_payment: share(down), apr: share(apr), months: Input::given(months) }
    }
}

prop_compose! {
    fn owning()(
        price in decimal(500, 50_000, 0),
        tax in decimal(0, 20, 2),
        loan in proptest::option::of(financing()),
        (floor, kept, selling) in (decimal(0, 50, 2), proptest::option::of(decimal(10, 100, 2)), decimal(0, 30, 2)),
        power in proptest::option::of(electricity()),
        (hours, wage, maintenance, colocation, reserve) in (
            decimal(0, 40, 1), decimal(0, 90, 0), decimal(0, 100, 0), decimal(0, 100, 0), decimal(0, 10, 2),
        ),
        upgrade in proptest::option::of((decimal(0, 1_000, 0), 1u32..60)),
        ratio in decimal(50, 400, 2),
    ) -> Owning {
        let mut owning = Owning::at_price("the machine", dollars(price));
        owning.sales_tax = share(tax);
        owning.financing = loan;
        owning.resale = dollars(price * floor);
        owning.value_kept_per_year = kept.map(share);
        owning.selling_cost = share(selling);
        owning.electricity = power;
        owning.upkeep.admin_hours_per_month = Input::given(hours);
        owning.upkeep.usd_per_admin_hour = dollars(wage);
        owning.upkeep.maintenance_usd_per_month = dollars(maintenance);
        owning.upkeep.colocation_usd_per_month = dollars(colocation);
        owning.upkeep.repair_reserve_per_year = share(reserve);
        owning.upgrade = upgrade.map(|(usd, month)| Upgrade { usd: dollars(usd), month: Input::given(month) });
        owning.speed_ratio = Input::given(ratio);
        owning
    }
}

prop_compose! {
    fn renting()(
        rate in decimal(0, 8_000, 3),
        committed in proptest::option::of((decimal(0, 20_000, 0), 1u32..=36)),
        overhead in decimal(100, 200, 2),
        (ami, address, elastic) in (decimal(0, 50, 2), decimal(0, 5, 3), decimal(0, 10, 3)),
        (storage, transfer) in (decimal(0, 20_000, 2), decimal(0, 10_000, 2)),
        sent_gb in proptest::option::of(decimal(0, 2_000_000, 2)),
    ) -> Renting {
        let mut renting = Renting::at_rate("an instance", dollars(rate));
        renting.overhead = Input::given(if committed.is_some() { Decimal::ONE } else { overhead });
        renting.committed = committed.map(|(upfront, months)| Committed {
            upfront: dollars(upfront),
            term_months: Input::given(months),
        });
        renting.ami_usd_per_hour = dollars(ami);
        renting.address_usd_per_hour = dollars(address);
        renting.elastic_ip_usd_per_hour = dollars(elastic);
        renting.storage_usd_per_month = dollars(storage);
        renting.transfer_usd_per_month = dollars(transfer);
        renting.transfer = sent_gb.map(|gb| Transfer {
            gb_per_month: Input::given(gb),
            rates: RateCard::shipped().transfer_out("eu-west-1").expect("rates"),
        });
        renting
    }
}

prop_compose! {
    fn question()(
        owning in owning(),
        renting in renting(),
        hours in decimal(0, 1_200, 2),
        months in 1u32..84,
        discount in prop_oneof![Just(Decimal::ZERO), decimal(1, 2_000, 4)],
        thirty in any::<bool>(),
    ) -> Question {
        let mut terms = Terms::at_hours(Input::given(hours));
        terms.horizon = Input::given(Horizon::Months(months));
        terms.discount_per_year = share(discount);
        terms.month = Input::given(if thirty { MonthLength::Thirty } else { MonthLength::Average });
        Question { owning, renting, terms }
    }
}

/// Both sides' present cost of so many whole months, one month after another; the machine is sold at the end.
fn summed(question: &Question, months: u32) -> (Decimal, Decimal) {
    let flows = Flows::of(question).expect("flows");
    let discount = Discount::per_year(question.terms.discount_per_year.value).expect("a discount");
    let growth = Decimal::ONE + discount.monthly_rate();
    let (mut rent, mut own, mut worth) = (Decimal::ZERO, flows.price.amount(), Decimal::ONE);
    let mut last = None;
    for flow in flows.months().take(months as usize) {
        rent += flow.rent_fee.amount() * worth;
        worth /= growth;
        rent += (flow.rent_use + flow.rent_steady).amount() * worth;
        own += (flow.own_electricity + flow.own_upkeep + flow.own_payment).amount() * worth;
        if flow.month < months {
            own += flow.own_upgrade.amount() * worth;
        }
        last = Some(flow);
    }
    let last = last.expect("a month");
    (rent, own + (last.owed - last.sold_for).amount() * worth)
}

proptest! {
    #[test]
    fn the_closed_formulas_are_the_sum_of_their_months(question in question()) {
        let Horizon::Months(months) = question.terms.horizon.value else { return Ok(()) };
        let answer = answer(&question);
        let (rent, own) = summed(&question, months);
        let at = answer.at_horizon;
        prop_assert!((at.rent_present.amount() - rent).abs() < Decimal::new(1, 8), "{rent} {}", at.rent_present.exact());
        prop_assert!((at.own_present.amount() - own).abs() < Decimal::new(1, 8), "{own} {}", at.own_present.exact());
        let mut plain = question;
        plain.terms.discount_per_year.value = Percentage::ZERO;
        let (rent, own) = summed(&plain, months);
        prop_assert!((at.rent.amount() - rent).abs() < Decimal::new(1, 8), "{rent} {}", at.rent.exact());
        prop_assert!((at.own.amount() - own).abs() < Decimal::new(1, 8), "{own} {}", at.own.exact());
    }

    /// A fee or an upgrade is a step: there the cheaper one changes without both ever costing the same.
    #[test]
    fn at_the_break_even_the_cheaper_one_changes(question in question()) {
        let answer = answer(&question);
        for (at, plain) in [(answer.break_even, true), (answer.payback, false)] {
            let Some(reached) = at.reached() else { continue };
            let npv = |days: Decimal| {
                let totals = totals_after(&question, days, START).expect("totals");
                if plain { (totals.rent - totals.own).amount() } else { (totals.rent_present - totals.own_present).amount() }
            };
            let second = Decimal::new(1, 5);
            prop_assert!(npv(reached.days + second) > -a_cent(), "after {}", reached.days);
            if reached.days > second {
                prop_assert!(npv(reached.days - second) < a_cent(), "before {}", reached.days);
            }
            if question.renting.committed.is_none() && reached.days > Decimal::ZERO {
                prop_assert!(npv(reached.days).abs() < a_cent(), "{} at {}", npv(reached.days), reached.days);
            }
        }
    }

    #[test]
    fn financing_at_the_discount_rate_is_neutral(question in question(), loan in financing(), months in 1u32..80, part in decimal(0, 99, 2)) {
        let mut question = question;
        question.owning.financing = Some(loan.clone());
        let borrowed = Flows::of(&question).expect("flows");
        question.owning.financing = None;
        let paid = Flows::of(&question).expect("flows");
        let same = Discount::per_month(loan.apr.value.fraction() / Decimal::from(12)).expect("a rate");
        let months = Decimal::from(months) + part;
        let cost = |flows: Flows| flows.own_present(months, same).expect("a cost").amount();
        prop_assert!((cost(borrowed) - cost(paid)).abs() < Decimal::new(1, 9), "{} {}", cost(borrowed), cost(paid));
    }

    /// The search through the months against the closed formula: an upgrade for nothing changes nothing but the way.
    #[test]
    fn searching_finds_what_the_formula_says(question in question(), month in 1u32..60) {
        let mut question = question;
        let own = &mut question.owning;
        (own.financing, own.upgrade, own.value_kept_per_year) = (None, None, None);
        own.electricity.iter_mut().for_each(|power| power.escalation_per_year = share(Decimal::ZERO));
        question.renting.committed = None;
        let formula = answer(&question);
        question.owning.upgrade = Some(Upgrade { usd: Input::given(Usd::ZERO), month: Input::given(month) });
        let searched = answer(&question);
        prop_assert_eq!(formula.npv, searched.npv);
        for (one, other) in [(formula.break_even, searched.break_even), (formula.payback, searched.payback)] {
            if order(one) < Decimal::from(36_000) {
                prop_assert!((order(one) - order(other)).abs() < Decimal::new(1, 6), "{one:?} {other:?}");
            } else {
                prop_assert!(other.reached().is_none(), "{other:?}");
            }
        }
    }

    #[test]
    fn the_verdict_flips_at_the_flip_hours(question in question()) {
        let answer = answer(&question);
        if let FlipHours::Above(hours) | FlipHours::Below(hours) = answer.flip {
            let mut at = question;
            at.terms.hours_per_day.value = hours;
            prop_assert_eq!(break_even(&at, START).expect("an answer").verdict, Verdict::Same, "at {} h", hours);
        }
    }

    #[test]
    fn owning_gains_and_loses_as_the_signs_say(question in question(), push in 0..PUSHES.len()) {
        let Some((input, by, favors_owning)) = PUSHES.get(push).copied() else { return Ok(()) };
        let by: Decimal = by.parse().expect("a number");
        let mut pushed = question.clone();
        let Some(value) = question.value_of(input) else { return Ok(()) };
        if pushed.put(input, value + by).is_none() {
            return Ok(());
        }
        let (Ok(before), Ok(after)) = (break_even(&question, START), break_even(&pushed, START)) else { return Ok(()) };
        let gained = after.npv.amount() - before.npv.amount();
        let later = order(after.break_even) - order(before.break_even);
        if favors_owning {
            prop_assert!(gained >= -tiny() && later <= Decimal::new(1, 6), "{input}: {gained} {later}");
        } else {
            prop_assert!(gained <= tiny() && later >= -Decimal::new(1, 6), "{input}: {gained} {later}");
        }
    }

    /// Numbers with every digit used, from 10^-28 up, and now and then any decimal at all.
    #[test]
    fn any_numbers_give_an_answer_or_name_the_input(
        question in question(),
        numbers in proptest::collection::vec(awkward(), InputName::ALL.len()),
        change in proptest::collection::vec(any::<bool>(), InputName::ALL.len()),
    ) {
        let mut question = question;
        for ((input, number), _) in InputName::ALL.iter().zip(numbers).zip(change).filter(|(_, change)| *change) {
            // A share that is no share is refused when it is read.
            let _ = question.put(*input, number);
        }
        match break_even(&question, START) {
            Ok(answer) => {
                let said = verdict_sentence(&question, &answer);
                prop_assert!(!said.contains("NaN") && !said.contains("inf"), "{said}");
                answer_table(&question, &answer);
                inputs_table(&question);
                formula_table(&question, &answer);
                cash_flow_table(&question, &answer);
                cumulative_chart(&question, &answer);
            }
            Err(BreakEvenError::InvalidInput(refused)) => prop_assert!(!refused.why.is_empty()),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn other_money_leaves_days_and_verdict(question in question(), times in prop_oneof![Just("0.1"), Just("7")]) {
        let mut question = question;
        // What a GB costs is not an input.
        question.renting.transfer = None;
        let before = answer(&question);
        let times: Decimal = times.parse().expect("a number");
        let mut scaled = question;
        for input in [
            InputName::MachinePrice, InputName::Resale, InputName::ElectricityRate, InputName::AdminWage,
            InputName::Maintenance, InputName::Colocation, InputName::UpgradeCost, InputName::InstanceRate,
            InputName::Upfront, InputName::AmiRate, InputName::AddressRate, InputName::ElasticIpRate,
            InputName::StorageCost, InputName::TransferCost,
        ] {
            if let Some(value) = scaled.value_of(input) {
                scaled.put(input, value * times).expect("a value");
            }
        }
        let Ok(after) = break_even(&scaled, START) else { return Ok(()) };
        prop_assert!((order(before.payback) - order(after.payback)).abs() < Decimal::new(1, 6));
        prop_assert!((after.npv.amount() - before.npv.amount() * times).abs() < Decimal::new(1, 8));
    }
}

fn awkward() -> impl Strategy<Value = Decimal> {
    let small = (any::<u32>(), any::<u32>(), 0u32..0x8000_0000)
        .prop_map(|(lo, mid, hi)| Decimal::from_parts(lo, mid, hi, false, 28));
    let any = (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0u32..=28)
        .prop_map(|(lo, mid, hi, negative, scale)| Decimal::from_parts(lo, mid, hi, negative, scale));
    prop_oneof![20 => small, 20 => (0i64..5).prop_map(Decimal::from), 20 => decimal(0, 100, 2), 1 => any]
}

/// An input, by how much it is pushed up, and whether owning gains by it.
const PUSHES: [(InputName, &str, bool); 18] = [
    (InputName::TransferGb, "900", true),
    (InputName::MachinePrice, "100", false),
    (InputName::SalesTax, "0.05", false),
    (InputName::LoanApr, "0.05", false),
    (InputName::ValueKept, "0.05", true),
    (InputName::SellingCost, "0.1", false),
    (InputName::IdleWatts, "20", false),
    (InputName::ElectricityRate, "0.1", false),
    (InputName::Escalation, "0.03", false),
    (InputName::AdminHours, "1", false),
    (InputName::AdminWage, "10", false),
    (InputName::RepairReserve, "0.01", false),
    (InputName::UpgradeCost, "100", false),
    (InputName::Upfront, "100", true),
    (InputName::InstanceRate, "0.1", true),
    (InputName::Overhead, "0.1", true),
    (InputName::ElasticIpRate, "0.01", true),
    (InputName::TransferCost, "10", true),
];

fn plain() -> Question {
    let mut owning = Owning::at_price("the machine", Input::given(usd("2200")));
    owning.electricity = Some(Electricity::new(Input::given(450.into()), Input::given(usd("0.12"))));
    let renting = Renting::at_rate("cloud", Input::given(usd("2.14")));
    Question { owning, renting, terms: Terms::at_hours(Input::given("3.6".parse().expect("hours"))) }
}

/// The loan of 2200 at 9 % over 24 months pays 2412.154392 in all; a machine that is kept costs that.
#[test]
fn a_loan_costs_its_payments() {
    let mut question = plain();
    question.owning.electricity = None;
    question.owning.financing = Some(Financing {
        down_payment: share(Decimal::ZERO),
        apr: share(Decimal::new(9, 2)),
        months: Input::given(24),
    });
    let flows = Flows::of(&question).expect("flows");
    assert_eq!(flows.price, Usd::ZERO);
    let after = |months: i64| flows.own_present(months.into(), Discount::NONE).expect("a cost").rounded(6);
    assert_eq!(after(24), "$2,412.154392");
    assert_eq!(after(60), "$2,412.154392");
    // Sold on the first day, the whole sum is owed back.
    assert_eq!(after(0), "$2,200.000000");
}

/// A year of the reserved small instance of 2010 (<http://blogs.fluidinfo.com/terry/2010/01/08/>) used around the clock.
#[test]
fn a_reserved_year_is_its_fee_and_every_hour_of_it() {
    let mut question = plain();
    question.renting = Renting::at_rate("m1.small", Input::given(usd("0.03")));
    question.renting.committed =
        Some(Committed { upfront: Input::given(usd("227.50")), term_months: Input::given(12) });
    question.terms.hours_per_day.value = Decimal::from(24);
    question.terms.horizon.value = Horizon::Days(365);
    assert_eq!(answer(&question).at_horizon.rent, usd("490.30"));
    // Owed whether it is used or not; the second year begins with its fee.
    question.terms.hours_per_day.value = Decimal::ONE;
    assert_eq!(answer(&question).at_horizon.rent, usd("490.30"));
    question.terms.horizon.value = Horizon::Days(366);
    assert_eq!(answer(&question).at_horizon.rent, usd("718.52"));
}

/// Off, it draws 591.3 kWh a year in 3.6 h a day; idle at 50 W for the other 20.4 h another 372.3 kWh.
#[test]
fn idle_hours_draw_too_and_rates_rise_by_the_year() {
    let mut question = plain();
    let power = question.owning.electricity.as_mut().expect("electricity");
    power.idle_watts = Input::given(50.into());
    power.escalation_per_year = share(Decimal::new(10, 2));
    question.terms.horizon.value = Horizon::Months(24);
    let year = usd("115.632"); // 963.6 kWh at 0.12
    let own = answer(&question).at_horizon.own - usd("2200");
    assert_eq!(own.rounded(9), (year + usd("127.1952")).rounded(9));
}

#[test]
fn what_cannot_be_meant_is_refused_by_name() {
    type Change = fn(&mut Question);
    let spoil: [(InputName, &str, Change); 9] = [
        (InputName::IdleWatts, "power when idle of 500 W: it is more than the 450 W under load", |q| {
            q.put(InputName::IdleWatts, 500.into()).expect("electricity");
        }),
        (InputName::Escalation, "electricity escalation of 40%: it must lie between 0 % and 25 % a year", |q| {
            q.put(InputName::Escalation, Decimal::new(40, 2)).expect("electricity");
        }),
        (InputName::ValueKept, "value kept a year of 0%: it must lie between 1 % and 100 % a year", |q| {
            q.owning.value_kept_per_year = Some(share(Decimal::ZERO));
        }),
        (
            InputName::ResaleShare,
            "resale share of 30%: a resale that falls to 70% each year is no fixed share of the price",
            |q| {
                q.owning.value_kept_per_year = Some(share(Decimal::new(70, 2)));
                q.owning.resale_share = Some(share(Decimal::new(30, 2)));
            },
        ),
        (InputName::LoanMonths, "loan's months of 0: it must lie between 1 and 360", |q| {
            let (down_payment, apr) = (share(Decimal::ZERO), share(Decimal::ZERO));
            q.owning.financing = Some(Financing { down_payment, apr, months: Input::given(0) });
        }),
        (
            InputName::Overhead,
            "rework overhead of 1.2: a commitment is not interrupted: only spot does work twice",
            |q| {
                q.renting.overhead = Input::given(Decimal::new(12, 1));
                q.renting.committed =
                    Some(Committed { upfront: Input::given(Usd::ZERO), term_months: Input::given(12) });
            },
        ),
        (InputName::Overhead, "rework overhead of 0.9: it must lie between 1 and 10", |q| {
            q.renting.overhead = Input::given(Decimal::new(9, 1));
        }),
        (
            InputName::Overhead,
            "rework overhead of 8: 3.6 hours of work a day are then more than 24 rented hours",
            |q| {
                q.renting.overhead = Input::given(8.into());
            },
        ),
        (InputName::UpgradeMonth, "upgrade's month of 0: it must lie between 1 and 1200", |q| {
            q.owning.upgrade = Some(Upgrade { usd: Input::given(Usd::ZERO), month: Input::given(0) });
        }),
    ];
    for (input, message, change) in spoil {
        let mut question = plain();
        change(&mut question);
        let refused = break_even(&question, START).expect_err(message);
        assert_eq!(refused.to_string(), message);
        assert!(matches!(refused, BreakEvenError::InvalidInput(invalid) if invalid.input == input));
    }
}

/// Asked with one input beyond where it flips, the verdict is the other one; just short of it, it is the same.
#[test]
fn a_verdict_survives_up_to_where_it_flips() {
    let mut question = plain();
    question.terms.discount_per_year = share(Decimal::new(8, 2));
    question.owning.value_kept_per_year = Some(share(Decimal::new(7, 1)));
    let power = question.owning.electricity.as_mut().expect("electricity");
    power.escalation_per_year = share(Decimal::new(3, 2));
    power.idle_watts = Input::given(40.into());
    question.owning.financing = Some(Financing {
        down_payment: share(Decimal::new(2, 1)),
        apr: share(Decimal::new(9, 2)),
        months: Input::given(24),
    });
    let before = answer(&question).verdict;
    assert_eq!(before, Verdict::Own);
    let mut flipped = 0;
    for input in InputName::ALL {
        let Some(FlipPoint::At(at)) = flip_point(&question, *input).expect("a search") else { continue };
        let value = question.value_of(*input).expect("a value");
        let step = (at - value) / Decimal::ONE_THOUSAND;
        for (asked, expected) in [(at - step, before), (at + step, Verdict::Rent)] {
            let mut there = question.clone();
            let asked = if input.is_share() { asked.trunc_with_scale(10) } else { asked };
            there.put(*input, asked).expect("a value");
            assert_eq!(answer(&there).verdict, expected, "{input} at {asked}, flips at {at}");
        }
        flipped += 1;
    }
    assert!(flipped >= 8, "only {flipped} inputs flip the verdict");
}

/// 1000 + 0.054·h·D·T against 0.90·h·D·T with 7.50 a month over 36 months: closed by hand.
#[test]
fn a_flip_is_exact_where_the_answer_is_linear() {
    let mut question = plain();
    question.owning.price = Input::given(usd("1000"));
    question.renting.usd_per_hour = Input::given(usd("0.90"));
    question.renting.storage_usd_per_month = Input::given(usd("7.50"));
    question.terms.hours_per_day = Input::given(Decimal::TWO);
    let at = |input| match flip_point(&question, input).expect("a search") {
        Some(FlipPoint::At(at)) => Some(at.normalize().to_string()),
        _ => None,
    };
    // 0.846 × 2 × 1095 + 270 = 2122.74.
    assert_eq!(at(InputName::MachinePrice).as_deref(), Some("2122.74"));
    // (1000 − 270)/(0.846 × 1095) = 0.788 02…
    assert!(at(InputName::HoursPerDay).expect("a flip").starts_with("0.78802"), "{:?}", at(InputName::HoursPerDay));
    assert_eq!(
        flip_point(&question, InputName::Resale),
        Ok(Some(FlipPoint::Never { from: Decimal::ZERO, to: 1000.into() }))
    );
    assert_eq!(flip_point(&question, InputName::Horizon), Ok(None));
}

/// A loan without interest against a discount of 30 %: putting off its payments gains less each month, and in the third
/// year running the machine costs more than renting. So owning catches up within a month for some days and falls behind
/// again before it ends; an upgrade pushes the whole of it down until but the tip is left.
#[test]
fn owning_may_catch_up_within_a_month_and_fall_behind_again() {
    let mut question = plain();
    question.terms.hours_per_day = Input::given(24.into());
    question.terms.horizon = Input::given(Horizon::Months(60));
    question.terms.discount_per_year = share(Decimal::new(30, 2));
    question.renting.usd_per_hour = Input::given(usd("3.0286"));
    question.renting.storage_usd_per_month = Input::given(Usd::ZERO);
    question.owning.price = Input::given(usd("12000"));
    question.owning.resale = Input::given(Usd::ZERO);
    let mut power = Electricity::new(Input::given(6_850.into()), Input::given(usd("0.30")));
    power.idle_watts = Input::given(6_850.into());
    power.escalation_per_year = share(Decimal::new(25, 2));
    question.owning.electricity = Some(power);
    question.owning.financing =
        Some(Financing { down_payment: share(Decimal::ZERO), apr: share(Decimal::ZERO), months: Input::given(60) });
    question.owning.upgrade = Some(Upgrade { usd: Input::given(Usd::ZERO), month: Input::given(1) });
    let discount = Discount::per_year("30%".parse().expect("a share")).expect("a rate");
    let npv = |question: &Question, months: Decimal| {
        Flows::of(question).and_then(|flows| flows.npv(months, discount)).expect("a value").amount()
    };
    let hundredths = || (200u32..6_000).map(|at| Decimal::new(at.into(), 2));
    let top = hundredths().max_by_key(|at| npv(&question, *at)).expect("a top");
    assert!(top.fract() > Decimal::new(5, 2) && top.fract() < Decimal::new(95, 2), "the top is within a month: {top}");
    let lift = npv(&question, top).checked_div(discount.factor(Decimal::ONE).expect("a factor")).expect("a quotient");
    assert!(lift > Decimal::ZERO, "it does catch up: {lift}");

    let with_upgrade = |usd: Decimal| {
        let mut at = question.clone();
        at.owning.upgrade = Some(Upgrade { usd: dollars(usd), month: Input::given(1) });
        at
    };
    let tip = with_upgrade(lift - Decimal::new(1, 4));
    for month in 2..=60u32 {
        assert!(npv(&tip, month.into()).is_sign_negative(), "behind at the end of month {month}");
    }
    let payback = answer(&tip).payback.reached().expect("caught up within a month");
    assert!(payback.months.trunc() == top.trunc() && payback.months < top, "{payback:?} before {top}");
    assert!(npv(&tip, payback.months).abs() < a_cent());
    assert!(npv(&tip, payback.months - Decimal::new(1, 2)).is_sign_negative());
    // Pushed below the tip it never does.
    assert_eq!(answer(&with_upgrade(lift + Decimal::new(1, 3))).payback.reached(), None);
}

/// 400 GB of a month are 100 free and 300 at 0.09; 12,000 reach the next tier. Nothing is free in GovCloud.
#[test]
fn transfer_out_is_paid_by_the_gb() {
    for (region, gb, a_month) in [
        ("us-east-1", "100", "0"),
        ("us-east-1", "400", "27"),
        ("us-east-1", "12000", "1062.70"),
        ("us-gov-west-1", "400", "62"),
    ] {
        let mut question = plain();
        let without = Flows::of(&question).expect("flows").rent_per_month;
        let rates = RateCard::shipped().transfer_out(region).expect("rates");
        question.renting.transfer = Some(Transfer { gb_per_month: Input::given(gb.parse().expect("GB")), rates });
        let with = Flows::of(&question).expect("flows").rent_per_month;
        assert_eq!(with.checked_add(-without), Some(usd(a_month)), "{gb} GB of {region}");
    }
    let mut question = plain();
    let rates = RateCard::shipped().transfer_out("us-east-1").expect("rates");
    question.renting.transfer = Some(Transfer { gb_per_month: Input::given(200_000.into()), rates });
    let refused = question.check().expect_err("no rate").to_string();
    assert!(refused.contains("no rate for more than 153700 GB a month"), "{refused}");
}

/// What is drawn of the rented side by a formula of its own: the tornado's ends, in floats, are the exact answers there.
#[test]
fn transfer_and_interruptions_are_drawn_by_the_exact_formulas() {
    let mut question = plain();
    let rates = RateCard::shipped().transfer_out("eu-central-1").expect("rates");
    question.renting.transfer = Some(Transfer { gb_per_month: Input::given(20_000.into()), rates });
    let interruptions = Interruptions {
        per_hour: Decimal::new(5, 2),
        interval_hours: None,
        checkpoint_hours: Decimal::new(5, 2),
        restart_hours: Decimal::new(1, 1),
    };
    let every_hour = Interruptions { interval_hours: Some(Decimal::ONE), ..interruptions };
    for (spot, input, range) in [
        (interruptions, InputName::TransferGb, "50..60000"),
        (interruptions, InputName::TransferGb, "0..400000"),
        (interruptions, InputName::InterruptionRate, "0.01..0.2"),
        (interruptions, InputName::CheckpointTime, "0.01..0.2"),
        (every_hour, InputName::CheckpointInterval, "0.5..4"),
        (every_hour, InputName::RestartTime, "0..1"),
        (every_hour, InputName::InterruptionRate, "0..0.2"),
    ] {
        question.renting.interruptions = Some(spot);
        question.renting.overhead = Input::given(spot.overhead().expect("work"));
        let range = (input, range.parse().expect("a range"));
        let simulation = Simulation { paths: 200, seed: 1, ranges: vec![range], months: Vec::new() };
        let odds = odds(&question, answer(&question).npv, &simulation).expect("odds");
        let bar = odds.tornado.first().expect("a bar");
        assert_ne!(bar.npv_at_p10, bar.npv_at_p90, "{input} moves nothing");
        for (value, npv) in [(bar.p10, bar.npv_at_p10), (bar.p90, bar.npv_at_p90)] {
            let mut at = question.clone();
            at.put(input, value).expect("a value");
            assert_eq!(answer(&at).npv.to_string(), npv.to_string(), "{input} at {value}");
        }
    }
    question.renting.interruptions = Some(interruptions);
    let refused = |input, range: &str| {
        let ranges = vec![(input, range.parse().expect("a range"))];
        odds(&question, Usd::ZERO, &Simulation { paths: 200, seed: 1, ranges, months: Vec::new() })
            .expect_err("refused")
    };
    let none = refused(InputName::InterruptionRate, "0..0.2").to_string();
    assert!(none.contains("no work would be done"), "{none}");
    let absurd = refused(InputName::RestartTime, "0..90").to_string();
    assert!(absurd.contains("rework overhead"), "{absurd}");
}

/// The floats against the decimals on every kind of flow: a range too narrow to matter gives the exact answer.
#[test]
fn the_odds_follow_every_flow() {
    let mut question = plain();
    question.terms.discount_per_year = share(Decimal::new(8, 2));
    question.owning.sales_tax = share(Decimal::new(8, 2));
    question.owning.value_kept_per_year = Some(share(Decimal::new(7, 1)));
    question.owning.selling_cost = share(Decimal::new(1, 1));
    question.owning.upkeep.admin_hours_per_month = Input::given(Decimal::ONE);
    question.owning.upkeep.usd_per_admin_hour = Input::given(usd("40"));
    question.owning.upkeep.repair_reserve_per_year = share(Decimal::new(5, 2));
    question.owning.upgrade = Some(Upgrade { usd: Input::given(usd("200")), month: Input::given(18) });
    let power = question.owning.electricity.as_mut().expect("electricity");
    power.escalation_per_year = share(Decimal::new(3, 2));
    power.idle_watts = Input::given(40.into());
    question.owning.financing = Some(Financing {
        down_payment: share(Decimal::new(2, 1)),
        apr: share(Decimal::new(9, 2)),
        months: Input::given(48),
    });
    question.renting.elastic_ip_usd_per_hour = Input::given(usd("0.005"));
    question.renting.transfer_usd_per_month = Input::given(usd("9"));
    let spot = Question {
        renting: Renting { overhead: Input::given(Decimal::new(12, 1)), ..question.renting.clone() },
        ..question.clone()
    };
    let committed = Committed { upfront: Input::given(usd("500")), term_months: Input::given(12) };
    let reserved = Question { renting: Renting { committed: Some(committed), ..question.renting.clone() }, ..question };
    for question in [spot, reserved] {
        let answer = answer(&question);
        let hours = question.terms.hours_per_day.value;
        let narrow = Range::Uniform { low: hours, high: hours + Decimal::new(1, 9) };
        let ranges = vec![(InputName::HoursPerDay, narrow)];
        let simulation = Simulation { paths: 200, seed: 1, ranges, months: Vec::new() };
        assert_eq!(odds(&question, answer.npv, &simulation).expect("odds").npv.p50.to_string(), answer.npv.to_string());
        // Month by month from a ledger that knows but one kind of month, nearly.
        let months = Simulation { ranges: Vec::new(), months: vec![hours, hours + Decimal::new(1, 9)], ..simulation };
        assert_eq!(odds(&question, answer.npv, &months).expect("odds").npv.p50.to_string(), answer.npv.to_string());
        for simulation in [&months] {
            let bands = bands(&question, simulation).expect("bands");
            let last = bands.last().expect("a last point");
            assert_eq!(last.rent.p50.to_string(), answer.at_horizon.rent_present.to_string());
            assert_eq!(last.own.p50.to_string(), answer.at_horizon.own_present.to_string());
            for band in &bands {
                let at = totals_after(&question, band.days, START).expect("totals");
                assert_eq!(band.rent.p10.to_string(), at.rent_present.to_string(), "month {}", band.months);
                assert_eq!(band.own.p90.to_string(), at.own_present.to_string(), "month {}", band.months);
            }
        }
    }
}

/// Each input that a question has is one that can be read and put back.
#[test]
fn every_number_has_its_place() {
    let mut question = plain();
    question.owning.financing =
        Some(Financing { down_payment: share(Decimal::ZERO), apr: share(Decimal::ZERO), months: Input::given(12) });
    question.owning.value_kept_per_year = Some(share(Decimal::new(5, 1)));
    question.owning.resale_share = Some(share(Decimal::new(5, 1)));
    question.owning.upgrade = Some(Upgrade { usd: Input::given(Usd::ONE), month: Input::given(12) });
    question.renting.committed = Some(Committed { upfront: Input::given(Usd::ONE), term_months: Input::given(12) });
    question.renting.interruptions = Some(Interruptions {
        per_hour: Decimal::new(5, 2),
        interval_hours: Some(Decimal::ONE),
        checkpoint_hours: Decimal::new(5, 2),
        restart_hours: Decimal::new(1, 1),
    });
    let rates = RateCard::shipped().transfer_out("us-east-1").expect("rates");
    question.renting.transfer = Some(Transfer { gb_per_month: Input::given(Decimal::ONE), rates });
    for input in InputName::ALL {
        let whole = [
            InputName::LoanMonths,
            InputName::UpgradeMonth,
            InputName::TermMonths,
            InputName::Horizon,
            InputName::MonthLength,
        ];
        let before = question.value_of(*input);
        assert_eq!(before.is_none(), whole.contains(input), "{input}");
        if before.is_some() {
            question.put(*input, Decimal::new(25, 2)).expect("a value");
            assert_eq!(question.value_of(*input), Some(Decimal::new(25, 2)), "{input}");
        }
    }
}
