//! `search.constraints`: what it may say, its problems, and its place in a sweep's identity.

use super::*;
use crate::domain::{Bound, Constraint};
use crate::spec::recorded_constraints;

const COMMAND: &str = "[objective]\nmetric = \"loss\"\ngoal = \"minimize\"\n[command]\nrun = \"true\"\n[params]\nx = { low = 0.0, high = 1.0 }\n";
const MODEL: &str =
    "[objective]\nmetric = \"accuracy\"\n[data]\npath = \"d.csv\"\ntarget = \"y\"\n[models.svm]\n";
const LAB: &str = "[objective]\nmetric = \"loss\"\ngoal = \"minimize\"\n[params]\nx = { low = 0.0, high = 1.0 }\n";
const FUNCTION: &str = "function = \"noop\"\n[params]\nx = { low = 0.0, high = 1.0 }\n";

fn sweep(work: &str, constraints: &str) -> Result<Sweep, SpecError> {
    read(&format!("{work}[search]\nconstraints = {constraints}\n"))
}

fn good(work: &str, constraints: &str) -> Sweep {
    sweep(work, constraints).unwrap_or_else(|error| panic!("{constraints}: {error}"))
}

/// Checks that there is exactly one problem and what it says.
fn problem(work: &str, constraints: &str, part: &str) {
    let Err(SpecError::Problems { problems, .. }) = sweep(work, constraints) else {
        panic!("no problem in {constraints}")
    };
    let texts: Vec<_> = problems.iter().map(|problem| &problem.text).collect();
    assert!(texts.len() == 1 && texts[0].contains(part), "{part}\n{texts:#?}\n{constraints}");
}

#[test]
fn bounds_of_any_metric_that_there_will_be() {
    let at_most =
        |metric: &str, most| Constraint { metric: metric.into(), bound: Bound::AtMost(most) };
    assert_eq!(good(COMMAND, "\"ms <= 50\"").search.constraints, [at_most("ms", 50.0)]);
    let both = good(COMMAND, "[\"ms<=5e1\", \"ms >= 1\", \"loss <= 2\"]").search.constraints;
    let least = Constraint { metric: "ms".into(), bound: Bound::AtLeast(1.0) };
    assert_eq!(both, [at_most("ms", 50.0), least, at_most("loss", 2.0)]);
    for (work, text) in
        [(MODEL, "[\"log_loss <= 1e4\"]"), (LAB, "[\"cost <= 1\"]"), (FUNCTION, "[\"value >= 0\"]")]
    {
        let read = good(work, text);
        assert_eq!(recorded_constraints(&read.text), read.search.constraints, "{text}");
    }
    assert_eq!(recorded_constraints(&good(COMMAND, "[]").text), []);
}

#[test]
fn problems_name_the_value_and_the_mend() {
    problem(
        COMMAND,
        "[\"ms < 50\"]",
        "'ms < 50': a constraint is kept on its bound, too; write \"ms <= 50\"",
    );
    problem(
        COMMAND,
        "[\"ms = 50\"]",
        "'ms = 50' is no constraint; write METRIC, <= or >=, and a finite number",
    );
    problem(COMMAND, "[\"ms\"]", "'ms' is no constraint");
    problem(COMMAND, "[\"ms <= nan\"]", "'ms <= nan' is no constraint");
    problem(COMMAND, "[\"ms <= 1e999\"]", "'ms <= 1e999' is no constraint");
    problem(COMMAND, "[3]", "'constraints' must be a list of texts");
    problem(
        COMMAND,
        "[\"ms >= 5\", \"ms <= 4\"]",
        "'ms <= 4': no 'ms' is at least 5 and at most 4; change one",
    );
    problem(
        COMMAND,
        "[\"ms <= 5\", \"ms <= 4\"]",
        "'ms <= 4': 'ms' is bounded twice on one side; leave one out",
    );
    problem(COMMAND, "[\"exit_code <= 0\"]", "'exit_code' is recorded only with metrics");
    problem(MODEL, "[\"log_los <= 5\"]", "unknown metric 'log_los'; did you mean 'log_loss'?");
    problem(FUNCTION, "[\"ms <= 5\"]", "unknown metric 'ms'");
    let timed =
        format!("{MODEL}[search]\nconstraints = \"fit_seconds <= 5\"\nreproducible = true\n");
    let (file, overrides) = (Path::new("sweeps/x.toml"), Overrides::default());
    let Err(error) = parse(&timed, Format::Toml, file, &overrides, &Known::built_in()) else {
        panic!("no problem in {timed}")
    };
    let part = "'fit_seconds' depends on the machine's speed, and reproducible = true forbids that";
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn constraints_are_part_of_what_a_sweep_is() {
    let digest = |constraints: &str| good(COMMAND, constraints).digest;
    assert_eq!(digest("[]"), read(COMMAND).unwrap_or_else(|error| panic!("{error}")).digest);
    assert_ne!(digest("[]"), digest("[\"ms <= 50\"]"));
    assert_ne!(digest("[\"ms <= 51\"]"), digest("[\"ms <= 50\"]"));
    assert_ne!(digest("[\"ms >= 50\"]"), digest("[\"ms <= 50\"]"));
    assert_eq!(digest("\"ms<=5e1\""), digest("[\"ms <= 50\"]"));
    assert_eq!(digest("[\"a <= 1\", \"b <= 2\"]"), digest("[\"b <= 2\", \"a <= 1\"]"));
}
