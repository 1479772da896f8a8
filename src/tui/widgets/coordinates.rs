//! Parallel coordinates: an axis for each parameter, a line for each trial, brushes that pick trials.

use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::braille::Canvas;
use super::pen::Pen;
use super::scale::{Axis, Extent, Scale};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Cells that an axis has for itself at least.
const LEAST: u16 = 8;
/// Rows that are not the axes' own: names above, ends above and below.
const ROWS: u16 = 3;

/// One axis.
#[derive(Debug, Clone, Copy, Default)]
pub struct Coordinate<'a> {
    /// Name, and how values are spread.
    pub axis: Axis<'a>,
    /// The values that trials are picked by; none for all.
    pub brush: Option<(f64, f64)>,
    /// True to have the low end above.
    pub flipped: bool,
}

/// One trial.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// A value for each axis; NaN where it has none, as a parameter of another branch.
    pub values: &'a [f64],
    /// The color.
    pub role: Role,
    /// True for the best: bold, above all others.
    pub strong: bool,
}

/// A plot of parallel coordinates.
#[derive(Debug, Clone, Copy, Default)]
pub struct Coordinates<'a> {
    /// From left to right; what does not fit is left out from `first` on.
    pub axes: &'a [Coordinate<'a>],
    /// The first axis in view.
    pub first: usize,
    /// All trials; those outside of a brush are drawn first and dimmed.
    pub trials: &'a [Trial<'a>],
    /// The axis under the cursor.
    pub selected: Option<usize>,
}

/// Where axes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoordinatesLayout {
    /// The column of each axis in view.
    pub columns: Vec<u16>,
    /// The rows between their ends.
    pub rows: Rect,
}

/// Places `n` axes at even distances, as many as have room.
pub fn coordinates_layout(area: Rect, n: usize) -> CoordinatesLayout {
    let most = usize::from(area.width / LEAST).max(1);
    let shown = n.min(most);
    let height = area.height.saturating_sub(ROWS);
    let rows = Rect { y: area.y + 2.min(area.height), height, ..area };
    // Names and ends stand around their axis, so that the outer axes stay off the edges.
    let side = (area.width / (2 * shown.max(1) as u16)).min(LEAST / 2);
    let span = usize::from(area.width.saturating_sub(2 * side + 1));
    let column = |at: usize| match shown {
        1 => area.x + area.width / 2,
        _ => area.x + side + (span * at / (shown - 1)) as u16,
    };
    let columns = if area.is_empty() { Vec::new() } else { (0..shown).map(column).collect() };
    CoordinatesLayout { columns, rows }
}

impl Coordinates<'_> {
    /// True if the trial lies within all brushes.
    pub fn picks(&self, trial: &Trial<'_>) -> bool {
        let within = |(axis, value): (&Coordinate<'_>, &f64)| {
            axis.brush.is_none_or(|(a, b)| (a.min(b)..=a.max(b)).contains(value))
        };
        self.axes.iter().zip(trial.values).all(within)
    }

    /// The axis nearest to a column of the screen.
    pub fn axis_at(&self, area: Rect, x: u16) -> Option<usize> {
        let layout = self.layout(area);
        let near =
            layout.columns.iter().enumerate().min_by_key(|(_, column)| column.abs_diff(x))?;
        Some(self.first + near.0)
    }

    /// The value of an axis at a row of the screen, as for a brush by mouse.
    pub fn value_at(&self, area: Rect, axis: usize, y: u16) -> Option<f64> {
        let rows = self.layout(area).rows;
        let at = self.axes.get(axis)?;
        let down = f64::from(y.clamp(rows.y, rows.bottom().max(rows.y + 1) - 1) - rows.y);
        let share = 1.0 - down / f64::from(rows.height.saturating_sub(1).max(1));
        Some(self.scale(axis).value(if at.flipped { 1.0 - share } else { share }))
    }

    /// Draws axes, lines and brushes.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let mut pen = Pen::new(buf, area, theme);
        let layout = self.layout(area);
        if layout.rows.height == 0 || layout.columns.is_empty() {
            return;
        }
        let scales: Vec<Scale> =
            (self.first..).take(layout.columns.len()).map(|at| self.scale(at)).collect();
        let mut canvas = Canvas::new(area.width, layout.rows.height, theme.ascii);
        let passes = |trial: &&Trial<'_>| self.picks(trial);
        let (inside, outside): (Vec<_>, Vec<_>) = self.trials.iter().partition(passes);
        canvas.layer(dimmed(theme), false);
        for trial in outside {
            self.trace(&mut canvas, (area, &layout), &scales, trial);
        }
        for strong in [false, true] {
            let mut before = None;
            for trial in inside.iter().filter(|trial| trial.strong == strong) {
                // Lines of one color may share cells.
                if before != Some(trial.role) {
                    let style = theme.style(trial.role);
                    canvas.layer(
                        if strong { style.add_modifier(Modifier::BOLD) } else { style },
                        false,
                    );
                    before = Some(trial.role);
                }
                self.trace(&mut canvas, (area, &layout), &scales, trial);
            }
        }
        canvas.draw(&mut pen, (area.x, layout.rows.y));
        let line = theme.glyph("│", "|");
        for x in &layout.columns {
            pen.fill_down((*x, layout.rows.y), layout.rows.height, line, theme.style(Role::Frame));
        }
        for (at, scale) in scales.iter().enumerate() {
            self.axis(&mut pen, &layout, at, scale);
        }
    }

    fn layout(&self, area: Rect) -> CoordinatesLayout {
        coordinates_layout(area, self.axes.len().saturating_sub(self.first))
    }

    fn scale(&self, axis: usize) -> Scale {
        let asked = self.axes.get(axis).map(|axis| axis.axis).unwrap_or_default();
        let mut extent = Extent::EMPTY;
        for value in self.trials.iter().filter_map(|trial| trial.values.get(axis)) {
            if !asked.log || *value > 0.0 {
                extent.add(*value);
            }
        }
        Scale::over(&asked, extent, 0.0)
    }

    /// The dot row of a value on the n-th axis in view.
    fn dot(&self, at: usize, scale: &Scale, value: f64, height: u16) -> f64 {
        let share = scale.share(value);
        let is_flipped = self.axes.get(self.first + at).is_some_and(|axis| axis.flipped);
        let down = if is_flipped { share } else { 1.0 - share };
        down * (f64::from(height) * 4.0 - 1.0)
    }

    fn trace(
        &self,
        canvas: &mut Canvas,
        of: (Rect, &CoordinatesLayout),
        scales: &[Scale],
        trial: &Trial<'_>,
    ) {
        let (area, layout) = of;
        let mut before: Option<(f64, f64)> = None;
        for (at, scale) in scales.iter().enumerate() {
            let value = trial.values.get(self.first + at).copied().unwrap_or(f64::NAN);
            let y = self.dot(at, scale, value, layout.rows.height);
            let dot = (f64::from(layout.columns[at] - area.x) * 2.0, y);
            if let (Some(before), true) = (before, y.is_finite()) {
                canvas.line(before, dot);
            }
            before = y.is_finite().then_some(dot);
        }
    }

    /// Name, ends and brush of the n-th axis in view.
    fn axis(&self, pen: &mut Pen<'_>, layout: &CoordinatesLayout, at: usize, scale: &Scale) {
        let (x, rows) = (layout.columns[at], layout.rows);
        let axis = &self.axes[self.first + at];
        let apart = layout.columns.windows(2).map(|pair| pair[1] - pair[0]).min();
        let room = apart.unwrap_or(pen.area.width).saturating_sub(1);
        let is_selected = self.selected == Some(self.first + at);
        let name = match is_selected {
            true => pen.style(Role::Accent).add_modifier(Modifier::BOLD | Modifier::REVERSED),
            false => pen.style(Role::Text).add_modifier(Modifier::BOLD),
        };
        around(pen, (x, rows.y - 2), room, axis.axis.name, name);
        let muted = pen.style(Role::Muted);
        let ends = self.ends(axis, scale);
        around(pen, (x, rows.y - 1), room, &ends.1, muted);
        around(pen, (x, rows.bottom()), room, &ends.0, muted);
        if let Some(brush) = axis.brush {
            let dots =
                [brush.0, brush.1].map(|value| self.dot(at, scale, value, rows.height) / 4.0);
            let last = f64::from(rows.height - 1);
            let [a, b] =
                dots.map(|dot| if dot.is_nan() { last } else { dot.floor().clamp(0.0, last) });
            let (from, to) = (a.min(b) as u16, a.max(b) as u16);
            let bold = pen.style(Role::Accent).add_modifier(Modifier::BOLD);
            pen.fill_down((x, rows.y + from), to - from + 1, pen.theme.glyph("┃", "#"), bold);
            pen.cell(x, rows.y + from, pen.theme.glyph("┳", "#"), bold);
            pen.cell(x, rows.y + to, pen.theme.glyph("┻", "#"), bold);
        } else if is_selected {
            let bold = pen.style(Role::Accent).add_modifier(Modifier::BOLD);
            pen.cell(x, rows.y, pen.theme.glyph("┳", "+"), bold);
            pen.cell(x, rows.bottom() - 1, pen.theme.glyph("┻", "+"), bold);
        }
    }

    /// What stands below and above an axis; of words the first and the last.
    fn ends(&self, axis: &Coordinate<'_>, scale: &Scale) -> (String, String) {
        let (low, high) = scale.ends();
        let words = match axis.axis.words {
            [] => (scale.word(low), scale.word(high)),
            [first, .., last] => (first.clone(), last.clone()),
            [only] => (String::new(), only.clone()),
        };
        if axis.flipped { (words.1, words.0) } else { words }
    }
}

/// Text around a column, as far as it stays in the area.
fn around(pen: &mut Pen<'_>, at: (u16, u16), room: u16, text: &str, style: Style) {
    let width = cells(&super::pen::fit(pen.theme, text, usize::from(room))) as u16;
    let most = pen.area.right().saturating_sub(width);
    let x = at.0.saturating_sub(width / 2).clamp(pen.area.x, most.max(pen.area.x));
    pen.text((x, at.1), room, text, style);
}

fn dimmed(theme: &Theme) -> Style {
    theme.style(Role::Muted).add_modifier(Modifier::DIM)
}

#[cfg(test)]
mod tests {
    use super::super::show::{ascii, shown};
    use super::*;
    use insta::assert_snapshot;

    fn with(check: impl FnOnce(&Coordinates<'_>)) {
        let kernels: Vec<String> = ["rbf", "linear", "poly"].map(String::from).into();
        let axis = |name, log| Coordinate {
            axis: Axis { log, ..Axis::named(name) },
            ..Coordinate::default()
        };
        let axes = [
            axis("learning_rate", true),
            Coordinate { brush: Some((10.0, 40.0)), ..axis("min_leaf", false) },
            Coordinate {
                axis: Axis { words: &kernels, ..Axis::named("kernel") },
                ..Coordinate::default()
            },
            axis("auc", false),
        ];
        let values: Vec<[f64; 4]> = (0..9u32)
            .map(|n| {
                let n = f64::from(n);
                [10f64.powf(-4.0 + n / 3.0), 50.0 - n * 5.0, n % 3.0, 0.86 + n * 0.01]
            })
            .collect();
        let trial = |(at, values)| Trial { values, role: Role::Series(at / 3), strong: at == 8 };
        let trials: Vec<_> =
            values.iter().map(|values| &values[..]).enumerate().map(trial).collect();
        check(&Coordinates { axes: &axes, trials: &trials, selected: Some(0), first: 0 });
    }

    #[test]
    fn trials_across_axes() {
        with(|plot| {
            let draw = |width, height, theme: &Theme| {
                shown(width, height, |buf, area| plot.draw(buf, area, theme))
            };
            assert_snapshot!(draw(56, 12, &Theme::default()), @"
            learning_rate  min_leaf         kernel            auc
             0.04642          50             poly            0.94
                ┳⢄           ⢀⠔│⢄              │      ⣀⣀⡠⠤⠤⠒⠒⠒⠉│
                │⠈⠢⡀        ⡠⢊⠔│⠒⠵⣢⡀   ⣀⣀⣀⣀⣀⡠⢀⢀│⠔⠒⠒⠉⠉⠉     ⣀⡠⠔⠊│
                │⢄⡑⠈⢢     ⢠⡪⠊⣀⠤┳⠒⠒⠉⠉⠉⠉⠉⣀ ⢀⡠⠔⣀⠔⠁│⠈⠒⠈⠉⠉⠒⢀⣀⠤⠒⠉⣀ ⣀⠤│
                │⠤⠈⠑⠬⠑⢄ ⢀⢀⡠⣀⡠⠤⠔┃⢄⡀   ⢀⡠⠔⠊⠁⡠⠊⡀  │  ⣀⠤⠔⠊⠁   ⣀⠔⠊⠉⠒│
                │⠤⠤⠤⢬⣭⠉⠱⡀⡀⣭⠤⠤⠤⠤┃⠤⢬⡵⠶⢮⡥⠤⠤⡠⠊⠤⠤⠤⢀⡠│⠒⠉⠤⠤⠤⠤⠤⡠⠔⠉⠒⠒⠒⠒⠒│
                │⠒⠊⠉⠁⠉⠋ ⠈⠢⡀⠢⣀⠒⠢┃⠊⠁   ⢀⠔⠉⢀⡠⠤⠒⠉⠁ │ ⠉⠑⢀⡠⠒⠉   ⠉⠢⣀⣀⠤│
                │⠊⠁⢔⠝     ⠘⢄⢄⡉⠒┃⠤⠤⣀⢀⠔⠁⣒⠉⠁⠈⠑⠢⢄⡀⡀│⢀⠤⠒⠁⣀⠤⠤⠒⠒⠊⠉⠉ ⠉⠒│
                │⢊⠔⠁        ⠑⢄⠢┃⠤⡠⠔⠁   ⠉⠉⠉⠉⠉⠑⠒⠒│⠁⠉⠁⣀⣀⣀     ⠉⠒⠢⢄│
                ┻⠊           ⠈⠢┻⠊              │      ⠉⠉⠑⠒⠒⠤⠤⠤⣀│
             0.0001           10              rbf            0.86
            ");
            assert_snapshot!(draw(40, 9, &ascii()), @r"
            learning~ min_leaf   kernel       auc
             0.04642     50       poly       0.94
                +\      ./|\        |.__/------|
                |'\.   --_#-/---././|'-\-._--/\|
                |'\'\._---#\_///./'.|_-//'.//--|
                |----\\-_-#---/-'-//|--_-/'\__-|
                |'/'   \\-#-//---\__|///-/---_-|
                +/      '\#/        |'--\-----/|
             0.0001      10        rbf       0.86
            ");
            assert_snapshot!(draw(18, 6, &Theme::default()), @"
            learnin… min_leaf
             0.04642    50
                ┳⠢⢄   ⢀⡤⢀┳
                │⠉⠉⠉⠢⢄⡀⣀⡀┃
                ┻⠞⠋   ⠈⠒⠤┻
             0.0001     10
            ");
        });
    }

    #[test]
    fn brushes_pick() {
        with(|plot| {
            let picked = plot.trials.iter().filter(|trial| plot.picks(trial)).count();
            assert_eq!(picked, 7);
            let area = Rect::new(3, 2, 56, 12);
            let columns = coordinates_layout(area, 4).columns;
            assert_eq!(columns, [7, 22, 38, 54]);
            assert_eq!(plot.axis_at(area, 24), Some(1));
            assert_eq!(plot.value_at(area, 1, 4), Some(50.0));
            assert_eq!(plot.value_at(area, 1, 99), Some(10.0));
        });
    }
}
