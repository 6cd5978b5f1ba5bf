//! JUnit XML, which most CI systems show: a suite per scenario, a case per expectation.
//!
//! # Models      what does not hold is a failure, what is not proven too, a scenario that cannot run is an error. No times of
//!   the clock on the wall: the same check gives the same file
//! # Source      the schema that Jenkins, GitLab and GitHub's reporters read, as the crate `quick-junit` writes it

use super::{Checked, Expected, Outcome};
use crate::Failure;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

/// The report as a file's text.
///
/// # Errors
/// If it cannot be written as XML.
pub fn report(checked: &[Checked]) -> Result<String, Failure> {
    let mut report = Report::new("sim check");
    report.add_test_suites(checked.iter().map(suite));
    report.to_string().map_err(|error| Failure::new(format!("cannot write JUnit XML: {error}")))
}

fn suite(one: &Checked) -> TestSuite {
    let mut suite = TestSuite::new(one.name());
    if let Some(seed) = one.seed {
        suite.add_property(Property::new("seed", seed.to_string()));
        suite.add_property(Property::new("replications", one.replications.to_string()));
    }
    if let Some(digest) = &one.digest {
        suite.add_property(Property::new("digest", digest.as_str()));
    }
    if let Some(error) = &one.error {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message("could not be run").set_type("failed").set_description(error.as_str());
        let mut case = TestCase::new("can be run", status);
        case.set_classname(one.name());
        suite.add_test_case(case);
    }
    suite.add_test_cases(one.expectations.iter().map(|expected| case(one, expected)));
    suite
}

fn case(one: &Checked, expected: &Expected) -> TestCase {
    let status = match expected.verdict {
        Outcome::Held => TestCaseStatus::success(),
        _ => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let kind = expected.verdict.words().replace(' ', "_");
            let lines: Vec<String> =
                expected.lines().into_iter().map(|(label, line)| format!("{label}: {line}")).collect();
            let place = format!("{}:{}:{}", one.file, expected.place.line, expected.place.column);
            status.set_message(expected.sentence()).set_type(kind);
            status.set_description(format!("{}\nat {place}\n{}", expected.text, lines.join("\n")));
            status
        }
    };
    let mut case = TestCase::new(expected.text.as_str(), status);
    case.set_classname(one.name());
    case
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let text = report(&sample::checked()).unwrap();
        let read = Report::deserialize_from_str(&text).unwrap();
        let counts = |suite: &TestSuite| (suite.tests, suite.failures, suite.errors);
        assert_eq!((read.tests, read.failures, read.errors), (6, 3, 1), "{text}");
        assert_eq!(read.test_suites.iter().map(counts).collect::<Vec<_>>(), [(1, 0, 0), (4, 3, 0), (1, 0, 1)]);
        let case = &read.test_suites[1].test_cases[1];
        assert_eq!(case.name.as_str(), "BackWithin(within: \"120s\", to: Below(P99, \"500ms\"))");
        let TestCaseStatus::NonSuccess { message, ty, description, .. } = &case.status else { panic!("{case:?}") };
        assert_eq!(ty.as_ref().unwrap().as_str(), "not_held");
        assert!(
            message
                .as_ref()
                .unwrap()
                .as_str()
                .starts_with("held in 18 of 20; in replication 3 FailPrimary(\"orders\")")
        );
        let description = description.as_ref().unwrap().as_str();
        assert!(
            description.contains("at a/spike.ron:57:9\n") && description.ends_with("--replication 3"),
            "{description}"
        );
        assert!(!text.contains("timestamp") && !text.contains(" time=\"0.1"), "{text}");
    }
}
