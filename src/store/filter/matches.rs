//! Evaluates a filter on a run in memory, exactly as the SQL made from it would.

use super::{Attribute, Expr, Field, Literal, Op, Pattern};
use crate::domain::{RunRecord, Value};

/// What a field is on one run.
enum Found<'a> {
    Missing,
    /// A metric's score or a number of the run; NaN is missing to comparisons.
    Number(f64),
    Text(&'a str),
    Hash(&'a str),
    Time(i64),
    Flag(bool),
    Param(&'a Value),
}

impl Expr {
    /// True if the run fits, with times ago counted from `now` (milliseconds since 1970 UTC). A record does not know its
    /// process: none is stale here.
    pub fn matches(&self, run: &RunRecord, now: i64) -> bool {
        match self {
            Self::And(left, right) => left.matches(run, now) && right.matches(run, now),
            Self::Or(left, right) => left.matches(run, now) || right.matches(run, now),
            Self::Not(inner) => !inner.matches(run, now),
            Self::Word(word) => has_word(run, word),
            Self::Text { field, pattern } => match find(run, field) {
                Found::Text(text) => pattern.fits(text),
                Found::Param(Value::Text(text)) => pattern.fits(text),
                _ => false,
            },
            Self::Tag { key, value } => run
                .tags
                .get(key)
                .is_some_and(|found| value.as_ref().is_none_or(|pattern| pattern.fits(found))),
            Self::Compare { field, op, value } => compare(&find(run, field), *op, value, now),
            Self::In { field, values } => {
                let found = find(run, field);
                values.iter().any(|value| compare(&found, Op::Eq, value, now))
            }
            Self::Contains { field, text } => match find(run, field) {
                Found::Text(whole) | Found::Hash(whole) => contains(whole, text),
                Found::Param(Value::Text(whole)) => contains(whole, text),
                _ => false,
            },
            Self::Undefined(field) => match find(run, field) {
                Found::Missing => true,
                Found::Number(number) => number.is_nan(),
                _ => false,
            },
            Self::Has(name) => run.metrics.contains_key(name) || run.params.get(name).is_some(),
        }
    }
}

fn has_word(run: &RunRecord, word: &str) -> bool {
    let model = run.params.get("model").and_then(Value::as_str);
    let texts = [Some(run.name.as_str()), model, run.note.as_deref(), run.sweep.as_deref()];
    texts.into_iter().flatten().any(|text| contains(text, word))
        || contains(run.status.word(), word)
        || run.tags.iter().any(|(key, value)| contains(key, word) || contains(value, word))
}

fn find<'a>(run: &'a RunRecord, field: &Field) -> Found<'a> {
    let metric = |name: &str| run.metrics.get(name).map(|summary| Found::Number(summary.score));
    let param = |name: &str| run.params.get(name).map(Found::Param);
    let found = match field {
        Field::Attribute(attribute) => attribute_of(run, *attribute),
        Field::Metric(name) => metric(name),
        Field::Param(name) => param(name),
        Field::Name(name) => metric(name).or_else(|| param(name)),
    };
    found.unwrap_or(Found::Missing)
}

fn attribute_of(run: &RunRecord, attribute: Attribute) -> Option<Found<'_>> {
    let text = |text: &'static str| Some(Found::Text(text));
    let git = run.git.as_ref();
    match attribute {
        Attribute::Id => Some(Found::Number(run.id.0 as f64)),
        Attribute::Uuid => Some(Found::Hash(&run.uuid)),
        Attribute::Name => Some(Found::Text(&run.name)),
        Attribute::Experiment => Some(Found::Text(&run.experiment)),
        Attribute::Sweep => run.sweep.as_deref().map(Found::Text),
        Attribute::Trial => run.trial.map(|number| Found::Number(number as f64)),
        Attribute::Attempt => Some(Found::Number(f64::from(run.attempt))),
        Attribute::Status => text(run.status.word()),
        Attribute::Reason => run.reason.as_deref().map(Found::Text),
        Attribute::Note => run.note.as_deref().map(Found::Text),
        Attribute::Data => run.data_hash.as_deref().map(Found::Hash),
        Attribute::Schema => run.schema_hash.as_deref().map(Found::Hash),
        Attribute::Rows => run.rows.map(|rows| Found::Number(rows as f64)),
        Attribute::Split => run.split.as_deref().map(Found::Hash),
        Attribute::Seed => run.seed.map(|seed| Found::Number(seed as f64)),
        Attribute::Commit => git.map(|git| Found::Hash(&git.commit)),
        Attribute::Branch => git.and_then(|git| git.branch.as_deref()).map(Found::Text),
        Attribute::Dirty => git.map(|git| Found::Flag(git.dirty)),
        Attribute::Cached => Some(Found::Flag(run.cached_from.is_some())),
        Attribute::Version => Some(Found::Text(&run.version)),
        Attribute::User => Some(Found::Text(&run.user)),
        Attribute::Host => Some(Found::Text(&run.host)),
        Attribute::Started => run.started.map(Found::Time),
        Attribute::Ended => run.ended.map(Found::Time),
        Attribute::Seconds => run.seconds.map(Found::Number),
        Attribute::CpuSeconds => run.cpu_seconds.map(Found::Number),
        Attribute::Replicate => Some(Found::Number(f64::from(run.replicate))),
        Attribute::ExitCode => run.exit_code.map(|code| Found::Number(f64::from(code))),
        Attribute::ExitSignal => run.exit_signal.map(|signal| Found::Number(f64::from(signal))),
    }
}

fn compare(found: &Found<'_>, op: Op, value: &Literal, now: i64) -> bool {
    let differs = op == Op::Ne;
    match (found, value) {
        (Found::Missing, _) => false,
        (Found::Number(found), Literal::Number(value)) => {
            !found.is_nan() && op.holds(found.partial_cmp(value))
        }
        (Found::Number(found), _) => differs && !found.is_nan(),
        (Found::Text(found), Literal::Text(value)) => op.holds(Some((*found).cmp(value.as_str()))),
        (Found::Hash(found), Literal::Text(value)) => match op {
            Op::Eq => found.starts_with(value.as_str()),
            Op::Ne => !found.starts_with(value.as_str()),
            _ => false,
        },
        (Found::Time(found), Literal::Date(value)) => op.holds(Some(found.cmp(value))),
        (Found::Time(found), Literal::Ago(ms)) => {
            op.holds(Some(found.cmp(&now.saturating_sub(*ms))))
        }
        (Found::Flag(found), Literal::Bool(value)) => match op {
            Op::Eq => found == value,
            Op::Ne => found != value,
            _ => false,
        },
        (Found::Param(found), _) => compare_param(found, op, value),
        _ => differs,
    }
}

fn compare_param(found: &Value, op: Op, value: &Literal) -> bool {
    match (found, value) {
        (_, Literal::Number(value)) => match found.as_f64() {
            Some(found) => op.holds(found.partial_cmp(value)),
            None => op == Op::Ne,
        },
        (Value::Text(found), Literal::Text(value)) => op.holds(Some(found.cmp(value))),
        (Value::Bool(found), Literal::Bool(value)) if found == value => op == Op::Eq,
        (Value::None, Literal::None) => op == Op::Eq,
        _ => op == Op::Ne,
    }
}

impl Pattern {
    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Exact(whole) => text.eq_ignore_ascii_case(whole),
            Self::Part(part) => contains(text, part),
            Self::Glob(glob) => {
                let lower = |text: &str| text.to_ascii_lowercase().chars().collect::<Vec<_>>();
                fits_glob(&lower(glob), &lower(text))
            }
        }
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
}

/// Matches the whole text; on a mismatch the last `*` takes one character more, so the time is at most
/// the product of the lengths.
fn fits_glob(glob: &[char], text: &[char]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match glob.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(&c) if c == '?' || c == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((back, taken)) = star else { return false };
                star = Some((back, taken + 1));
                at = back + 1;
                seen = taken + 1;
            }
        }
    }
    glob[at..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        let check = |glob: &str, text: &str, expect: bool| {
            assert_eq!(Pattern::Glob(glob.into()).fits(text), expect, "{glob} on {text}");
        };
        check("pat*", "Pattern", true);
        check("*a*b", "xaaxb", true);
        check("*a*b", "xaaxbc", false);
        check("a?c", "aéc", true);
        check("a?c", "ac", false);
        check("*", "", true);
    }
}
