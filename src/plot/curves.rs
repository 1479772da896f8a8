//! Curves: a metric of several runs by step, laid over each other.

use super::axis::Axis;
use super::frame::{Frame, Look};
use super::pen::{Pen, Stroke};
use super::sheet::{Entry, Head, Mark, sheet};
use super::{BLUE, Content, GRAY, ORANGE, PlotError, series};
use plotters::style::Color;

/// Points that are drawn of one curve: more than there are pixels are seen by nobody.
const MAX_POINTS: usize = 2_000;
/// Points that are drawn of all curves: many of them hide each other.
const MAX_ALL: usize = 60_000;

/// How a curve stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Stopped early: gray, behind all others.
    Pruned,
    /// One of many.
    Other,
    /// The best one, in front.
    Best,
    /// One of a few that are compared: its own color and name, by its place among them from 0.
    Own(usize),
}

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveLine {
    /// What the legend calls it, if it has a name of its own there.
    pub label: String,
    /// How it stands out.
    pub stand: Stand,
    /// Places and values, ascending; what is not finite is a gap.
    pub points: Vec<(f64, f64)>,
}

/// The figure's content.
#[derive(Debug, Clone)]
pub struct Curves {
    /// Above the figure.
    pub title: String,
    /// What they run along: `step`.
    pub across: String,
    /// The metric's name.
    pub metric: String,
    /// The curves.
    pub lines: Vec<CurveLine>,
}

type Pieces = Vec<Vec<(f64, f64)>>;

impl Content for Curves {
    fn check(&self) -> Result<(), PlotError> {
        if self.lines.iter().all(|line| pieces(&line.points, MAX_POINTS).is_empty()) {
            return Err(PlotError::Nothing(self.metric.clone()));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let most = (MAX_ALL / self.lines.len().max(1)).clamp(40, MAX_POINTS);
        let pieces: Vec<Pieces> =
            self.lines.iter().map(|line| pieces(&line.points, most)).collect();
        let head = Head { title: &self.title, legend: self.legend(&pieces), ..Head::default() };
        let outer = sheet(pen, self.size(), &head);
        let all = || pieces.iter().flatten().flatten();
        let x = Axis::linear(&self.across, all().map(|point| point.0));
        let x = if all().all(|point| point.0.fract() == 0.0) { x.whole() } else { x };
        let y = Axis::linear(&self.metric, all().map(|point| point.1));
        let frame = Frame::new(pen, outer, x, y, Look::default());
        let mut stands: Vec<Stand> = self.lines.iter().map(|line| line.stand).collect();
        stands.sort_by_key(|stand| std::cmp::Reverse(stand.front()));
        stands.dedup();
        for stand in stands {
            let of_stand = self.lines.iter().zip(&pieces).filter(|(line, _)| line.stand == stand);
            for piece in of_stand.flat_map(|(_, pieces)| pieces) {
                let at: Vec<(f64, f64)> = piece.iter().map(|&(x, y)| frame.at(x, y)).collect();
                match at[..] {
                    // A single value makes no line.
                    [one] => pen.dot(one, 3.0, style(stand).color),
                    _ => pen.line(&at, style(stand)),
                }
            }
        }
    }
}

impl Curves {
    fn legend(&self, pieces: &[Pieces]) -> Vec<Entry> {
        let drawn = self.lines.iter().zip(pieces).filter(|(_, pieces)| !pieces.is_empty());
        let drawn: Vec<&CurveLine> = drawn.map(|(line, _)| line).collect();
        let has_best = drawn.iter().any(|line| line.stand == Stand::Best);
        let mut stands: Vec<Stand> = drawn.iter().map(|line| line.stand).collect();
        stands.sort_by_key(|stand| stand.front());
        stands.dedup();
        let entry = |stand: Stand| {
            let line = drawn.iter().find(|line| line.stand == stand)?;
            let name = match stand {
                Stand::Pruned => "pruned",
                Stand::Other if has_best => "others",
                Stand::Other => "runs",
                Stand::Best | Stand::Own(_) => &line.label,
            };
            Some(Entry::new(Mark::Line(style(stand)), name))
        };
        stands.into_iter().filter_map(entry).collect()
    }
}

impl Stand {
    /// Its place from the front, which is also that in the legend.
    fn front(self) -> usize {
        match self {
            Self::Best => 0,
            Self::Own(at) => 1 + at,
            Self::Other => usize::MAX - 1,
            Self::Pruned => usize::MAX,
        }
    }
}

fn style(stand: Stand) -> Stroke {
    match stand {
        Stand::Pruned => Stroke::new(GRAY.mix(0.45), 1.0),
        Stand::Other => Stroke::new(BLUE.mix(0.5), 1.2),
        Stand::Best => Stroke::new(ORANGE, 2.5),
        Stand::Own(at) => series(at, 1.8),
    }
}

/// The parts of a curve between values that are not finite, thinned where there are more points than pixels:
/// of neighbors the smallest and the largest stay, so that no peak is lost.
fn pieces(points: &[(f64, f64)], most: usize) -> Pieces {
    let is_gap = |(x, value): &(f64, f64)| !value.is_finite() || !x.is_finite();
    let parts = points.split(is_gap).filter(|part| !part.is_empty());
    parts.map(|part| thinned(part, most).collect()).collect()
}

fn thinned(part: &[(f64, f64)], most: usize) -> impl Iterator<Item = (f64, f64)> {
    let width = part.len().div_ceil(most / 2).max(1);
    let keeps = move |chunk: &[(f64, f64)]| {
        if width == 1 {
            return chunk.to_vec();
        }
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let ends = [chunk.iter().min_by(by_value), chunk.iter().max_by(by_value)];
        let mut ends: Vec<(f64, f64)> = ends.into_iter().flatten().copied().collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        ends.dedup();
        ends
    };
    part.chunks(width).flat_map(keeps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Figure;
    use crate::plot::sample::{draws, look};

    fn curves(lines: &[(Stand, &[f64])]) -> Curves {
        let line = |(stand, values): &(Stand, &[f64])| CurveLine {
            label: "run 7".into(),
            stand: *stand,
            points: values.iter().enumerate().map(|(step, v)| (step as f64, *v)).collect(),
        };
        let lines = lines.iter().map(line).collect();
        Curves { title: "mnist".into(), across: "step".into(), metric: "val_loss".into(), lines }
    }

    #[test]
    fn draws_what_is_finite_and_names_the_best() {
        let folder = tempfile::tempdir().unwrap();
        let figure = curves(&[
            (Stand::Best, &[3.0, 2.0, 1.0]),
            (Stand::Other, &[3.0, f64::NAN, 2.5, 2.4]),
            (Stand::Pruned, &[9.0]),
        ]);
        let svg = folder.path().join("c.svg");
        figure.draw(&svg).unwrap();
        let text = std::fs::read_to_string(svg).unwrap();
        for word in ["run 7", "others", "pruned", "val_loss"] {
            assert!(text.contains(word), "{word}");
        }
        let png = folder.path().join("c.png");
        figure.draw(&png).unwrap();
        assert!(std::fs::read(png).unwrap().starts_with(b"\x89PNG"));
        let nothing = curves(&[(Stand::Other, &[f64::NAN])]).draw(&folder.path().join("x.svg"));
        assert!(matches!(nothing, Err(PlotError::Nothing(_))));
    }

    #[test]
    fn curves_that_are_compared_have_their_names() {
        let mut figure = curves(&[(Stand::Own(1), &[1.0, 2.0]), (Stand::Own(0), &[2.0, 1.0])]);
        figure.lines[0].label = "B: run 8".into();
        figure.lines[1].label = "A: run 7".into();
        figure.across = "seconds".into();
        figure.lines[1].points[1].0 = 0.25;
        let text = figure.svg().unwrap();
        let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word} is missing"));
        assert!(at("A: run 7") < at("B: run 8") && at("seconds") > 0 && !text.contains("others"));
    }

    #[test]
    fn thinning_keeps_the_peaks() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|step| (f64::from(step), 0.0)).collect();
        points[54_321].1 = 9.0;
        points[54_322].1 = -9.0;
        let kept: Vec<(f64, f64)> = thinned(&points, MAX_POINTS).collect();
        assert!(kept.len() <= MAX_POINTS && kept.is_sorted_by_key(|(step, _)| *step as i64));
        assert!(kept.contains(&(54_321.0, 9.0)) && kept.contains(&(54_322.0, -9.0)));
        let few: Vec<(f64, f64)> = thinned(&points[..10], MAX_POINTS).collect();
        assert_eq!(few, points[..10]);
    }

    #[test]
    fn one_value_to_hundreds_of_long_curves() {
        let mut draw = draws(2);
        for (runs, steps) in [(1, 1), (12, 40), (300, 2_000)] {
            let curve = |run: usize, draw: &mut dyn FnMut() -> f64| -> Vec<f64> {
                let noise = 0.4 / (run as f64 + 2.0);
                let value = |step: usize, draw: &mut dyn FnMut() -> f64| {
                    2.0 / (1.0 + step as f64 * 0.1) + noise * draw()
                };
                (0..steps).map(|step| value(step, draw)).collect()
            };
            let all: Vec<Vec<f64>> = (0..runs).map(|run| curve(run, &mut draw)).collect();
            let stand = |at: usize| [Stand::Other, Stand::Pruned, Stand::Other][at % 3];
            let lines = all.iter().enumerate().map(|(at, curve)| {
                (if at + 1 == runs { Stand::Best } else { stand(at) }, curve.as_slice())
            });
            look(&format!("curves_{runs}"), &curves(&lines.collect::<Vec<_>>()));
        }
    }
}
