use super::*;

/// A t3.micro: 2 vCPUs at 10 %, 12 credits an hour, 288 at most; hard cap.
const T3: Credits = Credits {
    baseline: 0.1,
    unlimited: false,
    launch: 0.0,
    survives_stop: true,
    initial: 0.0,
    surplus_price: 0.05,
    slide: Duration::ZERO,
    resume: 0.1,
};

const HOUR: f64 = 3_600e9;

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6, "{a} is not {b}");
}

#[test]
fn b3_an_idle_instance_earns_its_baseline_up_to_a_day_of_it() {
    let mut account = Account::open(T3, 2, 0.0, 0.0);
    account.pass(HOUR, 0.0);
    near(account.balance(), 12.0);
    account.pass(22.0 * HOUR, 0.0);
    near(account.balance(), 276.0);
    account.pass(2.0 * HOUR, 0.0);
    near(account.balance(), 288.0);
    near(account.spent(), 0.0);
}

#[test]
fn b1_a_vcpu_at_full_speed_for_a_minute_is_a_credit() {
    let mut account = Account::open(T3, 2, 100.0, 0.0);
    account.pass(60e9, 1.0);
    near(account.spent(), 1.0);
    near(account.balance(), 100.0 - 1.0 + 0.2);
    // At the baseline the balance stands still.
    account.pass(HOUR, 0.2);
    near(account.balance(), 99.2);
}

#[test]
fn b3_the_soonest_end_is_exact_for_a_busy_instance() {
    let account = Account::open(T3, 2, 60.0, 0.0);
    // 60 credits at 2 vCPUs less the 0.2 that is earned: 60 / 1.8 minutes.
    assert_eq!(account.due(), Some(Duration::from_nanos(2_000_000_000_000)));
    assert_eq!((account.standing(), account.allowance()), (Standing::Full, 2.0));
}

#[test]
fn b3_at_zero_the_baseline_is_left_and_a_little_saved_lifts_it() {
    let mut account = Account::open(T3, 2, 60.0, 0.0);
    account.pass(2_000e9, 2.0);
    assert!(account.settle());
    assert_eq!(account.standing(), Standing::Exhausted);
    near(account.allowance(), 0.2);
    // Idle: 0.1 credits at 12 an hour take 30 s.
    near(account.due().unwrap().as_secs_f64(), 30.0);
    account.pass(29.9e9, 0.0);
    assert!(!account.settle());
    account.pass(0.1e9, 0.0);
    assert!(account.settle());
    assert_eq!((account.standing(), account.allowance()), (Standing::Full, 2.0));
}

#[test]
fn b3_a_fresh_standard_instance_of_a_later_family_starts_at_its_baseline() {
    assert_eq!(Account::open(T3, 2, 0.0, 0.0).standing(), Standing::Exhausted);
}

#[test]
fn b3_the_slide_takes_a_busy_instance_a_quarter_of_an_hour() {
    let terms = Credits { slide: Duration::from_secs(900), ..T3 };
    let mut account = Account::open(terms, 2, 100.0, 0.0);
    // It begins where (2 − 0.2) × 15 / 2 = 13.5 credits are left, at the next of the fifteen steps.
    let (mut low, mut exhausted) = (None, None);
    let mut at = 0.0;
    while exhausted.is_none() {
        let due = account.due().unwrap();
        let busy = account.allowance();
        account.pass(due.nanos() as f64, busy);
        at += due.as_secs_f64();
        account.settle();
        match account.standing() {
            Standing::Low if low.is_none() => low = Some((at, account.balance())),
            Standing::Exhausted => exhausted = Some(at),
            _ => {}
        }
    }
    let (low, left) = low.unwrap();
    near(left, 13.5 * 14.0 * 14.0 / 225.0);
    let took = exhausted.unwrap() - low;
    // Fourteen of its steps, a minute each: the first is still at full speed.
    near(took, 840.0);
    near(account.balance(), 0.0);
}

#[test]
fn b4_launch_credits_are_spent_first_and_kept_outside_the_cap() {
    let terms = Credits { launch: 30.0, survives_stop: false, ..T3 };
    // A T2 micro has one vCPU: 6 credits an hour, 144 at most.
    let mut account = Account::open(terms, 1, 0.0, 30.0);
    near(account.balance(), 30.0);
    account.pass(10.0 * 60e9, 1.0);
    near(account.earned(), 1.0);
    near(account.balance(), 21.0);
    account.pass(48.0 * HOUR, 0.0);
    near(account.earned(), 144.0);
    near(account.balance(), 164.0);
    // The last 20 launch credits and 2 of those earned, while 2.2 are earned at the cap and then none.
    account.pass(22.0 * 60e9, 1.0);
    near(account.balance(), 144.0 - 2.0 + 0.2);
    assert_eq!(account.standing(), Standing::Full);
}

#[test]
fn b6_surplus_is_paid_down_by_earning_before_the_balance_grows() {
    let mut account = Account::open(Credits { unlimited: true, ..T3 }, 2, 1.0, 0.0);
    account.pass(60e9, 2.0);
    near(account.surplus(), 0.8);
    near(account.balance(), 0.0);
    assert_eq!((account.allowance(), account.due()), (2.0, None));
    account.pass(10.0 * 60e9, 0.0);
    near(account.surplus(), 0.0);
    near(account.balance(), 1.2);
    near(account.charged(), 0.0);
}

#[test]
fn b6_what_a_day_cannot_pay_back_is_charged_and_the_rest_when_it_goes() {
    let mut account = Account::open(Credits { unlimited: true, ..T3 }, 2, 0.0, 0.0);
    // 1.8 a minute beyond what is earned: 288 in 160 minutes.
    account.pass(160.0 * 60e9, 2.0);
    near(account.surplus(), 288.0);
    near(account.charged(), 0.0);
    account.pass(10.0 * 60e9, 2.0);
    near(account.surplus(), 288.0);
    near(account.charged(), 18.0);
    account.charge();
    near(account.charged(), 306.0);
    near(account.surplus(), 0.0);
}

#[test]
fn b7_switching_drops_launch_credits_one_way_and_charges_the_other() {
    let mut account = Account::open(Credits { launch: 30.0, ..T3 }, 2, 50.0, 30.0);
    account.switch(true);
    near(account.balance(), 50.0);
    assert!(account.is_unlimited());
    account.pass(60.0 * 60e9, 2.0);
    near(account.surplus(), 58.0);
    account.switch(false);
    near(account.charged(), 58.0);
    assert_eq!(account.standing(), Standing::Exhausted);
    // The balance is kept the other way.
    let mut rich = Account::open(Credits { unlimited: true, ..T3 }, 2, 50.0, 0.0);
    rich.switch(false);
    near(rich.balance(), 50.0);
    assert_eq!(rich.standing(), Standing::Full);
}

#[test]
fn a_balance_that_hovers_does_not_ask_to_be_looked_at_without_end() {
    let mut account = Account::open(T3, 2, 1e-5, 0.0);
    let mut looks = 0;
    let mut time = 0.0;
    while time < 60.0 && looks < 10_000 {
        let due = account.due().unwrap();
        // Exactly at the baseline.
        account.pass(due.nanos() as f64, 0.2);
        account.settle();
        time += due.as_secs_f64();
        looks += 1;
    }
    assert!(looks < 1_000, "{looks}");
}
