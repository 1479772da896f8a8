//! The pane of metrics: values with their spread, differences to the reference with intervals, what the test says.

use super::super::{Place, Shared};
use super::finding::{MetricRow, Score, Word};
use super::sheets::signed;
use super::table::{Cursor, Sheet, Title, put};
use crate::domain::{Goal, format_number};
use crate::report::words;
use crate::tui::paint::{cells, clean};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{CellText, Interval, Intervals, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// From this width on, names stand beside the values.
const MERGED: u16 = 78;
/// Cells of the names there.
const NAMES: u16 = 20;
/// From this width on, verdicts are said in full.
const WORDY: u16 = 92;

/// What is drawn: the metrics, the letters of the runs, and where one is.
#[derive(Clone, Copy)]
pub(super) struct Scores<'a> {
    pub(super) rows: &'a [MetricRow],
    pub(super) letters: &'a [char],
    /// The metric that is selected, and the first line in view.
    pub(super) cursor: Cursor,
    /// The run that is selected.
    pub(super) run: usize,
}

/// What stands in the columns, by metric and run: each with one number of decimals.
struct Texts {
    scores: Vec<Vec<String>>,
    sds: Vec<Vec<String>>,
    differences: Vec<Vec<String>>,
}

impl Texts {
    fn of(rows: &[MetricRow]) -> Self {
        let column = |of: &dyn Fn(&Score) -> Option<f64>, empty: &str| {
            let scores =
                || rows.iter().flat_map(|row| row.scores.iter().map(move |one| (row, one)));
            let values: Vec<(&str, f64)> = scores()
                .map(|(row, one)| (row.name.as_str(), of(one).unwrap_or(f64::NAN)))
                .collect();
            let mut texts = words::column(&values).into_iter();
            let shown = |score: &Score| {
                let text = texts.next().unwrap_or_default();
                if of(score).is_some() { text } else { empty.to_string() }
            };
            let mut shown = shown;
            rows.iter().map(|row| row.scores.iter().map(&mut shown).collect()).collect()
        };
        let mut differences: Vec<Vec<String>> = column(&|score| score.difference, "");
        for (row, texts) in rows.iter().zip(&mut differences) {
            for (score, text) in row.scores.iter().zip(texts) {
                if score.difference.is_some_and(|by| by > 0.0) {
                    text.insert(0, '+');
                }
            }
        }
        Self {
            scores: column(&|score| score.score, "—"),
            sds: column(&|score| Some(score.sd).filter(|sd| sd.is_finite()), ""),
            differences,
        }
    }
}

/// Where the columns are, from the left.
struct Columns {
    /// Cells of the names; none if they have a line of their own.
    names: u16,
    /// Letter, value, spread, difference, interval, p, word: first cell and width; 0 for none.
    spans: [(u16, u16); 7],
}

impl Columns {
    /// Of a pane that wide, whose last cells are the scrollbar's, with numbers as wide as they are.
    fn of(width: u16, texts: &Texts) -> Self {
        let names = if width >= MERGED { NAMES } else { 0 };
        let word = if width >= WORDY { 20 } else { 12 };
        let p = if width >= 64 { 8 } else { 0 };
        let widest = |column: &[Vec<String>], least: usize| {
            column.iter().flatten().map(|text| cells(text)).fold(least, usize::max) as u16 + 1
        };
        let sd = if width >= 48 { widest(&texts.sds, 4) } else { 0 };
        let (score, difference) = (widest(&texts.scores, 5), widest(&texts.differences, 6));
        let fixed = 1 + names + 2 + score + sd + difference + p + word;
        let interval = width.saturating_sub(fixed + 1).min(44);
        let interval = if interval >= 7 { interval } else { 0 };
        let mut x = 1 + names;
        let spans = [2, score, sd, difference, interval, p, word].map(|width| {
            let at = x;
            x += width;
            (at, width)
        });
        Self { names, spans }
    }

    fn cell(&self, area: Rect, y: u16, at: usize) -> Rect {
        let (x, width) = self.spans[at];
        let gap = u16::from(width > 1 && at > 0);
        Rect { x: area.x + x + gap, y, width: width - gap, height: 1 }.intersection(Rect {
            y,
            height: 1,
            ..area
        })
    }
}

impl Scores<'_> {
    /// Lines of a metric.
    fn block(&self, width: u16) -> usize {
        self.letters.len() + usize::from(width < MERGED)
    }

    /// The first line in view, so that all of the selected metric is.
    pub(super) fn first(&self, area: Rect) -> usize {
        let height = usize::from(area.height.saturating_sub(1)).max(1);
        let block = self.block(area.width);
        let total = block * self.rows.len();
        let start = self.cursor.row.min(self.rows.len().saturating_sub(1)) * block;
        let end = start + block;
        let mut first = self.cursor.first.min(total.saturating_sub(height));
        if end > first + height {
            first = end - height;
        }
        // The head of a block is worth more than its end.
        first.min(start)
    }

    /// The metric and the run at a line of the pane.
    pub(super) fn hit(&self, area: Rect, y: u16) -> Option<(usize, Option<usize>)> {
        let line = usize::from(y.checked_sub(area.y + 1)?) + self.first(area);
        let block = self.block(area.width);
        let metric = line / block;
        let run = (line % block).checked_sub(usize::from(area.width < MERGED));
        (metric < self.rows.len()).then_some((metric, run))
    }

    /// Draws the pane.
    pub(super) fn draw(&self, buf: &mut Buffer, place: Place, shared: &Shared) {
        let (area, theme) = (place.area, &shared.theme);
        let texts = Texts::of(self.rows);
        let columns = Columns::of(area.width, &texts);
        Self::titles(buf, area, &columns, theme);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let block = self.block(area.width);
        let (first, height) = (self.first(area), usize::from(body.height));
        let total = block * self.rows.len();
        for line in first..(first + height).min(total) {
            let (metric, part) = (line / block, line % block);
            let y = body.y + (line - first) as u16;
            let row = &self.rows[metric];
            let selected = metric == self.cursor.row;
            let run = part.checked_sub(usize::from(columns.names == 0));
            if part == 0 {
                Self::name(buf, Rect { y, height: 1, ..body }, (row, selected), (&columns, theme));
            }
            let Some(run) = run else { continue };
            let of = (metric, run, &texts);
            self.score(buf, Rect { y, height: 1, ..body }, of, (&columns, theme));
            if selected && run == self.run {
                let from = 1 + columns.names;
                let line = Rect {
                    x: body.x + from,
                    y,
                    width: body.width.saturating_sub(from + 1),
                    height: 1,
                };
                buf.set_style(line.intersection(buf.area), theme.selected(place.focused));
            }
        }
        self.intervals(buf, body, (&columns, first), theme);
        let bar = Rect { x: area.right().saturating_sub(1), width: 1, ..body };
        scrollbar(buf, bar, theme, (first, height, total));
    }

    fn titles(buf: &mut Buffer, area: Rect, columns: &Columns, theme: &Theme) {
        let style = theme.style(Role::Muted);
        if columns.names > 0 {
            let at = Rect { x: area.x + 1, y: area.y, width: columns.names, height: 1 };
            put(buf, at, theme, ("metric", style), false);
        }
        let delta = theme.glyph("Δ to A", "d to A");
        let sd = theme.glyph("±sd", "sd");
        let interval = if columns.spans[4].1 > 15 { "95 % interval" } else { "95 %" };
        let titles = [
            (1, "score", true),
            (2, sd, true),
            (3, delta, true),
            (4, interval, false),
            (5, "p Holm", true),
        ];
        for (at, title, right) in titles {
            put(buf, columns.cell(area, area.y, at), theme, (title, style), right);
        }
    }

    fn name(
        buf: &mut Buffer,
        line: Rect,
        (row, selected): (&MetricRow, bool),
        (columns, theme): (&Columns, &Theme),
    ) {
        let arrow = arrow(row.goal, theme);
        let room = match columns.names {
            0 => line.width.saturating_sub(2),
            names => names - 1,
        };
        let mut style = theme.style(Role::Accent);
        if selected {
            style = style.add_modifier(ratatui::style::Modifier::BOLD);
            let at = Rect { width: 1, ..line };
            put(buf, at, theme, (theme.glyph("▶", ">"), style), false);
        }
        let width = (cells(&row.name) as u16).min(room.saturating_sub(2));
        let at = Rect { x: line.x + 1, width, ..line };
        put(buf, at, theme, (&clean(&row.name), style), false);
        let at = Rect { x: at.right() + 1, width: 1, ..line };
        put(buf, at, theme, (arrow, theme.style(Role::Muted)), false);
        if columns.names == 0 {
            let about = match row.goal {
                Some(Goal::Maximize) => "higher is better",
                Some(Goal::Minimize) => "lower is better",
                None => "no known direction",
            };
            let at = Rect { x: at.x + 2, width: line.right().saturating_sub(at.x + 3), ..line };
            put(buf, at, theme, (about, theme.style(Role::Muted)), false);
        }
    }

    fn score(
        &self,
        buf: &mut Buffer,
        line: Rect,
        (metric, run, texts): (usize, usize, &Texts),
        (columns, theme): (&Columns, &Theme),
    ) {
        let score = &self.rows[metric].scores[run];
        let cell = |at: usize| columns.cell(line, line.y, at);
        let letter = self.letters[run].to_string();
        put(buf, cell(0), theme, (&letter, theme.style(Role::Series(run))), false);
        let of = role_of(score.score);
        put(buf, cell(1), theme, (&texts.scores[metric][run], theme.style(of)), true);
        let muted = theme.style(Role::Muted);
        put(buf, cell(2), theme, (&texts.sds[metric][run], muted), true);
        let role = role(&score.word);
        let text = &texts.differences[metric][run];
        put(buf, cell(3), theme, (text, theme.style(role)), true);
        if let Some(p) = score.holm {
            put(buf, cell(5), theme, (&p_value(p), theme.style(Role::Muted)), true);
        }
        let text = verdict(score, columns.spans[6].1, theme);
        let mut at = cell(6);
        if matches!(score.word, Word::Untested(_)) {
            // Without an interval its place is free, and so is that of a difference.
            let from = cell(if score.difference.is_some() { 4 } else { 3 });
            let x = from.x + u16::from(columns.spans[4].1 == 0);
            at = Rect { x, width: at.right().saturating_sub(x), ..at };
        }
        put(buf, at, theme, (&text, theme.style(role)), false);
    }

    /// The intervals of every metric in view, each on a scale of its own against zero.
    fn intervals(
        &self,
        buf: &mut Buffer,
        body: Rect,
        (columns, first): (&Columns, usize),
        theme: &Theme,
    ) {
        let (x, width) = columns.spans[4];
        if width == 0 {
            return;
        }
        let block = self.block(body.width);
        let head = usize::from(columns.names == 0);
        for (metric, row) in self.rows.iter().enumerate() {
            let top = metric * block + head + 1;
            let end = metric * block + block;
            if end <= first || top >= first + usize::from(body.height) {
                continue;
            }
            let mut made: Vec<Interval<'_>> = row.scores.iter().skip(1).map(interval).collect();
            if made.iter().all(|one| one.low.is_nan()) {
                continue;
            }
            // Drawn aside, then what is in view is taken over: a block may begin above the pane.
            let height = made.len() as u16;
            // A last row without an estimate has nothing but the line of zero.
            made.push(Interval { at: f64::NAN, low: f64::NAN, high: f64::NAN, ..made[0] });
            let aside = Rect { x: body.x + x + 2, y: 0, width: width - 2, height: height + 1 };
            let mut drawn = Buffer::empty(aside);
            Intervals { rows: &made, line: Some((0.0, "")), selected: None }
                .draw(&mut drawn, aside, theme);
            let is_zero = |x: u16| drawn[(x, height)].symbol() != " ";
            for (at, line) in (top..end).enumerate() {
                // Words stand where there is no interval.
                if made[at].low.is_nan() {
                    continue;
                }
                let Some(y) = line.checked_sub(first).filter(|y| *y < usize::from(body.height))
                else {
                    continue;
                };
                for x in aside.x..aside.right().min(body.right()) {
                    let to = (x, body.y + y as u16);
                    let from = &drawn[(x, at as u16)];
                    if from.symbol() == " " || !buf.area.contains(to.into()) {
                        continue;
                    }
                    let symbol = match from.symbol() {
                        "─" if is_zero(x) => "┼",
                        "-" if is_zero(x) => "+",
                        other => other,
                    };
                    buf[to].set_symbol(symbol).set_style(from.style());
                }
            }
        }
    }

    /// The metrics as a table: a row each.
    pub(super) fn sheet(&self, theme: &Theme) -> Sheet {
        let mut titles = vec![Title { text: "metric".into(), ..Title::default() }];
        for (at, letter) in self.letters.iter().enumerate() {
            titles.push(Title { text: letter.to_string(), run: Some(at), right: true });
            if at > 0 {
                let text = format!("{}{letter}", theme.glyph("Δ", "d"));
                titles.push(Title { text, run: Some(at), right: true });
            }
        }
        let texts = Texts::of(self.rows);
        let row = |(metric, row): (usize, &MetricRow)| {
            let name = format!("{} {}", clean(&row.name), arrow(row.goal, theme));
            let mut cells = vec![CellText::new(name, Role::Text)];
            for (at, score) in row.scores.iter().enumerate() {
                let text = texts.scores[metric][at].as_str();
                cells.push(CellText::new(text, role_of(score.score)));
                if at > 0 {
                    let mark = mark(&score.word, theme);
                    let text = format!("{}{mark}", texts.differences[metric][at]);
                    cells.push(CellText::new(text, role(&score.word)));
                }
            }
            cells
        };
        Sheet::new(titles, self.rows.iter().enumerate().map(row).collect(), Vec::new())
    }
}

/// The direction in which a metric gets better.
pub(super) fn arrow(goal: Option<Goal>, theme: &Theme) -> &'static str {
    match goal {
        Some(Goal::Maximize) => theme.glyph("↑", "^"),
        Some(Goal::Minimize) => theme.glyph("↓", "v"),
        None => " ",
    }
}

/// What is no number is marked.
fn role_of(score: Option<f64>) -> Role {
    match score {
        None => Role::Muted,
        Some(score) if score.is_finite() => Role::Text,
        Some(_) => Role::Bad,
    }
}

fn role(word: &Word) -> Role {
    match word {
        Word::Better => Role::Good,
        Word::Worse => Role::Bad,
        Word::Differs => Role::Warn,
        Word::NoDifference | Word::Reference | Word::Untested(_) => Role::Muted,
    }
}

fn mark(word: &Word, theme: &Theme) -> &'static str {
    match word {
        Word::Better => theme.glyph("▲", "+"),
        Word::Worse => theme.glyph("▼", "-"),
        Word::Differs => theme.glyph("≠", "!="),
        _ => " ",
    }
}

/// What the test says, in so many cells.
fn verdict(score: &Score, width: u16, theme: &Theme) -> String {
    let text = match &score.word {
        Word::NoDifference if width < 20 => "undecided",
        word => word.text(),
    };
    match mark(&score.word, theme) {
        " " => text.into(),
        mark => format!("{mark} {text}"),
    }
}

fn interval(score: &Score) -> Interval<'static> {
    let (low, high) = score.interval.unwrap_or((f64::NAN, f64::NAN));
    let at = match score.interval {
        Some((low, high)) => f64::midpoint(low, high),
        None => f64::NAN,
    };
    Interval { label: "", at, low, high, role: role(&score.word), note: "" }
}

/// A probability as `derby diff` writes it.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".into() } else { format_number(p, 2) }
}

fn p_words(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {}", p_value(p)) }
}

/// What a run is by a metric: the verdict first, then what it rests on.
pub(super) fn sentence(
    row: &MetricRow,
    run: usize,
    letters: &[char],
) -> Option<(Vec<String>, Role)> {
    let (score, letter) = (row.scores.get(run)?, letters.get(run)?);
    let metric = &row.name;
    let name = clean(metric);
    let folds = || words::plural(score.folds.len() as u64, "fold");
    let (Some(difference), true) = (score.difference, run > 0) else {
        let own = score.score.map_or("no value".into(), |score| words::with_unit(metric, score));
        let is = if run == 0 { ", the reference" } else { "" };
        let mut parts = vec![format!("{name}: {letter} {own}{is}")];
        if score.sd.is_finite() {
            let sd = words::with_unit_to(metric, score.sd, 2);
            parts.push(format!("standard deviation {sd} over {}", folds()));
        }
        if let Word::Untested(why) = &score.word {
            parts.push(format!("no test: {why}"));
        }
        return Some((parts, Role::Text));
    };
    let by = signed(metric, difference);
    let mut parts = match &score.word {
        Word::Untested(why) => {
            vec![format!("{name}: {letter} against A {by}"), format!("no test: {why}")]
        }
        word => vec![format!("{name}: {letter} against A {by}, {}", word.text())],
    };
    if let (Some(p), Some(holm)) = (score.p, score.holm) {
        parts.push(match row.tests().1 {
            0 | 1 => p_words(p),
            n => format!("{} ({} after Holm, {n} comparisons)", p_words(p), p_value(holm)),
        });
    }
    if let Some((low, high)) = score.interval {
        parts.push(format!("95 % from {} to {}", signed(metric, low), signed(metric, high)));
    }
    if score.p.is_some() {
        parts.push(folds());
    }
    Some((parts, role(&score.word)))
}
