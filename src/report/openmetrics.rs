//! The report as `OpenMetrics` text, as GitLab's metrics report and Prometheus read it.

use super::words::{clean, cut};
use super::{Kind, Report};
use crate::domain::{Goal, format_number};
use crate::metrics;
use std::fmt::Write;

/// Digits of a score. GitLab compares values as text, so that more would show every run as changed.
const DIGITS: usize = 6;
/// Digits of a time, which differs from run to run.
const TIME_DIGITS: usize = 2;
/// No label is longer, in characters.
const MAX_LABEL: usize = 200;

/// A metric family being written.
struct Family<'a> {
    out: &'a mut String,
    name: &'static str,
}

/// The report as `OpenMetrics` text, ending with `# EOF`.
pub fn openmetrics(report: &Report) -> String {
    let mut out = String::new();
    let name = ("report", report.name.as_str());
    scores(report, name, &mut out);
    if let Some(sweep) = &report.sweep {
        let mut family = Family::new(&mut out, "derby_runs", "Runs of the sweep by status.");
        for (status, n) in &sweep.counts {
            family.sample(&[name, ("status", status)], &n.to_string());
        }
    }
    if let Some(gate) = &report.gate {
        let decision = gate.verdict.decision.word();
        let mut family =
            Family::new(&mut out, "derby_gate_decision", "1 for what the gate decided.");
        for word in ["promote", "hold", "reject"] {
            family.sample(&[name, ("decision", word)], if word == decision { "1" } else { "0" });
        }
        if let Some(comparison) = &gate.verdict.comparison {
            let about = "Gain over the champion on the holdout, and its one-sided bounds; above 0 is better.";
            let mut family = Family::new(&mut out, "derby_gate_gain", about);
            for (bound, value) in [
                ("point", comparison.gain),
                ("lower", comparison.lower),
                ("upper", comparison.upper),
            ] {
                let labels = [name, ("metric", comparison.metric.as_str()), ("of", bound)];
                family.sample(&labels, &number(value, DIGITS));
            }
        }
        let mut family =
            Family::new(&mut out, "derby_gate_checks", "Checks of the gate by how they ended.");
        for word in ["pass", "hold", "fail", "skip"] {
            let n = gate.verdict.checks.iter().filter(|check| check.status.word() == word).count();
            family.sample(&[name, ("status", word)], &n.to_string());
        }
    }
    out.push_str("# EOF\n");
    out
}

fn scores(report: &Report, name: (&str, &str), out: &mut String) {
    let mut rows: Vec<(&str, Kind, &str, f64)> = Vec::new();
    for (metric, score) in report.run.iter().flat_map(|run| &run.scores) {
        let kind = if is_measured(metric) { Kind::Measured } else { Kind::Sweep };
        rows.push((metric, kind, "challenger", score.value));
    }
    for score in report.gate.iter().flat_map(|gate| &gate.holdout_scores) {
        rows.push((&score.metric, Kind::Holdout, "challenger", score.challenger));
        rows.extend(
            score.champion.map(|value| (score.metric.as_str(), Kind::Holdout, "champion", value)),
        );
    }
    if rows.is_empty() {
        return;
    }
    let mut family = Family::new(
        out,
        "derby_score",
        "Scores of the run that the report is about, and of the champion.",
    );
    for (metric, kind, of, value) in rows {
        let digits = if kind == Kind::Measured { TIME_DIGITS } else { DIGITS };
        let labels = [
            name,
            ("metric", metric),
            ("kind", kind.word()),
            ("of", of),
            ("goal", goal(report, metric)),
        ];
        family.sample(&labels, &number(value, digits));
    }
}

fn is_measured(metric: &str) -> bool {
    metrics::info(metric).is_some_and(|info| info.measured)
}

fn goal(report: &Report, metric: &str) -> &'static str {
    let objectives = report.sweep.iter().flat_map(|sweep| &sweep.objectives);
    let named = objectives.into_iter().find(|of| of.metric == metric).map(|of| of.goal);
    named.or_else(|| metrics::info(metric).map(|info| info.goal)).map_or("", Goal::word)
}

impl<'a> Family<'a> {
    fn new(out: &'a mut String, name: &'static str, about: &str) -> Self {
        let _ = writeln!(out, "# TYPE {name} gauge\n# HELP {name} {about}");
        Self { out, name }
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: &str) {
        let labels: Vec<String> =
            labels.iter().map(|(name, text)| format!("{name}=\"{}\"", label(text))).collect();
        let _ = writeln!(self.out, "{}{{{}}} {value}", self.name, labels.join(","));
    }
}

fn label(text: &str) -> String {
    cut(&clean(text), MAX_LABEL).replace('\\', r"\\").replace('"', "\\\"")
}

/// A number as `OpenMetrics` writes it.
fn number(value: f64, digits: usize) -> String {
    match value {
        _ if value.is_nan() => "NaN".into(),
        f64::INFINITY => "+Inf".into(),
        f64::NEG_INFINITY => "-Inf".into(),
        _ => format_number(value, digits),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn it_ends_as_it_must_and_rounds() {
        let text = openmetrics(&sample::full());
        let sample = "derby_score{report=\"penguins\",metric=\"roc_auc\",kind=\"sweep\",of=\"challenger\",goal=\"maximize\"} 0.9993\n";
        assert!(text.contains(sample), "{text}");
        assert!(
            text.contains("derby_gate_decision{report=\"penguins\",decision=\"hold\"} 1\n"),
            "{text}"
        );
        assert!(text.ends_with("\n# EOF\n"));
        assert_eq!(openmetrics(&sample::empty()), "# EOF\n");
        assert_eq!(number(0.123_456_789, DIGITS), "0.123457");
        assert_eq!(number(f64::NEG_INFINITY, DIGITS), "-Inf");
    }

    #[test]
    fn a_family_is_written_once() {
        for (name, report) in sample::all() {
            let text = openmetrics(&report);
            let mut types: Vec<&str> =
                text.lines().filter(|line| line.starts_with("# TYPE")).collect();
            let all = types.len();
            types.dedup();
            assert_eq!(types.len(), all, "{name}");
        }
    }
}
