//! What keys and clicks do on the data screen.

use super::{CHECKS, COLUMN, COLUMNS, Data, TARGET, table, view};
use crate::domain::SweepId;
use crate::report::words;
use crate::tui::action::Action;
use crate::tui::effect::Effect;
use crate::tui::layout::Scrolled;
use crate::tui::overlay::{Choose, Overlay, Page, Prompt};
use crate::tui::screens::{Enabled, Shared};
use crate::tui::widgets::{Grid, GridHit};
use ratatui::layout::Rect;

impl Data {
    /// Shows the data of another sweep.
    pub(super) fn show(&mut self, sweep: SweepId) {
        if self.sweep != Some(sweep) {
            self.sweep = Some(sweep);
            // What was loaded stays: if it is of this sweep, it is not asked for again.
            self.trouble = None;
            (self.selected, self.check) = (0, 0);
            (self.seen, self.checks_seen) = (Scrolled::default(), Scrolled::default());
            self.narrowed.clear();
            self.scrolled = [0; 2];
        }
    }

    pub(super) fn is_enabled(&self, action: Action, pane: u8, shared: &Shared) -> Enabled {
        let has_columns = self.loaded(shared).is_some_and(|loaded| !loaded.columns.is_empty());
        let n = shared.catalog.sweeps.len();
        match action {
            Action::View if n > 1 => Enabled::As("sweep"),
            _ if !has_columns => Enabled::Never,
            Action::Open if pane == COLUMNS || pane == COLUMN => Enabled::As("in full"),
            Action::Open if pane == CHECKS => Enabled::As("in full"),
            Action::Filter => Enabled::As("narrow"),
            Action::Sort | Action::Reverse | Action::Left | Action::Right if pane == COLUMNS => {
                Enabled::Yes
            }
            Action::Copy if pane == TARGET => Enabled::As("copy hash"),
            Action::Copy => Enabled::Yes,
            _ => Enabled::Never,
        }
    }

    pub(super) fn carry_out(
        &mut self,
        action: Action,
        (pane, area): (u8, Rect),
        shared: &Shared,
    ) -> Vec<Effect> {
        let half = (area.height / 2).max(1) as isize;
        match action {
            Action::Up => self.step(-1, (pane, area), shared),
            Action::Down => self.step(1, (pane, area), shared),
            Action::PageUp => self.step(-half, (pane, area), shared),
            Action::PageDown => self.step(half, (pane, area), shared),
            Action::Top => self.step(isize::MIN / 2, (pane, area), shared),
            Action::Bottom => self.step(isize::MAX / 2, (pane, area), shared),
            Action::Left => self.cursor = self.cursor.saturating_sub(1),
            Action::Right => self.cursor = (self.cursor + 1).min(table::TITLES.len() - 1),
            Action::Sort => self.sort_by(self.cursor),
            Action::Reverse => {
                self.order = self.order.map(|(by, descends)| (by, !descends));
                self.rebuild();
            }
            Action::Filter => {
                let prompt = Prompt::new("narrow-columns", "columns /", &self.narrowed);
                return vec![Effect::Overlay(Overlay::Prompt(prompt))];
            }
            Action::View => return self.choose(shared),
            Action::Open => return self.open(pane, shared),
            Action::Copy => {
                return self.copied(pane, shared).map(Effect::Copy).into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    /// By that column: numbers from the largest on, then from the smallest, then in the order of the file.
    fn sort_by(&mut self, by: usize) {
        let starts_down = by > 2;
        self.order = match self.order {
            Some((now, descends)) if now == by && descends == starts_down => {
                Some((by, !starts_down))
            }
            Some((now, _)) if now == by => None,
            _ => Some((by, starts_down)),
        };
        self.rebuild();
    }

    fn step(&mut self, by: isize, (pane, area): (u8, Rect), shared: &Shared) {
        let moved = |from: usize, n: usize| {
            let last = n.saturating_sub(1);
            from.min(last).saturating_add_signed(by).min(last)
        };
        match pane {
            COLUMN | TARGET => {
                let at = usize::from(pane == TARGET);
                // Drawing stops at the end; so does this, that the way back is not longer.
                self.scrolled[at] = self.scrolled[at].saturating_add_signed(by).min(200);
            }
            CHECKS => {
                let n =
                    self.loaded(shared).map_or(0, |loaded| view::listed(&loaded.findings).len());
                self.check = moved(self.check, n);
                let height = usize::from(area.height);
                self.checks_seen.follow(self.check, height, n);
            }
            _ => {
                self.selected = moved(self.selected, self.rows.len());
                let height = Grid::height(area);
                self.seen.follow(self.selected, height, self.rows.len());
                self.scrolled[0] = 0;
            }
        }
    }

    fn choose(&mut self, shared: &Shared) -> Vec<Effect> {
        self.offered = shared.catalog.sweeps.iter().map(|sweep| sweep.id).collect();
        let now = self.shown(shared);
        let row = self.offered.iter().position(|id| Some(*id) == now).unwrap_or(0);
        let item = |sweep: &crate::store::SweepRow| {
            let data = if sweep.text.contains("[data") { "" } else { "   no data of its own" };
            (words::clean(&sweep.name), format!("{}{data}", words::clean(&sweep.file)))
        };
        let items = shared.catalog.sweeps.iter().map(item).collect();
        let choose = Choose::new("choose-data", "The data of which sweep?", items, row);
        vec![Effect::Overlay(Overlay::Choose(choose))]
    }

    fn open(&self, pane: u8, shared: &Shared) -> Vec<Effect> {
        let Some(loaded) = self.loaded(shared) else { return Vec::new() };
        let page = if pane == CHECKS {
            view::listed(&loaded.findings).get(self.check).map(|group| Page {
                title: group[0].name.replace('_', " "),
                lines: view::check_page(group),
                scroll: 0,
            })
        } else {
            self.column(loaded).map(|column| Page {
                title: words::clean(&column.name),
                lines: view::column_page(column, loaded, &shared.theme),
                scroll: 0,
            })
        };
        page.map(|page| Effect::Overlay(Overlay::Page(page))).into_iter().collect()
    }

    fn copied(&self, pane: u8, shared: &Shared) -> Option<String> {
        let loaded = self.loaded(shared)?;
        match pane {
            CHECKS => {
                let listed = view::listed(&loaded.findings);
                let said = listed.get(self.check)?.iter();
                let said = said.map(|finding| format!("{}: {}", finding.name, finding.text));
                Some(said.collect::<Vec<_>>().join("\n"))
            }
            TARGET => Some(loaded.content.clone()),
            _ => self.column(loaded).map(|column| column.name.clone()),
        }
    }

    pub(super) fn clicked(
        &mut self,
        (pane, area): (u8, Rect),
        at: (u16, u16),
        again: bool,
        shared: &Shared,
    ) -> Vec<Effect> {
        let Some(loaded) = self.loaded(shared) else { return Vec::new() };
        match pane {
            COLUMNS => {
                let first = self.seen.first(self.selected, Grid::height(area), self.rows.len());
                let seen = self.rows.iter().skip(first).take(Grid::height(area));
                let seen = seen.filter_map(|at| loaded.columns.get(*at));
                let rows: Vec<_> =
                    seen.map(|column| table::cells(loaded, column, &shared.theme)).collect();
                let columns = table::columns(&rows, area.width);
                let total = self.rows.len();
                let grid = Grid {
                    columns: &columns,
                    rows: &rows,
                    first_row: first,
                    total,
                    ..Grid::default()
                };
                match grid.hit(area, at.0, at.1) {
                    Some(GridHit::Header(column)) => {
                        self.cursor = column;
                        self.sort_by(column);
                    }
                    Some(GridHit::Cell(row, column)) => {
                        (self.selected, self.cursor) = (row.min(total.saturating_sub(1)), column);
                        if again {
                            return self.open(pane, shared);
                        }
                    }
                    Some(GridHit::Bar(first)) => self.seen.put(first),
                    None => {}
                }
            }
            CHECKS => {
                let n = view::listed(&loaded.findings).len();
                let height = usize::from(area.height);
                let y = usize::from(at.1.saturating_sub(area.y));
                let row = self.checks_seen.first(self.check, height, n) + y;
                if n > height && at.0 + 1 == area.right() {
                    self.checks_seen.put(y * (n - height) / height.saturating_sub(1).max(1));
                } else if row < n {
                    self.check = row;
                    if again {
                        return self.open(pane, shared);
                    }
                }
            }
            _ => {}
        }
        Vec::new()
    }
}
