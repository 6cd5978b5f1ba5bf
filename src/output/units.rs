//! Figures as a person reads them: as many digits as mean something, and the unit behind.
//!
//! # Leaves out  files for machines, which get every digit and the unit in the column's or the field's name

use models::result::{ConnectionFigures, Dimension, EdgeFigures};

/// A count, in groups of three: `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits, and no more decimals than three: `0.042`, `8.41`, `84.1`, `841`, `12,345`.
pub fn figure(x: f64) -> String {
    if !x.is_finite() {
        return "–".into();
    }
    let magnitude = x.abs();
    if magnitude >= 999.5 {
        let whole = count(magnitude.round() as u64);
        return if x < 0.0 { format!("−{whole}") } else { whole };
    }
    let decimals = match magnitude {
        m if m >= 99.95 => 0,
        m if m >= 9.995 => 1,
        m if m >= 0.9995 => 2,
        0.0 => 0,
        _ => 3,
    };
    format!("{x:.decimals$}").replacen('-', "−", 1)
}

/// Milliseconds, changing to seconds and minutes where these read better: `8.41 ms`, `1.23 s`, `2 m 05 s`.
pub fn ms(x: f64) -> String {
    if !x.is_finite() {
        "–".into()
    } else if x < 999.5 {
        format!("{} ms", figure(x))
    } else if x < 59_950.0 {
        format!("{} s", figure(x / 1000.0))
    } else {
        seconds(x / 1000.0)
    }
}

/// A span of time: `120 ms`, `1.5 s`, `47 s`, `2 m 05 s`, `3 h 00 m`.
pub fn seconds(x: f64) -> String {
    if !x.is_finite() {
        return "–".into();
    }
    if x < 0.0 {
        return format!("−{}", seconds(-x));
    }
    if x == 0.0 {
        return "0 s".into();
    }
    if x < 0.9995 {
        return format!("{} ms", figure(x * 1000.0));
    }
    if x < 59.95 {
        let text = if x < 9.95 { format!("{x:.1}") } else { format!("{x:.0}") };
        return format!("{} s", text.trim_end_matches(".0"));
    }
    let whole = x.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, m, 0) => format!("{m} m"),
        (0, m, s) => format!("{m} m {s:02} s"),
        (h, 0, 0) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m:02} m"),
    }
}

/// A moment of simulated time: `0:50:12`.
pub fn clock(t_s: f64) -> String {
    let whole = t_s.max(0.0) as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

/// A share of one as per cent. Close to one it has as many nines as are true, and one more digit: 99.9987 %.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "–".into();
    }
    let (p, missing) = (share * 100.0, (1.0 - share) * 100.0);
    if share <= 0.0 || missing <= 0.0 {
        return format!("{p:.0} %");
    }
    // Near either end the digits that tell are those of the smaller part; two of them will do.
    let smaller = p.min(missing);
    let mut decimals = 1;
    let mut unit = 1.0;
    while smaller < unit && decimals < 8 {
        decimals += 1;
        unit /= 10.0;
    }
    let text = format!("{p:.decimals$}");
    format!("{text} %")
}

/// A confidence level: `95 %`.
pub fn level(share: f64) -> String {
    format!("{} %", figure(share * 100.0).trim_end_matches('0').trim_end_matches('.'))
}

/// Money: `$12.34`, `$0.0042`.
pub fn usd(x: f64) -> String {
    if !x.is_finite() {
        return "–".into();
    }
    if x < 0.0 {
        return format!("−{}", usd(-x));
    }
    // A sum of nothing may be minus zero, which is no money either.
    let x = x + 0.0;
    let decimals = if x == 0.0 || x >= 0.995 { 2 } else { 4 };
    if x >= 999.5 { format!("${}", count(x.round() as u64)) } else { format!("${x:.decimals$}") }
}

/// A count with the right form of its noun: `1 incident`, `3 incidents`.
pub fn plural(n: u64, one: &str) -> String {
    format!("{} {one}{}", count(n), if n == 1 { "" } else { "s" })
}

/// What a Network or Classic Load Balancer counted, if anything: `surge queue 1,024 at most · 5,321 turned away`.
pub fn edge(figures: &EdgeFigures) -> Option<String> {
    let parts = [
        (figures.new_flows, "connections"),
        (figures.most_flows, "at once"),
        (figures.elb_resets, "reset by nodes"),
        (figures.target_resets, "reset by targets"),
        (figures.client_resets, "reset by clients"),
        (figures.port_allocation_errors, "without a port"),
        (figures.surge_queue_length, "in the surge queue at most"),
        (figures.spillover, "turned away (spillover)"),
        (figures.backend_connection_errors, "backend connection errors"),
    ];
    joined(&parts)
}

/// Connections of an Application Load Balancer, if it had any: `7,200 connections from clients · 24 to targets`.
pub fn connections(figures: &ConnectionFigures) -> Option<String> {
    let parts = [
        (figures.new_client_connections, "connections from clients"),
        (figures.new_target_connections, "to targets"),
        (figures.most_active_connections, "at once"),
        (figures.met_closed_connections, "requests met one that its target was closing (502)"),
    ];
    joined(&parts)
}

fn joined(parts: &[(u64, &str)]) -> Option<String> {
    let some = parts.iter().filter(|part| part.0 > 0).map(|part| format!("{} {}", count(part.0), part.1));
    let some: Vec<String> = some.collect();
    (!some.is_empty()).then(|| some.join(" · "))
}

/// Capacity unit hours with the dimension that they are billed by: `4.2 (bytes)`.
pub fn unit_hours(hours: f64, by: Option<Dimension>) -> String {
    let by = by.map(|dimension| match dimension {
        Dimension::NewConnections => "new connections",
        Dimension::ActiveConnections => "active connections",
        Dimension::ProcessedBytes => "bytes",
        Dimension::RuleEvaluations => "rules",
        Dimension::Reservation => "reservation",
    });
    by.map_or(figure(hours), |by| format!("{} ({by})", figure(hours)))
}

/// Text from a scenario, safe to show: no control characters, so that no escape sequence reaches the terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn figures_keep_three_digits() {
        let cases = [(0.0, "0"), (0.04213, "0.042"), (8.414, "8.41"), (84.14, "84.1"), (841.4, "841"), (-2.5, "−2.50")];
        for (x, text) in cases {
            assert_eq!(figure(x), text);
        }
        assert_eq!(figure(12_345.6), "12,346");
        assert_eq!(figure(f64::NAN), "–");
    }

    #[test]
    fn times_change_their_unit() {
        let cases = [
            (0.0, "0 s"),
            (0.12, "120 ms"),
            (1.5, "1.5 s"),
            (12.0, "12 s"),
            (59.97, "1 m"),
            (125.2, "2 m 05 s"),
            (3600.0, "1 h"),
            (10_860.0, "3 h 01 m"),
            (-3.0, "−3 s"),
        ];
        for (x, text) in cases {
            assert_eq!(seconds(x), text);
        }
        assert_eq!([8.414, 1234.0].map(ms), ["8.41 ms", "1.23 s"]);
        assert_eq!(clock(3012.9), "0:50:12");
    }

    #[test]
    fn no_failure_is_rounded_away() {
        let cases = [
            (1.0, "100 %"),
            (0.0, "0 %"),
            (0.5, "50.0 %"),
            (0.999_987, "99.9987 %"),
            (0.995, "99.50 %"),
            (0.0042, "0.42 %"),
        ];
        for (x, text) in cases {
            assert_eq!(percent(x), text);
        }
        assert_ne!(percent(1.0 - 1e-7), "100 %");
    }

    #[test]
    fn a_level_has_no_empty_digits() {
        assert_eq!([0.95, 0.995, 0.9].map(level), ["95 %", "99.5 %", "90 %"]);
    }

    #[test]
    fn money_below_a_dollar_has_more_digits() {
        assert_eq!([0.0, -0.0, 0.0042, 12.345, 12_345.0].map(usd), ["$0.00", "$0.00", "$0.0042", "$12.35", "$12,345"]);
    }

    #[test]
    fn an_escape_sequence_in_a_name_is_defused() {
        assert_eq!(plain("web\x1b[2J\n"), "web [2J ");
    }
}
