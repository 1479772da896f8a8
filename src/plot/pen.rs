//! The pen: lines, dots, boxes and words on an SVG or a PNG, in pixels of the figure.
//!
//! Both surfaces are drawn four times as large as the figure is: an SVG keeps a quarter of a pixel, a PNG is
//! averaged down to twice the figure's size, so that edges are smooth and print is sharp.

use super::{FAMILY, prepare_font};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, IntoFont, RGBAColor, RGBColor, ShapeStyle, TextStyle};

/// How much larger than the figure the surfaces are.
pub(super) const SCALE: u32 = 4;
/// A font's em per `plotters` size on each surface: an SVG divides by 1.24, a bitmap by ascent less descent.
const SVG_SIZE: f64 = 1.24;
const PNG_SIZE: f64 = 1.164;

/// Where words stand from their point on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// The point is their left end.
    Left,
    /// The point is their middle.
    Middle,
    /// The point is their right end.
    Right,
}

/// How words look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    pub(super) em: f64,
    pub(super) color: RGBColor,
    pub(super) align: Align,
    /// True if they run from the bottom up; left is then the bottom.
    pub(super) upward: bool,
}

impl Words {
    pub(super) const fn new(em: f64, color: RGBColor, align: Align) -> Self {
        Self { em, color, align, upward: false }
    }

    pub(super) const fn upward(mut self) -> Self {
        self.upward = true;
        self
    }
}

/// How a line looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    pub(super) color: RGBAColor,
    pub(super) width: f64,
    /// Lengths of strokes and gaps in turn; empty for a solid line.
    pub(super) dash: &'static [f64],
}

impl Stroke {
    pub(super) fn new(color: impl Color, width: f64) -> Self {
        Self { color: color.mix(1.0), width, dash: &[] }
    }

    pub(super) fn dashed(mut self, dash: &'static [f64]) -> Self {
        self.dash = dash;
        self
    }
}

pub(super) enum Surface<'a> {
    Svg(SVGBackend<'a>),
    Png(BitMapBackend<'a>),
}

/// Draws; the first fault is kept and what follows is not drawn.
pub(super) struct Pen<'a> {
    surface: Surface<'a>,
    fault: Option<String>,
}

/// The same call on either surface.
macro_rules! on {
    ($pen:ident, $backend:ident => $call:expr) => {
        if $pen.fault.is_none() {
            let result = match &mut $pen.surface {
                Surface::Svg($backend) => $call.map_err(|error| error.to_string()),
                Surface::Png($backend) => $call.map_err(|error| error.to_string()),
            };
            $pen.fault = result.err();
        }
    };
}

impl<'a> Pen<'a> {
    pub(super) fn new(surface: Surface<'a>) -> Self {
        prepare_font();
        Self { surface, fault: None }
    }

    /// Ends the drawing.
    pub(super) fn finish(mut self) -> Result<(), String> {
        on!(self, backend => backend.present());
        self.fault.map_or(Ok(()), Err)
    }

    pub(super) fn line(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        if stroke.dash.is_empty() {
            self.solid(points, stroke);
        } else {
            for piece in dashes(points, stroke.dash) {
                self.solid(&piece, stroke);
            }
        }
    }

    fn solid(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        let style = ShapeStyle {
            color: stroke.color,
            filled: false,
            stroke_width: scaled(stroke.width).max(1) as u32,
        };
        let at: Vec<(i32, i32)> = points.iter().map(|&point| pixel(point)).collect();
        if self.fault.is_some() || at.len() < 2 {
            return;
        }
        let result = match &mut self.surface {
            Surface::Svg(svg) => svg.draw_path(at, &style).map_err(|error| error.to_string()),
            Surface::Png(png) => segments(png, &at, style),
        };
        self.fault = result.err();
    }

    pub(super) fn dot(&mut self, at: (f64, f64), radius: f64, color: impl Color) {
        let style = color.filled();
        let radius = scaled(radius).max(1) as u32;
        on!(self, backend => backend.draw_circle(pixel(at), radius, &style, true));
    }

    pub(super) fn ring(&mut self, at: (f64, f64), radius: f64, stroke: Stroke) {
        let turn = |step: i32| std::f64::consts::TAU * f64::from(step) / 32.0;
        let point = |step| (at.0 + radius * turn(step).cos(), at.1 + radius * turn(step).sin());
        let points: Vec<(f64, f64)> = (0..=32).map(point).collect();
        self.line(&points, stroke);
    }

    /// A filled box; corners in any order.
    pub(super) fn fill(&mut self, a: (f64, f64), b: (f64, f64), color: impl Color) {
        let (a, b) = (pixel(a), pixel(b));
        let low = (a.0.min(b.0), a.1.min(b.1));
        // The far edge belongs to the box on a bitmap.
        let edge = i32::from(matches!(self.surface, Surface::Png(_)));
        let high = (a.0.max(b.0) - edge, a.1.max(b.1) - edge);
        if high.0 >= low.0 && high.1 >= low.1 {
            let style = color.filled();
            on!(self, backend => backend.draw_rect(low, high, &style, true));
        }
    }

    pub(super) fn outline(&mut self, a: (f64, f64), b: (f64, f64), stroke: Stroke) {
        self.line(&[a, (b.0, a.1), b, (a.0, b.1), a], stroke);
    }

    /// Words whose middle line runs through the point; characters that no file may hold become spaces.
    pub(super) fn words(&mut self, at: (f64, f64), text: &str, words: Words) {
        if text.is_empty() {
            return;
        }
        let em = words.em * f64::from(SCALE);
        // Distance of the baseline from the point that the surface takes as the top.
        let (size, drop) = match self.surface {
            Surface::Svg(_) => (em * SVG_SIZE, em * 0.76),
            Surface::Png(_) => (em * PNG_SIZE, em * PNG_SIZE / 2.0),
        };
        let shift = (em * 0.36 - drop).round() as i32;
        let (x, y) = pixel(at);
        let turn = if words.upward { FontTransform::Rotate270 } else { FontTransform::None };
        let at = if words.upward { (x + shift, y) } else { (x, y + shift) };
        let side = match words.align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        let font = (FAMILY, size).into_font().transform(turn);
        let style = TextStyle::from(font).color(&words.color).pos(Pos::new(side, VPos::Top));
        let text = clean(text);
        on!(self, backend => backend.draw_text(&text, &style, at));
    }
}

/// A thick path on a bitmap, piece by piece: as one shape its corners would grow spikes.
fn segments(
    png: &mut BitMapBackend<'_>,
    at: &[(i32, i32)],
    style: ShapeStyle,
) -> Result<(), String> {
    let is_round = style.color.alpha() >= 1.0 && style.stroke_width > SCALE;
    for pair in at.windows(2) {
        png.draw_line(pair[0], pair[1], &style).map_err(|error| error.to_string())?;
    }
    let corners = at.get(1..at.len() - 1).filter(|_| is_round).unwrap_or_default();
    for &corner in corners {
        let dot = style.color.filled();
        png.draw_circle(corner, style.stroke_width / 2, &dot, true)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn scaled(length: f64) -> i32 {
    (length * f64::from(SCALE)).round() as i32
}

fn pixel((x, y): (f64, f64)) -> (i32, i32) {
    (scaled(x), scaled(y))
}

/// A path cut into the strokes of a dash pattern.
fn dashes(points: &[(f64, f64)], dash: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    let (mut turn, mut left) = (0, dash[0]);
    for pair in points.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let length = dx.hypot(dy);
        let mut walked = 0.0;
        while length - walked > left {
            walked += left;
            let at = (pair[0].0 + dx * walked / length, pair[0].1 + dy * walked / length);
            piece.push(at);
            if turn % 2 == 0 {
                pieces.push(std::mem::take(&mut piece));
            }
            piece = vec![at];
            turn += 1;
            left = dash[turn % dash.len()];
        }
        left -= length - walked;
        piece.push(pair[1]);
    }
    if turn % 2 == 0 {
        pieces.push(piece);
    }
    pieces
}

/// The text without characters that XML forbids or that would break a line.
fn clean(text: &str) -> String {
    let keeps = |c: char| !c.is_control() && c != '\u{fffe}' && c != '\u{ffff}';
    text.chars().map(|c| if keeps(c) { c } else { ' ' }).collect()
}

/// Width of a text in pixels of the figure.
pub(super) fn width(text: &str, em: f64) -> f64 {
    prepare_font();
    // Measured large, since the answer is in whole pixels.
    let large = (FAMILY, 100.0 * PNG_SIZE).into_font();
    large.box_size(&clean(text)).map_or(0.0, |(width, _)| f64::from(width) * em / 100.0)
}

/// A text that fits: what is too much in the middle becomes `…`, since names differ at their ends.
pub(super) fn fitted(text: &str, em: f64, room: f64) -> String {
    // No figure has room for more; measuring stays cheap.
    let chars: Vec<char> = text.chars().take(2_000).collect();
    if chars.len() < 2_000 && width(text, em) <= room {
        return text.to_string();
    }
    let cut = |keep: usize| -> String {
        let tail = keep / 3;
        let head = chars[..keep - tail].iter();
        head.chain(&['…']).chain(&chars[chars.len() - tail..]).collect()
    };
    let (mut low, mut high) = (0, chars.len().saturating_sub(1));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if width(&cut(middle), em) <= room {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    if low == 0 && width("…", em) > room { String::new() } else { cut(low) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        let check = |text: &str, room: f64, expect: &str| {
            let got = fitted(text, 12.0, room);
            assert_eq!(got, expect);
            assert!(width(&got, 12.0) <= room);
        };
        check("depth", 100.0, "depth");
        check("random_forest_with_many_trees", 100.0, "random_f…rees");
        check("anything", 1.0, "");
        check("", 10.0, "");
    }

    #[test]
    fn dashes_have_their_lengths() {
        let pieces = dashes(&[(0.0, 0.0), (6.0, 0.0), (10.0, 0.0)], &[4.0, 1.0]);
        let expect: [&[(f64, f64)]; 2] =
            [&[(0.0, 0.0), (4.0, 0.0)], &[(5.0, 0.0), (6.0, 0.0), (9.0, 0.0)]];
        assert_eq!(pieces, expect);
    }

    #[test]
    fn what_no_file_may_hold_is_a_space() {
        assert_eq!(clean("a\u{0}b\nc\u{1b}[1m"), "a b c [1m");
    }
}
