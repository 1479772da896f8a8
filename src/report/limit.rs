//! `--fail-on 'roc_auc drop > 0.01'`: reads what must not happen between two reports.

use super::Kind;
use crate::gate::Comparator;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// What fails a job: a change from the baseline, or a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Where the metric was measured; none stands for the sweep's own value, else wherever there is one.
    pub kind: Option<Kind>,
    /// The metric.
    pub metric: String,
    /// Which change, or the value itself.
    pub moves: Move,
    /// Fails where this holds.
    pub comparator: Comparator,
    /// How much is too much.
    pub amount: Amount,
}

/// What of a metric is held against the amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Old less new.
    Drop,
    /// New less old.
    Rise,
    /// The change against the metric's direction, whichever that is.
    Worse,
    /// The size of the change.
    Change,
    /// No change: the new value.
    Value,
}

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "unit", content = "value", rename_all = "lowercase")]
pub enum Amount {
    /// In units of the metric.
    Absolute(f64),
    /// A share of the older value's size: 0.02 for `2%`.
    Relative(f64),
}

/// Why a limit cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// It does not have the form.
    #[error(
        "'{text}' is no limit: {reason}; mend: write it as 'roc_auc drop > 0.01', 'rmse rise > 2%' or 'accuracy < 0.9'"
    )]
    Form {
        /// What was given.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// It would fail on an improvement.
    #[error(
        "'{text}' would fail on an improvement, since {metric} is to be {goal}d; mend: '{metric} {instead} …', or '{metric} change …' for either direction"
    )]
    Direction {
        /// What was given.
        text: String,
        /// The metric.
        metric: String,
        /// Its direction.
        goal: &'static str,
        /// The word that was meant.
        instead: &'static str,
    },
    /// No report has the metric.
    #[error("'{text}' names '{metric}', which neither report has; mend: one of {known}")]
    Unknown {
        /// What was given.
        text: String,
        /// The metric.
        metric: String,
        /// Those that there are.
        known: String,
    },
    /// There is nothing to compare with.
    #[error("'{text}' compares with a baseline; mend: add --baseline FILE.json")]
    NoBaseline {
        /// What was given.
        text: String,
    },
}

/// Comparators, the longer first, since one begins with another.
const COMPARATORS: [Comparator; 4] =
    [Comparator::AtLeast, Comparator::AtMost, Comparator::Above, Comparator::Below];

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        parse(text).map_err(|reason| LimitError::Form { text: text.trim().into(), reason })
    }
}

fn parse(text: &str) -> Result<Limit, String> {
    let at = text.find(['<', '>']).ok_or("it has no comparison such as '>'")?;
    let (left, rest) = text.split_at(at);
    let found = COMPARATORS.into_iter().find(|comparator| rest.starts_with(comparator.symbol()));
    let comparator = found.ok_or("it has no comparison such as '>'")?;
    let amount = amount(rest[comparator.symbol().len()..].trim())?;
    let words: Vec<&str> = left.split_whitespace().collect();
    let (name, moves) = match words[..] {
        [] => return Err("it names no metric".into()),
        [name] => (name, Move::Value),
        [name, word] => (name, Move::parse(word).ok_or_else(|| not_a_move(word))?),
        [_, _, more, ..] => return Err(format!("'{more}' is one word too many")),
    };
    let (kind, metric) = split_kind(name);
    if moves == Move::Value && matches!(amount, Amount::Relative(_)) {
        return Err("a percentage needs a change: drop, rise, worse or change".into());
    }
    if moves != Move::Value {
        if matches!(comparator, Comparator::Below | Comparator::AtMost) {
            let symbol = comparator.symbol();
            return Err(format!(
                "a {} fails when it is too large, so '{symbol}' must be '>'",
                moves.word()
            ));
        }
        let (Amount::Absolute(size) | Amount::Relative(size)) = amount;
        if size < 0.0 {
            return Err(format!("the size of a {} cannot be below 0", moves.word()));
        }
    }
    Ok(Limit { kind, metric: metric.into(), moves, comparator, amount })
}

fn not_a_move(word: &str) -> String {
    format!("'{word}' is none of drop, rise, worse, change")
}

/// `holdout.roc_auc` is the metric on the holdout; a dot after any other word belongs to the name.
fn split_kind(name: &str) -> (Option<Kind>, &str) {
    let of = |kind: Kind| {
        name.strip_prefix(kind.word())?.strip_prefix('.').map(|metric| (Some(kind), metric))
    };
    [Kind::Sweep, Kind::Holdout, Kind::Measured].into_iter().find_map(of).unwrap_or((None, name))
}

fn amount(text: &str) -> Result<Amount, String> {
    let (number, is_share) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), true),
        None => (text, false),
    };
    let wrong = || format!("'{text}' is no number and no percentage");
    let value: f64 = number.parse().map_err(|_| wrong())?;
    if !value.is_finite() {
        return Err(wrong());
    }
    Ok(if is_share { Amount::Relative(value / 100.0) } else { Amount::Absolute(value) })
}

impl Move {
    fn parse(word: &str) -> Option<Self> {
        [Self::Drop, Self::Rise, Self::Worse, Self::Change].into_iter().find(|of| of.word() == word)
    }

    /// The word of the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Rise => "rise",
            Self::Worse => "worse",
            Self::Change => "change",
            Self::Value => "value",
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(value) => write!(f, "{value}"),
            // 2 % is stored as 0.02, and 0.07 · 100 is not 7.
            Self::Relative(share) => {
                write!(f, "{}%", crate::domain::format_number(share * 100.0, 12))
            }
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, "{}.", kind.word())?;
        }
        f.write_str(&self.metric)?;
        if self.moves != Move::Value {
            write!(f, " {}", self.moves.word())?;
        }
        write!(f, " {} {}", self.comparator.symbol(), self.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_and_print() {
        let check = |text: &str, shown: &str| {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), shown);
        };
        check("roc_auc drop > 0.01", "roc_auc drop > 0.01");
        check(" rmse  rise>2% ", "rmse rise > 2%");
        check("rmse rise >= 7 %", "rmse rise >= 7%");
        check("holdout.roc_auc worse > 1e-3", "holdout.roc_auc worse > 0.001");
        check("accuracy<0.9", "accuracy < 0.9");
        check("val.loss change > 0", "val.loss change > 0");
        check("predict_us > 50", "predict_us > 50");
    }

    #[test]
    fn what_is_no_limit_says_why() {
        let check = |text: &str, part: &str| {
            let error = text.parse::<Limit>().unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("mend"), "{error}");
        };
        check("roc_auc", "no comparison");
        check("> 0.1", "names no metric");
        check("roc_auc fall > 0.1", "'fall' is none of drop, rise, worse, change");
        check("roc_auc drop a > 0.1", "'a' is one word too many");
        check("roc_auc drop > much", "'much' is no number");
        check("roc_auc drop > nan", "'nan' is no number");
        check("roc_auc drop > ", "'' is no number");
        check("roc_auc drop < 0.1", "must be '>'");
        check("roc_auc drop > -1", "below 0");
        check("roc_auc > 5%", "a percentage needs a change");
    }
}
