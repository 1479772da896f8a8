//! Parallel coordinates: an axis for each parameter, a line for each trial, brushes that pick trials.

use super::super::paint::cells;
use super::super::theme::{Role, Theme};
use super::braille::{Canvas, Ink};
use super::pen::Pen;
use super::scale::{Axis, Extent, Scale};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Cells that an axis has for itself at least.
const LEAST: u16 = 8;
/// Rows that are not the axes' own beside those of the names: ends above and below.
const ENDS: u16 = 2;
/// From this height on names may stand in two lines.
const TWO_LINES: u16 = 10;
/// Lines through a cell, from one to many, where only ASCII may be drawn.
const DENSITY: [&str; 6] = [".", ":", "-", "=", "+", "*"];

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
    /// Lines of names above them: with two, every second name stands in the second.
    pub lines: u16,
    area: Rect,
}

/// Places axes of these names at even distances, as many as have room.
pub fn coordinates_layout(area: Rect, names: &[&str]) -> CoordinatesLayout {
    let most = usize::from(area.width / LEAST).max(1);
    let shown = names.len().min(most);
    // Names and ends stand around their axis, so that the outer axes stay off the edges.
    let side = (area.width / (2 * shown.max(1) as u16)).min(LEAST / 2);
    let span = usize::from(area.width.saturating_sub(2 * side + 1));
    let column = |at: usize| match shown {
        1 => area.x + area.width / 2,
        _ => area.x + side + (span * at / (shown - 1)) as u16,
    };
    let columns = if area.is_empty() { Vec::new() } else { (0..shown).map(column).collect() };
    let mut layout = CoordinatesLayout { columns, rows: area, lines: 1, area };
    if area.height >= TWO_LINES && !layout.has_room(names) {
        layout.lines = 2;
    }
    let above = (layout.lines + 1).min(area.height);
    let height = area.height.saturating_sub(layout.lines + ENDS);
    layout.rows = Rect { y: area.y + above, height, ..area };
    layout
}

impl CoordinatesLayout {
    /// True if no name has to be cut.
    pub fn has_room(&self, names: &[&str]) -> bool {
        let fits = |(at, name): (usize, &&str)| {
            let (from, to) = self.slot(at, self.lines);
            cells(name) <= usize::from(to - from)
        };
        names.iter().take(self.columns.len()).enumerate().all(fits)
    }

    /// Cells for a word between two axes.
    pub fn word_room(&self) -> u16 {
        let apart = self.columns.windows(2).map(|pair| pair[1] - pair[0]).min();
        apart.unwrap_or(self.rows.width).saturating_sub(2)
    }

    /// Columns for what stands around the n-th axis, one left free between neighbors; every `of`-th is a neighbor.
    fn slot(&self, at: usize, of: u16) -> (u16, u16) {
        let middle = |a: usize, b: usize| u16::midpoint(self.columns[a], self.columns[b]);
        let of = usize::from(of);
        let from = at.checked_sub(of).map_or(self.area.x, |before| middle(before, at) + 1);
        let has_next = at + of < self.columns.len();
        let to = if has_next { middle(at, at + of) } else { self.area.right() };
        (from, to.max(from))
    }
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
        if theme.ascii {
            self.dense(&mut pen, &layout, &scales);
        } else {
            self.lines(&mut pen, (area, &layout), &scales);
        }
        let line = theme.glyph("│", "|");
        for x in &layout.columns {
            pen.fill_down((*x, layout.rows.y), layout.rows.height, line, theme.style(Role::Frame));
        }
        for (at, scale) in scales.iter().enumerate() {
            self.axis(&mut pen, &layout, at, scale);
        }
    }

    /// Those outside of a brush first, the best last.
    fn lines(&self, pen: &mut Pen<'_>, of: (Rect, &CoordinatesLayout), scales: &[Scale]) {
        let mut canvas = Canvas::new(of.0.width, of.1.rows.height, false);
        let passes = |trial: &&Trial<'_>| self.picks(trial);
        let (inside, outside): (Vec<_>, Vec<_>) = self.trials.iter().partition(passes);
        canvas.layer(dimmed(pen.theme), Ink::Solid);
        for trial in outside {
            self.trace(&mut canvas, of, scales, trial);
        }
        for strong in [false, true] {
            let mut before = None;
            for trial in inside.iter().filter(|trial| trial.strong == strong) {
                // Lines of one color may share cells.
                if before != Some(trial.role) {
                    let style = pen.style(trial.role);
                    let style = if strong { style.add_modifier(Modifier::BOLD) } else { style };
                    canvas.layer(style, Ink::Solid);
                    before = Some(trial.role);
                }
                self.trace(&mut canvas, of, scales, trial);
            }
        }
        canvas.draw(pen, (of.0.x, of.1.rows.y));
    }

    fn layout(&self, area: Rect) -> CoordinatesLayout {
        let shown = self.axes.get(self.first..).unwrap_or_default();
        let names: Vec<&str> = shown.iter().map(|axis| axis.axis.name).collect();
        coordinates_layout(area, &names)
    }

    /// How many lines go through a cell, in shades; where the best are more than a few of them, they stand out.
    fn dense(&self, pen: &mut Pen<'_>, layout: &CoordinatesLayout, scales: &[Scale]) {
        let rows = layout.rows;
        let mut counts = vec![[0u32; 3]; usize::from(rows.width) * usize::from(rows.height)];
        let mut roles = [Role::Muted; 3];
        for trial in self.trials {
            let kind = match (self.picks(trial), trial.strong) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => 2,
            };
            roles[kind] = trial.role;
            self.for_each_cell(layout, scales, trial, |at| counts[at][kind] += 1);
        }
        let most = counts.iter().map(|count| count[1]).max().unwrap_or(0).max(2);
        for (at, [outside, inside, strong]) in counts.into_iter().enumerate() {
            let level = f64::from(inside.max(1)).ln() / f64::from(most).ln();
            let shade = DENSITY[(level * (DENSITY.len() - 1) as f64).round() as usize];
            let (glyph, style) = match () {
                () if strong * 3 > inside => {
                    ("#", pen.style(roles[2]).add_modifier(Modifier::BOLD))
                }
                () if inside > 0 => (shade, pen.style(roles[1])),
                () if outside > 0 => (DENSITY[0], dimmed(pen.theme)),
                () => continue,
            };
            let (x, y) = (at % usize::from(rows.width), at / usize::from(rows.width));
            pen.cell(rows.x + x as u16, rows.y + y as u16, glyph, style);
        }
    }

    /// The cells of the rows that a trial's line goes through, one in each column.
    fn for_each_cell(
        &self,
        layout: &CoordinatesLayout,
        scales: &[Scale],
        trial: &Trial<'_>,
        mut count: impl FnMut(usize),
    ) {
        let rows = layout.rows;
        let row = |at: usize| {
            let value = trial.values.get(self.first + at).copied().unwrap_or(f64::NAN);
            self.dot(at, &scales[at], value, rows.height) / 4.0
        };
        for at in 1..scales.len() {
            let (from, to) = (row(at - 1), row(at));
            let (left, right) = (layout.columns[at - 1], layout.columns[at]);
            if !(from.is_finite() && to.is_finite()) {
                continue;
            }
            for x in left..right {
                let share = f64::from(x - left) / f64::from(right - left);
                let y = (from + (to - from) * share).floor();
                if (0.0..f64::from(rows.height)).contains(&y) {
                    count(y as usize * usize::from(rows.width) + usize::from(x - rows.x));
                }
            }
        }
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
        let is_selected = self.selected == Some(self.first + at);
        let name = if is_selected {
            pen.style(Role::Accent).add_modifier(Modifier::BOLD | Modifier::REVERSED)
        } else {
            pen.style(Role::Text).add_modifier(Modifier::BOLD)
        };
        let above = rows.y - 1 - layout.lines + (at as u16 % layout.lines);
        around(pen, (x, above), layout.slot(at, layout.lines), axis.axis.name, name);
        let muted = pen.style(Role::Muted);
        let slot = layout.slot(at, 1);
        if Self::has_words(axis, rows) {
            self.words(pen, layout, at, scale);
        } else {
            let ends = Self::ends(axis, scale);
            let room = usize::from(slot.1 - slot.0);
            // Half a word could be any, and one end by itself the name of the axis.
            if axis.axis.words.is_empty() || cells(&ends.0).max(cells(&ends.1)) <= room {
                around(pen, (x, rows.y - 1), slot, &ends.1, muted);
                around(pen, (x, rows.bottom()), slot, &ends.0, muted);
            }
        }
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

    /// True if there is room for the words of a choice at their places along the axis.
    fn has_words(axis: &Coordinate<'_>, rows: Rect) -> bool {
        let n = axis.axis.words.len();
        n > 0 && n <= usize::from(rows.height).div_ceil(2)
    }

    /// The words of a choice beside its axis.
    fn words(&self, pen: &mut Pen<'_>, layout: &CoordinatesLayout, at: usize, scale: &Scale) {
        let (x, rows) = (layout.columns[at], layout.rows);
        let room = layout.word_room();
        let style = pen.style(Role::Text);
        for (place, word) in self.axes[self.first + at].axis.words.iter().enumerate() {
            let dot = self.dot(at, scale, place as f64, rows.height).round();
            let y = rows.y + (dot / 4.0) as u16;
            let width = (cells(&super::pen::fit(pen.theme, word, usize::from(room)))) as u16;
            // The last axis has its words at its left.
            let from = if x + 1 + width > rows.right() { x.saturating_sub(width) } else { x + 1 };
            pen.text((from.max(rows.x), y), room, word, style);
        }
    }

    /// What stands below and above an axis; of words the first and the last.
    fn ends(axis: &Coordinate<'_>, scale: &Scale) -> (String, String) {
        let (low, high) = scale.ends();
        let words = match axis.axis.words {
            [] => (scale.word(low), scale.word(high)),
            [first, .., last] => (first.clone(), last.clone()),
            [only] => (String::new(), only.clone()),
        };
        if axis.flipped { (words.1, words.0) } else { words }
    }
}

/// Text around a column, within a slot.
fn around(pen: &mut Pen<'_>, at: (u16, u16), slot: (u16, u16), text: &str, style: Style) {
    let room = slot.1 - slot.0;
    let width = cells(&super::pen::fit(pen.theme, text, usize::from(room))) as u16;
    let x = at.0.saturating_sub(width / 2).clamp(slot.0, slot.1 - width.min(room));
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
            learning_rate                   kernel
                           min_leaf                           auc
             0.04642          50                             0.94
                ┳⢄           ⢀⠔│⠤⡀             │    ⣀⣀⣀⠤⠤⠤⠔⠒⠒⠊⠉│
                │⠤⠑⢄       ⢀⠔⡡⠔┳⠒⠬⣀⣀⣀⣀⣀⠤⠤⠤⠤⠤⢀⢀⡠│poly⣀     ⢀⣀⠤⠒⠊│
                │⠢⢌⡒⠑⢄   ⢀⢔⢀⡠⠔⠊┃⠉⠉  ⠙⢖⡢⠤⣀⠤⠒⣀⠔⠁ │ ⠈⠑⠤⣀⣀⡠⠤⠒⠉⠁⠤⣀⠤⠒│
                │⠑⠒⠈⠑⠫⠑⢄⣀⣀⠤⠤⠒⠒⠉┃⠒⠤⣀⣀⡠⠔⠊⠉⣀⡠⠊⠒⠤⣀⡀│⣀⠤⠔⠒⠉⠉⠒⣀⢀⡠⠔⠉⣀⣀⣉│
                │⡩⠭⠝⠛⠋⠉⠈⠢⡀⣄⡀⠭⠭⣉┃⠭⠛⠉⠉⠙⠫⢀⠔⠉⠉⣀⡠⠤⠒⠊│linear⠤⠊⠁⠑⠢⣀  ⣀│
                │⠔⠊⠁⡪⠊   ⠈⠢⡀⢕⠢⢄┃⣀⣀  ⡠⠊⠁⠒⠊⠉⠤⣀⡀⡀ │ ⢀⡠⠒⠉⣀⣀⠤⠤⠔⠒⠒⠉⠉⠤│
                │⠒⡡⠊       ⠈⠢⡀⠢┃⠤⢀⠔⠉⠉⠉⠉⠒⠒⠒⠒⠒⠢⠤⠤│rbf⠉⠉     ⠉⠑⠒⠤⢄│
                ┻⠊           ⠈⠢┻⠒⠁             │    ⠉⠉⠉⠒⠒⠒⠢⠤⠤⢄⣀│
             0.0001           10                             0.86
            ");
            assert_snapshot!(draw(40, 9, &ascii()), @r"
            learning~ min_leaf   kernel       auc
             0.04642     50                  0.94
                +#       .|..       |##########|
                |-##   ...#......-##|poly-----.|
                |-=++*===-#--=--##..|---=-=----|
                |.--- ==-.#.. ##-...|linear.--.|
                |...   ##-#-##-..---|rbf.......|
                +.       ###        |  ........|
             0.0001      10                  0.86
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
            let columns = coordinates_layout(area, &["a", "b", "c", "d"]).columns;
            assert_eq!(columns, [7, 22, 38, 54]);
            assert_eq!(plot.axis_at(area, 24), Some(1));
            assert_eq!(plot.value_at(area, 1, 4), Some(50.0));
            assert_eq!(plot.value_at(area, 1, 99), Some(10.0));
        });
    }
}
