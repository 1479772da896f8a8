//! Judges limits: what `--fail-on` forbids against what changed.

use super::words::{number, pair, percent, signed};
use super::{Amount, Baseline, Kind, Limit, LimitError, MetricChange, Move, Snapshot, compare};
use crate::domain::Goal;
use serde::Serialize;

/// A limit and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitResult {
    /// The limit as it reads: `roc_auc drop > 0.01`.
    pub limit: String,
    /// Where the metric was measured.
    pub kind: Kind,
    /// The metric.
    pub metric: String,
    /// How it ended.
    pub status: LimitStatus,
    /// The number that was held against the limit; none where there is nothing to compare.
    pub value: Option<f64>,
    /// How much is too much.
    pub amount: Amount,
    /// In words, one line.
    pub detail: String,
}

/// How a limit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitStatus {
    /// Within the limit.
    Pass,
    /// Beyond it, but measured: another machine may say otherwise.
    Hold,
    /// Beyond it.
    Fail,
    /// The older report has nothing to compare with.
    Skip,
}

impl LimitStatus {
    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Hold => "hold",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// Judges limits on a comparison, or, for limits on values alone, on a report by itself.
///
/// # Errors
/// When a limit names a metric that neither report has, would fail on an improvement, or needs a baseline that there
/// is not.
pub fn judge_limits(
    limits: &[Limit],
    new: &Snapshot,
    baseline: Option<&Baseline>,
) -> Result<Vec<LimitResult>, LimitError> {
    let alone = compare(new, new);
    let judged = limits.iter().map(|limit| match baseline {
        None if limit.moves != Move::Value => {
            Err(LimitError::NoBaseline { text: limit.to_string() })
        }
        _ => judge(limit, baseline.unwrap_or(&alone)),
    });
    judged.collect()
}

fn judge(limit: &Limit, baseline: &Baseline) -> Result<LimitResult, LimitError> {
    let change = find(limit, baseline)?;
    let direction = match (limit.moves, change.goal) {
        (Move::Drop, Some(goal @ Goal::Minimize)) => Some((goal, "rise")),
        (Move::Rise, Some(goal @ Goal::Maximize)) => Some((goal, "drop")),
        _ => None,
    };
    if let Some((goal, instead)) = direction {
        return Err(LimitError::Direction {
            text: limit.to_string(),
            metric: limit.metric.clone(),
            goal: goal.word(),
            instead,
        });
    }
    let (mut status, value, mut detail) = if limit.moves == Move::Value {
        value_alone(limit, change)
    } else {
        value_of_change(limit, change)?
    };
    // A shared machine is slow for reasons of its own.
    if status == LimitStatus::Fail && change.kind == Kind::Measured {
        status = LimitStatus::Hold;
        detail.push_str(
            "; a measured time differs between machines, so that it holds and never fails",
        );
    }
    Ok(LimitResult {
        limit: limit.to_string(),
        kind: change.kind,
        metric: limit.metric.clone(),
        status,
        value,
        amount: limit.amount,
        detail,
    })
}

/// The metric that a limit is about: of the kind that it names, else the sweep's, else any.
fn find<'a>(limit: &Limit, baseline: &'a Baseline) -> Result<&'a MetricChange, LimitError> {
    let named = |kind: Kind| {
        baseline.metrics.iter().find(|change| change.kind == kind && change.metric == limit.metric)
    };
    let found = match limit.kind {
        Some(kind) => named(kind),
        None => [Kind::Sweep, Kind::Holdout, Kind::Measured].into_iter().find_map(named),
    };
    found.ok_or_else(|| {
        let mut known: Vec<String> = baseline
            .metrics
            .iter()
            .map(|change| match change.kind {
                Kind::Holdout => format!("holdout.{}", change.metric),
                Kind::Sweep | Kind::Measured => change.metric.clone(),
            })
            .collect();
        known.sort();
        LimitError::Unknown {
            text: limit.to_string(),
            metric: limit.metric.clone(),
            known: known.join(", "),
        }
    })
}

type Judged = (LimitStatus, Option<f64>, String);

fn value_alone(limit: &Limit, change: &MetricChange) -> Judged {
    let (Amount::Absolute(bar) | Amount::Relative(bar)) = limit.amount;
    match change.new {
        None => (LimitStatus::Fail, None, "this report does not have it any more".into()),
        Some(new) if new.is_nan() => (LimitStatus::Fail, Some(new), "it is not a number".into()),
        Some(new) if limit.comparator.holds(new, bar) => {
            (LimitStatus::Fail, Some(new), number(new))
        }
        Some(new) => (LimitStatus::Pass, Some(new), number(new)),
    }
}

fn value_of_change(limit: &Limit, change: &MetricChange) -> Result<Judged, LimitError> {
    let (old, new) = match (change.old, change.new) {
        (_, None) => {
            return Ok((LimitStatus::Fail, None, "this report does not have it any more".into()));
        }
        (None, Some(new)) => {
            return Ok((
                LimitStatus::Skip,
                None,
                format!("{}; the baseline does not have it", number(new)),
            ));
        }
        (Some(old), Some(new)) => (old, new),
    };
    if !new.is_finite() && !(old == new) {
        return Ok((LimitStatus::Fail, None, format!("{} became {}", number(old), number(new))));
    }
    let Some(raw) = change.change else {
        return Ok((LimitStatus::Skip, None, format!("the baseline has {}", number(old))));
    };
    let size = match (limit.moves, change.goal) {
        (Move::Drop, _) => -raw,
        (Move::Rise, _) => raw,
        (Move::Worse, Some(goal)) => goal.loss(raw),
        (Move::Worse, None) => return Err(no_direction(limit)),
        (Move::Change | Move::Value, _) => raw.abs(),
    };
    let (shown_old, shown_new) = pair(&change.metric, old, new);
    let told = format!("{shown_old} became {shown_new}");
    Ok(match limit.amount {
        Amount::Absolute(bar) => {
            let fails = limit.comparator.holds(size, bar);
            (status(fails), Some(size), format!("{told}, {}", signed(raw)))
        }
        Amount::Relative(_) if old == 0.0 => {
            // Any change from 0 is beyond every share of it.
            (
                status(size > 0.0),
                None,
                format!("{told}; the baseline is 0, so that there is no share of it"),
            )
        }
        Amount::Relative(bar) => {
            let share = size / old.abs();
            let sign = if raw > 0.0 { "+" } else { "" };
            let shown = percent(raw / old.abs());
            (
                status(limit.comparator.holds(share, bar)),
                Some(share),
                format!("{told}, {sign}{shown}"),
            )
        }
    })
}

fn status(fails: bool) -> LimitStatus {
    if fails { LimitStatus::Fail } else { LimitStatus::Pass }
}

fn no_direction(limit: &Limit) -> LimitError {
    LimitError::Form {
        text: limit.to_string(),
        reason: format!(
            "nobody says whether '{}' is to be large or small, so use drop or rise",
            limit.metric
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Params;

    fn snapshot(values: &[(Kind, &str, f64)]) -> Snapshot {
        Snapshot {
            label: "main.json".into(),
            run: Some(1),
            data_hash: None,
            metrics: values
                .iter()
                .map(|(kind, name, value)| ((*kind, (*name).to_string()), *value))
                .collect(),
            goals: [("loss".to_string(), Goal::Minimize)].into_iter().collect(),
            params: Params::default(),
        }
    }

    fn judged(
        limit: &str,
        old: &[(Kind, &str, f64)],
        new: &[(Kind, &str, f64)],
    ) -> Result<LimitResult, LimitError> {
        let (old, new) = (snapshot(old), snapshot(new));
        let compared = compare(&old, &new);
        judge_limits(&[limit.parse().unwrap()], &new, Some(&compared)).map(|mut of| of.remove(0))
    }

    use LimitStatus::{Fail, Pass, Skip};

    const S: Kind = Kind::Sweep;

    #[test]
    fn limits_follow_the_direction_and_the_unit() {
        let check = |limit: &str, metric: &str, old: f64, new: f64, status: LimitStatus| {
            let made = judged(limit, &[(S, metric, old)], &[(S, metric, new)]).unwrap();
            assert_eq!(made.status, status, "{limit}: {made:?}");
        };
        check("roc_auc drop > 0.01", "roc_auc", 0.95, 0.93, Fail);
        check("roc_auc drop > 0.01", "roc_auc", 0.95, 0.945, Pass);
        check("roc_auc drop > 0.01", "roc_auc", 0.95, 0.99, Pass);
        // 0.91 - 0.9 is 0.010000000000000009 in floats, and no more than 0.01 to a person.
        check("roc_auc drop > 0.01", "roc_auc", 0.91, 0.90, Pass);
        check("roc_auc drop >= 0.01", "roc_auc", 0.91, 0.90, Fail);
        check("rmse rise > 2%", "rmse", 100.0, 101.9, Pass);
        check("rmse rise > 2%", "rmse", 100.0, 102.1, Fail);
        check("rmse worse > 2%", "rmse", 100.0, 102.1, Fail);
        check("roc_auc worse > 2%", "roc_auc", 0.5, 0.48, Fail);
        check("loss worse > 0", "loss", 1.0, 0.5, Pass);
        check("r2 drop > 10%", "r2", -0.5, -0.6, Fail);
        check("own drop > 1", "own", 5.0, 3.0, Fail);
        check("own rise > 1", "own", 5.0, 3.0, Pass);
        check("own change > 1", "own", 5.0, 3.0, Fail);
        check("rmse rise > 2%", "rmse", 0.0, 0.1, Fail);
        check("rmse rise > 2%", "rmse", 0.0, 0.0, Pass);
        check("accuracy < 0.9", "accuracy", 0.95, 0.89, Fail);
        check("accuracy < 0.9", "accuracy", 0.95, 0.9, Pass);
        check("rmse rise > 2%", "rmse", 1.0, f64::NAN, Fail);
        check("accuracy < 0.9", "accuracy", 1.0, f64::NAN, Fail);
        check("rmse rise > 2%", "rmse", f64::NAN, 1.0, Skip);
    }

    #[test]
    fn times_hold_and_never_fail() {
        let values = |value: f64| [(Kind::Measured, "predict_us", value)];
        let made = judged("predict_us rise > 50%", &values(0.4), &values(3.2)).unwrap();
        assert_eq!(made.status, LimitStatus::Hold, "{made:?}");
    }

    #[test]
    fn what_is_missing_is_lost_or_new() {
        let status = |limit, old, new| judged(limit, old, new).unwrap().status;
        assert_eq!(status("f1 drop > 0.1", &[(S, "f1", 0.5)], &[]), LimitStatus::Fail);
        assert_eq!(status("f1 drop > 0.1", &[], &[(S, "f1", 0.5)]), LimitStatus::Skip);
        assert_eq!(status("f1 < 0.4", &[], &[(S, "f1", 0.5)]), LimitStatus::Pass);
    }

    #[test]
    fn the_sweeps_value_is_meant_unless_a_kind_is_named() {
        let old = [(Kind::Holdout, "f1", 0.9), (S, "f1", 0.9)];
        let new = [(Kind::Holdout, "f1", 0.5), (S, "f1", 0.9)];
        assert_eq!(judged("f1 drop > 0.1", &old, &new).unwrap().status, LimitStatus::Pass);
        assert_eq!(judged("holdout.f1 drop > 0.1", &old, &new).unwrap().status, LimitStatus::Fail);
        assert_eq!(
            judged("f1 drop > 0.1", &old[..1], &new[..1]).unwrap().status,
            LimitStatus::Fail
        );
    }

    #[test]
    fn a_limit_that_cannot_be_meant_is_refused() {
        let check = |limit: &str, metric: &str, part: &str| {
            let values = [(S, metric, 1.0)];
            let error = judged(limit, &values, &values).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("mend"), "{error}");
        };
        check("rmse drop > 0.1", "rmse", "rmse is to be minimized; mend: 'rmse rise …'");
        check("roc_auc rise > 0.1", "roc_auc", "'roc_auc drop …'");
        check("own worse > 0.1", "own", "so use drop or rise");
        check(
            "rok_auc drop > 0.1",
            "roc_auc",
            "'rok_auc', which neither report has; mend: one of roc_auc",
        );
        let alone = judge_limits(&["f1 drop > 1".parse().unwrap()], &snapshot(&[]), None);
        assert!(alone.unwrap_err().to_string().contains("--baseline"));
    }
}
