//! `[budget]` and `[resources]`: not part of a sweep's identity.

use super::work::WorkKind;
use super::{gpus, units};
use crate::spec::reader::{Ctx, Section};
use crate::spec::sweep::{Budget, MinImprovement, Resources};
use crate::spec::tree::{Kind, Table};
use std::time::Duration;

/// Trials of a sweep that sets no limit of its own.
const DEFAULT_TRIALS: u64 = 100;
/// Between two samples of a command's usage where the file does not say.
const MONITOR: Duration = Duration::from_secs(10);

/// Reads `[budget]`. Without a limit that surely ends the sweep it gets 100 trials, except for the grid,
/// which ends by itself.
pub(in crate::spec) fn budget<'a>(
    ctx: &'a Ctx<'a>,
    root: &'a Table,
    (sampler, n_objectives): (&str, usize),
) -> Budget {
    let section = root.get("budget").and_then(|entry| Section::of(ctx, "[budget]", entry));
    let mut budget = section.map_or_else(Budget::default, |section| {
        let budget = Budget {
            trials: section.count("trials"),
            time: time(&section, "time"),
            patience: section.count("patience"),
            target: section.number("target"),
            max_failed: section.count("max_failed"),
            min_improvement: min_improvement(&section, n_objectives),
        };
        section.finish();
        budget
    });
    let ends = budget.trials.is_some() || budget.time.is_some() || budget.patience.is_some();
    if !ends && sampler != "grid" {
        budget.trials = Some(DEFAULT_TRIALS);
    }
    budget
}

fn min_improvement(section: &Section<'_>, n_objectives: usize) -> Option<MinImprovement> {
    const KEY: &str = "min_improvement";
    let what = "\"noise\" or a number above 0, in units of the objective";
    let span = section.has(KEY).then(|| section.take(KEY)).flatten().map(|entry| entry.span);
    if let Some(span) = span.filter(|_| n_objectives > 1) {
        let text =
            format!("'{KEY}' is for one objective, and there are {n_objectives}; leave it out");
        section.problem(span, text);
    }
    section.read(KEY, what, |node| match &node.kind {
        Kind::Text(text) if text == "noise" => Some(MinImprovement::Noise),
        _ => {
            let score = node.number().filter(|score| score.is_finite() && *score > 0.0);
            score.map(MinImprovement::Score)
        }
    })
}

/// Reads `[resources]`.
pub(in crate::spec) fn resources<'a>(
    ctx: &'a Ctx<'a>,
    root: &'a Table,
    kind: WorkKind,
) -> Resources {
    let by_default = (kind == WorkKind::Command).then_some(MONITOR);
    if kind == WorkKind::Elsewhere {
        return Resources { monitor: by_default, ..Resources::default() }; // refused as a whole
    }
    let section = root.get("resources").and_then(|entry| Section::of(ctx, "[resources]", entry));
    let Some(section) = section else {
        return Resources { monitor: by_default, ..Resources::default() };
    };
    let memory_mb = section.read("memory", "a size like \"2GB\" or a whole number of MB", |node| {
        match &node.kind {
            Kind::Text(text) => units::megabytes(text),
            Kind::Int(mb) => u64::try_from(*mb).ok().filter(|mb| *mb > 0),
            _ => None,
        }
    });
    let resources = Resources {
        jobs: small(&section, "jobs"),
        timeout: time(&section, "timeout"),
        memory_mb,
        cpus: small(&section, "cpus"),
        gpus: section.take("gpus").and_then(|entry| gpus::gpus(&section, entry)),
        isolate: section.flag("isolate").unwrap_or(false),
        monitor: monitor(&section, by_default),
    };
    misplaced(&section, kind, resources.isolate);
    section.finish();
    resources
}

/// What would have no effect on this kind of work.
fn misplaced(section: &Section<'_>, kind: WorkKind, isolate: bool) {
    let refuse = |key: &'static str, text: &str| {
        if let Some(entry) = section.has(key).then(|| section.take(key)).flatten() {
            section.problem(entry.span, format!("'{key}' {text}"));
        }
    };
    if kind != WorkKind::Command {
        refuse(
            "cpus",
            "is for [command]; built-in models share the cores of all jobs; leave it out",
        );
        refuse("gpus", "is for [command]; built-in models use none; leave it out");
    }
    if kind == WorkKind::Command {
        refuse("memory", "is what a built-in model may plan for; with [command] leave it out");
    }
    if kind != WorkKind::Models {
        refuse("isolate", "is for built-in models; leave it out");
    }
    if kind == WorkKind::Function || (kind == WorkKind::Models && !isolate) {
        let text = "watches processes, and here trials are none; leave it out, or set isolate = true for models";
        refuse("monitor", text);
    }
}

fn small(section: &Section<'_>, key: &'static str) -> Option<usize> {
    section.int(key, 1..=65_536).and_then(|number| usize::try_from(number).ok())
}

fn monitor(section: &Section<'_>, by_default: Option<Duration>) -> Option<Duration> {
    let what = "a time above 0 like \"10s\", or false";
    let stated = section.read("monitor", what, |node| match &node.kind {
        Kind::Bool(false) => Some(None),
        Kind::Text(text) => units::duration(text).map(Some),
        _ => None,
    });
    stated.unwrap_or(by_default)
}

pub(super) fn time(section: &Section<'_>, key: &'static str) -> Option<Duration> {
    let what = "a time above 0 like \"90s\", \"10m\" or \"1h30m\"";
    section.read(key, what, |node| node.text().and_then(units::duration))
}
