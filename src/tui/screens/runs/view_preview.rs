//! The run under the cursor: its curve, its parameters against the champion's, where it comes from.

use super::cells::{self, age, state};
use super::load::CurveData;
use super::{CHARTS, PREVIEW, Runs, Seen, Shared};
use crate::domain::{RunRecord, Status, Value};
use crate::report::words;
use crate::tui::layout;
use crate::tui::paint::clean;
use crate::tui::screens::{Pane, Place, draw_empty};
use crate::tui::theme::Role;
use crate::tui::widgets::{Axis, CellText, Chart, Curve, Fact, Facts, Guide, Mark, Unit};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::fmt::Write as _;

/// Parameters and metrics that a preview lists; the run's own screen has them all.
const LISTED: usize = 40;

impl Runs {
    /// What was read of the run under the cursor.
    fn seen(&self) -> Option<&Seen> {
        self.preview.as_deref().filter(|seen| Some(seen.run.id) == self.previewed())
    }

    pub(super) fn preview_pane(&self, shared: &Shared) -> Pane {
        let Some(seen) = self.seen() else { return Pane::new(PREVIEW, "Preview", "") };
        let run = &seen.run;
        let (glyph, ascii, _, word) = state(run.status);
        let is_champion = shared.catalog.champions.contains_key(&run.id);
        let theme = &shared.theme;
        let (glyph, word) = match (seen.lost, is_champion) {
            (true, _) => ("!", "stale"),
            (_, true) => (theme.glyph("★", "@"), "champion"),
            _ => (theme.glyph(glyph, ascii), word),
        };
        Pane::new(PREVIEW, format!("{glyph} {} {}", run.id, clean(&run.name)), word)
    }

    pub(super) fn charts_pane(&self) -> Pane {
        let curves = self.shown_curves();
        let mut metrics: Vec<&str> = curves.iter().map(|curve| curve.metric.as_str()).collect();
        metrics.dedup();
        let n_all = self.seen().map_or(0, |seen| seen.run.metrics.len());
        let note = match metrics.len() {
            0 => String::new(),
            n if n < n_all => format!("{n} of {n_all} metrics"),
            n => words::plural(n as u64, "metric"),
        };
        Pane::new(CHARTS, "Charts", note)
    }

    /// Curves of the run under the cursor.
    pub(super) fn shown_curves(&self) -> &[CurveData] {
        match &self.curves {
            Some((run, curves)) if Some(*run) == self.previewed() => curves,
            _ => &[],
        }
    }

    /// How many lines the preview has, for scrolling.
    pub(super) fn preview_rows(&self, shared: &Shared) -> usize {
        self.seen().map_or(0, |seen| self.facts(seen, shared).len())
    }

    pub(super) fn draw_preview(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        let Some(seen) = self.seen() else {
            let said = if self.previewed().is_some() { "reading …" } else { "choose a run" };
            return draw_empty(buf, place.area, shared, &[said]);
        };
        let area = place.area;
        // Where the charts have a pane of their own, this one is for words.
        let has_own = shared.body.width >= layout::THREE_PANES;
        let first = self.shown_curves().first().map(|curve| curve.metric.clone());
        let height = match first {
            Some(_) if !has_own && area.height >= 14 => (area.height * 2 / 5).min(12),
            _ => 0,
        };
        let (top, rest) = layout::split_top(area, height);
        if let (Some(metric), true) = (first, height > 0) {
            self.draw_chart(buf, top, &metric, shared);
        }
        let rows = self.facts(seen, shared);
        let scrolled = self.scrolled.min(rows.len().saturating_sub(usize::from(rest.height)));
        let facts = Facts { rows: &rows, first: scrolled, ..Facts::default() };
        facts.draw(buf, rest, &shared.theme);
    }

    /// All curves of a metric.
    pub(super) fn draw_chart(&self, buf: &mut Buffer, area: Rect, metric: &str, shared: &Shared) {
        let of: Vec<&CurveData> =
            self.shown_curves().iter().filter(|curve| curve.metric == metric).collect();
        // Folds are no course of time: dots, not a line.
        let dots: Vec<Mark> = of
            .iter()
            .filter(|curve| curve.by_fold)
            .flat_map(|curve| &curve.points)
            .map(|(x, y)| Mark { x: *x, y: *y, role: Role::Series(0) })
            .collect();
        let curves: Vec<Curve<'_>> = of
            .iter()
            .filter(|curve| !curve.by_fold)
            .enumerate()
            .map(|(at, curve)| Curve {
                points: &curve.points,
                role: Role::Series(at),
                label: if of.len() > 1 { curve.context.as_str() } else { "" },
                dashed: false,
            })
            .collect();
        let by_fold = of.iter().any(|curve| curve.by_fold);
        let reference = self.reference_of(metric, shared);
        let guide = reference.map(|(at, is_champion)| Guide {
            at,
            role: Role::Champion,
            label: if is_champion { "champion" } else { "best" },
        });
        let (title, rest) = layout::split_top(area, 1);
        let name = clean(metric);
        let what = if by_fold { format!("{name} by fold") } else { name };
        let style = shared.theme.style(Role::Accent);
        crate::tui::paint::line(buf, title, 0, &[(" ", style), (&what, style)]);
        let unit = if metric.ends_with("_seconds") { Unit::Seconds } else { Unit::Number };
        let chart = Chart {
            series: &curves,
            x: Axis { unit: Unit::Whole, ..Axis::named(if by_fold { "fold" } else { "step" }) },
            y: Axis { unit, ..Axis::default() },
            guides: guide.as_slice(),
            marks: &dots,
            ..Chart::default()
        };
        chart.draw(buf, rest, &shared.theme);
    }

    /// The score that a run's objective is held against, to be drawn as a level.
    fn reference_of(&self, metric: &str, shared: &Shared) -> Option<(f64, bool)> {
        let run = self.previewed()?;
        let row = self.loaded.rows.get(&run)?;
        let (objective, _) = cells::objective(row, shared)?;
        let against = self.against(run, shared).filter(|against| against.run != run)?;
        (objective == metric).then_some(against.score.zip(Some(against.is_champion))).flatten()
    }

    fn facts(&self, seen: &Seen, shared: &Shared) -> Vec<Fact> {
        let mut facts = Vec::new();
        params(&mut facts, seen, shared);
        self.metrics(&mut facts, seen, shared);
        origin(&mut facts, seen, shared);
        facts
    }

    fn metrics(&self, facts: &mut Vec<Fact>, seen: &Seen, shared: &Shared) {
        if seen.run.metrics.is_empty() {
            if let Some(reason) = &seen.run.reason {
                facts.push(Fact::heading(clean(reason)));
            } else if seen.run.status == Status::Running {
                facts.push(Fact::heading("no metrics yet"));
            }
            return;
        }
        let row = self.loaded.rows.get(&seen.run.id);
        let objective = row.and_then(|row| cells::objective(row, shared)).map(|(metric, _)| metric);
        facts.push(Fact::heading(""));
        facts.push(Fact::heading(metrics_title(seen, shared)));
        let mut listed: Vec<_> = seen.run.metrics.iter().collect();
        listed.sort_by_key(|(name, _)| Some(name.as_str()) != objective);
        for (name, summary) in listed.iter().take(LISTED) {
            let sign = shared.theme.glyph("±", "+-");
            let mut text = words::measured(name, summary.score);
            // Over the steps of one training it would say how far it came, not how sure the score is.
            let n_folds = seen.folds.get(name.as_str()).copied().unwrap_or(0);
            if summary.sd.is_finite() && n_folds > 1 {
                let _ = write!(text, " {sign} {}", words::measured_to(name, summary.sd, 2));
            }
            let mut fact = Fact::new(clean(name), text);
            if !summary.score.is_finite() {
                fact.values[0].role = Role::Warn;
            }
            if Some(name.as_str()) == objective {
                fact.values[0].bold = true;
            }
            facts.push(fact);
        }
        rest(facts, listed.len(), shared);
        if let Some(reason) = &seen.run.reason {
            facts.push(Fact::heading(clean(reason)));
        }
    }
}

/// The heading of the metrics says over what a spread beside them is.
fn metrics_title(seen: &Seen, shared: &Shared) -> String {
    let mut counts: Vec<usize> = seen.folds.values().copied().filter(|n| *n > 1).collect();
    counts.sort_unstable();
    counts.dedup();
    let sign = shared.theme.glyph("±", "+-");
    match counts.as_slice() {
        [] => "metrics".into(),
        [n] => format!("metrics, {sign} sd over {n} folds"),
        _ => format!("metrics, {sign} sd over folds"),
    }
}

fn params(facts: &mut Vec<Fact>, seen: &Seen, shared: &Shared) {
    let theme = &shared.theme;
    let against = seen.against.as_ref();
    let versus = match against {
        Some(other) if shared.catalog.champions.contains_key(&other.id) => {
            format!("params, against champion {}", other.id)
        }
        Some(other) => format!("params, against best {}", other.id),
        None => "params".into(),
    };
    facts.push(Fact::heading(versus));
    let differs = |name: &str, value: &Value| {
        against.is_some_and(|other| other.params.get(name) != Some(value))
    };
    let mut listed: Vec<(&str, &Value)> = seen.run.params.iter().collect();
    // Those that differ come first.
    listed.sort_by_key(|(name, value)| !differs(name, value));
    for (name, value) in listed.iter().take(LISTED) {
        let mut fact = Fact::new(clean(name), clean(&words::value(value)));
        if let Some(other) = against {
            fact.sign = match (value, other.params.get(name)) {
                (_, None) => CellText::new("+", Role::Accent),
                (a, Some(b)) if *a == b => CellText::new("=", Role::Muted),
                (a, Some(b)) => match (number(a), number(b)) {
                    (Some(a), Some(b)) if a > b => {
                        CellText::new(theme.glyph("▲", "^"), Role::Accent)
                    }
                    (Some(a), Some(b)) if a < b => {
                        CellText::new(theme.glyph("▼", "v"), Role::Accent)
                    }
                    _ => CellText::new(theme.glyph("≠", "!="), Role::Accent),
                },
            };
        }
        facts.push(fact);
    }
    rest(facts, listed.len(), shared);
}

fn rest(facts: &mut Vec<Fact>, n: usize, shared: &Shared) {
    if n > LISTED {
        let dots = shared.theme.glyph("…", "...");
        let more = words::count((n - LISTED) as u64);
        facts.push(Fact::heading(format!("{dots} and {more} more: Enter opens the run")));
    }
}

fn origin(facts: &mut Vec<Fact>, seen: &Seen, shared: &Shared) {
    let run: &RunRecord = &seen.run;
    facts.push(Fact::heading(""));
    let mut add = |label: &str, text: String| facts.push(Fact::new(label, clean(&text)));
    if let Some(note) = &run.note {
        add("note", note.clone());
    }
    if !run.tags.is_empty() {
        let tag = |(key, value): (&String, &String)| match value.as_str() {
            "" => key.clone(),
            value => format!("{key}={value}"),
        };
        add("tags", run.tags.iter().map(tag).collect::<Vec<_>>().join(" "));
    }
    if let Some(sweep) = &run.sweep {
        let trial = run.trial.map_or(String::new(), |trial| format!(" #{trial}"));
        let replicate =
            if run.replicate > 0 { format!(" replicate {}", run.replicate) } else { String::new() };
        add("sweep", format!("{sweep}{trial}{replicate}"));
        let sampler = shared.catalog.sweep_named(sweep).map(|sweep| sweep.sampler.clone());
        let seed = run.seed.map_or(String::new(), |seed| format!("  seed {seed}"));
        if let Some(sampler) = sampler {
            add("sampler", format!("{sampler}{seed}"));
        }
    }
    if run.attempt > 1 {
        add("attempt", run.attempt.to_string());
    }
    if let Some(from) = run.cached_from {
        add("cached", format!("from run {from}"));
    }
    add("host", format!("{}  {}", run.host, run.user));
    if let Some(git) = &run.git {
        let state = if git.dirty { "changed" } else { "clean" };
        let branch = git.branch.as_deref().unwrap_or("detached");
        add("git", format!("{} {branch}  {state}", words::short(&git.commit)));
    }
    if let Some(hash) = &run.data_hash {
        let rows =
            run.rows.map_or(String::new(), |rows| format!("  {}", words::plural(rows, "row")));
        add("data", format!("{}{rows}", words::short(hash)));
    }
    if let Some(started) = run.started {
        add("started", format!("{} ago", age(shared.now_ms - started)));
    }
    if let Some(seconds) = run.seconds {
        add("took", words::duration(seconds));
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}
