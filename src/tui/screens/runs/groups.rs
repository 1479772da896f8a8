//! Groups as rows of the table: what they share, how many, how well they did.

use super::cells::{self, state};
use super::columns::ColumnId;
use super::digits::Digits;
use super::{Runs, Shared};
use crate::domain::{RunId, Status};
use crate::report::words;
use crate::store::filter::Attribute;
use crate::store::{Cell, Field, Group};
use crate::tui::paint::clean;
use crate::tui::theme::Role;
use crate::tui::widgets::CellText;
use std::fmt::Write as _;

/// Groups whose means decide how many decimals all have.
const LOOKED_AT: usize = 500;

/// What runs are put together by, as the list of groupings calls it.
pub(super) fn name_of(field: &Field) -> String {
    match field {
        Field::Attribute(Attribute::Replicate) => "replicates".into(),
        Field::Attribute(attribute) => attribute.word().into(),
        Field::Param(name) | Field::Metric(name) | Field::Name(name) => clean(name),
    }
}

impl Runs {
    /// The header of the column of what groups share.
    pub(super) fn group_title(&self) -> String {
        match &self.group {
            Some(field @ Field::Attribute(_)) => name_of(field).to_uppercase(),
            Some(field) => name_of(field),
            None => ColumnId::Group.title(),
        }
    }

    /// The row of a group.
    pub(super) fn group_row(&self, place: usize, shared: &Shared) -> Vec<CellText> {
        let Some((key, _)) = self.lines.group(place) else { return Vec::new() };
        let mut cells = vec![CellText::new(self.arrow(*key, shared), Role::Accent)];
        let of = |column: &super::Column| self.group_cell(&column.id, place, shared);
        let empty = || CellText::new("", Role::Muted);
        cells.extend(self.columns.iter().map(|column| of(column).unwrap_or_else(empty)));
        cells
    }

    fn arrow(&self, key: RunId, shared: &Shared) -> &'static str {
        let is_open = self.open.contains(&key);
        let theme = &shared.theme;
        if is_open { theme.glyph("▾", "v") } else { theme.glyph("▸", ">") }
    }

    /// What stands in a column of a group's row; none in columns of runs.
    pub(super) fn group_cell(
        &self,
        id: &ColumnId,
        place: usize,
        shared: &Shared,
    ) -> Option<CellText> {
        let (_, group) = self.lines.group(place)?;
        let missing = || CellText::new(shared.theme.glyph("—", "-"), Role::Muted);
        Some(match id {
            ColumnId::Group => {
                CellText { bold: true, ..CellText::new(self.label(group, shared), Role::Accent) }
            }
            ColumnId::Count => CellText::new(words::count(group.runs.len() as u64), Role::Text),
            ColumnId::ScoreName => match (&group.metric, group.other_metrics) {
                (None, _) => missing(),
                (Some(metric), 0) => CellText::new(clean(metric), Role::Muted),
                (Some(metric), n) => CellText::new(format!("{} +{n}", clean(metric)), Role::Muted),
            },
            ColumnId::Score => match (&group.metric, group.best) {
                (Some(metric), Some((_, best))) => {
                    CellText::new(cells::measured((metric, id), best, &self.loaded), Role::Text)
                }
                _ => missing(),
            },
            ColumnId::Mean => self.mean(group, shared).unwrap_or_else(missing),
            ColumnId::States => CellText::new(states(group, shared), Role::Text),
            _ => return None,
        })
    }

    /// Mean and spread of the scores; none of fewer than two.
    fn mean(&self, group: &Group, shared: &Shared) -> Option<CellText> {
        let metric =
            group.metric.as_ref().filter(|_| group.scored > 1 && group.mean.is_finite())?;
        let digits = if cells::is_time(metric) {
            Digits::of_times([group.mean.abs()].into_iter())
        } else {
            self.loaded.digits(&ColumnId::Mean)
        };
        let mut text = digits.text(group.mean);
        if group.sd.is_finite() {
            let sign = shared.theme.glyph("±", "+-");
            let _ = write!(text, " {sign} {}", digits.text(group.sd));
        }
        Some(CellText::new(text, Role::Text))
    }

    /// The means and spreads that decide how many decimals they have.
    pub(super) fn group_means(&self) -> (Vec<f64>, Vec<f64>) {
        let groups =
            (0..self.lines.n_groups().min(LOOKED_AT)).filter_map(|at| self.lines.group(at));
        let scored = groups.filter(|(_, group)| {
            group.metric.as_ref().is_some_and(|metric| !cells::is_time(metric))
        });
        scored.map(|(_, group)| (group.mean, group.sd)).unzip()
    }

    fn label(&self, group: &Group, shared: &Shared) -> String {
        let by = self.listed.as_ref().and_then(|wanted| wanted.group.as_ref());
        match (&group.label, by) {
            (Cell::Int(trial), Some(Field::Attribute(Attribute::Replicate))) => {
                let sweep = group.sweep.and_then(|sweep| shared.catalog.sweep(sweep));
                sweep.map_or(format!("trial {trial}"), |sweep| {
                    format!("{} #{trial}", clean(&sweep.name))
                })
            }
            (Cell::Missing, Some(Field::Attribute(Attribute::Sweep))) => "by hand".into(),
            (Cell::Missing, Some(Field::Attribute(Attribute::Replicate))) => "no trial".into(),
            (Cell::Missing, Some(field)) => format!("no {}", name_of(field)),
            (label, _) => clean(&cells::shown(label, &ColumnId::Run, 0)),
        }
    }
}

/// How many runs of a group are in which state: `✓12 ✗1 !2`.
fn states(group: &Group, shared: &Shared) -> String {
    let mut said: Vec<String> = Vec::new();
    for (status, n) in Status::ALL.into_iter().zip(group.counts) {
        let n = if status == Status::Running { n.saturating_sub(group.stale) } else { n };
        if n > 0 {
            let (glyph, ascii, ..) = state(status);
            said.push(format!("{}{n}", shared.theme.glyph(glyph, ascii)));
        }
    }
    if group.stale > 0 {
        said.push(format!("!{}", group.stale));
    }
    said.join(" ")
}
