//! Curves: a metric of several runs by step, laid over each other.

use super::{BLUE, FAMILY, GRAY, ORANGE, Picture, PlotError, SIZE, extent, prepare_font};
use crate::domain::format_number;
use plotters::prelude::*;
use std::path::Path;

/// Points that are drawn of one curve: more than there are pixels are seen by nobody.
const MAX_POINTS: usize = 2_000;

/// How a curve stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Stopped early: gray, behind all others.
    Pruned,
    /// One of many.
    Other,
    /// The best one, in front.
    Best,
}

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveLine {
    /// What the legend calls the best one.
    pub label: String,
    /// How it stands out.
    pub stand: Stand,
    /// Steps and values in order; what is not finite is a gap.
    pub points: Vec<(i64, f64)>,
}

/// The figure's content.
#[derive(Debug, Clone)]
pub struct Curves {
    /// Above the figure.
    pub title: String,
    /// The metric's name.
    pub metric: String,
    /// The curves.
    pub lines: Vec<CurveLine>,
}

type Pieces = Vec<Vec<(f64, f64)>>;

impl Curves {
    /// Draws into a file; its extension says SVG or PNG.
    ///
    /// # Errors
    /// When the extension is another, nothing is finite, or the file cannot be written.
    pub fn draw(&self, path: &Path) -> Result<(), PlotError> {
        let picture = Picture::of(path)?;
        prepare_font();
        let pieces: Vec<Pieces> = self.lines.iter().map(|line| pieces(&line.points)).collect();
        if pieces.iter().all(Vec::is_empty) {
            return Err(PlotError::Nothing(self.metric.clone()));
        }
        let drawn = match picture {
            Picture::Svg => self.on(SVGBackend::new(path, SIZE), &pieces),
            Picture::Png => self.on(BitMapBackend::new(path, SIZE), &pieces),
        };
        drawn.map_err(|reason| PlotError::Draw { path: path.into(), reason })
    }

    fn on<B: DrawingBackend>(&self, backend: B, pieces: &[Pieces]) -> Result<(), String> {
        self.figure(backend, pieces).map_err(|error| error.to_string())
    }

    fn figure<B: DrawingBackend>(
        &self,
        backend: B,
        pieces: &[Pieces],
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let area = backend.into_drawing_area();
        area.fill(&WHITE)?;
        let all = || pieces.iter().flatten().flatten();
        let (x, y) = (extent(all().map(|p| p.0)), extent(all().map(|p| p.1)));
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, (FAMILY, 22))
            .margin(16)
            .x_label_area_size(44)
            .y_label_area_size(72)
            .build_cartesian_2d(x.0..x.1, y.0..y.1)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(230, 230, 230))
            .axis_style(GRAY)
            .label_style((FAMILY, 14))
            .axis_desc_style((FAMILY, 15))
            .x_desc("step")
            .y_desc(&self.metric)
            .x_label_formatter(&|value| format_number(*value, 6))
            .y_label_formatter(&|value| format_number(*value, 4))
            .draw()?;
        let has_best = self.lines.iter().any(|line| line.stand == Stand::Best);
        for stand in [Stand::Pruned, Stand::Other, Stand::Best] {
            let style = style(stand);
            let of_stand = self.lines.iter().zip(pieces).filter(|(line, _)| line.stand == stand);
            let mut is_first = true;
            for (line, pieces) in of_stand {
                for piece in pieces {
                    // A single value makes no line.
                    let dots = piece.iter().take(usize::from(piece.len() == 1));
                    chart.draw_series(dots.map(|&at| Circle::new(at, 3, style.color.filled())))?;
                    let drawn = chart.draw_series(LineSeries::new(piece.iter().copied(), style))?;
                    if std::mem::take(&mut is_first) {
                        let label = match stand {
                            Stand::Pruned => "pruned",
                            Stand::Other if has_best => "others",
                            Stand::Other => "runs",
                            Stand::Best => &line.label,
                        };
                        drawn
                            .label(label)
                            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
                    }
                }
            }
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .label_font((FAMILY, 14))
            .background_style(WHITE.mix(0.8))
            .draw()?;
        area.present()
    }
}

fn style(stand: Stand) -> ShapeStyle {
    match stand {
        Stand::Pruned => GRAY.mix(0.45).stroke_width(1),
        Stand::Other => BLUE.mix(0.5).stroke_width(1),
        Stand::Best => ORANGE.stroke_width(3),
    }
}

/// The parts of a curve between values that are not finite, thinned where there are more points than pixels:
/// of neighbors the smallest and the largest stay, so that no peak is lost.
fn pieces(points: &[(i64, f64)]) -> Pieces {
    let parts = points.split(|(_, value)| !value.is_finite()).filter(|part| !part.is_empty());
    parts.map(|part| thinned(part).map(|(step, value)| (step as f64, value)).collect()).collect()
}

fn thinned(part: &[(i64, f64)]) -> impl Iterator<Item = (i64, f64)> {
    let width = part.len().div_ceil(MAX_POINTS / 2).max(1);
    let keeps = move |chunk: &[(i64, f64)]| {
        if width == 1 {
            return chunk.to_vec();
        }
        let by_value = |a: &&(i64, f64), b: &&(i64, f64)| a.1.total_cmp(&b.1);
        let ends = [chunk.iter().min_by(by_value), chunk.iter().max_by(by_value)];
        let mut ends: Vec<(i64, f64)> = ends.into_iter().flatten().copied().collect();
        ends.sort_by_key(|(step, _)| *step);
        ends.dedup();
        ends
    };
    part.chunks(width).flat_map(keeps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves(lines: &[(Stand, &[f64])]) -> Curves {
        let line = |(stand, values): &(Stand, &[f64])| CurveLine {
            label: "run 7".into(),
            stand: *stand,
            points: values.iter().enumerate().map(|(step, v)| (step as i64, *v)).collect(),
        };
        let lines = lines.iter().map(line).collect();
        Curves { title: "mnist".into(), metric: "val_loss".into(), lines }
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
    fn thinning_keeps_the_peaks() {
        let mut points: Vec<(i64, f64)> = (0..100_000).map(|step| (step, 0.0)).collect();
        points[54_321].1 = 9.0;
        points[54_322].1 = -9.0;
        let kept: Vec<(i64, f64)> = thinned(&points).collect();
        assert!(kept.len() <= MAX_POINTS && kept.is_sorted_by_key(|(step, _)| *step));
        assert!(kept.contains(&(54_321, 9.0)) && kept.contains(&(54_322, -9.0)));
        let few: Vec<(i64, f64)> = thinned(&points[..10]).collect();
        assert_eq!(few, points[..10]);
    }
}
