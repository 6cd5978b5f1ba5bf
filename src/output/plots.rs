//! The plots of a result, drawn on all cores.
//!
//! # Models      every figure that has something to show, as SVG and as PNG; a picture's bytes depend on the result alone
//! # Leaves out  a figure that cannot be drawn: it becomes a caution, since the figures in numbers are there all the same

use crate::experiment::{BANDS, Experiment};
use models::result::Series;
use plots::{Error, Format, Page};
use rayon::prelude::*;

/// One picture to be drawn.
enum Picture {
    /// A figure of replication 0.
    Figure(&'static str),
    /// A column over all replications: mean, interval, range.
    Band(&'static str),
}

/// Files by name, and what could not be drawn.
pub fn draw(experiment: &Experiment) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let result = &experiment.first;
    let summary = &result.summary;
    let series: Vec<Series> = experiment.replications.iter().filter_map(|one| one.bands.clone()).collect();
    let caption = format!(
        "{} · seed {} · {} replications · sim {}",
        summary.scenario,
        summary.seed,
        series.len(),
        summary.version
    );
    let figures = plots::figures(result).into_iter().map(|figure| Picture::Figure(figure.name));
    let bands = BANDS.into_iter().filter(|name| series.len() > 1 && result.series.get(name).is_some());
    let pictures: Vec<Picture> = figures.chain(bands.map(Picture::Band)).collect();
    let formats = [Format::Svg, Format::Png];
    let all: Vec<_> = pictures.iter().flat_map(|picture| formats.map(|format| (picture, format))).collect();
    let draw = |(picture, format): (&Picture, Format)| -> (String, Result<Vec<u8>, Error>) {
        let (name, bytes) = match picture {
            Picture::Figure(name) => ((*name).to_string(), plots::render(result, name, format, Page::default())),
            Picture::Band(column) => (
                format!("replications-{}", column.replace(['.', '_'], "-")),
                plots::render_replications(&series, column, &caption, format, None),
            ),
        };
        (format!("{name}.{}", format.extension()), bytes)
    };
    let drawn: Vec<_> = all.into_par_iter().map(draw).collect();
    let mut files = Vec::new();
    let mut cautions = Vec::new();
    for (name, bytes) in drawn {
        match bytes {
            Ok(bytes) => files.push((name, bytes)),
            Err(error) => cautions.push(format!("`{name}` could not be drawn: {error}")),
        }
    }
    (files, cautions)
}
