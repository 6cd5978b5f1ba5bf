//! The shipped scenarios.

use scenarios::{compile, library, load};

/// Shipped scenarios with warnings, and how many: those show the very mistake the warning is about.
const WARNED: &[(&str, usize)] = &[
    ("nat-loss", 1),
    ("death-spiral", 2),
    ("flapping", 1),
    ("grace-too-short", 1),
    ("surge-queue", 1),
    ("fail-open", 1),
    ("closed-connections", 1),
];

#[test]
fn every_shipped_scenario_compiles_without_warnings_that_are_not_its_point() {
    for (name, text) in library() {
        let source = load(name).unwrap();
        assert_eq!(source.text, *text);
        let compiled = compile(&source, &[]).unwrap_or_else(|report| panic!("{report}"));
        assert_eq!(&compiled.plan.name, name);
        assert!(!compiled.plan.expectations.is_empty(), "{name} expects nothing");
        assert!(text.starts_with("//"), "{name} does not say what to look at");
        let warned = WARNED.iter().find(|entry| entry.0 == *name).map_or(0, |entry| entry.1);
        assert_eq!(compiled.warnings.diagnostics.len(), warned, "{}", compiled.warnings);
    }
}

#[test]
fn every_scenario_of_the_folder_is_built_in() {
    let folder = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap();
    let mut files: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|file| file.strip_suffix(".ron").map(str::to_owned))
        .filter(|name| name != "schema")
        .collect();
    let mut names: Vec<String> = library().iter().map(|scenario| scenario.0.to_owned()).collect();
    files.sort();
    names.sort();
    assert_eq!(files, names);
}

#[test]
fn names_are_found_with_and_without_their_ending() {
    assert_eq!(load("mm1").unwrap().text, load("mm1.ron").unwrap().text);
    let report = load("twiter-spike.ron").unwrap_err().to_string();
    assert!(report.contains("no scenario named `twiter-spike.ron`") && report.contains("`twitter-spike`"), "{report}");
    let folder = load(env!("CARGO_MANIFEST_DIR")).unwrap_err().to_string();
    assert!(folder.contains("is a folder"), "{folder}");
    assert!(load("").is_err());
}

#[test]
fn what_the_scenarios_suggest_to_try_can_be_set() {
    let tries: &[(&str, &[(&str, &str)])] = &[
        ("death-spiral", &[("services.web.backlog", "64")]),
        ("death-spiral", &[("auto_scaling_groups.web.health_check_type", "Ec2")]),
        (
            "static-reserve",
            &[("auto_scaling_groups.web.min_size", "6"), ("auto_scaling_groups.web.desired_capacity", "6")],
        ),
        ("twitter-spike", &[("duration", "30m")]),
    ];
    for (name, sets) in tries {
        let sets: Vec<(String, String)> = sets.iter().map(|(p, v)| ((*p).to_owned(), (*v).to_owned())).collect();
        let compiled = compile(&load(name).unwrap(), &sets).unwrap_or_else(|report| panic!("{report}"));
        assert!(compiled.warnings.diagnostics.len() <= 2, "{}", compiled.warnings);
    }
}
