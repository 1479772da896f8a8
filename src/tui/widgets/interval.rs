//! Estimates with their intervals on one scale, against a line: zero, or the bar of a gate.

use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::axes;
use super::pen::Pen;
use super::scale::{Axis, Extent, Scale};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Cells of the plot below which names or notes are left out.
const LEAST: u16 = 12;
/// Margin beside the intervals, as a share of their range.
const MARGIN: f64 = 0.04;

/// One estimate.
#[derive(Debug, Clone, Copy)]
pub struct Interval<'a> {
    /// Written at the left.
    pub label: &'a str,
    /// The estimate; NaN if there is none.
    pub at: f64,
    /// Lower bound; minus infinity for none.
    pub low: f64,
    /// Upper bound; infinity for none, as of a gate's one-sided test.
    pub high: f64,
    /// The color.
    pub role: Role,
    /// Written at the right.
    pub note: &'a str,
}

/// A list of estimates.
#[derive(Debug, Clone, Copy, Default)]
pub struct Intervals<'a> {
    /// The rows in view.
    pub rows: &'a [Interval<'a>],
    /// The line that they are measured against, and its name (may be empty).
    pub line: Option<(f64, &'a str)>,
    /// The row under the cursor.
    pub selected: Option<usize>,
}

/// The columns of a list: names, plot, notes.
struct Columns {
    names: u16,
    plot: Rect,
    notes: u16,
}

impl Intervals<'_> {
    /// Draws a row for each estimate, and the scale below if there is room.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let mut pen = Pen::new(buf, area, theme);
        let columns = self.columns(area);
        let mut extent = Extent::EMPTY;
        for row in self.rows {
            [row.at, row.low, row.high].into_iter().for_each(|value| extent.add(value));
        }
        if extent.is_empty() {
            pen.text_middle(area, area.y, "no estimates yet", pen.style(Role::Muted));
            return;
        }
        extent.add(self.line.map_or(f64::NAN, |line| line.0));
        let scale = Scale::over(&Axis::default(), extent, MARGIN);
        let rows = columns.plot.height.min(self.rows.len() as u16);
        let plot = axes::Plot {
            rect: Rect { height: rows, ..columns.plot },
            x: scale,
            y: Scale::over(&Axis::default(), Extent::EMPTY, 0.0),
        };
        self.line(&mut pen, &plot);
        for (row, of) in (0..rows).zip(self.rows) {
            let y = area.y + row;
            pen.text((area.x, y), columns.names.saturating_sub(1), of.label, pen.style(Role::Text));
            let end = (area.right(), y);
            pen.text_right(end, columns.notes.saturating_sub(1), of.note, pen.style(of.role));
            one(&mut pen, &plot, of, y);
            if self.selected == Some(usize::from(row)) {
                let line = Rect { y, height: 1, ..area };
                pen.tint(line, theme.selected(true));
            }
        }
        if rows < area.height {
            axes::below(&mut pen, &plot, "", self.line.filter(|line| !line.1.is_empty()));
        }
    }

    fn columns(&self, area: Rect) -> Columns {
        let widest = |text: fn(&Interval<'_>) -> usize| {
            self.rows.iter().map(text).max().map_or(0, |width| width as u16 + u16::from(width > 0))
        };
        let mut names = widest(|row| cells(row.label)).min(area.width / 3);
        let mut notes = widest(|row| cells(row.note)).min(area.width / 3);
        if area.width < names + notes + LEAST {
            notes = 0;
        }
        if area.width < names + LEAST {
            names = 0;
        }
        let plot = Rect { x: area.x + names, width: area.width - names - notes, ..area };
        Columns { names, plot, notes }
    }

    fn line(&self, pen: &mut Pen<'_>, plot: &axes::Plot) {
        let Some((at, _)) = self.line else { return };
        if let Some(column) = plot.column(plot.dot_x(at)) {
            let at = (plot.rect.x + column, plot.rect.y);
            let glyph = pen.theme.glyph("│", ":");
            pen.fill_down(at, plot.rect.height, glyph, pen.style(Role::Muted));
        }
    }
}

fn one(pen: &mut Pen<'_>, plot: &axes::Plot, of: &Interval<'_>, y: u16) {
    let style = pen.style(of.role);
    let last = plot.rect.width.saturating_sub(1);
    // Without a bound, the line runs to the edge.
    let end = |value: f64, edge: u16| match value.is_finite() {
        true => plot.column(plot.dot_x(value)).map(|column| (column, true)),
        false => Some((edge, false)),
    };
    if of.at.is_nan() && of.low.is_nan() && of.high.is_nan() {
        return;
    }
    let (Some(low), Some(high)) = (end(of.low, 0), end(of.high, last)) else { return };
    for x in low.0..=high.0 {
        pen.cell(plot.rect.x + x, y, pen.theme.glyph("─", "-"), style);
    }
    let glyph = if low.1 { pen.theme.glyph("├", "[") } else { pen.theme.glyph("←", "<") };
    pen.cell(plot.rect.x + low.0, y, glyph, style);
    let glyph = if high.1 { pen.theme.glyph("┤", "]") } else { pen.theme.glyph("→", ">") };
    pen.cell(plot.rect.x + high.0, y, glyph, style);
    if let Some(at) = plot.column(plot.dot_x(of.at)) {
        let bold = style.add_modifier(Modifier::BOLD);
        pen.cell(plot.rect.x + at, y, pen.theme.glyph("●", "o"), bold);
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::{ascii, shown};
    use super::*;
    use insta::assert_snapshot;

    fn rows() -> Vec<Interval<'static>> {
        let row = |label, at, low, high, role, note| Interval { label, at, low, high, role, note };
        vec![
            row("roc_auc", 0.0031, 0.0008, 0.0054, Role::Good, "+0.0031"),
            row("recall", -0.0003, -0.0014, 0.0008, Role::Muted, "-0.0003"),
            row("ece", -0.002, -0.0041, f64::INFINITY, Role::Warn, "-0.002"),
            row("brier", f64::NAN, f64::NAN, f64::NAN, Role::Muted, "—"),
        ]
    }

    #[test]
    fn estimates_on_one_scale() {
        let rows = rows();
        let list = Intervals { rows: &rows, line: Some((0.0, "")), selected: None };
        let draw = |width, height, theme: &Theme| {
            shown(width, height, |buf, area| list.draw(buf, area, theme))
        };
        assert_snapshot!(draw(60, 5, &Theme::default()), @"
        roc_auc                    │  ├─────────●─────────┤  +0.0031
        recall               ├───●────┤                      -0.0003
        ece      ├────────●────────────────────────────────→  -0.002
        brier                      │                               —
                ─────-0.0025───────0───────0.0025─────0.0050
        ");
        assert_snapshot!(draw(40, 5, &ascii()), @"
        roc_auc           : [----o----]  +0.0031
        recall         [-o--]            -0.0003
        ece      [---o----------------->  -0.002
        brier             :                    -
                ----------0--------0.005
        ");
        assert_snapshot!(draw(20, 3, &Theme::default()), @"
        roc_…       │├──●──┤
        reca…     ├●─┤
        ece   ├──●─────────→
        ");
    }

    #[test]
    fn a_gate_is_a_bound_against_a_bar() {
        let rows = [Interval {
            label: "lower bound",
            at: 0.0031,
            low: 0.0008,
            high: f64::INFINITY,
            role: Role::Good,
            note: "+0.0008 > 0.0005",
        }];
        let list = Intervals { rows: &rows, line: Some((0.0005, "bar")), selected: None };
        assert_snapshot!(shown(64, 2, |buf, area| list.draw(buf, area, &Theme::default())), @"
        lower bound  │   ├───────────────────────────●→ +0.0008 > 0.0005
                    bar──0.001───────0.002────────0.003
        ");
        let none = Intervals::default();
        assert_snapshot!(shown(24, 1, |buf, area| none.draw(buf, area, &Theme::default())), @"    no estimates yet");
    }
}
