//! No text makes the compiler panic: whatever is done to a shipped scenario, it compiles or is told what is wrong.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use scenarios::{Severity, Source, compile, library};

/// Texts that are put in somewhere.
const SCRAPS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "//",
    "/*",
    "-1",
    "0",
    "1e308",
    "18446744073709551615",
    "None",
    "Some(",
    "\"\"",
    "\"1e300s\"",
    "\"0s\"",
    "\"20y\"",
    "\"-5/s\"",
    "\"9999999/s\"",
    "é",
    "\u{0}",
    "r#\"",
    "'",
    "true",
    "Exp(mean: \"0s\")",
    "web",
    "\"web\"",
    "[[]]",
    "{\"a\": 1}",
    "()",
    "Spike(base: \"0/s\", peak: \"1/s\", at: \"0s\")",
    "inf",
    "NaN",
    "100000",
    "4294967296",
];

fn check(text: String) {
    let source = Source { name: "mutant".to_owned(), text, dir: None };
    match compile(&source, &[]) {
        Ok(compiled) => {
            assert!(compiled.warnings.diagnostics.iter().all(|d| d.severity == Severity::Warning));
            let _ = compiled.warnings.render(true);
        }
        Err(report) => {
            assert!(report.errors() > 0, "refused without a reason:\n{}", source.text);
            let _ = report.render(false);
        }
    }
}

/// The nearest character boundary at or before.
fn boundary(text: &str, share: f64) -> usize {
    let mut at = (text.len() as f64 * share) as usize;
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scraps_and_holes(which in 0..64_usize, edits in prop::collection::vec((0.0..1.0_f64, 0..12_usize, 0..SCRAPS.len() + 3), 1..4)) {
        let mut text = library()[which % library().len()].1.to_owned();
        for (share, hole, scrap) in edits {
            let from = boundary(&text, share);
            let mut to = (from + hole).min(text.len());
            while !text.is_char_boundary(to) {
                to -= 1;
            }
            text.replace_range(from..to.max(from), SCRAPS.get(scrap).unwrap_or(&""));
        }
        check(text);
    }

    #[test]
    fn other_values_in_the_same_places(which in 0..64_usize, edits in prop::collection::vec((0..400_usize, 0..SCRAPS.len()), 1..5)) {
        let mut text = library()[which % library().len()].1.to_owned();
        for (value, scrap) in edits {
            let Ok(root) = scenarios::outline::Node::parse(&text) else { break };
            let mut all = vec![&root];
            let mut at = 0;
            while at < all.len() {
                all.extend(all[at].children());
                at += 1;
            }
            let span = all[value % all.len()].span.clone();
            text.replace_range(span, SCRAPS[scrap]);
        }
        check(text);
    }

    #[test]
    fn any_setting(path in "[a-z_.0-9\"é]{0,40}", value in ".{0,20}") {
        let source = scenarios::load("anatomy").unwrap();
        let _ = compile(&source, &[(path, value)]);
    }

    #[test]
    fn any_value(value in ".{0,30}") {
        let source = scenarios::load("anatomy").unwrap();
        for path in ["duration", "clients.visitors.arrivals", "faults", "auto_scaling_groups.web.max_size", "expect.0", "prices.lcu_hour"] {
            let _ = compile(&source, &[(path.to_owned(), value.clone())]);
        }
    }
}
