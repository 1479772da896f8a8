//! `search.pruner`: a name, or a table with `kind` and the rule's options.

use crate::pruner::{
    AshaOptions, HyperbandOptions, MedianOptions, PatienceOptions, PercentileOptions, RaceOptions,
    Setting, ThresholdOptions, WilcoxonOptions,
};
use crate::spec::hint;
use crate::spec::reader::{Section, whole};
use crate::spec::tree::{Entry, Kind, Node, Table};

/// Rungs beyond this one are beyond all steps.
const MAX_RATE: i64 = 62;
/// The kinds that compare curves step by step.
const CURVES: &[&str] = &["median", "percentile"];
/// Every option and the kinds that have it.
const OPTIONS: &[(&str, &[&str])] = &[
    ("percentile", &["percentile"]),
    ("n_startup_trials", &["median", "percentile", "race"]),
    ("n_warmup_steps", &["median", "percentile", "threshold"]),
    ("interval_steps", &["median", "percentile", "threshold"]),
    ("n_min_trials", CURVES),
    ("eta", &["asha", "hyperband"]),
    ("min_steps", &["asha", "hyperband"]),
    ("bootstrap", &["asha", "hyperband"]),
    ("min_early_stopping_rate", &["asha"]),
    ("grace", &["asha"]),
    ("max_steps", &["hyperband"]),
    ("lower", &["threshold"]),
    ("upper", &["threshold"]),
    ("patience", &["patience"]),
    ("min_delta", &["patience"]),
    ("wrapped", &["patience"]),
    ("p_threshold", &["wilcoxon"]),
    ("n_startup_steps", &["wilcoxon"]),
    ("alpha", &["race"]),
    ("min_folds", &["race"]),
];

/// Reads `pruner`; `"none"` is none.
pub(super) fn pruner<'a>(section: &Section<'a>, entry: &'a Entry) -> Option<Setting> {
    match &entry.node.kind {
        Kind::Null => None,
        Kind::Text(name) if name == "none" => None,
        _ => read(section, "pruner", entry),
    }
}

/// Reads a rule: the one of `pruner`, or the one that patience wraps.
fn read<'a>(section: &Section<'a>, key: &str, entry: &'a Entry) -> Option<Setting> {
    let empty = Table::default();
    match &entry.node.kind {
        Kind::Text(name) => {
            check_kind(section, &entry.node, name)?;
            let bare = Section::new(section.ctx, section.place.clone(), entry.span, &empty);
            options(&bare, name)
        }
        Kind::Table(table) => {
            let inner = section.inner(key, entry)?;
            let kind = inner.take("kind");
            if kind.is_none() {
                inner.missing("kind", "name the pruner");
            }
            let name = inner.text("kind")?;
            check_kind(&inner, &kind?.node, &name)?;
            refuse_others(&inner, table, &name);
            let setting = options(&inner, &name);
            inner.finish();
            setting
        }
        _ => {
            section.expected(key, "a name or a table with 'kind'", &entry.node);
            None
        }
    }
}

fn check_kind(section: &Section<'_>, node: &Node, name: &str) -> Option<()> {
    let known = Setting::words();
    if !known.contains(&name) {
        section.problem(node.span, hint::unknown("pruner", name, known));
        return None;
    }
    Some(())
}

/// Options of other kinds get a clearer problem than that of an unknown key.
fn refuse_others(section: &Section<'_>, table: &Table, name: &str) {
    for (key, kinds) in OPTIONS {
        if let (Some(entry), false) = (table.get(*key), kinds.contains(&name)) {
            let text = format!(
                "'{key}' is for {}, and the pruner is '{name}'; leave it out",
                kinds.join(" and ")
            );
            section.take(key);
            section.problem(entry.span, text);
        }
    }
}

/// The options of a kind, the ones that are not given at their defaults.
fn options(section: &Section<'_>, name: &str) -> Option<Setting> {
    Some(match name {
        "median" => Setting::Median(curves(section)),
        "percentile" => Setting::Percentile(percentile(section)),
        "asha" => Setting::Asha(asha(section)),
        "hyperband" => Setting::Hyperband(hyperband(section)),
        "threshold" => Setting::Threshold(threshold(section)),
        "patience" => Setting::Patience(patience(section)),
        "wilcoxon" => Setting::Wilcoxon(wilcoxon(section)),
        "race" => Setting::Race(race(section)),
        _ => return None,
    })
}

fn curves(section: &Section<'_>) -> MedianOptions {
    let default = MedianOptions::default();
    MedianOptions {
        n_startup_trials: count(section, "n_startup_trials", 0).unwrap_or(default.n_startup_trials),
        n_warmup_steps: step(section, "n_warmup_steps", 0).unwrap_or(default.n_warmup_steps),
        interval_steps: step(section, "interval_steps", 1).unwrap_or(default.interval_steps),
        n_min_trials: count(section, "n_min_trials", 1).unwrap_or(default.n_min_trials),
    }
}

fn percentile(section: &Section<'_>) -> PercentileOptions {
    if section.take("percentile").is_none() {
        let mend = "say how many percent of trials survive: pruner = { kind = \"percentile\", percentile = 25 }";
        section.missing("percentile", mend);
    }
    let share = number(section, "percentile", 0.0, 100.0);
    let default = PercentileOptions::default();
    PercentileOptions { percentile: share.unwrap_or(default.percentile), when: curves(section) }
}

fn asha(section: &Section<'_>) -> AshaOptions {
    let default = AshaOptions::default();
    let min_steps = auto(section, "min_steps", 1);
    let bootstrap = count(section, "bootstrap", 0).unwrap_or(default.bootstrap);
    if min_steps.is_none() && bootstrap > 0 {
        needs(section, "min_steps");
    }
    let rate = section.int("min_early_stopping_rate", 0..=MAX_RATE);
    AshaOptions {
        eta: eta(section).unwrap_or(default.eta),
        min_steps,
        min_early_stopping_rate: rate.map_or(default.min_early_stopping_rate, |rate| rate as u32),
        bootstrap,
        grace: auto(section, "grace", 0),
    }
}

fn hyperband(section: &Section<'_>) -> HyperbandOptions {
    let default = HyperbandOptions::default();
    let min_steps = step(section, "min_steps", 1).unwrap_or(default.min_steps);
    let max_steps = auto(section, "max_steps", 1);
    let bootstrap = count(section, "bootstrap", 0).unwrap_or(default.bootstrap);
    if max_steps.is_none() && bootstrap > 0 {
        needs(section, "max_steps");
    }
    if let (Some(max_steps), Some(entry)) = (max_steps, section.take("max_steps"))
        && max_steps < min_steps
    {
        let text = format!("'max_steps' ({max_steps}) must not be below 'min_steps' ({min_steps})");
        section.problem(entry.node.span, text);
    }
    HyperbandOptions { eta: eta(section).unwrap_or(default.eta), min_steps, max_steps, bootstrap }
}

/// A rung that is moved by what trials do cannot be filled beforehand.
fn needs(section: &Section<'_>, key: &str) {
    if let Some(entry) = section.take("bootstrap") {
        let text =
            format!("'bootstrap' needs '{key}' as a number; set it or leave 'bootstrap' out");
        section.problem(entry.span, text);
    }
}

fn threshold(section: &Section<'_>) -> ThresholdOptions {
    let default = ThresholdOptions::default();
    let (low, high) = (section.take("lower"), section.take("upper"));
    if low.is_none() && high.is_none() {
        let mend = "give a bound: pruner = { kind = \"threshold\", upper = 10 }, or 'lower'";
        section.missing("upper", mend);
    }
    let (lower, upper) = (section.number("lower"), section.number("upper"));
    if let (Some(lower), Some(upper), Some(entry)) = (lower, upper, low)
        && lower > upper
    {
        let text = format!("'lower' ({lower}) must not be above 'upper' ({upper})");
        section.problem(entry.node.span, text);
    }
    ThresholdOptions {
        lower,
        upper,
        n_warmup_steps: step(section, "n_warmup_steps", 0).unwrap_or(default.n_warmup_steps),
        interval_steps: step(section, "interval_steps", 1).unwrap_or(default.interval_steps),
    }
}

fn patience(section: &Section<'_>) -> PatienceOptions {
    if section.take("patience").is_none() {
        let mend = "say how many values may pass without a better one: \
                    pruner = { kind = \"patience\", patience = 5 }";
        section.missing("patience", mend);
    }
    let default = PatienceOptions::default();
    let values = count(section, "patience", 0).and_then(|values| usize::try_from(values).ok());
    let min_delta = number(section, "min_delta", 0.0, f64::INFINITY);
    let wrapped = section.take("wrapped").and_then(|entry| {
        let wrapped = read(section, "wrapped", entry)?;
        if matches!(wrapped, Setting::Patience(_) | Setting::Race(_)) {
            let text = "'wrapped' must be another pruner than patience and race; leave it out";
            section.problem(entry.node.span, text);
        }
        Some(Box::new(wrapped))
    });
    PatienceOptions {
        patience: values.unwrap_or(default.patience),
        min_delta: min_delta.unwrap_or(default.min_delta),
        wrapped,
    }
}

fn wilcoxon(section: &Section<'_>) -> WilcoxonOptions {
    let default = WilcoxonOptions::default();
    WilcoxonOptions {
        p_threshold: number(section, "p_threshold", 0.0, 1.0).unwrap_or(default.p_threshold),
        n_startup_steps: count(section, "n_startup_steps", 0).unwrap_or(default.n_startup_steps),
    }
}

fn race(section: &Section<'_>) -> RaceOptions {
    let default = RaceOptions::default();
    let trials = count(section, "n_startup_trials", 2);
    RaceOptions {
        alpha: number(section, "alpha", 0.0, 1.0).unwrap_or(default.alpha),
        min_folds: count(section, "min_folds", 1).unwrap_or(default.min_folds),
        n_startup_trials: trials.unwrap_or(default.n_startup_trials),
    }
}

fn eta(section: &Section<'_>) -> Option<i64> {
    section.int("eta", 2..=1_000_000)
}

fn count(section: &Section<'_>, key: &'static str, low: i64) -> Option<u64> {
    step(section, key, low).and_then(|value| u64::try_from(value).ok())
}

fn step(section: &Section<'_>, key: &'static str, low: i64) -> Option<i64> {
    section.int(key, low..=i64::MAX)
}

/// A whole number, or `"auto"` as `None`.
fn auto(section: &Section<'_>, key: &'static str, low: i64) -> Option<i64> {
    let what = format!("\"auto\" or a whole number of at least {low}");
    section.read(key, &what, |node| match node.text() {
        Some("auto") => Some(None),
        _ => whole(node).filter(|value| *value >= low).map(Some),
    })?
}

fn number(section: &Section<'_>, key: &'static str, low: f64, high: f64) -> Option<f64> {
    let what = if high.is_finite() {
        format!("a number from {low} to {high}")
    } else {
        format!("a number of at least {low}")
    };
    let fits = |value: &f64| value.is_finite() && (low..=high).contains(value);
    section.read(key, &what, |node| node.number().filter(fits))
}
