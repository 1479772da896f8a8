//! Curves over steps or time, with guides, trials as dots, bands, a legend and a crosshair.

use super::super::theme::{Role, Theme};
use super::axes::{self, Plot};
use super::braille::{Canvas, DOTS, Ink};
use super::crosshair;
use super::legend;
use super::pen::Pen;
use super::reduce::{reduce, window};
use super::scale::{Axis, Extent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Margin above and below the values, as a share of their range.
const MARGIN: f64 = 0.04;

/// One line.
#[derive(Debug, Clone, Copy)]
pub struct Curve<'a> {
    /// By ascending x; a y that is not finite is a gap.
    pub points: &'a [(f64, f64)],
    /// The color.
    pub role: Role,
    /// Its name in legend and crosshair; may be empty.
    pub label: &'a str,
    /// True for a broken line.
    pub dashed: bool,
}

/// A level that values are measured against.
#[derive(Debug, Clone, Copy)]
pub struct Guide<'a> {
    /// Where it is on the y axis.
    pub at: f64,
    /// The color.
    pub role: Role,
    /// Written on it; may be empty.
    pub label: &'a str,
}

/// One point by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// Its value on the x axis.
    pub x: f64,
    /// Its value on the y axis.
    pub y: f64,
    /// The color; the champion is a star, what was cut off or failed has the sign of that state.
    pub role: Role,
}

/// An area between two lines, behind everything else.
#[derive(Debug, Clone, Copy)]
pub struct Band<'a> {
    /// x by ascending values, low, high.
    pub points: &'a [(f64, f64, f64)],
    /// The color.
    pub role: Role,
}

/// A chart of curves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chart<'a> {
    /// Later ones lie above earlier ones.
    pub series: &'a [Curve<'a>],
    /// The axis below.
    pub x: Axis<'a>,
    /// The axis at the left.
    pub y: Axis<'a>,
    /// The x that values are read at: the nearest one of each curve.
    pub crosshair: Option<f64>,
    /// Levels, behind the curves.
    pub guides: &'a [Guide<'a>],
    /// Points, behind the curves.
    pub marks: &'a [Mark],
    /// Areas, behind everything.
    pub bands: &'a [Band<'a>],
    /// What stands there while there is nothing to draw; empty for `no values yet`.
    pub empty: &'a str,
}

/// What there is to be seen.
#[derive(Debug, Clone, Copy)]
struct Survey {
    x: Extent,
    y: Extent,
    /// Values that a logarithmic axis has no place for.
    not_positive: usize,
    infinite: usize,
}

/// Where the chart's plot is within `area`, and what its edges stand for.
pub fn plot_area(area: Rect, chart: &Chart<'_>) -> Plot {
    chart.place(area, &chart.survey())
}

impl Chart<'_> {
    /// Draws the chart.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let survey = self.survey();
        let plot = self.place(area, &survey);
        let mut pen = Pen::new(buf, area, theme);
        if survey.x.is_empty() || survey.y.is_empty() {
            let said = if self.empty.is_empty() { "no values yet" } else { self.empty };
            let middle = area.y + area.height.saturating_sub(1) / 2;
            pen.text_middle(area, middle, said, pen.style(Role::Muted));
            survey.note(&mut pen, &plot);
            return;
        }
        axes::draw(&mut pen, area, &plot, (self.x.name, self.y.name));
        let mut canvas = Canvas::new(plot.rect.width, plot.rect.height, theme.ascii);
        for band in self.bands {
            shade(&mut canvas, &plot, band, theme);
        }
        marks(&mut canvas, &plot, self.marks, theme);
        for curve in self.series {
            trace(&mut canvas, &plot, curve, theme);
        }
        self.levels(&mut pen, &plot, &canvas);
        canvas.draw(&mut pen, (plot.rect.x, plot.rect.y));
        self.level_names(&mut pen, &plot, &canvas);
        // The crosshair names the curves itself, and may need the room inside.
        if self.crosshair.is_none() || legend::width(area, self.series) > 0 {
            legend::draw(&mut pen, area, &plot, (self.series, &canvas));
        }
        if let Some(x) = self.crosshair {
            crosshair::draw(&mut pen, &plot, (self.series, x), &canvas);
        }
        survey.note(&mut pen, &plot);
    }

    fn place(&self, area: Rect, survey: &Survey) -> Plot {
        let right = legend::width(area, self.series);
        axes::place(area, (&self.x, survey.x, 0.0), (&self.y, survey.y, MARGIN), right)
    }

    fn survey(&self) -> Survey {
        let mut survey =
            Survey { x: Extent::EMPTY, y: Extent::EMPTY, not_positive: 0, infinite: 0 };
        let is_on_x = |x: f64| x.is_finite() && (!self.x.log || x > 0.0);
        for curve in self.series {
            let mut ends = curve.points.iter().map(|point| point.0);
            let first = ends.by_ref().find(|x| is_on_x(*x));
            let last = ends.rev().find(|x| is_on_x(*x));
            first.into_iter().chain(last).for_each(|x| survey.x.add(x));
        }
        let others = self.marks.iter().map(|mark| mark.x);
        let bands = self.bands.iter().flat_map(|band| band.points.iter().map(|point| point.0));
        others.chain(bands).filter(|x| is_on_x(*x)).for_each(|x| survey.x.add(x));
        let range = self.x.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        for curve in self.series {
            for point in window(curve.points, range) {
                if point.0 >= range.0 && point.0 <= range.1 {
                    survey.value(point.1, self.y.log);
                }
            }
        }
        for mark in self.marks.iter().filter(|mark| is_on_x(mark.x)) {
            survey.value(mark.y, self.y.log);
        }
        let bands = self.bands.iter().flat_map(|band| band.points);
        let of_bands = bands.flat_map(|point| [point.1, point.2]);
        let levels = self.guides.iter().map(|guide| guide.at);
        let has_values = !survey.y.is_empty();
        for y in of_bands.chain(levels.filter(|_| has_values)) {
            if !self.y.log || y > 0.0 {
                survey.y.add(y);
            }
        }
        survey
    }

    fn levels(&self, pen: &mut Pen<'_>, plot: &Plot, canvas: &Canvas) {
        for guide in self.guides {
            let Some(row) = plot.row(guide.at) else { continue };
            let style = pen.style(guide.role);
            for x in (0..plot.rect.width).filter(|x| canvas.is_free(*x, row)) {
                let glyph = pen.theme.glyph("╌", if x % 2 == 0 { "." } else { " " });
                pen.cell(plot.rect.x + x, plot.rect.y + row, glyph, style);
            }
        }
    }

    /// A level's name stands on it where it hides the least, at the right if that is as good.
    fn level_names(&self, pen: &mut Pen<'_>, plot: &Plot, canvas: &Canvas) {
        for guide in self.guides.iter().filter(|guide| !guide.label.is_empty()) {
            let Some(row) = plot.row(guide.at) else { continue };
            let text = format!(" {} ", super::pen::fit(pen.theme, guide.label, 24));
            let width = super::super::paint::cells(&text) as u16;
            let Some(room) = plot.rect.width.checked_sub(width + 2) else { continue };
            let hidden = |x: u16| canvas.used(Rect { x, y: row, width, height: 1 });
            let starts = [room + 1, room / 2, 1];
            let Some(x) = starts.into_iter().min_by_key(|x| hidden(*x)) else { continue };
            if hidden(x) <= usize::from(width) / 3 {
                let at = (plot.rect.x + x, plot.rect.y + row);
                pen.text(at, width, &text, pen.style(guide.role));
            }
        }
    }
}

impl Survey {
    /// In the upper right corner: what has no place in the picture.
    fn note(&self, pen: &mut Pen<'_>, plot: &Plot) {
        let area = pen.area;
        let mut said = Vec::new();
        let s = |n: usize| if n == 1 { "" } else { "s" };
        if self.not_positive > 0 {
            let n = self.not_positive;
            let at_most = pen.theme.glyph("≤", "<=");
            said.push(format!("{n} value{} {at_most} 0", s(n)));
        }
        if self.infinite > 0 {
            said.push(format!("{} infinite value{}", self.infinite, s(self.infinite)));
        }
        if !said.is_empty() {
            let text = format!("{} not shown", said.join(", "));
            let end =
                (plot.rect.right(), area.y.max(plot.rect.y - u16::from(plot.rect.y > area.y)));
            pen.text_right(end, plot.rect.width, &text, pen.style(Role::Warn));
        }
    }

    fn value(&mut self, y: f64, is_log: bool) {
        if y.is_infinite() {
            self.infinite += 1;
        } else if is_log && y <= 0.0 {
            self.not_positive += 1;
        } else {
            self.y.add(y);
        }
    }
}

/// Points as dots of a whole cell, those of a role with a meaning as its sign.
pub(super) fn marks(canvas: &mut Canvas, plot: &Plot, marks: &[Mark], theme: &Theme) {
    for mark in marks {
        let Some((x, y)) = plot.cell((mark.x, mark.y)) else { continue };
        canvas.layer(theme.style(mark.role), Ink::Solid);
        let glyph = match mark.role {
            Role::Champion => theme.glyph("★", "@"),
            Role::Bad => theme.glyph("✗", "x"),
            Role::Warn => theme.glyph("⊘", "/"),
            _ => theme.glyph("•", "o"),
        };
        canvas.glyph(x, y, glyph);
    }
}

fn trace(canvas: &mut Canvas, plot: &Plot, curve: &Curve<'_>, theme: &Theme) {
    canvas.layer(theme.style(curve.role), if curve.dashed { Ink::Dashed } else { Ink::Solid });
    let columns = usize::from(plot.rect.width) * usize::from(DOTS.0);
    let points = reduce(curve.points, &plot.x, columns);
    let mut before: Option<(f64, f64)> = None;
    for (at, point) in points.iter().enumerate() {
        let Some(dot) = plot.dot(*point) else {
            before = None;
            continue;
        };
        let is_alone = || points.get(at + 1).is_none_or(|next| plot.dot(*next).is_none());
        match before {
            Some(before) => canvas.line(before, dot),
            // A dot by itself would be overlooked.
            None if is_alone() => {
                if let Some((x, y)) = plot.cell(*point) {
                    canvas.glyph(x, y, theme.glyph("•", "o"));
                }
            }
            None => {}
        }
        before = Some(dot);
    }
}

/// Every second dot between the two lines.
fn shade(canvas: &mut Canvas, plot: &Plot, band: &Band<'_>, theme: &Theme) {
    canvas.layer(theme.style(band.role), Ink::Area);
    let dots = band
        .points
        .iter()
        .map(|&(x, low, high)| (plot.dot_x(x), plot.dot_y(low), plot.dot_y(high)));
    let dots: Vec<_> = dots.collect();
    let (right, bottom) = (f64::from(plot.rect.width) * 2.0, f64::from(plot.rect.height) * 4.0);
    for pair in dots.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if ![a.0, a.1, a.2, b.0, b.1, b.2].iter().all(|at| at.is_finite()) || a.0 >= b.0 {
            continue;
        }
        let (from, to) = (a.0.ceil().max(0.0), b.0.floor().min(right));
        for x in from as i32..=to as i32 {
            let share = (f64::from(x) - a.0) / (b.0 - a.0);
            let (low, high) = (a.1 + (b.1 - a.1) * share, a.2 + (b.2 - a.2) * share);
            let (top, end) = (low.min(high).max(0.0).round(), low.max(high).min(bottom).round());
            for y in (top as i32..=end as i32).filter(|y| (x + y) % 2 == 0) {
                canvas.dot(x, y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scale::Unit;
    use super::super::show::{ascii, shown};
    use super::*;
    use insta::assert_snapshot;

    /// Scores that rise fast, then slowly.
    fn rising(n: u32, speed: f64, top: f64) -> Vec<(f64, f64)> {
        (0..n)
            .map(|at| (f64::from(at), top - (top - 0.5) * (-f64::from(at) * speed).exp()))
            .collect()
    }

    fn steps() -> Axis<'static> {
        Axis { unit: Unit::Whole, ..Axis::default() }
    }

    fn draw(width: u16, height: u16, chart: &Chart<'_>) -> String {
        shown(width, height, |buf, area| chart.draw(buf, area, &Theme::default()))
    }

    #[test]
    fn two_curves_with_a_crosshair() {
        let (train, val) = (rising(80, 0.12, 0.98), rising(80, 0.09, 0.946));
        let curve =
            |points, label, n| Curve { points, role: Role::Series(n), label, dashed: n == 0 };
        let series = [curve(&train, "train", 0), curve(&val, "val", 1)];
        let chart =
            Chart { series: &series, x: steps(), crosshair: Some(45.2), ..Chart::default() };
        assert_snapshot!(draw(76, 13, &chart), @"
        1.0┤                              ⢀⡀ ⣀⣀● ⣀⣀⡀ ⣀⣀⡀ ⣀⣀⡀ ⣀⣀⡀ ⣀⣀⡀ ⣀⣀⡀ ⣀⣀ ╌╌ train
           │              ⢀⡀ ⠤⠔⠂ ⠒⠉⠁ ⠉⢀⣀⣀⣀⣀⣀⣀⣀⣀●⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤ ━━ val
        0.9┤          ⣀⠄ ⠉⠁ ⢀⣀⠤⠤⠔⠒⠊⠉⠉⠉⠁        ┊
           │       ⢀ ⠉ ⢀⡠⠤⠊⠉⠁                  ┊
        0.8┤      ⡠⠃⢀⠤⠒⠁                       ┊
           │    ⢀ ⢀⠔⠁                          ┊
        0.7┤   ⡰⢀⠔⠁                            ┊
           │  ⡀⡠⠊                              ┊
        0.6┤ ⢰⡔⠁                               ┊
           │⢀⡜                                 ┊ 45 train 0.9778
        0.5┤⠜                                  ┊    val   0.9382
           │                                   ┊
           └0───────────────20─────────────40──────────────60────────────79
        ");
        assert_snapshot!(draw(46, 10, &chart), @"
        1.0┤               ⢀⣀ ⢀⣀⣀ ⢀●⣀ ⢀⣀⣀ ⢀⣀⣀ ⢀⣀⣀ ⢀⣀⣀
           │        ⣀ ⠐⠒⠊⢀⣀⣀⡠⠤⠤⠤⠤⠒⠒●⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒
           │      ⠠⠊⢀⡠⠔⠊⠉⠁         ┊
        0.8┤   ⢀⠜ ⡠⠊⠁              ┊
           │   ⢀⠔⠉                 ┊
           │ ⢀⡠⠃                   ┊
        0.6┤ ⡰⠁                    ┊ 45 train 0.9778
           │⡰⠁                     ┊    val   0.9382
           │                       ┊
           └0─────────20─────────40────────60───────79
        ");
        assert_snapshot!(shown(46, 10, |buf, area| chart.draw(buf, area, &ascii())), @"
        1.0+                _ _ _ _o_ _ _ _ _ _ _ _ _
           |         - - .__/------o------------------
           |      - .///-'         :
        0.8+   .  //'              :
           |  ../-                 :
           | ./|                   :
        0.6+./'                    : 45 train 0.9778
           |/'                     :    val   0.9382
           |                       :
           +0---------20---------40--------60-------79
        ");
        let chart = Chart { crosshair: None, ..chart };
        assert_snapshot!(draw(30, 7, &chart), @"
        1.0┤       ⢀⡀ ⣀⣀⡀⠠⠤⠤ ⠠⠤⠤ ⠠⠤⠤ ⠠
           │   ⢀⡤⠂⣀⠤⠔⠒⠒⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
        0.8┤  ⢀⡠⠖⠉
           │ ⢀⠜⠁
        0.6┤⢀⠎               ╌╌ train
           │⠜                ━━ val
           └0───────────────50──────79
        ");
        assert_snapshot!(draw(14, 3, &chart), @"
        0.8┤ ⣠⠤⠒⠒⠒⠒⠒⠒⠒
        0.6┤⡜⠁
           └0───────79
        ");
    }

    #[test]
    fn best_so_far_against_the_champion() {
        let trials: Vec<f64> =
            (0..137u32).map(|at| 0.86 + f64::from(at * 7919 % 101) * 8.8e-4).collect();
        let role = |at: usize| if at == 131 { Role::Champion } else { Role::Muted };
        let mark = |(at, y): (usize, &f64)| Mark { x: at as f64, y: *y, role: role(at) };
        let marks: Vec<Mark> = trials.iter().enumerate().step_by(3).map(mark).collect();
        let mut best = Vec::new();
        for (at, y) in trials.iter().enumerate() {
            let high = best.last().map_or(*y, |last: &(f64, f64)| last.1.max(*y));
            best.push((at as f64, high));
        }
        let series = [Curve { points: &best, role: Role::Good, label: "best", dashed: false }];
        let guides = [Guide { at: 0.951, role: Role::Champion, label: "champion 0.951" }];
        let x = Axis { range: Some((0.0, 200.0)), name: "trial", ..steps() };
        let chart =
            Chart { series: &series, guides: &guides, marks: &marks, x, ..Chart::default() };
        assert_snapshot!(draw(60, 11, &chart), @"
             │
        0.950┤╌╌╌╌╌╌╌⣀⣠⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤ champion 0.951 ╌
             │⢀⣀⠤⠤⠴⠒⠉⠁  •   •      •       •   •  •
        0.925┤⢸     •      •   •   •   •      •
             │⢸ •  •   •       •      •   •      •
        0.900┤⢸•       •   •      •      •   •
             │⢸    •      •   •      •      •   •
        0.875┤⡎•      •      •   •  •   •      •
             │⠇   •      •      •          •
        0.850┤
             └0────────────50───────────100──────────150──200─trial─
        ");
    }

    #[test]
    fn what_a_log_axis_cannot_show_is_said() {
        let loss = |at: u32| match at {
            7..=9 => 0.0,
            20 => f64::INFINITY,
            30 => f64::NAN,
            _ => 2.0 * (-f64::from(at) * 0.15).exp(),
        };
        let points: Vec<_> = (0..50).map(|at| (f64::from(at), loss(at))).collect();
        let series = [Curve { points: &points, role: Role::Series(0), label: "", dashed: false }];
        let y = Axis { log: true, name: "loss", ..Axis::default() };
        let chart = Chart { series: &series, x: steps(), y, ..Chart::default() };
        assert_snapshot!(draw(56, 11, &chart), @"
        loss            3 values ≤ 0, 1 infinite value not shown
             │⠢⢄⣀⡀
            1┤   ⠈⠑⠒⠂
             │          ⠑⠒⠢⢄⣀⡀
          0.1┤               ⠈⠑⠒⠢⠄ ⡀
             │                     ⠈⠑⠒⠒⠤⠤⣀
             │                            ⠉⠉ ⠠⠤⣀
         0.01┤                                  ⠉⠉⠒⠤⠤⣀
             │                                        ⠉⠉⠒⠤⠤⣀
        0.001┤                                              ⠉⠉⠒⠤
             └0─────────10────────20────────30────────40──────49
        ");
    }

    #[test]
    fn a_band_lies_behind() {
        let middle = rising(40, 0.1, 0.9);
        let band: Vec<_> = middle.iter().map(|(x, y)| (*x, y - 0.05, y + 0.05)).collect();
        let series = [Curve { points: &middle, role: Role::Text, label: "", dashed: false }];
        let bands = [Band { points: &band, role: Role::Muted }];
        let chart = Chart { series: &series, bands: &bands, x: steps(), ..Chart::default() };
        assert_snapshot!(draw(44, 9, &chart), @"
        1.00┤
            │                 ⢀⢀⢀⢄⢄⢄⢄⢄⢔⢔⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
            │         ⢀⢀⢄⢔⢀⣀⡠⠤⠔⠒⠒⠒⠉⠉⠉⠉⠉⠉⠕⠕⠕⠕⠕⠑⠑⠑⠑⠑⠑⠑
        0.75┤     ⢀⢄⢀⡠⠔⠒⠊⠉⠁⠑⠑⠁⠁⠁⠁
            │  ⢀⢔⡠⠔⠊⠁⠑⠁⠁
            │⢀⢀⠔⠊⠕⠁
        0.50┤⠊⠁⠁
            │⠁
            └0─────────10───────20────────30──────39
        ");
        assert_snapshot!(shown(44, 9, |buf, area| chart.draw(buf, area, &ascii())), @"
        1.00+
            |                 ::::::::::____________
            |         ::::._/-/---------::::::::::::
        0.75+     ::.//-/-'::::::
            |  ::///':::
            |:.//::
        0.50+/':
            |:
            +0---------10-------20--------30------39
        ");
    }

    #[test]
    fn little_or_nothing() {
        let of = |points: &[(f64, f64)]| {
            let series = [Curve { points, role: Role::Good, label: "", dashed: true }];
            draw(34, 6, &Chart { series: &series, x: steps(), ..Chart::default() })
        };
        assert_snapshot!(of(&[]), @"


        no values yet
        ");
        assert_snapshot!(of(&[(0.0, f64::NAN), (1.0, f64::INFINITY)]), @"
        1 infinite value not shown

          no values yet
        ");
        assert_snapshot!(of(&[(3.0, 0.5)]), @"
        0.525┤
             │
        0.500┤              •
             │
        0.475┤
             └2─────────────3────────────4
        ");
        assert_snapshot!(of(&[(0.0, 0.5), (1.0, 0.5), (2.0, f64::NAN), (3.0, 0.5)]), @"
        0.525┤
             │
        0.500┤⠤⠤ ⠠⠤⠤ ⠠⠤⠄                 •
             │
        0.475┤
             └0─────────────────2────────3
        ");
    }

    #[test]
    fn the_mouse_reads_what_is_drawn() {
        let points = rising(101, 0.1, 0.9);
        let series = [Curve { points: &points, role: Role::Good, label: "", dashed: false }];
        let chart = Chart { series: &series, x: steps(), ..Chart::default() };
        let plot = plot_area(Rect::new(10, 5, 60, 12), &chart);
        for column in plot.rect.x..plot.rect.right() {
            let x = plot.x_at(column).unwrap();
            assert_eq!(plot.column(plot.dot_x(x)), Some(column - plot.rect.x));
        }
        assert_eq!((plot.x_at(plot.rect.x - 1), plot.x_at(plot.rect.right())), (None, None));
        assert_eq!(plot.x_range(), (0.0, 100.0));
        assert!(plot.y_range().0 < 0.5 && plot.y_range().1 > 0.9);
    }

    #[test]
    fn any_numbers_draw_at_any_size() {
        let odd = [f64::NAN, f64::INFINITY, -1e308, 1e308, 0.0, -1.0, 1e-320];
        let points: Vec<_> = odd.iter().flat_map(|x| odd.iter().map(|y| (*x, *y))).collect();
        let marks: Vec<_> = points.iter().map(|&(x, y)| Mark { x, y, role: Role::Bad }).collect();
        let bands: Vec<_> = points.iter().map(|&(x, y)| (x, y, -y)).collect();
        let series =
            [Curve { points: &points, role: Role::Good, label: "ペンギン", dashed: true }; 3];
        for (log, at) in [false, true].into_iter().flat_map(|log| odd.map(|at| (log, at))) {
            let axis =
                Axis { log, range: (at == 0.0).then_some((at, f64::NAN)), ..Axis::named("x") };
            let chart = Chart {
                series: &series,
                marks: &marks,
                bands: &[Band { points: &bands, role: Role::Muted }],
                guides: &[Guide { at, role: Role::Champion, label: "champion" }],
                crosshair: Some(at),
                x: axis,
                y: axis,
                empty: "",
            };
            for (width, height) in [(0, 0), (1, 1), (2, 9), (9, 2), (13, 4), (70, 9), (200, 60)] {
                draw(width, height, &chart);
            }
        }
    }
}
