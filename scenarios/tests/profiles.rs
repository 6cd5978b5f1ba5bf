//! Rate profiles: their shapes, and that their integrals are those of what was written.

use models::plan::{Arrivals, Plan, RateProfile};
use scenarios::{Source, compile, load};
use sim_core::{Duration, Time};

fn plan(arrivals: &str, dir: Option<std::path::PathBuf>) -> Plan {
    let text = format!(
        "Scenario(schema: 1, name: \"profile\", duration: \"4h\", clients: {{ \"c\": (to: \"s\", arrivals: {arrivals}) }},
         services: {{ \"s\": (instances: 9, endpoints: {{ \"x\": (steps: [Sleep(\"1ms\")]) }}) }})"
    );
    let source = Source { name: "profile.ron".to_owned(), text, dir };
    compile(&source, &[]).unwrap_or_else(|report| panic!("{report}")).plan
}

fn profile(arrivals: &str) -> RateProfile {
    let plan = plan(arrivals, None);
    let Arrivals::Open { rate, .. } = &plan.populations.values().next().unwrap().arrivals else { panic!("open") };
    rate.clone()
}

fn at(seconds: f64) -> Time {
    Time::ZERO + Duration::from_secs_f64(seconds)
}

/// Requests up to a time.
fn total(profile: &RateProfile, end: f64) -> f64 {
    let mut knots = vec![(at(0.0), profile.at(at(0.0)))];
    knots.extend(profile.knots.iter().copied().filter(|knot| knot.0 <= at(end)));
    let last = knots[knots.len() - 1].1;
    let next = profile.knots.iter().find(|knot| knot.0 > at(end));
    knots.push((at(end), if next.is_some() { profile.at(at(end)) } else { last }));
    let area = |pair: &[(Time, f64)]| (pair[1].0 - pair[0].0).as_secs_f64() * (pair[0].1 + pair[1].1) / 2.0;
    knots.windows(2).map(area).sum()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{found} is not {expected}");
}

#[test]
fn integrals_are_those_of_what_was_written() {
    close(total(&profile("\"10/s\""), 100.0), 1000.0);
    close(total(&profile("Constant(\"10/s\")"), 100.0), 1000.0);
    close(total(&profile("Poisson(Steps([(\"10s\", \"5/s\"), (\"20s\", \"1/s\")]))"), 30.0), 60.0);
    close(total(&profile("Ramp(from: \"0/s\", to: \"10/s\", at: \"10s\", over: \"20s\")"), 40.0), 200.0);
    close(
        total(
            &profile("Spike(base: \"1/s\", peak: \"11/s\", at: \"10s\", rise: \"10s\", hold: \"10s\", decay: \"20s\")"),
            100.0,
        ),
        350.0,
    );
    close(total(&profile("Even(Series([(\"0s\", \"0/s\"), (\"10s\", \"10/s\"), (\"20s\", \"0/s\")]))"), 20.0), 100.0);
    close(
        total(&profile("Sum([\"1/s\", Steps([(\"10s\", \"5/s\")]), Ramp(\"0/s\", \"2/s\", \"0s\", \"20s\")])"), 20.0),
        90.0,
    );
    close(total(&profile("Sine(mean: \"10/s\", amplitude: \"10/s\", period: \"1h\")"), 7200.0), 72_000.0);
}

#[test]
fn a_wave_is_off_by_less_than_a_thousandth_of_its_amplitude() {
    let wave = profile("Sine(mean: \"100/s\", amplitude: \"80/s\", period: \"47m\", peak_at: \"11m\")");
    let worst = (0..14_400).map(|second| {
        let exact = 100.0 + 80.0 * sim_core::math::cos(std::f64::consts::TAU * (f64::from(second) - 660.0) / 2820.0);
        (wave.at(at(f64::from(second))) - exact).abs()
    });
    assert!(worst.fold(0.0, f64::max) < 0.08);
    close(wave.peak(at(14_400.0)), 180.0);
    // A day's wave peaks at noon, unless told otherwise.
    close(profile("Diurnal(mean: \"10/s\", amplitude: \"5/s\", period: \"2h\")").at(at(3600.0)), 15.0);
}

#[test]
fn a_series_of_a_file_keeps_its_counts() {
    let folder = std::env::temp_dir().join(format!("sim-profiles-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("t.csv"),
        "timestamp,value\n2014-04-10 00:04:00,300\n2014-04-10 00:09:00,600\n2014-04-10 00:14:00,0\n",
    )
    .unwrap();
    let plan = plan("Csv(path: \"t.csv\", kind: CountPerInterval, scale: 2, stretch: 0.5)", Some(folder.clone()));
    let Arrivals::Open { rate, .. } = &plan.populations.values().next().unwrap().arrivals else { panic!("open") };
    // Twice the counts, in half the time at the same rates.
    close(rate.at(at(100.0)), 2.0);
    close(total(rate, 300.0), 900.0);
    std::fs::write(folder.join("bad.ron"), b"Scenario(\n\xff\xfe)").unwrap();
    let report = load(folder.join("bad.ron").to_str().unwrap()).unwrap_err().to_string();
    assert!(report.contains("not a text in UTF-8: line 2"), "{report}");
    std::fs::remove_dir_all(folder).unwrap();
}
