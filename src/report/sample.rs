//! Reports that tests print: everything filled, nothing filled, and names that want to break out.

use super::*;
use crate::domain::{Goal, Objective, Params, RunId, Status, Value};
use crate::gate::{
    Check, CheckStatus, Comparator, Comparison, Decision, HoldoutUse, Opinion, Policy, Requirement,
    SelectionBias, SliceRule, Verdict,
};

/// What wants to break out of every format.
pub(super) const HOSTILE: &str = "a|b`c``d <script>alert(1)</script> <!-- --> ]]> \"q\" 'p' &amp; \\| *x* _y_ ~~z~~ $m$ \
    %0A%25 ::error::x @everyone #1 [l](javascript:x) ![i](http://x) https://evil.example \u{1b}[31m\u{0}\u{202e}\r\nnew line\t# h";

/// Every sample with its name.
pub(super) fn all() -> Vec<(&'static str, Report)> {
    vec![("full", full()), ("empty", empty()), ("hostile", hostile()), ("broken", broken())]
}

pub(super) fn empty() -> Report {
    Report::new("nothing", "nothing")
}

fn run(number: i64, c: f64, score: f64) -> RunSummary {
    RunSummary {
        run: RunId(number),
        name: "calm-otter-12".into(),
        status: Status::Done,
        params: [
            ("model".to_string(), Value::Text("svm".into())),
            ("C".to_string(), Value::Float(c)),
            ("gamma".to_string(), Value::Float(0.031)),
            ("depth".to_string(), Value::None),
        ]
        .into_iter()
        .collect(),
        scores: [
            ("roc_auc".to_string(), Score { value: score, sd: Some(0.000_4), n: 5 }),
            ("accuracy".to_string(), Score { value: score - 0.012_3, sd: Some(0.01), n: 5 }),
            ("predict_us".to_string(), Score { value: 3.2, sd: None, n: 1 }),
            ("fit_seconds".to_string(), Score { value: 0.021, sd: None, n: 1 }),
        ]
        .into_iter()
        .collect(),
        seconds: Some(0.105),
        commit: Some("1f53c0de1f53c0de1f53c0de1f53c0de1f53c0de".into()),
    }
}

fn sweep() -> SweepSummary {
    SweepSummary {
        name: "penguins".into(),
        file: Some("sweeps/penguins.toml".into()),
        objectives: vec![Objective { metric: "roc_auc".into(), goal: Goal::Maximize }],
        sampler: "tpe".into(),
        seed: Some(7),
        evaluation: "5 folds".into(),
        counts: [("done".to_string(), 198), ("failed".to_string(), 2)].into_iter().collect(),
        seconds: Some(4.9),
        data: Some(DataSummary {
            name: "assets/penguins.csv".into(),
            hash: "5e10c2".repeat(11)[..64].into(),
            rows: 344,
            holdout_rows: Some(69),
        }),
        failures: vec![Failure {
            reason: "svm: did not converge in 10,000 iterations".into(),
            runs: 2,
        }],
        best: vec![run(171, 12.4, 0.999_3), run(131, 9.8, 0.999_1), run(88, 14.0, 0.998_9)],
    }
}

fn check(
    id: &str,
    name: &str,
    status: CheckStatus,
    value: Option<f64>,
    threshold: Option<f64>,
    detail: &str,
) -> Check {
    Check { id: id.into(), name: name.into(), status, value, threshold, detail: detail.into() }
}

fn verdict() -> Verdict {
    use CheckStatus::{Hold, Pass, Skip};
    Verdict {
        decision: Decision::Hold,
        reason: "not proven better: the lower bound of the gain is below 0".into(),
        checks: vec![
            check(
                "gain",
                "better on the holdout by roc_auc",
                Hold,
                Some(-0.001_1),
                Some(0.0),
                "gain +0.0006, lower bound -0.0011",
            ),
            check("data", "same data and split", Pass, None, None, "b3:5e10c2"),
            check("require:recall", "recall >= 0.95", Pass, Some(0.971), Some(0.95), ""),
            check("require:predict_us", "predict_us < 50", Pass, Some(3.2), Some(50.0), "µs a row"),
            check("slice:island=Dream", "island=Dream", Skip, None, None, "11 rows, fewer than 30"),
            check(
                "golden",
                "the bundle reloads and predicts the same",
                Pass,
                None,
                None,
                "20 rows, to the bit",
            ),
        ],
        comparison: Some(Comparison {
            metric: "roc_auc".into(),
            goal: Goal::Maximize,
            challenger: 0.998_7,
            champion: 0.998_1,
            gain: 0.000_6,
            lower: -0.001_1,
            upper: 0.002_3,
            alpha: 0.025,
            standard_error: 0.000_9,
            draws: 10_000,
            rows: 69,
            method: "rows, stratified by class".into(),
            detectable: 0.009,
            rows_needed: Some(1_900),
        }),
        opinions: vec![
            Opinion {
                id: "mcnemar".into(),
                name: "McNemar, exact".into(),
                p: Some(0.62),
                detail: "3 rows right there, 2 here".into(),
            },
            Opinion {
                id: "rope".into(),
                name: "Bayesian ROPE 0.01".into(),
                p: None,
                detail: "97 % equal in practice".into(),
            },
        ],
        selection: Some(SelectionBias {
            metric: "roc_auc".into(),
            selected: 0.999_3,
            corrected: 0.998_4,
            lower: 0.995,
            upper: 1.0,
            runs: 180,
            of: 200,
        }),
        holdout: Some(HoldoutUse {
            digest: "77".repeat(32),
            epoch: 1,
            number: 1,
            rows: 69,
            trained_on: 4,
            retired: 0,
        }),
    }
}

fn policy() -> Policy {
    let mut policy = Policy::new(Objective { metric: "roc_auc".into(), goal: Goal::Maximize });
    policy.require.push(Requirement {
        metric: "recall".into(),
        comparator: Comparator::AtLeast,
        value: 0.95,
    });
    policy.slices =
        Some(SliceRule { columns: vec!["island".into()], max_drop: 0.02, min_rows: 30 });
    policy.max_ece = Some(0.1);
    policy
}

fn gate() -> Gate {
    let policy = policy();
    Gate {
        model: "penguins".into(),
        challenger: Candidate {
            label: "run 171".into(),
            run: Some(RunId(171)),
            version: Some(4),
            digest: Some("9f02ab".repeat(11)[..64].into()),
        },
        champion: Some(Candidate {
            label: "penguins@champion (version 3, run 88)".into(),
            run: Some(RunId(88)),
            version: Some(3),
            digest: Some("c0ffee".repeat(11)[..64].into()),
        }),
        policy_digest: policy.digest().hex(),
        policy,
        holdout_scores: vec![
            HoldoutScore {
                metric: "roc_auc".into(),
                goal: Some(Goal::Maximize),
                challenger: 0.998_7,
                champion: Some(0.998_1),
            },
            HoldoutScore {
                metric: "log_loss".into(),
                goal: Some(Goal::Minimize),
                challenger: 0.05,
                champion: Some(0.04),
            },
        ],
        recorded: None,
        verdict: verdict(),
        ledger: Some(LedgerHead {
            file: "champions/penguins.jsonl".into(),
            head: "9f02ab".repeat(11)[..64].into(),
            entries: 17,
        }),
    }
}

fn share(param: &str, share: f64, interval: Option<(f64, f64)>, active: u64) -> Share {
    let (low, high) = (interval.map(|ends| ends.0), interval.map(|ends| ends.1));
    Share { param: param.into(), share, low, high, active }
}

fn data_check(
    id: &str,
    column: Option<&str>,
    status: Level,
    value: Option<f64>,
    message: &str,
) -> DataCheck {
    DataCheck {
        id: id.into(),
        column: column.map(Into::into),
        status,
        value,
        threshold: value.map(|_| 0.05),
        p: None,
        n: Some(344),
        message: message.into(),
        seconds: Some(0.001),
    }
}

fn older() -> Snapshot {
    let mut old = Snapshot::of(
        &Report { run: Some(run(88, 3.31, 0.998_9)), sweep: Some(sweep()), ..empty() },
        "main.json",
    )
    .unwrap();
    old.params = [
        ("model".to_string(), Value::Text("logistic".into())),
        ("C".to_string(), Value::Float(3.31)),
    ]
    .into_iter()
    .collect::<Params>();
    old.metrics.insert((Kind::Holdout, "roc_auc".into()), 0.91);
    old.metrics.insert((Kind::Sweep, "accuracy".into()), 0.998);
    old.metrics.insert((Kind::Measured, "predict_us".into()), 0.4);
    old
}

/// Everything filled, as in the tour.
pub(super) fn full() -> Report {
    let svg = "<svg width=\"90\" height=\"40\" viewBox=\"0 0 90 40\" xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 40L90 0\" stroke=\"#0072b2\"/></svg>";
    let mut report = Report {
        created: Some("2026-03-01T12:00:00Z".into()),
        sweep: Some(sweep()),
        run: Some(run(171, 12.4, 0.999_3)),
        gate: Some(gate()),
        data_checks: vec![
            data_check("rows", None, Level::Pass, Some(344.0), "344 rows"),
            data_check(
                "missing",
                Some("sex"),
                Level::Warning,
                Some(0.032),
                "11 of 344 rows are missing",
            ),
            data_check(
                "missing",
                Some("bill_length"),
                Level::Note,
                Some(0.006),
                "2 of 344 rows are missing",
            ),
        ],
        importance: Some(Importance {
            method: "PED-ANOVA".into(),
            metric: "roc_auc".into(),
            runs: 198,
            shares: vec![
                share("model", 0.61, None, 198),
                share("C", 0.22, Some((0.16, 0.28)), 96),
                share("scale", 0.11, None, 198),
            ],
        }),
        plots: vec![Plot {
            name: "history".into(),
            title: "Best score so far".into(),
            file: Some("plots/history.svg".into()),
            svg: svg.into(),
        }],
        notes: vec!["the holdout has only 69 rows".into()],
        ..Report::new("penguins", "penguins: run 171 against the champion")
    };
    let (old, new) = (older(), Snapshot::of(&report, "report.json").unwrap());
    let compared = compare(&old, &new);
    let limits: Vec<Limit> = [
        "holdout.roc_auc drop > 0.01",
        "predict_us rise > 50%",
        "log_loss rise > 2%",
        "accuracy drop > 0.01",
    ]
    .iter()
    .map(|text| text.parse().unwrap())
    .collect();
    report.limits = judge_limits(&limits, &new, Some(&compared)).unwrap();
    report.baseline = Some(compared);
    report
}

/// Scores that are no numbers, no champion, nothing done.
pub(super) fn broken() -> Report {
    let mut report = full();
    let gate = report.gate.as_mut().unwrap();
    gate.champion = None;
    gate.verdict.decision = Decision::Reject;
    gate.verdict.reason = "the challenger's score is not a number".into();
    gate.verdict.comparison.as_mut().unwrap().challenger = f64::NAN;
    gate.verdict.checks[0].status = CheckStatus::Fail;
    gate.verdict.checks[0].value = Some(f64::NAN);
    gate.holdout_scores[0].challenger = f64::NAN;
    gate.holdout_scores[1].champion = Some(f64::INFINITY);
    let run = report.run.as_mut().unwrap();
    run.scores.insert("loss".into(), Score { value: f64::NEG_INFINITY, sd: None, n: 1 });
    report.sweep.as_mut().unwrap().counts.swap_remove("done");
    report
}

/// A full report in which every text that comes from outside wants to break out.
pub(super) fn hostile() -> Report {
    let bad = || HOSTILE.to_string();
    let long = format!("{HOSTILE}{}", "very long ".repeat(2_000));
    let mut report = full();
    report.name = bad();
    report.title = bad();
    report.notes = vec![bad(), long.clone()];
    report.plots[0].title = bad();
    report.plots[0].svg =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><text>{HOSTILE}</text></svg>");
    let sweep = report.sweep.as_mut().unwrap();
    sweep.name = bad();
    sweep.failures[0].reason = long.clone();
    sweep.objectives[0].metric = bad();
    sweep.data.as_mut().unwrap().name = bad();
    for run in sweep.best.iter_mut().chain(report.run.as_mut()) {
        run.params.set(bad(), Value::Text(bad()));
        run.scores.insert(bad(), Score { value: 0.5, sd: None, n: 1 });
    }
    let gate = report.gate.as_mut().unwrap();
    gate.model = bad();
    gate.challenger.label = bad();
    gate.verdict.reason = long;
    for check in &mut gate.verdict.checks {
        (check.id, check.name, check.detail) = (bad(), bad(), bad());
        check.status = CheckStatus::Fail;
    }
    gate.holdout_scores[0].metric = bad();
    gate.verdict.opinions[0].detail = bad();
    for check in &mut report.data_checks {
        (check.id, check.column, check.message) = (bad(), Some(bad()), bad());
    }
    report.importance.as_mut().unwrap().shares[0].param = bad();
    let compared = report.baseline.as_mut().unwrap();
    compared.label = bad();
    compared.params[0].new = Some(Value::Text(bad()));
    compared.metrics[0].metric = bad();
    report.limits[0].detail = bad();
    report.limits[0].limit = bad();
    report
}
