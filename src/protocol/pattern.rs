//! Metrics out of lines of text by a regular expression.

use super::number::Number;
use super::steps::{Place, Role};
use regex::bytes::{CaptureLocations, Regex, RegexBuilder};
use std::borrow::Cow;

/// Bytes of a compiled pattern.
const MAX_COMPILED: usize = 4 << 20;

/// A source of metrics that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// Not a regular expression.
    #[error("the pattern '{pattern}' in 'metrics' is no regular expression: {reason}")]
    Pattern {
        /// As given.
        pattern: String,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// No group says which part is the value.
    #[error(
        "the pattern '{pattern}' in 'metrics' {reason}; write '(?<loss>...)' for a metric of that name, \
         '(?<name>...)' with '(?<value>...)', or a single '(...)' for the objective"
    )]
    Groups {
        /// As given.
        pattern: String,
        /// What is wrong with its groups.
        reason: &'static str,
    },
}

/// Checks a pattern of `metrics = { regex = '…' }`.
///
/// # Errors
///
/// One that does not compile, or that has no usable group.
pub fn check_pattern(pattern: &str) -> Result<(), IntakeError> {
    Pattern::new(pattern, "").map(|_| ())
}

/// A value that a pattern has found.
pub(super) struct Find<'a> {
    pub metric: &'a str,
    pub place: &'a Place,
    pub value: f64,
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    found: CaptureLocations,
    /// Groups that say a place: `step`, `epoch`, `fold`, `context`.
    places: Vec<(usize, Role)>,
    /// Groups that are the value of the metric that they are named like.
    metrics: Vec<(usize, String)>,
    /// The groups `name` and `value`.
    pair: Option<(usize, usize)>,
    place: Place,
}

impl Pattern {
    /// Compiles; a single unnamed group, or a group `value` without `name`, is the objective.
    pub(super) fn new(pattern: &str, objective: &str) -> Result<Self, IntakeError> {
        let regex = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build();
        let regex = regex.map_err(|error| IntakeError::Pattern {
            pattern: pattern.into(),
            reason: in_one_line(&error),
        })?;
        let mut places = Vec::new();
        let mut metrics = Vec::new();
        let (mut name, mut value) = (None, None);
        for (group, text) in regex.capture_names().enumerate() {
            match text {
                None => {}
                Some("name") => name = Some(group),
                Some("value") => value = Some(group),
                Some(text) => {
                    let role = Role::of(text);
                    if role != Role::Metric {
                        places.push((group, role));
                    }
                    if matches!(role, Role::Metric | Role::Epoch) {
                        metrics.push((group, text.to_string()));
                    }
                }
            }
        }
        let pair = name.zip(value);
        let is_named =
            name.is_some() || value.is_some() || !metrics.is_empty() || !places.is_empty();
        let mut reason = None;
        match (name, value) {
            (None, Some(value)) => metrics.push((value, objective.to_string())),
            (Some(_), None) => reason = Some("has a group 'name', but no group 'value'"),
            _ if !is_named && regex.captures_len() == 2 => metrics.push((1, objective.to_string())),
            _ if !is_named && regex.captures_len() > 2 => {
                reason = Some("has several groups without a name");
            }
            _ if metrics.is_empty() && pair.is_none() => reason = Some("has no group for a value"),
            _ => {}
        }
        if let Some(reason) = reason {
            return Err(IntakeError::Groups { pattern: pattern.into(), reason });
        }
        let found = regex.capture_locations();
        Ok(Self { regex, found, places, metrics, pair, place: Place::default() })
    }

    /// Hands out the values of a line: of its first match, and of all if the pattern has `name` and `value`; a
    /// step that one match tells holds for the later ones of the line.
    pub(super) fn find(&mut self, line: &[u8], each: &mut impl FnMut(Find<'_>)) {
        self.place.clear();
        let mut at = 0;
        while at <= line.len() {
            let Some(whole) = self.regex.captures_read_at(&mut self.found, line, at) else {
                return;
            };
            at = if whole.end() == whole.start() { whole.end() + 1 } else { whole.end() };
            self.read_places(line);
            for (group, metric) in &self.metrics {
                let value = text(&self.found, line, *group).and_then(Number::in_text);
                if let Some(Number { value, .. }) = value {
                    each(Find { metric, place: &self.place, value });
                }
            }
            let Some((name, value)) = self.pair else { return };
            let value = text(&self.found, line, value).and_then(Number::in_text);
            if let Some((name, Number { value, .. })) = text(&self.found, line, name).zip(value) {
                each(Find { metric: &String::from_utf8_lossy(name), place: &self.place, value });
            }
        }
    }

    fn read_places(&mut self, line: &[u8]) {
        for (group, role) in &self.places {
            let Some(text) = text(&self.found, line, *group) else { continue };
            if *role == Role::Context {
                self.place.context(&String::from_utf8_lossy(text));
            } else {
                self.place.number(*role, Number::in_text(text));
            }
        }
    }
}

fn text<'a>(found: &CaptureLocations, line: &'a [u8], group: usize) -> Option<&'a [u8]> {
    found.get(group).map(|(from, to)| &line[from..to])
}

/// The crate draws a picture of several lines; its last line says what is wrong.
fn in_one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_string()
}

/// What a terminal would show of a line at last: the part behind the last `\r` that is not blank, without the
/// escape sequences of colors.
pub(super) fn visible_part<'a>(line: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
    let parts = &mut line.rsplit(|byte| *byte == b'\r');
    let part = parts.find(|part| !part.trim_ascii().is_empty()).unwrap_or_default();
    match without_escapes(part) {
        Cow::Borrowed(part) => part,
        Cow::Owned(part) => {
            *buffer = part;
            buffer
        }
    }
}

/// Leaves out `ESC [ … letter`.
fn without_escapes(line: &[u8]) -> Cow<'_, [u8]> {
    const ESCAPE: u8 = 0x1b;
    if !line.contains(&ESCAPE) {
        return Cow::Borrowed(line);
    }
    let mut kept = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.iter().position(|byte| *byte == ESCAPE) {
        kept.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(inside) = rest.strip_prefix(b"[") {
            let end = inside.iter().position(|byte| (0x40..0x7f).contains(byte));
            rest = end.map_or(&[][..], |end| &inside[end + 1..]);
        }
    }
    kept.extend_from_slice(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, line: &str, expect: &str) {
        let mut found = Vec::new();
        let mut buffer = Vec::new();
        let mut pattern = Pattern::new(pattern, "acc").unwrap();
        let mut context = String::new();
        pattern.find(visible_part(line.as_bytes(), &mut buffer), &mut |find: Find<'_>| {
            find.place.write_context(&mut context);
            let step = find.place.step().map_or(String::new(), |step| format!("@{step}"));
            found.push(format!("{}{context}{step}={}", find.metric, find.value));
        });
        assert_eq!(found.join(" "), expect, "{line}");
    }

    #[test]
    fn groups_make_metrics() {
        let pairs = r"(?:step (?<step>\d+).*? )?(?<name>\w+)[=:] ?(?<value>\S+)";
        check(pairs, "step 3 loss=0.5 acc: 93%", "loss@3=0.5 acc@3=93");
        check(pairs, "loss=nan a=x b=-inf c=1e-3, d=1,234.5", "loss=NaN b=-inf c=0.001");
        let named = r"Epoch (?<epoch>\d+).*?loss: (?<loss>\S+)(?: - val_loss: (?<val_loss>\S+))?";
        check(
            named,
            "Epoch 2 - loss: 0.5 - val_loss: 0.25",
            "epoch@2=2 loss@2=0.5 val_loss@2=0.25",
        );
        check(named, "Epoch 2 - loss: 0.5", "epoch@2=2 loss@2=0.5");
        check(r"fold (?<fold>\d): (?<value>\S+)", "fold 1: 0.5", "accfold=1=0.5");
        check(r"loss: (\S+)", "loss: 0.5 val_loss: 0.25", "acc=0.5");
        check(r"(?<a>)x*(?<b>\d)?", "", "");
    }

    #[test]
    fn bars_and_colors_are_seen_through() {
        check(r"loss: (\S+)", "loss: 3\rloss: 2\r\r   \r", "acc=2");
        check(r"loss: (\S+)", "\u{1b}[1mloss\u{1b}[0m: \u{1b}[32m0.5\u{1b}[0m", "acc=0.5");
        check(r"loss: (\S+)", "\u{1b}[", "");
    }

    #[test]
    fn patterns_that_say_no_value_are_errors() {
        let message = |pattern: &str| check_pattern(pattern).unwrap_err().to_string();
        assert!(message("(").contains("'(' in 'metrics' is no regular expression: unclosed group"));
        assert!(message("loss").contains("has no group for a value"));
        assert!(message("(a)(b)").contains("has several groups without a name"));
        assert!(message(r"(?<name>a)").contains("but no group 'value'"));
        assert!(message(r"(?<step>\d+) (\d+)").contains("has no group for a value"));
        assert!(message(r"(\w{9999}){9999}").contains("no regular expression"));
        assert_eq!(check_pattern(r"(?<step>\d+) (?<loss>\d+)"), Ok(()));
    }
}
