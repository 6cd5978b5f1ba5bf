//! `trace.csv.gz`: every ended request, one line each, compressed as it comes.
//!
//! # Models      columns `born_s,ended_s,population,endpoint,attempts,outcome,instance`; `instance` is empty if none served
//!   the last attempt; rows in the order of ending
//! # Leaves out  attempts on their own; requests still in flight at the end

use super::csv;
use flate2::{Compression, write::GzEncoder};
use models::RequestRecord;
use models::plan::Plan;
use std::fs::File;
use std::io::{self, BufWriter, Write};

/// Name of the file.
pub const NAME: &str = "trace.csv.gz";

/// A trace being written. The first mistake is kept until [`Trace::finish`]; nothing is written after it.
#[derive(Debug)]
pub struct Trace {
    out: BufWriter<GzEncoder<File>>,
    populations: Vec<String>,
    endpoints: Vec<String>,
    failed: Option<io::Error>,
}

impl Trace {
    /// A trace into `file`, with the names of the plan.
    pub fn new(file: File, plan: &Plan) -> Trace {
        let populations = plan.populations.iter().map(|(_, population)| csv::field(&population.name)).collect();
        let endpoints = plan
            .endpoints
            .iter()
            .map(|(_, endpoint)| csv::field(&format!("{}.{}", plan.services[endpoint.service].name, endpoint.name)))
            .collect();
        Trace::with_names(file, populations, endpoints)
    }

    fn with_names(file: File, populations: Vec<String>, endpoints: Vec<String>) -> Trace {
        let mut out = BufWriter::with_capacity(1 << 16, GzEncoder::new(file, Compression::fast()));
        let failed = out.write_all(b"born_s,ended_s,population,endpoint,attempts,outcome,instance\n").err();
        Trace { out, populations, endpoints, failed }
    }

    /// Adds a request.
    pub fn record(&mut self, record: &RequestRecord) {
        if self.failed.is_some() {
            return;
        }
        let population = self.populations.get(usize::from(record.population)).map_or("", String::as_str);
        let endpoint = self.endpoints.get(usize::from(record.endpoint)).map_or("", String::as_str);
        let written = write!(
            self.out,
            "{},{},{population},{endpoint},{},{},",
            record.born.as_secs_f64(),
            record.ended.as_secs_f64(),
            record.attempts,
            record.outcome.name(),
        )
        .and_then(|()| match record.instance {
            u32::MAX => writeln!(self.out),
            instance => writeln!(self.out, "{instance}"),
        });
        self.failed = written.err();
    }

    /// Whether it is of no use to go on.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Writes what is left, and gives the file back.
    ///
    /// # Errors
    /// The first thing that went wrong.
    pub fn finish(mut self) -> io::Result<File> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.out.into_inner().map_err(io::IntoInnerError::into_error)?.finish(),
        }
    }
}
