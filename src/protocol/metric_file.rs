//! A file of metrics that grows, CSV or JSON lines, read into the intake.

use super::csv_rows::CsvRows;
use super::{Intake, Tail, Told};
use crate::spec::FileFormat;
use std::io;
use std::path::Path;

/// Follows a file of metrics.
#[derive(Debug)]
pub struct MetricFile {
    tail: Tail,
    format: FileFormat,
    rows: CsvRows,
}

impl MetricFile {
    /// From the file's beginning: for a file that only this run writes.
    pub fn new(path: &Path, format: FileFormat) -> Self {
        Self { tail: Tail::new(path), format, rows: CsvRows::default() }
    }

    /// From the file's present end: for a file that an earlier run may have left behind, whose header holds on.
    /// Make it before the process is started.
    ///
    /// # Errors
    ///
    /// The file is there but cannot be read.
    pub fn skip_old(path: &Path, format: FileFormat) -> io::Result<Self> {
        Ok(Self { tail: Tail::skip_old(path)?, format, rows: CsvRows::default() })
    }

    /// Reads what is new, at most 1 MiB. True if there was something: then poll again.
    ///
    /// # Errors
    ///
    /// The file is there but cannot be read.
    pub fn poll(&mut self, intake: &mut Intake, ts: i64) -> io::Result<bool> {
        let Self { tail, format, rows } = self;
        tail.poll(|told| take(*format, rows, told, intake, ts))
    }

    /// Reads the last line if it has no newline. Poll until nothing is new before.
    pub fn finish(&mut self, intake: &mut Intake, ts: i64) {
        let Self { tail, format, rows } = self;
        tail.finish(|told| take(*format, rows, told, intake, ts));
        rows.finish(&mut |value| {
            intake.value(value.metric, value.context, value.step, value.number, ts);
        });
    }

    /// Rows of CSV that were left out as their cells do not fit the header.
    pub fn n_skipped(&self) -> u64 {
        self.rows.n_skipped()
    }
}

fn take(format: FileFormat, rows: &mut CsvRows, told: Told<'_>, intake: &mut Intake, ts: i64) {
    match (format, told) {
        (FileFormat::Jsonl, Told::Line(line)) => intake.json_line(line, ts),
        (FileFormat::Csv, Told::Header(line) | Told::Line(line)) => {
            rows.line(line, &mut |value| {
                intake.value(value.metric, value.context, value.step, value.number, ts);
            });
        }
        (FileFormat::Csv, Told::Start) => rows.start(),
        (FileFormat::Jsonl, Told::Start | Told::Header(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::MetricSource;
    use std::fs;

    fn check(format: FileFormat, old: &str, texts: &[&str], expect: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        if !old.is_empty() {
            fs::write(&path, old).unwrap();
        }
        let mut intake = Intake::new(&[MetricSource::ExitCode], "loss", &[]).unwrap();
        let mut file = MetricFile::skip_old(&path, format).unwrap();
        let mut content = old.to_string();
        for text in texts {
            content.push_str(text);
            fs::write(&path, &content).unwrap();
            while file.poll(&mut intake, 5).unwrap() {}
        }
        file.finish(&mut intake, 5);
        let batch = intake.take();
        let text = |point: &crate::domain::SeriesPoint| {
            let key = &batch.series[point.series as usize];
            format!("{}{}@{}={}", key.metric, key.context, point.step, point.value)
        };
        assert_eq!(batch.points.iter().map(text).collect::<Vec<_>>().join(" "), expect);
    }

    #[test]
    fn both_formats_are_read_to_the_last_partial_line() {
        check(
            FileFormat::Csv,
            "",
            &["step,lo", "ss\n1,0.", "5\n2,0.25\n3,0.125"],
            "loss@1=0.5 loss@2=0.25 loss@3=0.125",
        );
        check(FileFormat::Csv, "loss\n7\n", &["0.5\n"], "loss@0=0.5");
        check(
            FileFormat::Jsonl,
            "{\"loss\": 7}\n",
            &["{\"loss\"", ": 0.5}\r\nx\n{\"loss\":1}"],
            "loss@0=0.5 loss@1=1",
        );
    }
}
