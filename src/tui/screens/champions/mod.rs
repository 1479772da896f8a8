//! The champions screen: what is in use, who challenges, what the gate says of them, and how it came to be.

mod act;
mod asking;
mod load;
mod rows;
#[cfg(test)]
mod tests;
mod view_champion;
mod view_history;
mod view_rows;
mod view_verdict;
mod words;

pub use load::{Answer, Ask};

use super::{Enabled, Pane, Place, Screen, Shared, draw_empty};
use crate::champion::{Ledger, State};
use crate::domain::RunId;
use crate::report::words::count;
use crate::tui::action::{Action, ScreenId};
use crate::tui::ask::{self, Trouble, VerbOutcome};
use crate::tui::effect::{Effect, Jump};
use crate::tui::layout::{self, Scrolled};
use crate::tui::overlay::{Outcome, Prompt};
use crate::tui::paint;
use crate::tui::theme::Role;
use crate::tui::widgets::{Grid, GridHit};
use act::{Busy, Deed};
use load::{Book, Models, Rival};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use rows::Row;

/// Challengers: where the focus begins.
const CHALLENGERS: u8 = 0;
/// The verdict of the selected challenger.
const VERDICT: u8 = 1;
/// Every entry of the ledger.
const HISTORY: u8 = 2;
/// What is in use.
const CHAMPION: u8 = 3;

/// State of the screen.
#[derive(Debug, Default)]
pub struct Champions {
    models: Option<Models>,
    /// The model that is shown.
    model: Option<String>,
    book: Option<Box<Book>>,
    rivals: Vec<Rival>,
    /// True once the rivals of this model are known.
    has_rivals: bool,
    rows: Vec<Row>,
    /// A run that is shown whether or not it is among the best.
    picked: Option<RunId>,
    /// True while the model of the picked run is to be shown as soon as it is known.
    follows: bool,
    /// The selected challenger.
    row: usize,
    /// The selected check.
    check: usize,
    /// The selected entry, counted from the newest.
    entry: usize,
    /// What of challengers, checks and entries is in view.
    seen: [Scrolled; 3],
    /// True if a reason was sent that says nothing.
    lacks_reason: bool,
    /// The verb that is at work.
    busy: Option<Busy>,
    /// What the open dialog is about.
    deed: Option<Deed>,
    /// The reason that was typed for it.
    why: String,
    /// What kept the last question from being answered.
    trouble: Option<String>,
}

impl Champions {
    fn ledger(&self) -> Option<&Ledger> {
        self.book.as_ref().and_then(|book| book.ledger.as_ref().ok())
    }

    fn selected(&self) -> Option<Row> {
        self.rows.get(self.row).copied()
    }

    fn said(&self) -> Option<rows::Said<'_>> {
        rows::said(self.ledger()?, self.selected()?, &self.rivals)
    }

    /// What stands for a row when rows are made anew.
    fn key_of(&self, row: Row) -> (Option<u64>, Option<RunId>) {
        match row {
            Row::Version(number) => (Some(number), None),
            Row::Run(at) => (None, self.rivals.get(at).map(|rival| rival.record.id)),
        }
    }

    /// Makes the rows anew; the selection stays on what it was on, or goes to the picked run.
    fn renew_rows(&mut self, before: Option<(Option<u64>, Option<RunId>)>) {
        let Some(book) = &self.book else { return };
        self.rows = rows::rows(book, &self.rivals);
        let is_picked = |row: &Row| {
            let run = rows::run_of(book, &self.rivals, *row);
            run.is_some() && run == self.picked
        };
        let picked = self.rows.iter().position(is_picked).filter(|_| self.follows);
        let same = before.and_then(|key| self.rows.iter().position(|row| self.key_of(*row) == key));
        if picked.is_some() && self.has_rivals {
            self.follows = false;
        }
        self.row = picked.or(same).unwrap_or(self.row).min(self.rows.len().saturating_sub(1));
        let entries = self.ledger().map_or(0, |ledger| ledger.entries().len());
        self.entry = self.entry.min(entries.saturating_sub(1));
    }

    fn show(&mut self, model: Option<String>) {
        if self.model != model {
            *self = Self {
                models: self.models.take(),
                model,
                picked: self.picked,
                follows: self.follows,
                busy: self.busy.take(),
                ..Self::default()
            };
        }
    }

    /// The model that is shown goes on if it is still there, else the first.
    fn take_models(&mut self, models: Models) {
        let of = models.of.clone().filter(|(run, _)| self.follows && self.picked == Some(*run));
        let wanted = of.map(|(_, model)| model).or_else(|| self.model.clone());
        let known = |name: &String| {
            models.known.iter().any(|one| one.model == *name) || models.possible.contains(name)
        };
        let model =
            wanted.filter(known).or_else(|| models.known.first().map(|one| one.model.clone()));
        self.models = Some(models);
        self.show(model);
    }

    fn next_model(&mut self) {
        let Some(models) = &self.models else { return };
        let at = models.known.iter().position(|one| Some(&one.model) == self.model.as_ref());
        let next = at.map_or(0, |at| (at + 1) % models.known.len().max(1));
        let model = models.known.get(next).map(|one| one.model.clone());
        (self.picked, self.follows) = (None, false);
        self.show(model);
    }

    fn stamp(&self) -> Option<&str> {
        let models = self.models.as_ref()?;
        let own = models.known.iter().find(|one| Some(&one.model) == self.model.as_ref());
        Some(own.map_or("", |one| &one.stamp))
    }

    /// Moves the cursor of a pane.
    fn step(&mut self, action: Action, pane: u8, area: Rect) {
        let page = Grid::height(area).max(2) / 2;
        let n = match pane {
            CHALLENGERS => self.rows.len(),
            VERDICT => view_verdict::n_rows(self),
            HISTORY => self.ledger().map_or(0, |ledger| ledger.entries().len()),
            _ => return,
        };
        let at = match pane {
            CHALLENGERS => &mut self.row,
            VERDICT => &mut self.check,
            _ => &mut self.entry,
        };
        *at = match action {
            Action::Up => at.saturating_sub(1),
            Action::Down => *at + 1,
            Action::Top => 0,
            Action::Bottom => n,
            Action::PageUp => at.saturating_sub(page),
            _ => *at + page,
        }
        .min(n.saturating_sub(1));
        let at = *at;
        let height =
            if pane == VERDICT { view_verdict::height(self, area) } else { Grid::height(area) };
        self.seen[usize::from(pane)].follow(at, height, n);
        if pane == CHALLENGERS {
            (self.check, self.seen[usize::from(VERDICT)]) = (0, Scrolled::default());
        }
    }

    fn n_waiting(&self) -> usize {
        let versions = self.ledger().map(|ledger| ledger.registry().versions());
        versions.unwrap_or_default().iter().filter(|one| one.state == State::Pending).count()
    }
}

impl Screen for Champions {
    fn id(&self) -> ScreenId {
        ScreenId::Champions
    }

    fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    fn panes(&self, _shared: &Shared) -> Vec<Pane> {
        let Some(book) = self.book.as_ref().filter(|book| book.ledger.is_ok()) else {
            return vec![Pane::new(CHALLENGERS, "Champions", "")];
        };
        let (use_note, history) = match &book.ledger {
            Ok(ledger) => (view_champion::uses(book), ledger.entries().len()),
            Err(_) => (String::new(), 0),
        };
        let waiting = match self.n_waiting() {
            0 => count(self.rows.len() as u64),
            n => format!("! {n} waiting · {}", count(self.rows.len() as u64)),
        };
        vec![
            Pane::new(CHALLENGERS, "Challengers", waiting),
            Pane::new(VERDICT, view_verdict::title(self), view_verdict::note(self)),
            Pane::new(HISTORY, "History", view_history::entries(history)),
            Pane::new(CHAMPION, "Champion", use_note),
        ]
    }

    fn arrange(&self, body: Rect, _shared: &Shared) -> Vec<Rect> {
        if self.book.as_ref().is_none_or(|book| book.ledger.is_err()) {
            return vec![body];
        }
        let entries = self.ledger().map_or(0, |ledger| ledger.entries().len()) as u16;
        let history = (entries + 3).clamp(5, (body.height / 3).max(7));
        let (top, bottom) = layout::split_top(body, body.height.saturating_sub(history));
        let parts = layout::columns(top, if body.width < 160 { &[48, 52] } else { &[42, 58] });
        let champion = view_champion::height(self, parts[0].width.saturating_sub(2)) + 2;
        let most = parts[0].height.saturating_sub(6).max(parts[0].height / 2);
        let (above, below) = layout::split_top(parts[0], champion.min(most));
        vec![below, parts[1], bottom, above]
    }

    fn head(&self, _shared: &Shared) -> u16 {
        u16::from(self.models.as_ref().is_some_and(|models| models.known.len() > 1))
    }

    fn draw_head(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        let Some(models) = &self.models else { return };
        let muted = shared.theme.style(Role::Muted);
        let mut spans: Vec<(String, Style)> = vec![(" models  ".into(), muted)];
        for one in &models.known {
            let name = paint::clean(&one.model);
            if Some(&one.model) == self.model.as_ref() {
                spans.push((format!("[{name}]"), shared.theme.style(Role::Focus)));
            } else {
                spans.push((format!(" {name} "), shared.theme.style(Role::Text)));
            }
        }
        spans.push(("   v shows the next".into(), muted));
        let spans: Vec<_> = spans.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        paint::line(buf, area, 0, &spans);
    }

    fn draw(&self, buf: &mut Buffer, pane: u8, place: Place, shared: &Shared) {
        let Some(book) = &self.book else {
            return self.draw_nothing(buf, place.area, shared);
        };
        match (&book.ledger, pane) {
            (Err(_), _) => view_champion::draw_broken(book, buf, place.area, shared),
            (Ok(_), CHALLENGERS) => view_rows::draw(self, buf, place, shared),
            (Ok(_), VERDICT) => view_verdict::draw(self, buf, place, shared),
            (Ok(ledger), HISTORY) => view_history::draw(self, ledger, buf, place, shared),
            (Ok(ledger), _) => view_champion::draw(book, ledger, buf, place, shared),
        }
    }

    fn enabled(&self, action: Action, pane: u8, shared: &Shared) -> Enabled {
        self.is_enabled(action, pane, shared)
    }

    fn act(&mut self, action: Action, pane: u8, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Up
            | Action::Down
            | Action::Top
            | Action::Bottom
            | Action::PageUp
            | Action::PageDown => self.step(action, pane, area),
            Action::View => self.next_model(),
            _ => return self.carry(action, pane, shared),
        }
        Vec::new()
    }

    fn click(
        &mut self,
        pane: u8,
        area: Rect,
        at: (u16, u16),
        again: bool,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        let hit = match pane {
            CHALLENGERS => view_rows::hit(self, area, at, shared),
            VERDICT => view_verdict::hit(self, area, at),
            HISTORY => view_history::hit(self, area, at, shared),
            _ => None,
        };
        if let Some(GridHit::Bar(first)) = hit {
            self.seen[usize::from(pane)].put(first);
        }
        let Some(GridHit::Cell(row, _)) = hit else { return Vec::new() };
        match pane {
            CHALLENGERS => (self.row, self.check) = (row, 0),
            VERDICT => self.check = row,
            _ => self.entry = row,
        }
        if again { self.carry(Action::Open, pane, shared) } else { Vec::new() }
    }

    fn needs(&self, _body: Rect, _shared: &Shared) -> Vec<ask::Ask> {
        let mut needs = vec![Ask::Models { of: self.picked }];
        if let (Some(model), Some(stamp)) = (&self.model, self.stamp()) {
            let (model, stamp) = (model.clone(), stamp.to_string());
            needs.push(Ask::Book { model: model.clone(), stamp: stamp.clone() });
            needs.push(Ask::Rivals { model, stamp, picked: self.picked });
        }
        needs.into_iter().map(ask::Ask::Champions).collect()
    }

    fn receive(
        &mut self,
        ask: &ask::Ask,
        answer: Result<ask::Answer, Trouble>,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        let answer = match answer {
            Ok(ask::Answer::Champions(answer)) => answer,
            Ok(_) => return Vec::new(),
            Err(trouble) => {
                self.trouble = Some(paint::clean(&trouble.to_string()));
                return Vec::new();
            }
        };
        self.trouble = None;
        let before = self.selected().map(|row| self.key_of(row));
        match (ask, answer) {
            (_, Answer::Models(models)) => self.take_models(models),
            (_, Answer::Book(book)) if Some(&book.model) == self.model.as_ref() => {
                self.book = Some(book);
                self.renew_rows(before);
            }
            (ask::Ask::Champions(Ask::Rivals { model, picked, .. }), Answer::Rivals(rivals))
                if Some(model) == self.model.as_ref() =>
            {
                self.rivals = rivals;
                self.has_rivals = *picked == self.picked;
                self.renew_rows(before);
            }
            _ => {}
        }
        Vec::new()
    }

    fn settled(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        shared: &mut Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        match (purpose, outcome) {
            (act::BEGIN, Outcome::Filled(values)) => {
                self.named(values.first().map_or("", String::as_str), shared)
            }
            (_, outcome) => Ok(self.decided(purpose, outcome, shared)),
        }
    }

    fn prompt(&self, prompt: &mut Prompt, _shared: &Shared) {
        let is_empty = prompt.line.text().trim().is_empty();
        prompt.is_wrong = is_empty && self.lacks_reason;
        prompt.status = match (is_empty, self.lacks_reason) {
            (true, true) => "a reason is needed",
            (true, false) => "a reason; the ledger keeps it",
            (false, _) => "",
        }
        .into();
    }

    fn ended(
        &mut self,
        purpose: &'static str,
        outcome: VerbOutcome,
        shared: &mut Shared,
    ) -> Vec<Effect> {
        self.came_back(purpose, &outcome, shared)
    }

    fn jump(&mut self, jump: &Jump, _shared: &mut Shared) -> Vec<Effect> {
        match jump {
            Jump::Champions(model) => {
                (self.picked, self.follows) = (None, false);
                self.show(Some(model.clone()));
            }
            Jump::Gate(run) => {
                (self.picked, self.follows, self.has_rivals) = (Some(*run), true, false);
            }
            _ => {}
        }
        Vec::new()
    }

    fn clear(&mut self, _shared: &mut Shared) -> bool {
        self.follows = false;
        self.picked.take().is_some()
    }

    fn status(&self, shared: &Shared) -> Vec<(String, Style)> {
        self.said_below(shared)
    }

    fn position(&self, shared: &Shared) -> String {
        self.position_in(CHALLENGERS, shared)
    }

    fn position_in(&self, pane: u8, _shared: &Shared) -> String {
        let (at, n) = match pane {
            CHALLENGERS => (self.row, self.rows.len()),
            VERDICT => (self.check, view_verdict::n_rows(self)),
            HISTORY => (self.entry, self.ledger().map_or(0, |ledger| ledger.entries().len())),
            _ => return String::new(),
        };
        if n == 0 { String::new() } else { format!("{}/{n}", at + 1) }
    }
}

impl Champions {
    fn draw_nothing(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        if let Some(trouble) = &self.trouble {
            return draw_empty(buf, area, shared, &[trouble, "r reads again"]);
        }
        match &self.models {
            Some(models) if models.known.is_empty() => {
                let first = models.possible.first().map_or("MODEL", String::as_str);
                let command = format!("derby champion begin {}", paint::clean(first));
                let key = if models.possible.is_empty() {
                    "begins the ledger of a model"
                } else {
                    "begins its ledger; P does it here, for any model"
                };
                let lines = ["no model is registered yet", "", &command, key];
                draw_empty(buf, area, shared, &lines);
            }
            _ => draw_empty(buf, area, shared, &["reading …"]),
        }
    }

    fn said_below(&self, shared: &Shared) -> Vec<(String, Style)> {
        let style = |role| shared.theme.style(role);
        if let Some(busy) = &self.busy {
            let seconds = (shared.now_ms - busy.since_ms).max(0) / 1000;
            let glyph = shared.theme.glyph("●", "*");
            let text = format!("{glyph} {} … {seconds} s", busy.what);
            return vec![
                (text, style(Role::Live)),
                (format!("   {}", busy.line), style(Role::Muted)),
            ];
        }
        if let Some(trouble) = &self.trouble {
            return vec![(trouble.clone(), style(Role::Bad))];
        }
        if let (Some(report), Some(book)) =
            (self.book.as_ref().and_then(|book| book.report.as_ref()), &self.book)
            && book.ledger.is_ok()
        {
            if let Some(file) = report.files.first() {
                return vec![(format!("! {}", paint::clean(file)), style(Role::Bad))];
            }
            if let Some(torn) = &report.torn {
                let text = format!(
                    "! line {} of the ledger was cut off while it was written and counts for nothing; the next entry replaces it",
                    torn.line
                );
                return vec![(text, style(Role::Warn))];
            }
        }
        if self.n_waiting() > 0 {
            let who = match self.n_waiting() {
                1 => "a version waits".to_string(),
                n => format!("{n} versions wait"),
            };
            let text = format!("! {who} for a person: A approves, T turns down");
            return vec![(text, style(Role::Warn))];
        }
        Vec::new()
    }
}
