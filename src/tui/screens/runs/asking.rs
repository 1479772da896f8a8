//! What the screen asks for, and what answers change.

use super::cells::objective;
use super::columns::{ColumnId, objectives};
use super::digits::Digits;
use super::lines::{Anchor, Lines};
use super::load::{Answer, Ask, Found, Listed, Wanted};
use super::{Runs, Shared, Sort, cells};
use crate::domain::{RunId, Status};
use crate::store::{Field, RunRow, SweepRow, Yardstick};
use crate::tui::ask::Trouble;
use crate::tui::effect::{Effect, Tone};
use crate::tui::paint;
use ratatui::layout::Rect;
use std::collections::HashMap;
use std::ops::Range;

/// Values that a survey may read: a few hundredths of a second.
const SURVEYED: usize = 200_000;
/// Sparklines that are read at once.
const SPARKS: usize = 8;
/// Sparklines that are kept.
const KEPT_SPARKS: usize = 4_096;
/// Columns beyond those in view whose cells are read.
const MARGIN: usize = 6;
/// How long a change is to be seen, milliseconds.
pub(super) const FRESH_MS: i64 = 2_000;
/// Charts of one run at most.
const CHARTS_AT_MOST: usize = 12;
/// Groups whose values the widths of columns follow.
const MEASURED_GROUPS: usize = 500;

impl Runs {
    /// Which runs are wanted now.
    pub(super) fn wanted(&self, shared: &Shared) -> Wanted {
        let sort = self.sort.as_ref().map(|sort| sort.by.clone());
        let is_measured = self.group.is_some() || matches!(sort, Some(Sort::Measure(..)));
        let yardsticks = if is_measured { self.yardsticks(shared) } else { Vec::new() };
        Wanted {
            filter: self.filtering.effective().into(),
            bin: self.bin,
            sort,
            group: self.group.clone(),
            yardsticks,
        }
    }

    /// What each sweep's runs are measured by: as the columns show it.
    fn yardsticks(&self, shared: &Shared) -> Vec<Yardstick> {
        let of = |sweep: &SweepRow| {
            let first = sweep.objectives.first()?;
            let reference = cells::reference_of(sweep, &self.loaded, shared);
            Some(Yardstick {
                sweep: sweep.id,
                metric: first.metric.clone(),
                goal: first.goal,
                level: reference.and_then(|reference| reference.score),
            })
        };
        shared.catalog.sweeps.iter().filter_map(of).collect()
    }

    /// The lines whose rows are asked for: whole pages, so that most keys ask for nothing new.
    fn window(&self, body: Rect) -> Range<usize> {
        let height = usize::from(body.height.saturating_sub(3)).max(1);
        let top = self.top_of(height);
        let first = (top / height).saturating_sub(1) * height;
        first..(first + 4 * height).min(self.lines.len())
    }

    fn in_view(&self, body: Rect) -> Range<usize> {
        let height = usize::from(body.height.saturating_sub(3)).max(1);
        let top = self.top_of(height);
        top..(top + height).min(self.lines.len())
    }

    /// The fields of the columns in view and a few more, and what differences need.
    fn fields(&self, body: Rect, shared: &Shared) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        let mut push = |field: Field| {
            if !fields.contains(&field) {
                fields.push(field);
            }
        };
        let mut room = i32::from(body.width);
        let mut more = MARGIN;
        for (at, column) in self.columns.iter().enumerate() {
            let is_frozen = at < self.choice.frozen;
            if !is_frozen && at < self.first_column {
                continue;
            }
            if room < 0 {
                if more == 0 {
                    break;
                }
                more -= 1;
            }
            room -= i32::from(column.width) + 2;
            let is_read = matches!(
                column.id,
                ColumnId::Param(_) | ColumnId::Metric(_) | ColumnId::Attribute(_)
            );
            if let (true, Some(field)) = (is_read, column.id.field()) {
                push(field);
            }
        }
        for (metric, _) in objectives(&self.survey, &shared.catalog) {
            push(Field::Metric(metric));
        }
        fields
    }

    pub(super) fn wants(&self, body: Rect, shared: &Shared) -> Vec<Ask> {
        let wanted = self.wanted(shared);
        let mut asks = vec![Ask::List(wanted.clone())];
        if shared.catalog.is_loaded {
            let set = Wanted { sort: None, group: None, yardsticks: Vec::new(), ..wanted };
            asks.push(Ask::Survey(set, survey_size(shared)));
        }
        let mut ids = self.lines.runs(self.window(body));
        if !ids.is_empty() || self.lines.is_grouped() {
            for champion in shared.catalog.champions.keys() {
                if !ids.contains(champion) {
                    ids.push(*champion);
                }
            }
            asks.push(Ask::Rows(ids, self.fields(body, shared)));
        }
        self.want_sparks(&mut asks, body, shared);
        if let Some(run) = self.previewed() {
            let against = self.against(run, shared).map(|against| against.run);
            asks.push(Ask::Preview(run, against.filter(|other| *other != run)));
        }
        if let Some(seen) =
            self.preview.as_ref().filter(|seen| Some(seen.run.id) == self.previewed())
        {
            let live = seen.run.status == Status::Running;
            asks.push(Ask::Curves(seen.run.id, self.chart_metrics(shared), live));
        }
        asks.extend(self.filtering.source().map(Ask::Values));
        asks.extend(self.exporting.clone());
        asks
    }

    fn want_sparks(&self, asks: &mut Vec<Ask>, body: Rect, shared: &Shared) {
        let is_shown = self.columns.iter().any(|column| column.id == ColumnId::Curve);
        if self.survey.has_curves && !is_shown {
            return;
        }
        let (mut over, mut live) = (Vec::new(), Vec::new());
        for run in self.lines.runs(self.in_view(body)) {
            let Some(row) = self.loaded.rows.get(&run) else { continue };
            let Some((metric, _)) = objective(row, shared) else { continue };
            let is_live = row.status == Status::Running;
            if is_live && live.len() < SPARKS {
                live.push((run, metric.to_string()));
            } else if over.len() < SPARKS && !self.loaded.sparks.contains_key(&run) {
                over.push((run, metric.to_string()));
            }
        }
        if !over.is_empty() {
            asks.push(Ask::Sparks(over));
        }
        if !live.is_empty() {
            asks.push(Ask::LiveSparks(live));
        }
    }

    /// What a run is held against.
    pub(super) fn against(&self, run: RunId, shared: &Shared) -> Option<cells::Reference> {
        let row = self.loaded.rows.get(&run)?;
        cells::reference(row, &self.loaded, shared)
    }

    /// The metrics of the run that is looked at: what its sweep optimizes first.
    fn chart_metrics(&self, shared: &Shared) -> Vec<String> {
        let Some(seen) = &self.preview else { return Vec::new() };
        let row = self.loaded.rows.get(&seen.run.id);
        let first =
            row.and_then(|row| objective(row, shared)).map(|(metric, _)| metric.to_string());
        let mut metrics: Vec<String> = first.into_iter().collect();
        for metric in seen.run.metrics.keys() {
            if metrics.len() < CHARTS_AT_MOST && !metrics.contains(metric) {
                metrics.push(metric.clone());
            }
        }
        metrics
    }

    pub(super) fn takes(&mut self, ask: &Ask, answer: Answer, shared: &mut Shared) -> Vec<Effect> {
        match (ask, answer) {
            (Ask::List(wanted), Answer::List(listed)) if *wanted == self.wanted(shared) => {
                self.filtering.trouble = None;
                self.trouble = None;
                self.filtering.n_fitting = Some(listed.counts.iter().map(|(_, n)| n).sum());
                self.n_total = listed.n_total;
                // While something is typed, an empty table would only say that it is not finished.
                if self.filtering.is_typed() && self.filtering.n_fitting == Some(0) {
                    self.withheld = Some((wanted.clone(), listed));
                } else {
                    self.take_listed(wanted, *listed, shared);
                }
            }
            (Ask::Survey(wanted, most), Answer::Survey(names, sweeps)) => {
                // Columns stay while the list of an unfinished filter does.
                if names.is_empty() && self.filtering.is_typed() && !wanted.filter.is_empty() {
                    return Vec::new();
                }
                (self.survey.names, self.survey.sweeps) = (names, sweeps);
                self.survey.n_runs = self.n_fitting.min(*most as u64);
                self.survey.is_loaded = true;
                self.refresh_columns(shared);
            }
            (Ask::Rows(_, fields), Answer::Rows(rows, lost)) => {
                self.take_rows(rows, fields, shared.now_ms);
                self.loaded.lost = lost.into_iter().collect();
                self.learn_widths(shared);
            }
            (_, Answer::Sparks(sparks)) => {
                if self.loaded.sparks.len() > KEPT_SPARKS {
                    self.loaded.sparks.clear();
                }
                let had = self.survey.has_curves;
                self.survey.has_curves |= sparks.iter().any(|(_, values)| !values.is_empty());
                self.loaded.sparks.extend(sparks);
                if had != self.survey.has_curves {
                    self.refresh_columns(shared);
                }
            }
            (Ask::Preview(run, _), Answer::Preview(seen)) if Some(*run) == self.previewed() => {
                if self.preview.as_ref().is_none_or(|old| old.run.id != seen.run.id) {
                    (self.scrolled, self.scrolled_charts) = (0, 0);
                }
                self.preview = Some(seen);
            }
            (Ask::Curves(run, ..), Answer::Curves(curves)) => self.curves = Some((*run, curves)),
            (Ask::Values(source), Answer::Values(values)) => {
                self.filtering.take_values(source, values);
            }
            (Ask::Export(..), Answer::Export(bytes)) => {
                self.exporting = None;
                return vec![Effect::Save { path: shared.here.join("runs.csv"), bytes }];
            }
            _ => {}
        }
        Vec::new()
    }

    /// The list of what was typed, if it is empty and was not shown for that.
    pub(super) fn take_withheld(&mut self, shared: &Shared) {
        if let Some((wanted, listed)) = self.withheld.take()
            && wanted == self.wanted(shared)
        {
            self.take_listed(&wanted, *listed, shared);
        }
    }

    fn take_listed(&mut self, wanted: &Wanted, listed: Listed, shared: &Shared) {
        self.withheld = None;
        self.n_fitting = listed.counts.iter().map(|(_, n)| n).sum();
        (self.counts, self.n_stale) = (listed.counts, listed.n_stale);
        (self.n_total, self.sweep_file) = (listed.n_total, listed.sweep_file);
        self.take_list(wanted, listed.found);
        if self.lines.is_grouped() {
            self.learn_widths(shared);
        }
    }

    fn take_list(&mut self, wanted: &Wanted, found: Found) {
        // Levels move with the best run of a sweep; the list is the same.
        let set = |wanted: &Wanted| Wanted { yardsticks: Vec::new(), ..wanted.clone() };
        let is_same = self.listed.as_ref().map(set) == Some(set(wanted));
        self.listed = Some(wanted.clone());
        self.lines = Lines::new(found, &self.open);
        let last = self.lines.len().saturating_sub(1);
        let found = self.anchor.and_then(|anchor| self.lines.find(anchor, &self.open));
        let line = found.unwrap_or(self.line).min(last);
        // The row stays where it is on the screen, unless one looks at the top, where new ones come in.
        if self.top > 0 && is_same {
            self.top = (self.top + line).saturating_sub(self.line);
        }
        self.line = line;
        self.anchor = self.lines.anchor(line);
    }

    fn take_rows(&mut self, rows: Vec<RunRow>, fields: &[Field], now_ms: i64) {
        let loaded = &mut self.loaded;
        loaded.changed.retain(|_, changes| {
            changes.retain(|(_, at)| now_ms - *at < FRESH_MS);
            !changes.is_empty()
        });
        let mut changed: Vec<(RunId, Option<Field>)> = Vec::new();
        let newest = loaded.rows.keys().max().copied();
        let same = loaded.fields == fields;
        for row in &rows {
            match loaded.rows.get(&row.id) {
                Some(old) => {
                    if old.status != row.status {
                        changed.push((row.id, None));
                    }
                    for (at, field) in fields.iter().enumerate().filter(|_| same) {
                        let (before, after) = (old.cells.get(at), row.cells.get(at));
                        if before != after {
                            changed.push((row.id, Some(field.clone())));
                        }
                    }
                    // A run that has ended has its last curve.
                    if old.status == Status::Running && row.status.is_over() {
                        loaded.sparks.remove(&row.id);
                    }
                }
                None if newest.is_some_and(|newest| row.id > newest)
                    && row.started.is_some_and(|at| now_ms - at < FRESH_MS) =>
                {
                    changed.push((row.id, None));
                }
                None => {}
            }
        }
        for (run, field) in changed {
            loaded.changed.entry(run).or_default().push((field, now_ms));
        }
        loaded.fields = fields.to_vec();
        loaded.rows = rows.into_iter().map(|row| (row.id, row)).collect();
    }

    /// Columns become as wide as the widest value that was seen, and stay so: a table that is scrolled does not jump.
    fn learn_widths(&mut self, shared: &Shared) {
        self.learn_digits(shared);
        let mut seen = self.survey.seen.clone();
        let mut is_new = false;
        let is_read = |id: &ColumnId| match id {
            ColumnId::Param(_) | ColumnId::Metric(_) | ColumnId::Attribute(_) => {
                id.field().is_some_and(|field| self.loaded.fields.contains(&field))
            }
            _ => true,
        };
        for column in self.columns.iter().filter(|column| is_read(&column.id)) {
            for row in self.loaded.rows.values() {
                let text = cells::cell(&column.id, row, &self.loaded, shared).text;
                let width = paint::cells(&paint::clean(&text)).min(64) as u16;
                let known = seen.entry(column.id.clone()).or_insert(0);
                is_new |= width > *known;
                *known = width.max(*known);
            }
        }
        for place in 0..self.lines.n_groups().min(MEASURED_GROUPS) {
            for column in &self.columns {
                let text = self.group_cell(&column.id, place, shared).map(|cell| cell.text);
                let width = paint::cells(&text.unwrap_or_default()).min(64) as u16;
                let known = seen.entry(column.id.clone()).or_insert(0);
                is_new |= width > *known;
                *known = width.max(*known);
            }
        }
        if is_new || self.columns.is_empty() {
            self.survey.seen = seen;
            self.refresh_columns(shared);
        }
    }

    /// One number of decimals a column, from what was read of it.
    fn learn_digits(&mut self, shared: &Shared) {
        let (loaded, now_ms) = (&self.loaded, shared.now_ms);
        let rows = || loaded.rows.values();
        let mut digits = HashMap::new();
        for column in &self.columns {
            let id = &column.id;
            let made = match id {
                ColumnId::Time => {
                    Digits::of_times(rows().filter_map(|row| cells::seconds(row, now_ms)))
                }
                ColumnId::Metric(metric) if cells::is_time(metric) => {
                    Digits::of_times(rows().filter_map(|row| loaded.score(row, metric)))
                }
                ColumnId::Metric(metric) => {
                    let scores: Vec<f64> =
                        rows().filter_map(|row| loaded.score(row, metric)).collect();
                    Digits::of(scores.iter().copied(), 4)
                }
                ColumnId::Score => Digits::of(self.scores(shared).into_iter(), 4),
                ColumnId::Mean => {
                    let (means, spreads) = self.group_means();
                    Digits::of(means.into_iter(), 4).finer(Digits::of(spreads.into_iter(), 2))
                }
                ColumnId::Delta => {
                    let all: Vec<f64> =
                        rows().filter_map(|row| cells::difference(row, loaded, shared)).collect();
                    Digits::of(all.iter().copied(), 2)
                }
                _ => continue,
            };
            digits.insert(id.clone(), made);
        }
        self.loaded.digits = digits;
    }

    /// The scores in the column of scores, those that are lengths of time left out.
    fn scores(&self, shared: &Shared) -> Vec<f64> {
        let of_run = |row: &RunRow| {
            let (metric, _) = objective(row, shared)?;
            (!cells::is_time(metric)).then(|| self.loaded.score(row, metric)).flatten()
        };
        let of_groups = (0..self.lines.n_groups().min(MEASURED_GROUPS)).filter_map(|place| {
            let (_, group) = self.lines.group(place)?;
            let metric = group.metric.as_ref().filter(|metric| !cells::is_time(metric));
            metric.and(group.best).map(|(_, best)| best)
        });
        self.loaded.rows.values().filter_map(of_run).chain(of_groups).collect()
    }

    pub(super) fn fails(&mut self, ask: &Ask, trouble: &Trouble) -> Vec<Effect> {
        let text = paint::clean(&trouble.to_string());
        match ask {
            Ask::List(wanted) if wanted.filter.is_empty() && wanted.sort.is_some() => {
                // A remembered column that this store has not.
                self.sort = None;
            }
            Ask::List(wanted) if wanted.filter.is_empty() && wanted.group.is_some() => {
                self.group = None;
                self.columns.clear();
            }
            Ask::List(_) => {
                self.filtering.trouble = Some(text.clone());
                self.trouble = Some(text);
            }
            Ask::Export(..) => {
                self.exporting = None;
                return vec![Effect::Say(Tone::Bad, text)];
            }
            Ask::Preview(..) => self.preview = None,
            _ => {}
        }
        Vec::new()
    }

    /// The cursor goes to a line.
    pub(super) fn go_to(&mut self, line: usize) {
        self.line = line.min(self.lines.len().saturating_sub(1));
        self.anchor = self.lines.anchor(self.line);
    }

    /// The list is about to be another one: its first line is what one wants to see.
    pub(super) fn go_to_top(&mut self) {
        (self.line, self.top, self.anchor) = (0, 0, None::<Anchor>);
    }
}

fn survey_size(shared: &Shared) -> usize {
    let names = shared.catalog.params.len() + shared.catalog.metrics.len();
    (SURVEYED / names.max(1)).clamp(20, 2_000)
}
