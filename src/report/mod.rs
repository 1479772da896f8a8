//! One report of a sweep or of a gate, printed in many ways: text, Markdown, HTML, JSON, `JUnit`, `OpenMetrics` and the
//! annotations of GitHub. Pure: it is handed what was recorded and gives text back; only [`github::publish`] writes,
//! to the files that a runner names.
//!
//! [`Report`] is the structure; [`page::Page`] says it in headings, sentences and tables once, and the formats for
//! people render that. Names and reasons come from data and scripts, so each format escapes everything.

mod baseline;
mod content;
mod escape;
mod format;
pub mod github;
mod html;
mod json;
mod junit;
mod limit;
mod limit_judge;
mod markdown;
mod openmetrics;
pub mod page;
mod page_baseline;
mod page_gate;
#[cfg(test)]
mod sample;
mod text;
#[cfg(test)]
mod validators_tests;
pub mod words;

pub use baseline::{
    Baseline, BaselineError, Kind, MetricChange, ParamChange, Snapshot, Trend, compare,
};
pub use content::{
    Candidate, DataCheck, DataSummary, Failure, Gate, HoldoutScore, Importance, LedgerHead, Level,
    ONE_VALUE, Plot, Report, RunSummary, SCHEMA_VERSION, Score, Share, SweepSummary,
};
pub use format::{Format, FormatError};
pub use html::html;
pub use json::{SCHEMA, json};
pub use junit::junit;
pub use limit::{Amount, Limit, LimitError, Move};
pub use limit_judge::{LimitResult, LimitStatus, judge_limits};
pub use markdown::{COMMENT_CAP, Markdown, SUMMARY_CAP, markdown, watermark};
pub use openmetrics::openmetrics;
pub use text::{Line, Tone, lines, text};
