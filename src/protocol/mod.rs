//! What a script says: lines of output and files turned into metrics, and the record of its output.
//!
//! ```text
//! bytes of a pipe ─▶ Lines ─┬▶ OutputLog            (every byte, with its time; read back by LogReader)
//!                           └▶ Intake ─▶ PointBatch  (metrics; judged values; summaries)
//! files that grow ─▶ MetricFile (Tail, CsvRows) ─▶ Intake
//! derby log ─▶ metric_line ─▶ a JSON-lines file ─▶ MetricFile
//! ```
//!
//! Whatever a script writes, nothing here fails or grows without bound: a line that is no metric line is output
//! and nothing more.

mod csv_rows;
mod intake;
mod json;
mod lines;
mod log_reader;
mod metric_file;
mod metric_line;
mod number;
mod output_log;
mod pattern;
mod replay;
mod series_book;
mod steps;
mod tail;
#[cfg(test)]
mod tests;

pub use intake::Intake;
pub use lines::{Lines, MAX_LINE};
pub use log_reader::{LogLine, LogReader, read_log};
pub use metric_file::MetricFile;
pub use metric_line::{metric_line, told_name};
pub use output_log::{LogEnd, OutputLog};
pub use pattern::{IntakeError, check_pattern};
pub use tail::{Tail, Told};

/// Where a line of output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}
