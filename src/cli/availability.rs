//! `sim availability`: years with rare failures, and how many nines that makes.
//!
//! ```text
//!  FILE ──► Plan ──► Quiet ──► history (years) + rare (forced disturbances) ──► figures, arithmetic ──► page, folder
//! ```
//! # Models      what is refused: a scenario without traffic, one in which nothing fails, one that is overloaded at rest
//! # Leaves out  single requests: their rate is known

use super::options::{Changes, seed, threads};
use super::run::stop_on_ctrl_c;
use super::source;
use super::terminal::Terminal;
use super::{Verdict, examples, print};
use crate::Failure;
use crate::experiment::availability::arithmetic::arithmetic;
use crate::experiment::availability::figures::{ModeFigures, Setting, figures};
use crate::experiment::availability::{Horizon, YEAR_S, history, on_threads, rare, rates_at_rest};
use crate::output::availability::{Told, outages};
use crate::output::files::{Staging, default_folder};
use crate::output::{json, units};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use models::years::{Quiet, Unfit};
use std::path::PathBuf;

/// Simulate years with rare failures: availability in nines, minutes of downtime a year, by cause.
///
/// Failures of hosts, zones, gateways, balancers, databases, regions and of the scenario's own come as it says in `failures`,
/// or by default; its `faults` are left out. Each disturbance is played second by second with health checks, groups, DNS and
/// failovers at full detail and traffic as a rate; the time between disturbances is skipped. Failures that come on top of each
/// other too seldom to be seen are forced, and weighed by their likelihood.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim availability three-nines", "a thousand years of a built-in scenario"),
    ("sim availability mine.ron --years 100000", "narrower intervals"),
    ("sim availability mine.ron --rare 20000", "a closer look at combinations"),
    ("sim availability mine.ron --set failures.zones.mtbf='\"5y\"'", "zones that fail more often"),
    ("sim availability mine.ron --format markdown", "for a design review"),
]))]
pub struct Args {
    /// A scenario file, the name of a built-in scenario, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// Years to live through
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    years: u32,
    /// Disturbances in which further failures are forced; 0 for none
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    rare: u32,
    /// An outage is a stretch in which at least this share of the requests is lost, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    outage_from: f64,
    /// Seed of all random streams, in place of the scenario's own
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// On how many threads replications run; all cores if not given. Does not change any result
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,
    #[command(flatten)]
    changes: Changes,
    /// Folder for the results
    ///
    /// Default: `out/<scenario>-availability`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// In what form to answer on standard output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
}

/// In what form to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON document on standard output and nothing else there.
    Json,
    /// For a document.
    Markdown,
}

/// A share in percent.
fn percent(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('%').trim().parse() {
        Ok(share) if share > 0.0 && share <= 100.0 => Ok(share),
        _ => Err("expected a share above 0 and at most 100 percent".into()),
    }
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let compiled = source::compile(&args.file, &args.changes.assignments(), terminal)?;
    let plan = &compiled.plan;
    let stop = stop_on_ctrl_c()?;
    let quiet = Quiet::new(plan).map_err(|unfit| unfit_for_years(&unfit))?;
    let folder = args.out.clone().unwrap_or_else(|| default_folder(&format!("{}-availability", plan.name)));
    let mut staging = Staging::begin(&folder)?;

    let seed = args.seed.unwrap_or(plan.seed);
    let rates = rates_at_rest(&quiet, seed);
    let horizon = Horizon { years: args.years, seed, least_share: args.outage_from / 100.0, stop: &stop };
    let (lived, forced) = on_threads(args.threads, || {
        let bar = bar(u64::from(args.years), "years", terminal);
        let lived = history(&quiet, &rates, &horizon, &|_| bar.inc(1))?;
        bar.finish_and_clear();
        if args.rare == 0 {
            return Ok((lived, None));
        }
        let bar = self::bar(u64::from(args.rare), "forced disturbances", terminal);
        let forced = rare(&quiet, &rates, args.rare, &horizon, &|| bar.inc(1))?;
        bar.finish_and_clear();
        Ok((lived, Some(forced)))
    })?;

    let modes: Vec<ModeFigures> = quiet
        .modes()
        .iter()
        .zip(&rates)
        .map(|(mode, rate)| ModeFigures {
            name: mode.name.clone(),
            parts: (rate * mode.mtbf_s).round(),
            mtbf_years: mode.mtbf_s / YEAR_S,
            mttr_s: mode.mttr.as_ref().map(|mttr| mttr.mean()),
            assumed: mode.assumed,
        })
        .collect();
    let names: Vec<String> = modes.iter().map(|mode| mode.name.clone()).collect();
    let requests_per_s = quiet.rate();
    let setting = Setting { scenario: &plan.name, seed, requests_per_s, least_share: horizon.least_share, modes };
    let found = figures(setting, &lived, forced.as_ref());
    let sums = arithmetic(plan, &quiet);
    let told = Told { found: &found, arithmetic: &sums, cautions: cautions(plan, &found) };

    staging.write("availability.json", &json::pretty(&told))?;
    staging.write("outages.csv", outages(&lived, &names).as_bytes())?;
    staging.write("availability.md", told.markdown().as_bytes())?;
    let files = staging.files().join("  ");
    staging.commit()?;
    match args.format {
        Form::Json => print(terminal, &json::pretty(&told))?,
        Form::Markdown => print(terminal, told.markdown().as_bytes())?,
        Form::Text => {
            let page = format!("{}\n{}/  {files}\n", told.text(), folder.display());
            print(terminal, page.as_bytes())?;
        }
    }
    Ok(Verdict::Held)
}

/// Why a scenario cannot be looked at over years, and what to do about it.
fn unfit_for_years(unfit: &Unfit) -> Failure {
    match unfit {
        Unfit::NoTraffic => Failure::new("nobody asks for anything: there is no availability without requests")
            .help("add `clients`, or a rate above zero"),
        Unfit::NothingFails => Failure::new("nothing in this scenario ever fails: it is available all the time")
            .help("add `failures: (others: {\"bad day\": (mtbf: \"1y\", action: ..)})`, or parts that can fail"),
        Unfit::Overloaded(share) => {
            Failure::new(format!("{} of the requests do not fit even with nothing broken", units::percent(*share))).help(
                "over years groups keep the capacity they begin with: raise it, or lower the rate (`failures: (traffic: Mean)`); \
                 `sim run` shows what overload does",
            )
        }
    }
}

/// What deserves a look.
fn cautions(plan: &models::plan::Plan, found: &crate::experiment::availability::Availability) -> Vec<String> {
    let mut cautions = Vec::new();
    if !plan.failures.written {
        cautions.push("the scenario has no `failures`: every rate is the default, and bad changes and hanging processes, which cause many outages, are not counted".into());
    }
    if let Some(error) = found.combinations.relative_error.filter(|error| *error > 0.2) {
        cautions.push(format!(
            "what several failures at once add is known to {} only: raise `--rare`",
            units::percent(error)
        ));
    }
    if found.interval == "bootstrap" {
        cautions.push("few years saw any loss, and the interval may be too narrow: raise `--years`".into());
    }
    cautions
}

/// A bar for so many of something.
fn bar(total: u64, what: &'static str, terminal: &Terminal) -> ProgressBar {
    let watched = terminal.is_watched();
    let target = if watched { ProgressDrawTarget::stderr_with_hz(15) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let look = format!("{{bar:28.cyan/dim}} {{percent:>3}} %  {{human_pos}} of {{human_len}} {what}  {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&look) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_share_is_read_with_or_without_its_sign() {
        assert_eq!([percent("5"), percent("5 %"), percent("100%")], [Ok(5.0), Ok(5.0), Ok(100.0)]);
        assert!([percent("0"), percent("101"), percent("nan"), percent("x")].iter().all(Result::is_err));
    }
}
