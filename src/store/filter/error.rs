//! What is wrong with a filter, with a caret under the place.

/// A filter that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FilterError {
    /// It does not parse.
    #[error("the filter does not read: {what}\n  {text}\n  {}^\n{mend}", " ".repeat(*at))]
    Syntax {
        /// What is wrong.
        what: String,
        /// How to mend it.
        mend: String,
        /// The filter, control characters replaced.
        text: String,
        /// Characters before the place.
        at: usize,
    },
    /// No run has such a metric or parameter.
    #[error("no run has a {kind} '{name}'{}", listing(near, known))]
    Unknown {
        /// The name.
        name: String,
        /// Metric, parameter, or both.
        kind: &'static str,
        /// The nearest known names.
        near: Vec<String>,
        /// Known names.
        known: Vec<String>,
    },
    /// A metric is compared with something else than a number.
    #[error(
        "the metric '{name}' is a number and cannot be compared with '{value}'; write a number"
    )]
    NotANumber {
        /// The metric.
        name: String,
        /// The value.
        value: String,
    },
}

fn listing(near: &[String], known: &[String]) -> String {
    const SHOWN: usize = 12;
    if known.is_empty() {
        return "; no run has any yet".into();
    }
    let more = if known.len() > SHOWN { ", …" } else { "" };
    let all = format!("there are: {}{more}", known[..known.len().min(SHOWN)].join(", "));
    if near.is_empty() {
        format!(" ({all})")
    } else {
        format!("; did you mean {}? ({all})", near.join(", "))
    }
}
