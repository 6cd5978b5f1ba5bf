//! Where each store's primary is, whether it can be written, and whether the standby is in sync.

use crate::figures::names;
use crate::sheet::{Band, Curve, Glyph, Panel, Span, spans};
use crate::theme::{BLUE, RED, WELL, YELLOW, area};
use models::result::{EventKind, RunResult};

/// One panel per store that has a primary: connections in use, and three bands. Of a plain store the connections alone
/// would be no picture.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    let has_primary = |name: &&str| result.series.get(&format!("database.{name}.primary_zone")).is_some();
    names(result, "database.").into_iter().filter(has_primary).map(|name| panel(result, name)).collect()
}

fn panel<'a>(result: &'a RunResult, store: &str) -> Panel<'a> {
    let get = |figure: &str| result.series.get(&format!("database.{store}.{figure}"));
    let mut panel = Panel { steps: true, ..Panel::new(title(result, store), "connections (count)") };
    match get("connections") {
        Some(column) => {
            panel.curves.push(Curve::new("connections in use, at each interval's end", BLUE, &column.values))
        }
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
    // The moments of the events are exact; the rows are rounded, and may step over a short outage.
    let outages = outages(result, store);
    if let Some(writable) = panel.bands.iter_mut().find(|band| band.label == "writable" && !outages.is_empty()) {
        let whole = Span { from: 0.0, to: result.summary.duration_s, colour: WELL, text: "yes".into() };
        writable.spans = std::iter::once(whole).chain(outages).collect();
    }
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

/// When the store could not be written, from the timeline.
fn outages(result: &RunResult, store: &str) -> Vec<Span> {
    let mut since = None;
    let mut spans = Vec::new();
    for event in result.timeline.iter().filter(|event| event.subject == store) {
        match event.kind {
            EventKind::PrimaryFailed | EventKind::FailoverStarted => since = since.or(Some(event.t_s)),
            EventKind::FailoverCompleted | EventKind::StoreRecovered => {
                let down = |from| Span { from, to: event.t_s, colour: RED, text: "no".into() };
                spans.extend(since.take().map(down));
            }
            _ => {}
        }
    }
    // Down to the end, if it never came back.
    let down = |from| Span { from, to: result.summary.duration_s, colour: RED, text: "no".into() };
    spans.extend(since.map(down));
    spans
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
