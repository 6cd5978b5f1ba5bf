//! `sim plot`: the plots of a stored run once more, as a document wants them.

use super::terminal::Terminal;
use super::{Verdict, examples, print};
use crate::output::files::Single;
use crate::{Failure, stored};
use clap::ValueEnum;
use plots::{Format, Page, Tone};
use rayon::prelude::*;
use std::path::PathBuf;

/// Draw the plots of a stored run again: which, how large, light or dark, as PNG or SVG.
///
/// Reads a folder that `sim run` wrote, and writes the pictures into the current folder or the one given.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim plot out/twitter-spike", "every figure, as PNG and SVG"),
    ("sim plot out/twitter-spike --only latency,capacity --format svg", "two figures, as vectors"),
    ("sim plot out/twitter-spike --only overview --size 1920x1080 --dark", "for a dark slide"),
    ("sim plot out/twitter-spike --only latency --size 800x500 --out figures", "a column of a paper"),
]))]
pub struct Args {
    /// A folder that `sim run` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Figures to draw, by name, with commas between; all that the run has something to show in if not given
    #[arg(long, value_name = "FIGURES", value_delimiter = ',', value_parser = figure)]
    only: Vec<&'static str>,
    /// Width and height in pixels, such as `1600x900`; 1600 wide and as high as the content asks for if not given
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
    /// As PNG or SVG; both if not given
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Picture>,
    /// On a dark page
    #[arg(long)]
    dark: bool,
    /// Folder for the results
    ///
    /// Pictures of the same names are replaced, other files stay.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

/// A format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Picture {
    /// Pixels
    Png,
    /// Vectors
    Svg,
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let result = stored::read(&args.folder)?;
    let there: Vec<&str> = plots::figures(&result).iter().map(|figure| figure.name).collect();
    let wanted = if args.only.is_empty() { &there } else { &args.only };
    if let Some(missing) = wanted.iter().find(|name| !there.contains(name)) {
        let text = format!("the run has nothing to show in `{missing}`");
        return Err(Failure::new(text).help(format!("it has {}", there.join(", "))));
    }
    let formats = match args.format {
        Some(Picture::Png) => vec![Format::Png],
        Some(Picture::Svg) => vec![Format::Svg],
        None => vec![Format::Png, Format::Svg],
    };
    let page = Page { size: args.size, tone: if args.dark { Tone::Dark } else { Tone::Light } };
    let all: Vec<(&str, Format)> =
        wanted.iter().flat_map(|name| formats.iter().map(|format| (*name, *format))).collect();
    let draw = |(name, format): &(&str, Format)| {
        let drawn = plots::render(&result, name, *format, page);
        drawn.map_err(|error| Failure::new(format!("`{name}` cannot be drawn: {error}")))
    };
    // All are drawn before the first is written.
    let pictures: Vec<Vec<u8>> = all.par_iter().map(draw).collect::<Result<_, _>>()?;
    std::fs::create_dir_all(&args.out).map_err(|error| Failure::io("write to", &args.out, &error))?;
    let mut told = String::new();
    for ((name, format), bytes) in all.iter().zip(&pictures) {
        let path = args.out.join(format!("{name}.{}", format.extension()));
        Single::begin(&path)?.commit(bytes)?;
        told.push_str(&format!("{}\n", path.display()));
    }
    print(terminal, told.as_bytes())?;
    Ok(Verdict::Held)
}

/// A figure by its name, or by what people call it.
fn figure(text: &str) -> Result<&'static str, String> {
    let name = match text.trim() {
        "capacity" => "instances",
        name => name,
    };
    plots::names().find(|known| *known == name).ok_or_else(|| {
        let known: Vec<&str> = plots::names().collect();
        format!("no such figure; there are {} (and `capacity` for `instances`)", known.join(", "))
    })
}

/// `1600x900`.
fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', '×']).and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
    match sides {
        Some((w @ 100..=16_384, h @ 100..=16_384)) => Ok((w, h)),
        _ => Err("expected width and height from 100 to 16384 pixels, such as `1600x900`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_two_sides_within_bounds() {
        assert_eq!(size("1600x900"), Ok((1600, 900)));
        assert_eq!(size(" 100 × 16384"), Ok((100, 16_384)));
        for wrong in ["1600", "99x900", "1600x16385", "axb", "-1x900", ""] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_figure_goes_by_its_name_or_by_what_people_call_it() {
        assert_eq!(figure("latency"), Ok("latency"));
        assert_eq!(figure("capacity"), Ok("instances"));
        assert!(figure("latncy").unwrap_err().contains("latency"));
    }
}
