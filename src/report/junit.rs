//! The report as `JUnit` XML: a suite each for the gate, limits, data and sweep, with the reason where a reader of any
//! forge finds it.

use super::escape::xml;
use super::words::{clean, count, cut, number};
use super::{DataCheck, Level, LimitResult, LimitStatus, Report, SweepSummary};
use crate::gate::{Check, CheckStatus};
use std::collections::HashSet;
use std::fmt::Write;

/// No name of a test is longer, in characters.
const MAX_NAME: usize = 200;
/// No reason is longer, in characters; a whole file may have 30 MB on GitLab.
const MAX_TEXT: usize = 4_000;

struct Case {
    name: String,
    seconds: f64,
    properties: Vec<(&'static str, String)>,
    end: End,
}

enum End {
    Pass(String),
    Skip(String),
    /// The id of the check, and why.
    Fail(String, String),
}

/// The report as `JUnit` XML with a line end.
///
/// A check that holds is a failure here too, since `JUnit` knows no third way: its text begins with `hold:`. What fails
/// a job is its exit status, not this file.
pub fn junit(report: &Report) -> String {
    let mut suites = Vec::new();
    if let Some(gate) = &report.gate {
        suites.push(("gate", gate.verdict.checks.iter().map(gate_case).collect::<Vec<_>>()));
    }
    if !report.limits.is_empty() {
        suites.push(("limits", report.limits.iter().map(limit_case).collect()));
    }
    if !report.data_checks.is_empty() {
        suites.push(("data", report.data_checks.iter().map(data_case).collect()));
    }
    if let Some(sweep) = &report.sweep {
        suites.push(("sweep", vec![sweep_case(sweep)]));
    }
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let name = cut(&clean(&report.name), MAX_NAME);
    let _ = writeln!(out, "<testsuites name=\"{}\" {}>", xml(&name), totals(&all()));
    for (suite, cases) in &suites {
        write_suite(&mut out, &format!("{name}.{suite}"), cases);
    }
    out.push_str("</testsuites>\n");
    out
}

fn totals<'a>(cases: &(impl Iterator<Item = &'a Case> + Clone)) -> String {
    let of = |is: fn(&End) -> bool| cases.clone().filter(|case| is(&case.end)).count();
    let seconds: f64 = cases.clone().map(|case| case.seconds).sum();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{seconds:.3}\"",
        cases.clone().count(),
        of(|end| matches!(end, End::Fail(..))),
        of(|end| matches!(end, End::Skip(_))),
    )
}

fn write_suite(out: &mut String, suite: &str, cases: &[Case]) {
    let suite = xml(suite);
    let _ = writeln!(out, "  <testsuite name=\"{suite}\" {}>", totals(&cases.iter()));
    let mut taken = HashSet::new();
    for case in cases {
        let name = unique(&case.name, &mut taken);
        let head = format!(
            "    <testcase classname=\"{suite}\" name=\"{}\" time=\"{:.3}\"",
            xml(&name),
            case.seconds
        );
        let mut body = String::new();
        if !case.properties.is_empty() {
            body.push_str("      <properties>\n");
            for (name, value) in &case.properties {
                let _ =
                    writeln!(body, "        <property name=\"{name}\" value=\"{}\"/>", xml(value));
            }
            body.push_str("      </properties>\n");
        }
        match &case.end {
            End::Pass(text) if text.is_empty() => {}
            End::Pass(text) => {
                let _ = writeln!(body, "      <system-out>{}</system-out>", text_of(text));
            }
            End::Skip(text) => {
                let _ = writeln!(body, "      <skipped message=\"{}\"/>", text_of(text));
            }
            // Some readers show the message only, others the body only.
            End::Fail(id, text) => {
                let (id, text) = (xml(&cut(&clean(id), MAX_NAME)), text_of(text));
                let _ = writeln!(
                    body,
                    "      <failure type=\"{id}\" message=\"{text}\">{text}</failure>"
                );
            }
        }
        if body.is_empty() {
            out.extend([head.as_str(), "/>\n"]);
        } else {
            out.extend([head.as_str(), ">\n", body.as_str(), "    </testcase>\n"]);
        }
    }
    out.push_str("  </testsuite>\n");
}

fn text_of(text: &str) -> String {
    xml(&cut(&clean(text), MAX_TEXT))
}

/// A name that no other case of the suite has: of equal ones, forges keep the first only.
fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let name = cut(&clean(name), MAX_NAME);
    let mut made = name.clone();
    let mut number = 2;
    while !taken.insert(made.clone()) {
        made = format!("{name} ({number})");
        number += 1;
    }
    made
}

fn gate_case(check: &Check) -> Case {
    let detail =
        if check.detail.is_empty() { String::new() } else { format!(": {}", check.detail) };
    let end = match check.status {
        CheckStatus::Pass => End::Pass(check.detail.clone()),
        CheckStatus::Skip => End::Skip(check.detail.clone()),
        CheckStatus::Hold => End::Fail(check.id.clone(), format!("hold: {}{detail}", check.name)),
        CheckStatus::Fail => End::Fail(check.id.clone(), format!("{}{detail}", check.name)),
    };
    let numbers = [("value", check.value), ("threshold", check.threshold)];
    Case { name: check.name.clone(), seconds: 0.0, properties: properties(&numbers), end }
}

fn properties(numbers: &[(&'static str, Option<f64>)]) -> Vec<(&'static str, String)> {
    numbers.iter().filter_map(|(name, value)| Some((*name, number((*value)?)))).collect()
}

fn limit_case(limit: &LimitResult) -> Case {
    let end = match limit.status {
        LimitStatus::Pass => End::Pass(limit.detail.clone()),
        LimitStatus::Skip => End::Skip(limit.detail.clone()),
        LimitStatus::Hold => {
            End::Fail("limit".into(), format!("hold: {}: {}", limit.limit, limit.detail))
        }
        LimitStatus::Fail => {
            End::Fail("limit".into(), format!("{}: {}", limit.limit, limit.detail))
        }
    };
    Case {
        name: limit.limit.clone(),
        seconds: 0.0,
        properties: properties(&[("value", limit.value)]),
        end,
    }
}

fn data_case(check: &DataCheck) -> Case {
    let name = match &check.column {
        Some(column) => format!("{} [{column}]", check.id),
        None => check.id.clone(),
    };
    let end = match check.status {
        Level::Error => End::Fail(check.id.clone(), format!("{name}: {}", check.message)),
        Level::Warning => End::Pass(format!("warning: {}", check.message)),
        Level::Note | Level::Pass => End::Pass(check.message.clone()),
    };
    let numbers = [
        ("value", check.value),
        ("threshold", check.threshold),
        ("p", check.p),
        ("n", check.n.map(|n| n as f64)),
    ];
    Case { name, seconds: check.seconds.unwrap_or(0.0), properties: properties(&numbers), end }
}

fn sweep_case(sweep: &SweepSummary) -> Case {
    let mut said: Vec<String> = sweep
        .counts
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(status, n)| format!("{} {status}", count(*n)))
        .collect();
    said.extend(
        sweep
            .failures
            .iter()
            .take(20)
            .map(|failure| format!("{} × {}", failure.runs, failure.reason)),
    );
    let text = said.join("; ");
    let end = match sweep.done() {
        0 => End::Fail("sweep".into(), format!("no run is done: {text}")),
        _ => End::Pass(text),
    };
    Case {
        name: "a run is done".into(),
        seconds: sweep.seconds.unwrap_or(0.0),
        properties: Vec::new(),
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_reason_is_in_message_and_body_and_names_are_unique() {
        let text = junit(&sample::full());
        let failure = "<failure type=\"gain\" message=\"hold: better on the holdout by roc_auc: gain +0.0006, lower \
            bound -0.0011\">hold: better on the holdout by roc_auc: gain +0.0006, lower bound -0.0011</failure>";
        assert!(text.contains(failure), "{text}");
        assert!(
            text.contains("tests=\"14\" failures=\"3\" errors=\"0\" skipped=\"2\" time=\"4.903\""),
            "{text}"
        );
        let hostile = junit(&sample::hostile());
        let names: Vec<&str> = hostile.lines().filter(|line| line.contains("<testcase")).collect();
        let distinct: HashSet<&&str> = names.iter().collect();
        assert_eq!(names.len(), distinct.len());
    }
}
