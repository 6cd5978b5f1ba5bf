//! Where each store's primary is, whether it can be written, and whether the standby is in sync.

use crate::figures::names;
use crate::sheet::{Band, Curve, Glyph, Panel, spans};
use crate::theme::{BLUE, RED, WELL, YELLOW, area};
use models::result::RunResult;

/// One panel per store: connections in use, and three bands.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    names(result, "database.").into_iter().map(|name| panel(result, name)).collect()
}

fn panel<'a>(result: &'a RunResult, store: &str) -> Panel<'a> {
    let get = |figure: &str| result.series.get(&format!("database.{store}.{figure}"));
    let mut panel = Panel { steps: true, ..Panel::new(title(result, store), "connections (count)") };
    match get("connections") {
        Some(column) => panel.curves.push(Curve::new("connections in use", BLUE, &column.values)),
        None => panel.weight = 0.0,
    }
    let mut band = |figure: &str, label: &str, look: &dyn Fn(i64) -> (plotters::style::RGBColor, String)| {
        if let Some(column) = get(figure) {
            let spans = spans(&column.values, result.series.interval_s, |state| Some(look(state)));
            panel.bands.push(Band { label: label.into(), spans, dots: Vec::new() });
        }
    };
    let zones = zones(result, store);
    band("primary_zone", "primary", &|zone| {
        let index = usize::try_from(zone).unwrap_or(0);
        let name = zones.get(index).map_or_else(|| format!("zone {index}"), |zone| (*zone).to_owned());
        (area(index), name)
    });
    band("available", "writable", &|up| if up == 0 { (RED, "no".into()) } else { (WELL, "yes".into()) });
    band("standby", "standby", &|ok| {
        if ok == 0 { (YELLOW, "not in sync".into()) } else { (WELL, "in sync".into()) }
    });
    let shown = |text: &str| panel.bands.iter().any(|b| b.spans.iter().any(|span| span.text == text));
    let (down, apart) = (shown("no"), shown("not in sync"));
    if down {
        panel.key("not writable", Glyph::Box, RED);
    }
    if apart {
        panel.key("standby not in sync", Glyph::Box, YELLOW);
    }
    panel
}

/// The name, and what the summary says of it.
fn title(result: &RunResult, store: &str) -> String {
    match result.summary.databases.get(store) {
        Some(figures) if figures.failovers > 0 || figures.unavailable_s > 0.0 => {
            let plural = if figures.failovers == 1 { "" } else { "s" };
            format!("{store}: {} failover{plural}, {:.1} s not writable", figures.failovers, figures.unavailable_s)
        }
        _ => store.to_owned(),
    }
}

/// Names of the zones by index, if the columns of the targets name them and agree with where the primary ended up.
fn zones<'a>(result: &'a RunResult, store: &str) -> Vec<&'a str> {
    let mut zones: Vec<&str> = Vec::new();
    for name in names(result, "targets.") {
        if let Some((_, zone)) = name.rsplit_once('.')
            && !zones.contains(&zone)
        {
            zones.push(zone);
        }
    }
    let last = result
        .series
        .get(&format!("database.{store}.primary_zone"))
        .and_then(|column| column.values.iter().rev().find(|v| v.is_finite()))
        .map(|&v| v.round() as usize);
    let end = result.summary.databases.get(store).map(|figures| figures.primary_zone.as_str());
    match (last.and_then(|index| zones.get(index)), end) {
        (Some(named), Some(end)) if *named == end => zones,
        _ => Vec::new(),
    }
}
