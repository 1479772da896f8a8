//! Lists of labels and values: one or more values a row, numbers at the right.

use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::grid::CellText;
use super::pen::{Pen, scrollbar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Blanks between columns.
const GAP: u16 = 2;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// A sign before the label, as `▲` for more than the champion's; empty for none.
    pub sign: CellText,
    /// What it is.
    pub label: String,
    /// One value, or one for each of the list's titles. None: the label is a heading.
    pub values: Vec<CellText>,
}

impl Fact {
    /// A label with one value.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        let values = vec![CellText::new(value, Role::Text)];
        Self { sign: CellText::new("", Role::Text), label: label.into(), values }
    }

    /// A heading.
    pub fn heading(label: impl Into<String>) -> Self {
        Self { sign: CellText::new("", Role::Text), label: label.into(), values: Vec::new() }
    }
}

/// A list of facts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// All rows.
    pub rows: &'a [Fact],
    /// The first row in view.
    pub first: usize,
    /// Titles of the columns of values; none for no row of titles.
    pub titles: &'a [&'a str],
    /// The row under the cursor.
    pub selected: Option<usize>,
    /// What stands there if there are no rows.
    pub empty: &'a str,
}

/// Widths of signs, labels and each column of values.
struct Columns {
    sign: u16,
    label: u16,
    values: Vec<u16>,
}

impl Facts<'_> {
    /// Rows in view.
    pub fn height(&self, area: Rect) -> usize {
        usize::from(area.height).saturating_sub(usize::from(!self.titles.is_empty()))
    }

    /// Draws titles, the rows in view and a scrollbar if there are more.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let height = self.height(area);
        let has_bar = self.rows.len() > height && area.width > 0;
        // Values end a cell before the bar: a sparkline would be taken for a part of it.
        let body = Rect { width: area.width.saturating_sub(2 * u16::from(has_bar)), ..area };
        let top = area.y + u16::from(!self.titles.is_empty());
        let mut pen = Pen::new(buf, body, theme);
        let shown = self.rows.get(self.first..).unwrap_or_default();
        let shown = &shown[..shown.len().min(height)];
        let columns = self.columns(body, shown);
        self.head(&mut pen, body, &columns);
        for (row, fact) in shown.iter().enumerate() {
            let line = Rect { y: top + row as u16, height: 1, ..body };
            draw_fact(&mut pen, line, fact, &columns);
            if self.selected == Some(self.first + row) {
                pen.tint(line, theme.selected(true));
            }
        }
        if self.rows.is_empty() {
            pen.text_middle(area, area.y + area.height / 2, self.empty, pen.style(Role::Muted));
        }
        if has_bar {
            let bar = Rect { x: area.right() - 1, y: top, width: 1, height: height as u16 };
            scrollbar(buf, bar, theme, (self.first, height, self.rows.len()));
        }
    }

    fn columns(&self, area: Rect, shown: &[Fact]) -> Columns {
        let signs = shown.iter().map(|fact| cells(&fact.sign.text)).max().unwrap_or(0);
        let sign = if signs > 0 { signs as u16 + 1 } else { 0 };
        let facts = || shown.iter().filter(|fact| !fact.values.is_empty());
        let labels = facts().map(|fact| cells(&fact.label)).max().unwrap_or(0);
        let n = facts().map(|fact| fact.values.len()).max().unwrap_or(0).max(self.titles.len());
        let width = |at: usize| {
            let title = self.titles.get(at).map_or(0, |title| cells(title));
            let values = facts().filter_map(|fact| fact.values.get(at));
            values.map(|value| cells(&value.text)).max().unwrap_or(0).max(title).min(1000) as u16
        };
        let mut values: Vec<u16> = (0..n).map(width).collect();
        let room = area.width.saturating_sub(sign);
        let gaps = GAP * n as u16;
        // Labels may take a third of the room, or what the values leave.
        let needed = values.iter().fold(gaps, |sum, width| sum.saturating_add(*width));
        // A number is worth nothing in part: beside one value labels are cut, unless that is a text.
        let numbers = facts()
            .filter_map(|fact| fact.values.first().filter(|value| is_number(&value.text)))
            .map(|value| cells(&value.text))
            .max()
            .map_or(0, |width| GAP + width.min(1000) as u16);
        let share = if n > 1 {
            room / 3
        } else {
            (room / 2).min(room.saturating_sub(numbers).max(room / 3))
        };
        let most = room.saturating_sub(needed).max(share);
        let label = (labels as u16).min(most);
        let left = room.saturating_sub(label);
        if let [single] = values.as_mut_slice() {
            *single = left.saturating_sub(GAP);
        } else if needed > left {
            let most = (left / n.max(1) as u16).saturating_sub(GAP);
            for width in &mut values {
                *width = (*width).min(most);
            }
        }
        Columns { sign, label, values }
    }

    fn head(&self, pen: &mut Pen<'_>, area: Rect, columns: &Columns) {
        let style = pen.style(Role::Muted).add_modifier(Modifier::BOLD);
        for (title, (end, width)) in self.titles.iter().zip(columns.ends(area)) {
            pen.text_right((end, area.y), width, title, style);
        }
    }
}

impl Columns {
    /// Where each column of values ends, and its width.
    fn ends(&self, area: Rect) -> Vec<(u16, u16)> {
        let mut x = area.x + self.sign + self.label;
        let mut ends = Vec::with_capacity(self.values.len());
        for width in &self.values {
            x = x.saturating_add(GAP + width);
            ends.push((x.min(area.right()), *width));
        }
        ends
    }
}

fn draw_fact(pen: &mut Pen<'_>, line: Rect, fact: &Fact, columns: &Columns) {
    if fact.values.is_empty() {
        let style = pen.style(Role::Accent).add_modifier(Modifier::BOLD);
        pen.text((line.x, line.y), line.width, &fact.label, style);
        return;
    }
    pen.text((line.x, line.y), columns.sign, &fact.sign.text, pen.style(fact.sign.role));
    let label = (line.x + columns.sign, line.y);
    pen.text(label, columns.label, &fact.label, pen.style(Role::Muted));
    let is_list = columns.values.len() > 1;
    for (value, (end, width)) in fact.values.iter().zip(columns.ends(line)) {
        let style = pen.style(value.role);
        let style = if value.bold { style.add_modifier(Modifier::BOLD) } else { style };
        if is_list || is_number(&value.text) {
            pen.text_right((end, line.y), width, &value.text, style);
        } else {
            pen.text((end.saturating_sub(width), line.y), width, &value.text, style);
        }
    }
}

/// True for what is written as a number, perhaps with separators or a unit behind a blank.
fn is_number(text: &str) -> bool {
    let first = text.split(' ').next().unwrap_or_default().replace(',', "");
    matches!(text, "—" | "nan") || first.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::super::show::shown;
    use super::*;
    use insta::assert_snapshot;

    fn draw(width: u16, height: u16, facts: &Facts<'_>) -> String {
        shown(width, height, |buf, area| facts.draw(buf, area, &Theme::default()))
    }

    #[test]
    fn numbers_stand_at_the_right() {
        let rows = [
            Fact::heading("params"),
            Fact::new("learning_rate", "0.0421"),
            Fact::new("n_trees", "412"),
            Fact::new("kernel", "rbf"),
            Fact::new("model.bin", "1.8 MB"),
            Fact::new("note", "found by the weekly retrain"),
        ];
        let facts = Facts { rows: &rows, ..Facts::default() };
        assert_snapshot!(draw(34, 6, &facts), @"
        params
        learning_rate               0.0421
        n_trees                        412
        kernel         rbf
        model.bin                   1.8 MB
        note           found by the weekl…
        ");
        assert_snapshot!(draw(22, 4, &Facts { first: 1, ..facts }), @"
        learning_ra…  0.0421 │
        n_trees          412 █
        kernel        rbf    █
        model.bin     1.8 MB █
        ");
    }

    #[test]
    fn values_beside_each_other() {
        let row = |sign: &str, label: &str, a: &str, b: &str| Fact {
            sign: CellText::new(sign, Role::Good),
            label: label.into(),
            values: vec![CellText::new(a, Role::Text), CellText::new(b, Role::Muted)],
        };
        let rows = [row("▲", "learning_rate", "0.0421", "0.03"), row("=", "kernel", "rbf", "rbf")];
        let facts = Facts { rows: &rows, titles: &["this", "champion"], ..Facts::default() };
        assert_snapshot!(draw(40, 3, &facts), @"
                           this  champion
        ▲ learning_rate  0.0421      0.03
        = kernel            rbf       rbf
        ");
        assert_snapshot!(draw(20, 3, &facts), @"
                  this  cha…
        ▲ learn…  0.0…  0.03
        = kernel   rbf   rbf
        ");
        assert_snapshot!(draw(20, 3, &Facts { empty: "no params", ..Facts::default() }), @"

        no params
        ");
    }
}
