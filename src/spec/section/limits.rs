//! `[budget]` and `[resources]`: not part of a sweep's identity.

use super::units;
use crate::spec::reader::{Ctx, Section};
use crate::spec::sweep::{Budget, Resources};
use crate::spec::tree::{Kind, Table};
use std::time::Duration;

/// Trials of a sweep that sets no limit of its own.
const DEFAULT_TRIALS: u64 = 100;

/// Reads `[budget]`. Without a limit that surely ends the sweep it gets 100 trials, except for the grid,
/// which ends by itself.
pub(in crate::spec) fn budget<'a>(ctx: &'a Ctx<'a>, root: &'a Table, sampler: &str) -> Budget {
    let section = root.get("budget").and_then(|entry| Section::of(ctx, "[budget]", entry));
    let mut budget = section.map_or_else(Budget::default, |section| {
        let budget = Budget {
            trials: section.count("trials"),
            time: time(&section, "time"),
            patience: section.count("patience"),
            target: section.number("target"),
            max_failed: section.count("max_failed"),
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

/// Reads `[resources]`.
pub(in crate::spec) fn resources<'a>(ctx: &'a Ctx<'a>, root: &'a Table) -> Resources {
    let section = root.get("resources").and_then(|entry| Section::of(ctx, "[resources]", entry));
    let Some(section) = section else { return Resources::default() };
    if let Some(entry) = section.take("gpus") {
        section.problem(entry.span, "'gpus' is not supported by this version; leave it out");
    }
    let jobs = section.int("jobs", 1..=65_536).and_then(|jobs| usize::try_from(jobs).ok());
    let memory_mb = section.read("memory", "a size like \"2GB\" or a whole number of MB", |node| {
        match &node.kind {
            Kind::Text(text) => units::megabytes(text),
            Kind::Int(mb) => u64::try_from(*mb).ok().filter(|mb| *mb > 0),
            _ => None,
        }
    });
    let timeout = time(&section, "timeout");
    let resources = Resources { jobs, timeout, memory_mb, ..Resources::default() };
    section.finish();
    resources
}

fn time(section: &Section<'_>, key: &'static str) -> Option<Duration> {
    let what = "a time above 0 like \"90s\", \"10m\" or \"1h30m\"";
    section.read(key, what, |node| node.text().and_then(units::duration))
}
