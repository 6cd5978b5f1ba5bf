//! Questions: an event, a moment, a stretch of time, an incident, or a name.

/// What is to be explained.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Nothing in particular: what there is to ask about.
    Overview,
    /// A timeline event.
    Event(u32),
    /// A moment, in seconds.
    At(f64),
    /// A stretch of time.
    Between(f64, f64),
    /// An incident, from 1.
    Incident(usize),
    /// An instance, a group, an alarm, a store, a balancer.
    Name(String),
}

impl Question {
    /// Reads what was typed: `#8`, `8`, `41:20`, `50:03-50:47`, `2480s`, `incident 2`, `web/i-3`.
    pub fn parse(words: &[String]) -> Question {
        let text = words.join(" ");
        let text = text.trim();
        if text.is_empty() {
            return Question::Overview;
        }
        if let Some(number) = text.strip_prefix("incident").and_then(|rest| rest.trim().parse().ok()) {
            return Question::Incident(number);
        }
        if let Ok(id) = text.strip_prefix('#').unwrap_or(text).parse() {
            return Question::Event(id);
        }
        if let Some(t_s) = seconds(text) {
            return Question::At(t_s);
        }
        let stretch = text.split_once(['-', '–']).and_then(|(a, b)| Some((seconds(a.trim())?, seconds(b.trim())?)));
        match stretch {
            Some((from, to)) => Question::Between(from.min(to), from.max(to)),
            None => Question::Name(text.to_string()),
        }
    }
}

/// A moment: `41:20` (minutes), `1:12:00`, `2480s`, `41m20s`, `1h12m`.
fn seconds(text: &str) -> Option<f64> {
    if text.contains(':') {
        let parts: Option<Vec<f64>> = text.split(':').map(number).collect();
        let parts = parts.filter(|parts| parts.len() <= 3)?;
        return Some(parts.into_iter().fold(0.0, |sum, part| sum * 60.0 + part));
    }
    let mut rest = text;
    let mut sum = 0.0;
    for (unit, worth) in [('h', 3600.0), ('m', 60.0), ('s', 1.0)] {
        if let Some((before, after)) = rest.split_once(unit) {
            sum += number(before.trim())? * worth;
            rest = after.trim();
        }
    }
    (rest.is_empty() && !text.is_empty()).then_some(sum)
}

/// A plain number that is not below zero.
fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_as_people_type_them() {
        let asked = |text: &str| Question::parse(&text.split_whitespace().map(String::from).collect::<Vec<_>>());
        let cases = [
            ("", Question::Overview),
            ("#123", Question::Event(123)),
            ("123", Question::Event(123)),
            ("41:20", Question::At(2480.0)),
            ("1:12:00", Question::At(4320.0)),
            ("2480s", Question::At(2480.0)),
            ("41m20s", Question::At(2480.0)),
            ("1h12m", Question::At(4320.0)),
            ("50:03-50:47", Question::Between(3003.0, 3047.0)),
            ("50:47 - 50:03", Question::Between(3003.0, 3047.0)),
            ("10s–1m", Question::Between(10.0, 60.0)),
            ("incident 2", Question::Incident(2)),
            ("incident2", Question::Incident(2)),
            ("web/i-3", Question::Name("web/i-3".into())),
            ("cpu-high", Question::Name("cpu-high".into())),
            ("web", Question::Name("web".into())),
            ("ms", Question::Name("ms".into())),
            ("a:b", Question::Name("a:b".into())),
        ];
        for (text, expected) in cases {
            assert_eq!(asked(text), expected, "{text}");
        }
    }
}
