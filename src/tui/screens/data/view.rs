//! The panes of the data screen, drawn.

use super::load::Loaded;
use super::{Data, table};
use crate::data::ColumnProfile;
use crate::data::checks::{Finding, Level};
use crate::domain::{Task, format_number};
use crate::report::words;
use crate::tui::paint;
use crate::tui::screens::{Place, Shared};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{CellText, Fact, Facts, Grid, bar, plain, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Row numbers that stand beside a finding.
const SHOWN_ROWS: usize = 5;
/// Folds that are listed before the rest is counted.
const SHOWN_FOLDS: usize = 12;
/// Cells for a share and a count, blanks and a scrollbar included.
const NUMBERS: usize = 18;

impl Data {
    pub(super) fn draw_head_lines(&self, buf: &mut Buffer, area: Rect, shared: &Shared) {
        let theme = &shared.theme;
        let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
        let sweep = self.shown(shared).and_then(|id| shared.catalog.sweep(id));
        let name = sweep.map(|sweep| words::clean(&sweep.name)).unwrap_or_default();
        let name = format!(" sweep {}", plain(theme, &name));
        let Some(loaded) = self.loaded(shared).filter(|loaded| !loaded.columns.is_empty()) else {
            return paint::line(buf, area, 0, &[(&name, text.add_modifier(Modifier::BOLD))]);
        };
        let source = format!("   {}", plain(theme, &words::clean(&loaded.source)));
        let times = theme.glyph("×", "x");
        let size = format!(
            "   {} {times} {} columns   b3:{}",
            words::plural(loaded.rows, "row"),
            loaded.columns.len(),
            words::short(&loaded.content)
        );
        let is_same = loaded.recorded.is_some() && !loaded.has_changed();
        let same = if is_same {
            format!(" {} as its runs saw it", theme.glyph("✓", "="))
        } else {
            String::new()
        };
        paint::line(
            buf,
            area,
            0,
            &[
                (&name, text.add_modifier(Modifier::BOLD)),
                (&source, text),
                (&size, muted),
                (&same, theme.style(Role::Good)),
            ],
        );
        let mut y = 1;
        if let (true, Some(seen)) = (loaded.has_changed(), &loaded.recorded) {
            let rows = match seen.rows {
                Some(rows) if rows != loaded.rows => format!(" of {}", words::plural(rows, "row")),
                _ => String::new(),
            };
            let schema = match &seen.schema {
                Some(schema) if *schema != loaded.schema => "; columns or types have changed too",
                _ => "",
            };
            let said = format!(
                " ! THE DATA HAS CHANGED since run {} saw b3:{}{rows}{schema}: scores do not compare",
                seen.run,
                words::short(&seen.content)
            );
            let style = theme.style(Role::Bad).add_modifier(Modifier::BOLD);
            paint::line(buf, area, y, &[(&said, style)]);
            y += 1;
        }
        if let Some(problem) = &loaded.problem {
            let said = format!(" ! {}", plain(theme, &words::clean(problem)));
            paint::line(buf, area, y, &[(&said, theme.style(Role::Bad))]);
        }
    }

    /// The selected column.
    pub(super) fn column<'a>(&self, loaded: &'a Loaded) -> Option<&'a ColumnProfile> {
        loaded.columns.get(*self.rows.get(self.selected)?)
    }

    /// What kind of column the selected one is.
    pub(super) fn place_of(&self, loaded: &Loaded) -> String {
        let column = self.column(loaded);
        column.map(|column| column.kind.word().to_string()).unwrap_or_default()
    }

    pub(super) fn draw_table(
        &self,
        buf: &mut Buffer,
        place: Place,
        (loaded, shared): (&Loaded, &Shared),
    ) {
        let theme = &shared.theme;
        let height = Grid::height(place.area);
        let first = self.seen.first(self.selected, height, self.rows.len());
        let seen = self.rows.iter().skip(first).take(height);
        let seen = seen.filter_map(|at| loaded.columns.get(*at));
        let rows: Vec<Vec<CellText>> =
            seen.map(|column| table::cells(loaded, column, theme)).collect();
        Grid {
            columns: &table::columns(&rows, place.area.width),
            rows: &rows,
            first_row: first,
            total: self.rows.len(),
            selected: Some(self.selected),
            selected_column: place.focused.then_some(self.cursor),
            sort: self.order,
            focused: place.focused,
            empty: "no column has that in its name; Esc clears",
            ..Grid::default()
        }
        .draw(buf, place.area, theme);
    }

    pub(super) fn draw_column(
        &self,
        buf: &mut Buffer,
        place: Place,
        (loaded, shared): (&Loaded, &Shared),
    ) {
        let Some(column) = self.column(loaded) else { return };
        let area = padded(place.area);
        let facts = facts_of(column, (loaded, &shared.theme), area.width);
        let most = facts.len().saturating_sub(usize::from(area.height));
        let first = self.scrolled[0].min(most);
        let area = with_bar(area, facts.len());
        Facts { rows: &facts, first, ..Facts::default() }.draw(buf, area, &shared.theme);
    }

    pub(super) fn draw_target(
        &self,
        buf: &mut Buffer,
        place: Place,
        (loaded, shared): (&Loaded, &Shared),
    ) {
        let area = padded(place.area);
        let facts = target_facts(loaded, &shared.theme, area.width);
        let most = facts.len().saturating_sub(usize::from(area.height));
        let first = self.scrolled[1].min(most);
        let empty = "no target: the data could not be made ready";
        let area = with_bar(area, facts.len());
        Facts { rows: &facts, first, empty, ..Facts::default() }.draw(buf, area, &shared.theme);
    }

    pub(super) fn draw_checks(
        &self,
        buf: &mut Buffer,
        place: Place,
        (loaded, shared): (&Loaded, &Shared),
    ) {
        let theme = &shared.theme;
        let listed = listed(&loaded.findings);
        let area = place.area;
        let height = usize::from(area.height);
        let first = self.checks_seen.first(self.check, height, listed.len());
        let bar = Rect { x: area.right().saturating_sub(1), width: 1, ..area };
        let has_bar = listed.len() > height;
        let area = Rect { width: area.width.saturating_sub(u16::from(has_bar)), ..area };
        scrollbar(buf, bar, theme, (first, height, listed.len()));
        for (y, (at, group)) in listed.iter().enumerate().skip(first).take(height).enumerate() {
            let finding = group[0];
            let (glyph, role) = level(finding, theme);
            let style = theme.style(role);
            let name = format!(" {:<20}", finding.name.replace('_', " "));
            let rows = match group.len() {
                1 => rows_of(finding),
                n => format!("   and {} more", n - 1),
            };
            let text = plain(theme, &words::clean(&finding.text)).into_owned();
            let strong =
                if role == Role::Muted { style } else { style.add_modifier(Modifier::BOLD) };
            let body = theme.style(if role == Role::Muted { Role::Muted } else { Role::Text });
            let spans = [
                (" ", body),
                (glyph, strong),
                (&*name, strong),
                (" ", body),
                (&*text, body),
                (&*rows, theme.style(Role::Muted)),
            ];
            paint::line(buf, area, y as u16, &spans);
            if place.focused && at == self.check {
                paint::tint(buf, area, y as u16, theme.selected(true));
            }
        }
        if listed.is_empty() {
            let style = theme.style(Role::Good);
            let text = format!(" {} all checks passed", theme.glyph("✓", "+"));
            paint::line(buf, area, 0, &[(&text, style)]);
        }
    }
}

/// Without the columns of cells beside the frame.
fn padded(area: Rect) -> Rect {
    Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area }
}

/// With the column at the right where there are more rows than lines: a scrollbar stands beside the frame.
fn with_bar(area: Rect, rows: usize) -> Rect {
    Rect { width: area.width + u16::from(rows > usize::from(area.height)), ..area }
}

/// What is worth a line: what is wrong first, then what is to note, then what was not checked. What one check says of many
/// columns is one line.
pub(super) fn listed(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut shown: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.level != Level::Ok) {
        let of = |group: &Vec<&Finding>| (group[0].number, group[0].level);
        match shown.last_mut().filter(|group| of(group) == (finding.number, finding.level)) {
            Some(group) => group.push(finding),
            None => shown.push(vec![finding]),
        }
    }
    shown.sort_by_key(|group| (group[0].is_not_checked(), std::cmp::Reverse(group[0].level)));
    shown
}

fn level(finding: &Finding, theme: &Theme) -> (&'static str, Role) {
    match finding.level {
        Level::Ok => (theme.glyph("✓", "+"), Role::Good),
        _ if finding.is_not_checked() => (theme.glyph("◌", "o"), Role::Muted),
        Level::Info => (theme.glyph("·", "-"), Role::Accent),
        Level::Warn => ("!", Role::Warn),
        Level::Error => (theme.glyph("✗", "x"), Role::Bad),
    }
}

/// The rows that a finding is about, counted from 1.
fn rows_of(finding: &Finding) -> String {
    let shown: Vec<String> =
        finding.rows.iter().take(SHOWN_ROWS).map(|row| (row + 1).to_string()).collect();
    match finding.rows.len() {
        0 => String::new(),
        n if n > SHOWN_ROWS => format!("   rows {} …", shown.join(", ")),
        _ => format!("   rows {}", shown.join(", ")),
    }
}

/// What a check says, to be read.
pub(super) fn check_page(group: &[&Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in group {
        lines.push(words::clean(&finding.text));
        if !finding.rows.is_empty() {
            let rows: Vec<String> = finding.rows.iter().map(|row| (row + 1).to_string()).collect();
            lines.push(format!("  rows: {}", rows.join(", ")));
        }
    }
    lines
}

/// What is wrong, one problem after the other, each from the left.
pub(super) fn draw_problems(lines: &[String], buf: &mut Buffer, area: Rect, shared: &Shared) {
    let style = shared.theme.style(Role::Text);
    let width = usize::from(area.width.saturating_sub(4)).max(8);
    let mut y = 1;
    for line in lines {
        for (at, part) in paint::fold(line, width).into_iter().enumerate() {
            let head = if at == 0 { "  " } else { "    " };
            let part = plain(&shared.theme, &part);
            paint::line(buf, area, y, &[(head, style), (part.as_ref(), style)]);
            y += 1;
        }
    }
}

/// Everything about a column, as rows of facts.
pub(super) fn facts_of(
    column: &ColumnProfile,
    (loaded, theme): (&Loaded, &Theme),
    width: u16,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    let role = match table::role(loaded, column) {
        "" => "feature",
        role => role,
    };
    facts.push(Fact::new("role", role));
    let infinite = if column.infinite > 0 {
        format!(", {} infinite", words::count(column.infinite))
    } else {
        String::new()
    };
    facts.push(Fact::new("distinct", format!("{}{infinite}", words::count(column.distinct))));
    let mut missing = Fact::new(
        "missing",
        match column.missing {
            0 => "0".into(),
            n => format!("{} ({})", words::count(n), table::percent(n, column.n)),
        },
    );
    if column.missing > 0 {
        missing.values[0].role = Role::Warn;
    }
    facts.push(missing);
    if !column.note.is_empty() {
        facts.push(Fact::new("note", words::clean(&column.note)));
    }
    if let Some(numbers) = &column.numbers {
        let mut histogram = Fact::new("values", table::bars(&numbers.histogram, 16, theme));
        histogram.values[0].role = Role::Series(0);
        facts.push(histogram);
        let quantiles = [
            ("min", numbers.min),
            ("25 %", numbers.q25),
            ("median", numbers.median),
            ("mean", numbers.mean),
            ("75 %", numbers.q75),
            ("max", numbers.max),
        ];
        for (label, value) in quantiles {
            facts.push(Fact::new(label, table::value(column.kind, value)));
        }
        if let Some(sd) = numbers.sd {
            let unit = if column.kind == crate::data::ColumnType::Date { 86_400.0 } else { 1.0 };
            let days = if unit > 1.0 { " days" } else { "" };
            facts.push(Fact::new("sd", format!("{}{days}", format_number(sd / unit, 4))));
        }
    }
    let room = room_of(column.top.iter().map(|(text, _)| text.as_str()), width);
    let most = column.top.iter().map(|(_, n)| *n).max().unwrap_or(1).max(1);
    if !column.top.is_empty() {
        facts.push(Fact::heading("commonest"));
    }
    for (text, n) in &column.top {
        facts.push(share_fact(&words::clean(text), (*n, column.n, most), (room, theme)));
    }
    beside(&mut facts);
    facts
}

/// Numbers end in a column of their own right beside the labels, however wide the pane is: with a blank before them they
/// are text to the list, which puts bare numbers at its far edge.
fn beside(facts: &mut [Fact]) {
    fn number(text: &str) -> Option<&str> {
        let first = text.split(' ').next()?;
        first.replace(',', "").parse::<f64>().is_ok().then_some(first)
    }
    let values = || facts.iter().flat_map(|fact| &fact.values);
    let numbers = values().filter_map(|value| number(&value.text));
    let widest = numbers.map(paint::cells).max().unwrap_or(0).min(16);
    for value in facts.iter_mut().flat_map(|fact| &mut fact.values) {
        if let Some(first) = number(&value.text) {
            let gap = " ".repeat(1 + widest.saturating_sub(paint::cells(first)));
            value.text = format!("{gap}{}", value.text);
        }
    }
}

/// Cells for bars beside labels, shares and counts.
fn room_of<'a>(labels: impl Iterator<Item = &'a str>, width: u16) -> usize {
    let widest = labels.map(paint::cells).max().unwrap_or(0) + 4;
    let label = widest.max(10).min(usize::from(width / 2));
    usize::from(width).saturating_sub(label + NUMBERS).clamp(1, 24)
}

/// A label with a bar, a share and a count.
fn share_fact(
    label: &str,
    (n, all, most): (u64, u64, u64),
    (room, theme): (usize, &Theme),
) -> Fact {
    let bar = bar(n as f64 / most as f64, room, theme);
    let gap = " ".repeat(room.saturating_sub(paint::cells(&bar)));
    let label = if label.is_empty() { "(empty)" } else { label };
    let text = format!("{bar}{gap} {:>5} {:>6}", table::percent(n, all), words::count(n));
    Fact::new(label, text)
}

/// The target's balance, and how rows are cut.
fn target_facts(loaded: &Loaded, theme: &Theme, width: u16) -> Vec<Fact> {
    let mut facts = Vec::new();
    if loaded.task.is_none() {
        return facts;
    }
    let task = match loaded.task {
        Some(Task::Binary) => "two classes",
        Some(Task::Multiclass) => "classes",
        _ => "a number",
    };
    facts.push(Fact::new("predicts", format!("{} ({task})", words::clean(&loaded.target))));
    let room = room_of(loaded.classes.iter().map(|(name, _, _)| name.as_str()), width);
    let most = loaded.classes.iter().map(|(_, n, _)| *n).max().unwrap_or(1).max(1);
    for (name, n, _) in loaded.classes.iter().take(20) {
        let positive = if Some(name) == loaded.positive.as_ref() { " (+)" } else { "" };
        let label = format!("{}{positive}", words::clean(name));
        facts.push(share_fact(&label, (*n, loaded.rows, most), (room, theme)));
    }
    if loaded.classes.len() > 20 {
        facts.push(Fact::new("", format!("and {} more classes", loaded.classes.len() - 20)));
    }
    if let Some(column) = loaded.columns.iter().find(|column| column.name == loaded.target)
        && let (true, Some(numbers)) = (loaded.classes.is_empty(), &column.numbers)
    {
        facts.push(Fact::new("values", table::bars(&numbers.histogram, 16, theme)));
        facts.push(Fact::new("mean", format_number(numbers.mean, 4)));
    }
    facts.push(Fact::new("features", words::count(loaded.features.len() as u64)));
    match &loaded.split {
        Some(Ok(cut)) => split_facts(loaded, cut, &mut facts),
        Some(Err(problem)) => {
            let mut fact = Fact::new("split", words::clean(problem));
            fact.values[0].role = Role::Bad;
            facts.push(fact);
        }
        None => {}
    }
    beside(&mut facts);
    facts
}

fn split_facts(loaded: &Loaded, cut: &super::Cut, facts: &mut Vec<Fact>) {
    facts.push(Fact::heading("split"));
    facts.push(Fact::new("for search", words::count(cut.search)));
    let share = table::percent(cut.holdout, loaded.rows);
    let holdout = match cut.holdout {
        0 => "none".to_string(),
        n => format!("{} ({share})", words::count(n)),
    };
    facts.push(Fact::new("holdout", holdout));
    facts.push(Fact::new("folds", cut.folds.len().to_string()));
    for (name, train, test) in cut.folds.iter().take(SHOWN_FOLDS) {
        let text = format!("fit {}  score {}", words::count(*train), words::count(*test));
        facts.push(Fact::new(format!("fold {}", words::clean(name)), text));
    }
    if cut.folds.len() > SHOWN_FOLDS {
        facts.push(Fact::new("", format!("and {} more", cut.folds.len() - SHOWN_FOLDS)));
    }
    let recorded = loaded.recorded.as_ref().and_then(|seen| seen.split.as_ref());
    let is_same = recorded.is_none_or(|split| *split == cut.digest);
    let same = if is_same { "" } else { ", another than its runs had" };
    let mut digest = Fact::new("digest", format!("b3:{}{same}", words::short(&cut.digest)));
    if !is_same {
        digest.values[0].role = Role::Bad;
    }
    facts.push(digest);
    for note in &cut.notes {
        facts.push(Fact::new("note", words::clean(note)));
    }
}

/// A column, to be read in full.
pub(super) fn column_page(column: &ColumnProfile, loaded: &Loaded, theme: &Theme) -> Vec<String> {
    let mut lines = Vec::new();
    for fact in facts_of(column, (loaded, theme), 72) {
        match fact.values.first() {
            Some(value) => lines.push(format!("{}  {}", paint::left(&fact.label, 24), value.text)),
            None => lines.push(fact.label),
        }
    }
    if let Some(numbers) = &column.numbers {
        lines.push(String::new());
        let n = numbers.histogram.len().max(1);
        let most = numbers.histogram.iter().copied().max().unwrap_or(1).max(1);
        let width = (numbers.max - numbers.min) / n as f64;
        for (at, count) in numbers.histogram.iter().enumerate() {
            let from = table::value(column.kind, numbers.min + width * at as f64);
            let bar = bar(*count as f64 / most as f64, 40, theme);
            let gap = " ".repeat(40_usize.saturating_sub(paint::cells(&bar)));
            lines.push(format!(
                "{}  {bar}{gap} {:>9}",
                paint::right(&from, 12),
                words::count(*count)
            ));
        }
    }
    let about: Vec<&Finding> = loaded
        .findings
        .iter()
        .filter(|of| of.level != Level::Ok && of.columns.contains(&column.name))
        .collect();
    if !about.is_empty() {
        lines.push(String::new());
        for finding in about {
            let (glyph, _) = level(finding, theme);
            let text = format!(
                "{glyph} {}: {}",
                finding.name.replace('_', " "),
                words::clean(&finding.text)
            );
            lines.push(text);
        }
    }
    lines
}
