//! Points by two values: a parameter against a metric, two metrics with their Pareto front.

use super::super::theme::{Role, Theme};
use super::axes::{self, Plot};
use super::braille::{Canvas, Ink};
use super::pen::Pen;
use super::scale::{Axis, Extent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Margin beside the points, as a share of their range.
const MARGIN: f64 = 0.04;
/// With more points than one in so many cells, each is a dot of braille instead of a whole cell.
const CROWDED: usize = 6;

/// What a point looks like: series differ by it, whatever the colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// Filled: the first series, the best.
    #[default]
    Disc,
    /// Hollow: the second series, ordinary runs.
    Ring,
    /// The third.
    Triangle,
    /// The fourth.
    Square,
    /// The fifth.
    Diamond,
    /// The sixth; what failed.
    Cross,
    /// The champion.
    Star,
}

impl Shape {
    const SERIES: [Self; 6] =
        [Self::Disc, Self::Ring, Self::Triangle, Self::Square, Self::Diamond, Self::Cross];

    /// Of the n-th series; numbers wrap.
    pub fn nth(n: usize) -> Self {
        Self::SERIES[n % Self::SERIES.len()]
    }

    /// Its character.
    pub fn glyph(self, theme: &Theme) -> &'static str {
        match self {
            Self::Disc => theme.glyph("●", "#"),
            Self::Ring => theme.glyph("○", "o"),
            Self::Triangle => theme.glyph("▲", "^"),
            Self::Square => theme.glyph("■", "%"),
            Self::Diamond => theme.glyph("◆", "*"),
            Self::Cross => theme.glyph("×", "x"),
            Self::Star => theme.glyph("★", "@"),
        }
    }
}

/// A point of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dot {
    /// Its value on the x axis.
    pub x: f64,
    /// Its value on the y axis.
    pub y: f64,
    /// The color.
    pub role: Role,
    /// The sign.
    pub shape: Shape,
}

/// Points in whole cells, later ones above earlier ones.
pub(super) fn dots(canvas: &mut Canvas, plot: &Plot, dots: &[Dot], theme: &Theme) {
    for dot in dots {
        let Some((x, y)) = plot.cell((dot.x, dot.y)) else { continue };
        let style = theme.style(dot.role);
        let is_loud = matches!(dot.shape, Shape::Disc | Shape::Star);
        canvas.layer(if is_loud { style.add_modifier(Modifier::BOLD) } else { style }, Ink::Solid);
        canvas.glyph(x, y, dot.shape.glyph(theme));
    }
}

/// A plot of points.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scatter<'a> {
    /// Later ones lie above earlier ones.
    pub points: &'a [Dot],
    /// The shape of the many, which are specks where there is no room for signs.
    pub many: Option<Shape>,
    /// A line behind the points, as the steps of a Pareto front; see [`steps`].
    pub line: &'a [(f64, f64)],
    /// The color of the line.
    pub line_role: Option<Role>,
    /// The point under the cursor.
    pub selected: Option<usize>,
    /// The axis below; its name stands at its end.
    pub x: Axis<'a>,
    /// The axis at the left; its name stands above it.
    pub y: Axis<'a>,
    /// What stands there if there are no points; empty for `no values yet`.
    pub empty: &'a str,
}

/// The corners of the steps through the points of a front, by ascending x: across first, then up or down.
pub fn steps(front: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut corners = Vec::with_capacity(front.len() * 2);
    for (at, point) in front.iter().enumerate() {
        if let Some(before) = at.checked_sub(1) {
            corners.push((point.0, front[before].1));
        }
        corners.push(*point);
    }
    corners
}

impl Scatter<'_> {
    /// Where the plot is, and what its edges stand for.
    pub fn plot_area(&self, area: Rect) -> Plot {
        let (x, y) = self.extents();
        axes::place(area, (&self.x, x, MARGIN), (&self.y, y, MARGIN), 0)
    }

    /// The point drawn nearest to a cell of the screen, at most two cells away.
    pub fn hit(&self, area: Rect, x: u16, y: u16) -> Option<usize> {
        let plot = self.plot_area(area);
        let far = |mark: &Dot| {
            let cell = plot.cell((mark.x, mark.y))?;
            let across = (plot.rect.x + cell.0).abs_diff(x);
            Some(across.max((plot.rect.y + cell.1).abs_diff(y)))
        };
        let near = self.points.iter().enumerate().filter_map(|(at, mark)| Some((far(mark)?, at)));
        near.filter(|(far, _)| *far <= 2).min().map(|(_, at)| at)
    }

    /// Draws axes, line and points.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let plot = self.plot_area(area);
        let mut pen = Pen::new(buf, area, theme);
        if self.extents().0.is_empty() {
            let said = if self.empty.is_empty() { "no values yet" } else { self.empty };
            pen.text_middle(area, area.y + area.height / 2, said, pen.style(Role::Muted));
            return;
        }
        axes::draw(&mut pen, area, &plot, (self.x.name, self.y.name));
        let mut canvas = Canvas::new(plot.rect.width, plot.rect.height, theme.ascii);
        canvas.layer(theme.style(self.line_role.unwrap_or(Role::Muted)), Ink::Solid);
        for pair in self.line.windows(2) {
            if let (Some(from), Some(to)) = (plot.dot(pair[0]), plot.dot(pair[1])) {
                canvas.line(from, to);
            }
        }
        let specks = self.many.filter(|_| self.is_crowded(&plot));
        self.specks(&mut canvas, &plot, (specks, theme));
        let signs: Vec<Dot> =
            self.points.iter().filter(|dot| Some(dot.shape) != specks).copied().collect();
        dots(&mut canvas, &plot, &signs, theme);
        canvas.draw(&mut pen, (plot.rect.x, plot.rect.y));
        let selected = self.selected.and_then(|at| self.points.get(at));
        if let Some((mark, (x, y))) = selected.and_then(|at| Some((at, plot.cell((at.x, at.y))?))) {
            let style = theme.style(mark.role).add_modifier(Modifier::BOLD | Modifier::REVERSED);
            pen.cell(plot.rect.x + x, plot.rect.y + y, theme.glyph("◉", "O"), style);
        }
    }

    /// The sign that the points of a shape have in that area, as a legend shows it.
    pub fn sign(&self, area: Rect, shape: Shape, theme: &Theme) -> &'static str {
        if self.many == Some(shape) && self.is_crowded(&self.plot_area(area)) {
            return theme.glyph("⠂", ".");
        }
        shape.glyph(theme)
    }

    fn is_crowded(&self, plot: &Plot) -> bool {
        let many = self.points.iter().filter(|dot| Some(dot.shape) == self.many).count();
        many > plot.rect.area() as usize / CROWDED
    }

    /// A dot of braille for each, so that more can be told apart than there are cells.
    fn specks(&self, canvas: &mut Canvas, plot: &Plot, (shape, theme): (Option<Shape>, &Theme)) {
        let mut before = None;
        for dot in self.points.iter().filter(|dot| Some(dot.shape) == shape) {
            let (Some((x, y)), Some(cell)) = (plot.dot((dot.x, dot.y)), plot.cell((dot.x, dot.y)))
            else {
                continue;
            };
            if before != Some(dot.role) {
                canvas.layer(theme.style(dot.role), Ink::Solid);
                before = Some(dot.role);
            }
            if theme.ascii {
                canvas.glyph(cell.0, cell.1, ".");
            } else {
                canvas.dot(x.round() as i32, y.round() as i32);
            }
        }
    }

    /// Of the points that have a place on both axes.
    fn extents(&self) -> (Extent, Extent) {
        let is_on = |axis: &Axis<'_>, at: f64| at.is_finite() && (!axis.log || at > 0.0);
        let (mut x, mut y) = (Extent::EMPTY, Extent::EMPTY);
        let points = self.points.iter().map(|mark| (mark.x, mark.y));
        for point in points.chain(self.line.iter().copied()) {
            if is_on(&self.x, point.0) && is_on(&self.y, point.1) {
                x.add(point.0);
                y.add(point.1);
            }
        }
        (x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::{ascii, shown};
    use super::*;
    use insta::assert_snapshot;

    fn dot(x: f64, y: f64, role: Role) -> Dot {
        Dot { x, y, role, shape: Shape::Disc }
    }

    fn points() -> Vec<Dot> {
        let at = |n: u32| {
            (10f64.powf(f64::from(n * 37 % 41) / 10.0 - 5.0), f64::from(n * 53 % 47) / 47.0)
        };
        let role = |n| if n == 20 { Role::Champion } else { Role::Series(0) };
        let shape = |n| match n {
            20 => Shape::Star,
            n => Shape::nth(usize::from(n % 8 != 1)),
        };
        (0..40).map(|n| Dot { x: at(n).0, y: at(n).1, role: role(n), shape: shape(n) }).collect()
    }

    #[test]
    fn a_parameter_against_a_metric() {
        let points = points();
        let x = Axis { log: true, ..Axis::named("learning_rate") };
        let plot = Scatter { points: &points, x, y: Axis::named("auc"), ..Scatter::default() };
        let draw = |plot: &Scatter<'_>, theme: &Theme| {
            shown(52, 11, |buf, area| plot.draw(buf, area, theme))
        };
        assert_snapshot!(draw(&plot, &Theme::default()), @"
        auc
        1.00┤          ○                                  ○
            │     ○        ○○         ○         ○
        0.75┤         ○         ○○        ○         ○
            │             ○         ○○         ○        ○
        0.50┤    ★             ○        ○○         ○
            │        ○             ○         ○○        ○
        0.25┤   ○        ○             ●         ●○
            │       ●         ●             ○        ○●
           0┤ ○         ○         ○
            └───────────1e-4─────────────0.01─learning_rate─
        ");
        let words: Vec<String> = ["rbf", "linear", "polynomial"].map(String::from).into();
        let word = |mark: &Dot| (mark.y * 47.0).round() % 3.0;
        let choice: Vec<_> = points.iter().map(|mark| Dot { x: word(mark), ..*mark }).collect();
        let plot =
            Scatter { points: &choice, x: Axis { words: &words, ..Axis::default() }, ..plot };
        assert_snapshot!(draw(&plot, &ascii()), @"
        auc
        1.00+        o              o
            |        o              o               o
        0.75+        o              o               o
            |        o              o               o
        0.50+        o              o               @
            |        o              o               o
        0.25+        #              #               o
            |        o              o               #
           0+        o              o               o
            +-------rbf-----------linear--------polynomial--
        ");
    }

    #[test]
    fn a_front_is_steps() {
        let front = [(1.0, 0.80), (2.0, 0.90), (5.0, 0.94), (9.0, 0.95)];
        let points: Vec<_> = front.iter().map(|&(x, y)| dot(x, y, Role::Good)).collect();
        let line = steps(&front);
        let plot =
            Scatter { points: &points, line: &line, selected: Some(2), ..Scatter::default() };
        assert_snapshot!(shown(40, 9, |buf, area| plot.draw(buf, area, &Theme::default())), @"
            │
        0.95┤                 ◉⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀●
            │                 ⢸
        0.90┤     ●⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠚
            │     ⢸
        0.85┤     ⢸
            │     ⢸
        0.80┤ ●⠒⠒⠒⠚
            └──────2.5───────5.0───────7.5──────
        ");
        let area = Rect::new(0, 0, 40, 9);
        let at = plot.plot_area(area);
        let cell = at.cell(front[2]).unwrap();
        assert_eq!(plot.hit(area, at.rect.x + cell.0 + 1, at.rect.y + cell.1), Some(2));
        assert_eq!(plot.hit(area, at.rect.x, at.rect.y), None);
        assert_eq!(line.len(), 7);
    }
}
