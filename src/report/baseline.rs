//! A report next to an older one: metrics and parameters, old, new and change, as a pull request wants them.

use super::{Report, SCHEMA_VERSION};
use crate::domain::{Goal, Params, Value};
use crate::metrics;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Digits to which a change is computed: more would show how floats round.
const CHANGE_DIGITS: i32 = 12;

/// Where a metric was measured; values of different kinds are never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What the sweep selects by: folds, replicates or single values.
    Sweep,
    /// The holdout that the search never saw.
    Holdout,
    /// Times and sizes, which differ from machine to machine.
    Measured,
}

/// What an older report says, as far as a comparison needs it. It reads reports of other versions too.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Where it comes from, for people: a file, a branch.
    pub label: String,
    /// The run that it is about.
    pub run: Option<i64>,
    /// Content hash of the data.
    pub data_hash: Option<String>,
    /// Values by kind and metric; NaN where a report has `null`.
    pub metrics: IndexMap<(Kind, String), f64>,
    /// Directions that the report itself names.
    pub goals: IndexMap<String, Goal>,
    /// Configuration of the run.
    pub params: Params,
}

/// A comparison with an older report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baseline {
    /// Where the older report comes from.
    pub label: String,
    /// Its run.
    pub old_run: Option<i64>,
    /// This report's run.
    pub new_run: Option<i64>,
    /// True if both are about the same data; none if one does not say.
    pub same_data: Option<bool>,
    /// Metrics of either, those of this report first.
    pub metrics: Vec<MetricChange>,
    /// Parameters that differ.
    pub params: Vec<ParamChange>,
    /// How many parameters are equal.
    pub equal_params: u64,
}

/// One metric in both reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricChange {
    /// Where it was measured.
    pub kind: Kind,
    /// The metric.
    pub metric: String,
    /// Its direction, if known.
    pub goal: Option<Goal>,
    /// The older value.
    pub old: Option<f64>,
    /// This report's value.
    pub new: Option<f64>,
    /// New less old, rounded to 12 digits; none unless both are finite.
    pub change: Option<f64>,
    /// The change as a share of the older value's size; none where that is 0.
    pub relative: Option<f64>,
    /// What the change means.
    pub trend: Trend,
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// In the metric's direction.
    Better,
    /// Against it.
    Worse,
    /// No change.
    Equal,
    /// Nobody knows the metric's direction.
    Changed,
    /// It is in one of the two only, or not a number.
    Unknown,
}

/// One parameter that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParamChange {
    /// The parameter.
    pub param: String,
    /// True if the older run has it; then `old` is its value, where `null` is a value too.
    pub had: bool,
    /// The older value.
    pub old: Option<Value>,
    /// True if this report's run has it.
    pub has: bool,
    /// This report's value.
    pub new: Option<Value>,
}

/// Why an older report cannot be compared with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// It is no JSON.
    #[error(
        "'{label}' is not a JSON report: {reason}; mend: give a file written by derby report -o FILE.json"
    )]
    NotJson {
        /// The file.
        label: String,
        /// What the parser says.
        reason: String,
    },
    /// It is JSON of something else.
    #[error(
        "'{label}' is JSON, but no report: {reason}; mend: give a file written by derby report -o FILE.json"
    )]
    NotReport {
        /// The file.
        label: String,
        /// What is missing or wrong.
        reason: String,
    },
    /// A newer derby wrote it.
    #[error(
        "'{label}' has schema_version {found} and this derby reads up to {SCHEMA_VERSION}; mend: update derby, or write the baseline with this one"
    )]
    Newer {
        /// The file.
        label: String,
        /// Its version.
        found: u64,
    },
    /// It is about no run.
    #[error(
        "'{label}' holds no run to compare with; mend: give the report of a sweep with a run that is done"
    )]
    Empty {
        /// The file.
        label: String,
    },
}

// What of an older report is read. Unknown keys are of a newer minor version and do no harm.
#[derive(Deserialize)]
struct OldReport {
    schema_version: u64,
    sweep: Option<OldSweep>,
    run: Option<OldRun>,
    gate: Option<OldGate>,
}

#[derive(Deserialize)]
struct OldSweep {
    #[serde(default)]
    objectives: Vec<crate::domain::Objective>,
    data: Option<OldData>,
}

#[derive(Deserialize)]
struct OldData {
    hash: String,
}

#[derive(Deserialize)]
struct OldRun {
    run: i64,
    params: Params,
    scores: IndexMap<String, OldScore>,
}

#[derive(Deserialize)]
struct OldScore {
    value: Option<f64>,
}

#[derive(Deserialize)]
struct OldGate {
    #[serde(default)]
    holdout_scores: Vec<OldHoldout>,
}

#[derive(Deserialize)]
struct OldHoldout {
    metric: String,
    goal: Option<Goal>,
    challenger: Option<f64>,
}

impl Kind {
    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Holdout => "holdout",
            Self::Measured => "measured",
        }
    }

    /// The kind of a run's metric.
    fn of(metric: &str) -> Self {
        let measured = metrics::info(metric).is_some_and(|info| info.measured);
        if measured { Self::Measured } else { Self::Sweep }
    }
}

impl Snapshot {
    /// Reads a JSON report.
    ///
    /// # Errors
    /// When the text is no report, of a newer version, or about no run.
    pub fn parse(text: &str, label: &str) -> Result<Self, BaselineError> {
        let label = label.to_string();
        let json: serde_json::Value =
            match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
                Ok(json) => json,
                Err(error) => {
                    return Err(BaselineError::NotJson { label, reason: error.to_string() });
                }
            };
        if let Some(found) = json.get("schema_version").and_then(serde_json::Value::as_u64)
            && found > u64::from(SCHEMA_VERSION)
        {
            return Err(BaselineError::Newer { label, found });
        }
        let old: OldReport = match serde_json::from_value(json) {
            Ok(old) => old,
            Err(error) => {
                return Err(BaselineError::NotReport { label, reason: error.to_string() });
            }
        };
        debug_assert!(old.schema_version <= u64::from(SCHEMA_VERSION));
        let Some(run) = old.run else { return Err(BaselineError::Empty { label }) };
        let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let mut snapshot = Self::bare(label, run.run, run.params);
        for (metric, score) in run.scores {
            snapshot.metrics.insert((Kind::of(&metric), metric), number(score.value));
        }
        for score in old.gate.into_iter().flat_map(|gate| gate.holdout_scores) {
            snapshot.goals.extend(score.goal.map(|goal| (score.metric.clone(), goal)));
            snapshot.metrics.insert((Kind::Holdout, score.metric), number(score.challenger));
        }
        if let Some(sweep) = old.sweep {
            snapshot
                .goals
                .extend(sweep.objectives.into_iter().map(|goal| (goal.metric, goal.goal)));
            snapshot.data_hash = sweep.data.map(|data| data.hash);
        }
        Ok(snapshot)
    }

    /// What a report says.
    ///
    /// # Errors
    /// When it is about no run.
    pub fn of(report: &Report, label: &str) -> Result<Self, BaselineError> {
        let Some(run) = &report.run else {
            return Err(BaselineError::Empty { label: label.into() });
        };
        let mut snapshot = Self::bare(label.into(), run.run.0, run.params.clone());
        for (metric, score) in &run.scores {
            snapshot.metrics.insert((Kind::of(metric), metric.clone()), score.value);
        }
        for score in report.gate.iter().flat_map(|gate| &gate.holdout_scores) {
            snapshot.goals.extend(score.goal.map(|goal| (score.metric.clone(), goal)));
            snapshot.metrics.insert((Kind::Holdout, score.metric.clone()), score.challenger);
        }
        if let Some(sweep) = &report.sweep {
            let goals = sweep.objectives.iter().map(|goal| (goal.metric.clone(), goal.goal));
            snapshot.goals.extend(goals);
            snapshot.data_hash = sweep.data.as_ref().map(|data| data.hash.clone());
        }
        Ok(snapshot)
    }

    fn bare(label: String, run: i64, params: Params) -> Self {
        Self {
            label,
            run: Some(run),
            data_hash: None,
            metrics: IndexMap::new(),
            goals: IndexMap::new(),
            params,
        }
    }

    /// The direction of a metric: as the report says, else as the catalogue does.
    pub fn goal(&self, metric: &str) -> Option<Goal> {
        self.goals.get(metric).copied().or_else(|| metrics::info(metric).map(|info| info.goal))
    }
}

/// Compares two reports; everything of the new one first, then what only the old one has.
pub fn compare(old: &Snapshot, new: &Snapshot) -> Baseline {
    let keys =
        new.metrics.keys().chain(old.metrics.keys().filter(|key| !new.metrics.contains_key(*key)));
    let mut metrics: Vec<MetricChange> = keys
        .map(|key| {
            let goal = new.goal(&key.1).or_else(|| old.goal(&key.1));
            metric_change(key, goal, old.metrics.get(key).copied(), new.metrics.get(key).copied())
        })
        .collect();
    // What counts stands first: the holdout, then the sweep's own values, then times.
    metrics.sort_by_key(|change| match change.kind {
        Kind::Holdout => 0,
        Kind::Sweep => 1,
        Kind::Measured => 2,
    });
    let (params, equal_params) = param_changes(&old.params, &new.params);
    Baseline {
        label: old.label.clone(),
        old_run: old.run,
        new_run: new.run,
        same_data: old.data_hash.as_ref().zip(new.data_hash.as_ref()).map(|(a, b)| a == b),
        metrics,
        params,
        equal_params,
    }
}

fn metric_change(
    (kind, metric): &(Kind, String),
    goal: Option<Goal>,
    old: Option<f64>,
    new: Option<f64>,
) -> MetricChange {
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let change = finite(old).zip(finite(new)).map(|(old, new)| difference(old, new));
    let relative =
        change.zip(old).filter(|(_, old)| *old != 0.0).map(|(change, old)| change / old.abs());
    let trend = match (change, goal) {
        (None, _) => Trend::Unknown,
        (Some(0.0), _) => Trend::Equal,
        (Some(_), None) => Trend::Changed,
        (Some(change), Some(goal)) if goal.better(change, 0.0) => Trend::Better,
        (Some(_), Some(_)) => Trend::Worse,
    };
    MetricChange { kind: *kind, metric: metric.clone(), goal, old, new, change, relative, trend }
}

/// New less old without the noise of the last digits: `0.83 - 0.91` is `-0.08`.
fn difference(old: f64, new: f64) -> f64 {
    let raw = new - old;
    let size = old.abs().max(new.abs());
    if raw == 0.0 || size == 0.0 {
        return 0.0;
    }
    let decimals = CHANGE_DIGITS - 1 - size.log10().floor() as i32;
    match decimals {
        // A factor of 10 is exact up to 22; beyond that the numbers are too small or large to round this way.
        0..=22 => {
            let factor = 10_f64.powi(decimals);
            (raw * factor).round() / factor
        }
        _ => raw,
    }
}

fn param_changes(old: &Params, new: &Params) -> (Vec<ParamChange>, u64) {
    let names = new.iter().chain(old.iter().filter(|(name, _)| new.get(name).is_none()));
    let (mut changes, mut equal) = (Vec::new(), 0);
    for (name, _) in names {
        let (old, new) = (old.get(name), new.get(name));
        if old.zip(new).is_some_and(|(old, new)| old.same(new)) {
            equal += 1;
            continue;
        }
        changes.push(ParamChange {
            param: name.to_string(),
            had: old.is_some(),
            old: old.cloned(),
            has: new.is_some(),
            new: new.cloned(),
        });
    }
    (changes, equal)
}

#[cfg(test)]
mod tests {
    use super::super::{json, sample};
    use super::*;

    fn of(old: Option<f64>, new: Option<f64>, goal: Option<Goal>) -> MetricChange {
        metric_change(&(Kind::Sweep, "m".into()), goal, old, new)
    }

    #[test]
    fn changes_are_rounded_and_judged_by_direction() {
        let check = |old: f64, new: f64, goal: Option<Goal>, change: f64, trend: Trend| {
            let made = of(Some(old), Some(new), goal);
            assert_eq!((made.change, made.trend), (Some(change), trend), "{old} {new}");
        };
        check(0.91, 0.83, Some(Goal::Maximize), -0.08, Trend::Worse);
        check(0.91, 0.83, Some(Goal::Minimize), -0.08, Trend::Better);
        check(0.83, 0.91, None, 0.08, Trend::Changed);
        check(0.1 + 0.2, 0.3, Some(Goal::Maximize), 0.0, Trend::Equal);
        check(0.0, 1e-30, Some(Goal::Minimize), 1e-30, Trend::Worse);
        check(1e20, 2e20, Some(Goal::Minimize), 1e20, Trend::Worse);
    }

    #[test]
    fn what_is_missing_or_no_number_has_no_change() {
        let check = |old: Option<f64>, new: Option<f64>| {
            let made = of(old, new, Some(Goal::Maximize));
            assert_eq!((made.change, made.relative, made.trend), (None, None, Trend::Unknown));
        };
        check(None, Some(1.0));
        check(Some(1.0), None);
        check(Some(f64::NAN), Some(1.0));
        check(Some(1.0), Some(f64::INFINITY));
        assert_eq!(of(Some(0.0), Some(1.0), None).relative, None);
    }

    #[test]
    fn a_report_compares_with_itself_read_from_its_file() {
        let report = sample::full();
        let old = Snapshot::parse(&json(&report), "main.json").unwrap();
        let new = Snapshot::of(&report, "main.json").unwrap();
        assert_eq!(old, new);
        let same = compare(&old, &new);
        assert!(same.params.is_empty() && same.equal_params > 0);
        assert!(same.metrics.iter().all(|change| change.trend == Trend::Equal), "{same:?}");
        assert_eq!(same.same_data, Some(true));
        let kinds: Vec<Kind> = same.metrics.iter().map(|change| change.kind).collect();
        assert!(kinds.contains(&Kind::Holdout) && kinds.contains(&Kind::Measured), "{kinds:?}");
    }

    #[test]
    fn parameters_that_came_went_or_changed() {
        let params = |pairs: &[(&str, Value)]| -> Params {
            pairs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect()
        };
        let old =
            params(&[("C", Value::Int(1)), ("depth", Value::None), ("gone", Value::Bool(true))]);
        let new =
            params(&[("C", Value::Float(1.0)), ("depth", Value::Int(3)), ("new", Value::Int(2))]);
        let (changes, equal) = param_changes(&old, &new);
        let shown: Vec<_> = changes.iter().map(|of| (of.param.as_str(), of.had, of.has)).collect();
        assert_eq!(shown, [("depth", true, true), ("new", false, true), ("gone", true, false)]);
        assert_eq!(equal, 1);
    }

    #[test]
    fn a_wrong_file_says_what_it_is() {
        let check = |text: &str, part: &str| {
            let error = Snapshot::parse(text, "b.json").unwrap_err().to_string();
            assert!(error.starts_with("'b.json'") && error.contains(part), "{error}");
            assert!(error.contains("; mend: "), "{error}");
        };
        check("", "is not a JSON report");
        check("{\"a\": 1}", "no report: missing field `schema_version`");
        check("[1]", "no report");
        check("{\"schema_version\": 99}", "schema_version 99");
        check("{\"schema_version\": 1}", "holds no run");
    }
}
