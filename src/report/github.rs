//! What a job on GitHub Actions shows: annotations, its summary, and outputs for later steps.

use super::words::{clean, cut};
use super::{Level, LimitStatus, Markdown, Report, SUMMARY_CAP, markdown};
use crate::gate::{CheckStatus, Decision};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Annotations of one level that GitHub shows for a step; it drops the others in silence.
pub const MOST: usize = 10;
/// Bytes that all summaries of a step may have; one that comes within 2 bytes of 1 MiB is dropped in silence.
const SUMMARY_LIMIT: u64 = 1024 * 1024 - 1024;
/// No message is longer, in characters.
const MAX_TEXT: usize = 1_000;

/// The files that a runner names in the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runner {
    /// `GITHUB_STEP_SUMMARY`
    pub summary: Option<PathBuf>,
    /// `GITHUB_OUTPUT`
    pub output: Option<PathBuf>,
    /// True if `GITHUB_ACTIONS` is `true`: then standard output is read for annotations.
    pub annotates: bool,
}

/// How bad an annotation is; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Error,
    Warning,
    Notice,
}

struct Annotation {
    severity: Severity,
    title: String,
    text: String,
}

impl Runner {
    /// True if any of it is asked for.
    pub fn is_there(&self) -> bool {
        self.summary.is_some() || self.output.is_some() || self.annotates
    }

    /// Reads the variables through `lookup`, as [`std::env::var_os`] does; empty ones count as absent.
    pub fn of(lookup: impl Fn(&str) -> Option<std::ffi::OsString>) -> Self {
        let path = |name: &str| lookup(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            summary: path("GITHUB_STEP_SUMMARY"),
            output: path("GITHUB_OUTPUT"),
            annotates: lookup("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
        }
    }
}

/// Annotations for standard output, a line each: at most 10 errors, 10 warnings and a notice, the worst first; the last
/// one of a level says how many there are besides.
pub fn annotations(report: &Report) -> Vec<String> {
    let file = report.sweep.as_ref().and_then(|sweep| sweep.file.as_deref());
    let all = found(report);
    let mut lines = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Notice] {
        let of: Vec<&Annotation> = all.iter().filter(|of| of.severity == severity).collect();
        let shown = if of.len() > MOST { MOST - 1 } else { of.len() };
        lines.extend(of[..shown].iter().map(|of| line(severity, file, &of.title, &of.text)));
        if shown < of.len() {
            let text = format!("{} more are in the report", of.len() - shown);
            lines.push(line(severity, file, "derby", &text));
        }
    }
    lines
}

fn line(severity: Severity, file: Option<&str>, title: &str, text: &str) -> String {
    let word = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice => "notice",
    };
    let mut properties = Vec::new();
    properties.extend(file.map(|file| format!("file={}", property(file))));
    properties.push(format!("title={}", property(&cut(title, 200))));
    format!("::{word} {}::{}", properties.join(","), data(&cut(text, MAX_TEXT)))
}

/// A message, escaped as the runner reads it.
fn data(text: &str) -> String {
    clean(text).replace('%', "%25")
}

/// A property, in which colons and commas end something.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn found(report: &Report) -> Vec<Annotation> {
    let mut all = Vec::new();
    let mut add =
        |severity, title: String, text: String| all.push(Annotation { severity, title, text });
    if let Some(gate) = &report.gate {
        let severity = match gate.verdict.decision {
            Decision::Reject => Severity::Error,
            Decision::Hold => Severity::Warning,
            Decision::Promote => Severity::Notice,
        };
        let title = format!("{} {}", gate.model, gate.verdict.decision.word());
        add(severity, title, gate.verdict.reason.clone());
        for check in &gate.verdict.checks {
            let severity = match check.status {
                CheckStatus::Fail => Severity::Error,
                CheckStatus::Hold => Severity::Warning,
                CheckStatus::Pass | CheckStatus::Skip => continue,
            };
            let text =
                if check.detail.is_empty() { check.name.clone() } else { check.detail.clone() };
            add(severity, check.name.clone(), text);
        }
    }
    for limit in &report.limits {
        let severity = match limit.status {
            LimitStatus::Fail => Severity::Error,
            LimitStatus::Hold => Severity::Warning,
            LimitStatus::Pass | LimitStatus::Skip => continue,
        };
        add(severity, limit.limit.clone(), limit.detail.clone());
    }
    for check in &report.data_checks {
        let severity = match check.status {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note | Level::Pass => continue,
        };
        let column = check.column.as_ref().map_or(String::new(), |column| format!(" [{column}]"));
        add(severity, format!("data: {}{column}", check.id), check.message.clone());
    }
    if let Some(sweep) = &report.sweep {
        if sweep.done() == 0 {
            add(Severity::Error, format!("sweep {}", sweep.name), "no run is done".into());
        }
        for failure in &sweep.failures {
            let title = format!("sweep {}: {} failed", sweep.name, failure.runs);
            add(Severity::Warning, title, failure.reason.clone());
        }
    }
    all
}

/// `name=value` for later steps: the decision, the exit code, the run.
pub fn outputs(report: &Report) -> Vec<(&'static str, String)> {
    let mut of = vec![("exit_code", report.exit_code().to_string())];
    if let Some(run) = &report.run {
        of.push(("run", run.run.to_string()));
    }
    if let Some(gate) = &report.gate {
        of.push(("verdict", gate.verdict.decision.word().to_string()));
        of.push(("reason", cut(&clean(&gate.verdict.reason), MAX_TEXT)));
        of.push(("model", cut(&clean(&gate.model), 200)));
    }
    let broken = report.limits.iter().filter(|limit| limit.status == LimitStatus::Fail).count();
    of.push(("broken_limits", broken.to_string()));
    of
}

/// Adds the report to the job's summary and its outputs to those of the step, where the runner asks for them.
///
/// # Errors
/// When one of the files cannot be written; the error comes with its path.
pub fn publish(report: &Report, runner: &Runner) -> Result<(), (PathBuf, io::Error)> {
    if let Some(path) = &runner.summary {
        // Earlier lines of the same step count too.
        let before = std::fs::metadata(path).map_or(0, |file| file.len());
        let room = usize::try_from(SUMMARY_LIMIT.saturating_sub(before)).unwrap_or(0);
        let options =
            Markdown { cap: SUMMARY_CAP.min(room), figures: false, ..Markdown::default() };
        let text = markdown(report, &options);
        if text.len() <= room {
            append(path, &text).map_err(|error| (path.clone(), error))?;
        }
    }
    if let Some(path) = &runner.output {
        // A value is one line without control characters, so that it cannot begin another output.
        let text = outputs(report)
            .iter()
            .fold(String::new(), |text, (name, value)| text + name + "=" + value + "\n");
        append(path, &text).map_err(|error| (path.clone(), error))?;
    }
    Ok(())
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    /// Undoes the escapes as the runner does (`ActionCommand.cs`).
    fn read(line: &str) -> (String, String) {
        let (head, text) = line.split_once("::").unwrap().1.split_once("::").unwrap();
        let undo = |text: &str| {
            let text = text.replace("%0D", "\r").replace("%0A", "\n");
            text.replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
        };
        (undo(head), undo(text))
    }

    #[test]
    fn annotations_name_file_and_reason() {
        assert_eq!(
            annotations(&sample::full())[..2],
            [
                "::error file=sweeps/penguins.toml,title=accuracy drop > 0.01::0.998 became 0.987, -0.011",
                "::warning file=sweeps/penguins.toml,title=penguins hold::not proven better: the lower bound of the \
                 gain is below 0",
            ]
        );
    }

    #[test]
    fn foreign_text_stays_in_its_place() {
        for line in annotations(&sample::hostile()) {
            assert!(!line.contains(['\n', '\r', '\u{1b}']), "{line:?}");
            let (head, _) = read(&line);
            assert!(head.starts_with("error") || head.starts_with("warning"), "{head}");
        }
        let (_, text) = read(&line(Severity::Error, None, "a:b,c", sample::HOSTILE));
        assert!(text.contains("%0A%25 ::error::x"), "{text}");
        assert!(line(Severity::Error, None, "a:b,c", "").contains("title=a%3Ab%2Cc::"));
    }

    #[test]
    fn the_worst_ten_are_shown() {
        let mut report = sample::broken();
        let checks = &mut report.gate.as_mut().unwrap().verdict.checks;
        *checks = checks.iter().cycle().take(60).cloned().collect();
        let lines = annotations(&report);
        let of = |word: &str| lines.iter().filter(|line| line.starts_with(word)).count();
        assert_eq!((of("::error"), of("::warning"), of("::notice")), (10, 3, 0), "{lines:#?}");
        assert!(lines[9].ends_with("::4 more are in the report"), "{}", lines[9]);
    }

    #[test]
    fn summary_and_outputs_are_appended_and_never_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| folder.path().join(name);
        std::fs::write(of("output"), "before=1\n").unwrap();
        std::fs::write(of("summary"), "x".repeat(1024 * 1024 - 30_000)).unwrap();
        let runner =
            Runner { summary: Some(of("summary")), output: Some(of("output")), annotates: true };
        publish(&sample::hostile(), &runner).unwrap();
        let output = std::fs::read_to_string(of("output")).unwrap();
        assert!(output.starts_with("before=1\nexit_code=4\nrun=171\nverdict=hold\n"), "{output}");
        assert_eq!(output.lines().count(), 7, "{output}");
        let size = std::fs::metadata(of("summary")).unwrap().len();
        assert!(size <= SUMMARY_LIMIT, "{size}");
        let missing = Runner { output: Some(of("no/such")), ..Runner::default() };
        assert_eq!(publish(&sample::full(), &missing).unwrap_err().0, of("no/such"));
    }

    #[test]
    fn empty_variables_count_as_absent() {
        let runner = Runner::of(|name| (name == "GITHUB_OUTPUT").then(std::ffi::OsString::new));
        assert_eq!(runner, Runner::default());
    }
}
