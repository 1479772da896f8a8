//! Figures as SVG and PNG, in one style, with a font of our own so that no machine needs one.
//!
//! Each figure is a plain struct of what it shows; [`Figure`] draws it into a file or returns it as SVG text.
//! `pen` draws, `axis` places values and writes ticks, `sheet` puts title and legend and `frame`
//! axes around a figure.

mod axis;
mod calibration;
mod confusion;
mod gate;
mod ranking;
mod frame;
mod importance;
mod contour;
mod parallel;
mod pareto;
mod residuals;
mod timeline;
mod parameter;
mod pen;
mod slice;
mod curves;
mod history;
mod scatter;
mod sheet;
#[cfg(test)]
mod sample;

pub use calibration::{Binning, Calibration, CalibrationBin, CalibrationCurve, calibration_curve};
pub use confusion::Confusion;
pub use contour::{Contour, Spot, field};
pub use curves::{CurveLine, Curves, Stand};
pub use gate::{GateInterval, GateRow, GateWords};
pub use history::{History, HistoryPoint};
pub use importance::{Importance, ImportanceBar};
pub use parallel::Parallel;
pub use parameter::{Parameter, ParameterScale};
pub use pareto::{Pareto, ParetoAxis, ParetoPoint, front, stairs};
pub use ranking::{RankCurve, RankKind, Ranking, of_class, rank_curve};
pub use residuals::Residuals;
pub use slice::Slice;
pub use timeline::{Timeline, TimelineBar, lanes};

use pen::{Pen, SCALE, Stroke, Surface};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::{FontStyle, RGBColor, register_font};
use std::path::{Path, PathBuf};
use std::sync::Once;

/// `DejaVu` Sans, Latin, Greek and Cyrillic; see `assets/README.md` for its licence.
const FONT: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans-subset.ttf");
/// The name that our font is registered by; in an SVG it asks for fonts of the same widths.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// Pixels of most figures.
const SIZE: (u32, u32) = (900, 520);
/// Colours that a color-blind reader tells apart (Okabe and Ito 2008).
const BLUE: RGBColor = RGBColor(0, 114, 178);
const ORANGE: RGBColor = RGBColor(213, 94, 0);
const GREEN: RGBColor = RGBColor(0, 158, 115);
const PINK: RGBColor = RGBColor(204, 121, 167);
const AMBER: RGBColor = RGBColor(230, 159, 0);
const SKY: RGBColor = RGBColor(86, 180, 233);
const BLACK: RGBColor = RGBColor(40, 40, 40);
const GRAY: RGBColor = RGBColor(110, 110, 110);
/// Words.
const INK: RGBColor = RGBColor(35, 35, 35);
/// Lines behind the data.
const GRID: RGBColor = RGBColor(230, 230, 230);

/// The look of the `index`-th of several lines: colors first, then dashes, so that print tells them apart too.
fn series(index: usize, width: f64) -> Stroke {
    const COLORS: [RGBColor; 7] = [BLUE, ORANGE, GREEN, PINK, AMBER, SKY, BLACK];
    const DASHES: [&[f64]; 4] = [&[], &[7.0, 3.0], &[2.0, 2.5], &[9.0, 3.0, 2.0, 3.0]];
    let dash = DASHES[index / COLORS.len() % DASHES.len()];
    Stroke::new(COLORS[index % COLORS.len()], width).dashed(dash)
}

/// White to blue to almost black: a share as a color that print keeps.
fn shade(share: f64) -> RGBColor {
    const STOPS: [(f64, f64, f64); 4] =
        [(255.0, 255.0, 255.0), (158.0, 202.0, 225.0), (33.0, 113.0, 181.0), (8.0, 48.0, 107.0)];
    blend(&STOPS, share)
}

/// Dark blue to yellow, even to the eye (viridis).
fn viridis(share: f64) -> RGBColor {
    const STOPS: [(f64, f64, f64); 6] = [
        (68.0, 1.0, 84.0),
        (65.0, 68.0, 135.0),
        (42.0, 120.0, 142.0),
        (34.0, 168.0, 132.0),
        (122.0, 209.0, 81.0),
        (240.0, 220.0, 30.0),
    ];
    blend(&STOPS, share)
}

fn blend(stops: &[(f64, f64, f64)], share: f64) -> RGBColor {
    let place = share.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let low = (place.floor() as usize).min(stops.len() - 2);
    let part = place - low as f64;
    let (a, b) = (stops[low], stops[low + 1]);
    let mix = |a: f64, b: f64| (a + (b - a) * part).round() as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// The file's extension says nothing.
    #[error("'{path}' is neither .svg nor .png; mend: end the name with one of them")]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing to draw.
    #[error("no run has a finite value of '{0}'")]
    Nothing(String),
    /// There is nothing to draw, in other words.
    #[error("there is nothing to draw: {0}")]
    Empty(String),
    /// The parts of a figure's content do not belong together.
    #[error("{0}")]
    Content(String),
    /// The file could not be written, or the drawing failed.
    #[error("could not draw '{path}': {reason}")]
    Draw {
        /// The file.
        path: PathBuf,
        /// What the drawing library says.
        reason: String,
    },
}

/// A figure that can be drawn.
pub trait Figure {
    /// Draws into a file; its extension says SVG or PNG.
    ///
    /// # Errors
    /// When the extension is another, there is nothing to draw, or the file cannot be written.
    fn draw(&self, path: &Path) -> Result<(), PlotError>;

    /// The figure as the text of an SVG file, for embedding.
    ///
    /// # Errors
    /// When there is nothing to draw.
    fn svg(&self) -> Result<String, PlotError>;
}

/// What a figure is made of.
trait Content {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32) {
        SIZE
    }

    /// Says why the content cannot be drawn.
    fn check(&self) -> Result<(), PlotError>;

    fn paint(&self, pen: &mut Pen<'_>);
}

impl<T: Content> Figure for T {
    fn draw(&self, path: &Path) -> Result<(), PlotError> {
        let picture = Picture::of(path)?;
        let failed = |reason: String| PlotError::Draw { path: path.into(), reason };
        match picture {
            Picture::Svg => {
                let text = self.svg()?;
                std::fs::write(path, text).map_err(|error| failed(error.to_string()))
            }
            Picture::Png => {
                self.check()?;
                let size = self.size();
                let mut large = vec![255; pixels(size, SCALE)];
                {
                    let backend = BitMapBackend::with_buffer(&mut large, times(size, SCALE));
                    let mut pen = Pen::new(Surface::Png(backend));
                    self.paint(&mut pen);
                    pen.finish().map_err(failed)?;
                }
                let small = halved(&large, times(size, SCALE));
                let size = times(size, SCALE / 2);
                let mut file = BitMapBackend::new(path, size);
                file.blit_bitmap((0, 0), size, &small)
                    .map_err(|error| failed(error.to_string()))?;
                file.present().map_err(|error| failed(error.to_string()))
            }
        }
    }

    fn svg(&self) -> Result<String, PlotError> {
        self.check()?;
        let size = self.size();
        let mut text = String::new();
        {
            let backend = SVGBackend::with_string(&mut text, times(size, SCALE));
            let mut pen = Pen::new(Surface::Svg(backend));
            self.paint(&mut pen);
            pen.finish().map_err(PlotError::Content)?;
        }
        let large = times(size, SCALE);
        let head = format!("width=\"{}\" height=\"{}\"", large.0, large.1);
        let own = format!("width=\"{}\" height=\"{}\" role=\"img\"", size.0, size.1);
        Ok(text.replacen(&head, &own, 1))
    }
}

fn times(size: (u32, u32), scale: u32) -> (u32, u32) {
    (size.0 * scale, size.1 * scale)
}

fn pixels(size: (u32, u32), scale: u32) -> usize {
    let (width, height) = times(size, scale);
    width as usize * height as usize * 3
}

/// A picture of half the width and height; each pixel is the mean of four.
fn halved(large: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let row = width as usize * 3;
    let mut small = Vec::with_capacity(large.len() / 4);
    for y in 0..height as usize / 2 {
        let (upper, lower) = (&large[2 * y * row..], &large[(2 * y + 1) * row..]);
        for x in 0..width as usize / 2 {
            for channel in 0..3 {
                let (a, b) = (6 * x + channel, 6 * x + 3 + channel);
                let sum =
                    [upper[a], upper[b], lower[a], lower[b]].map(u16::from).iter().sum::<u16>();
                small.push(((sum + 2) / 4) as u8);
            }
        }
    }
    small
}

/// The formats of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Picture {
    Svg,
    Png,
}

impl Picture {
    fn of(path: &Path) -> Result<Self, PlotError> {
        let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
        match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(PlotError::Extension { path: path.into() }),
        }
    }
}

/// Registers the font once; drawing without it would look for one on the machine.
fn prepare_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The font is part of the program: a test draws with it.
        let _ = register_font(FAMILY, FontStyle::Normal, FONT);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_words() {
        let hostile = "</text><script>alert('1')</script>&amp;\n\u{1b}[31m\u{0} \"quoted\" '][";
        let bar = |name: &str| ImportanceBar { name: name.into(), value: 0.5, interval: None };
        let figure = Importance {
            title: hostile.into(),
            method: hostile.into(),
            unit: hostile.into(),
            bars: vec![bar(hostile), bar(&"x".repeat(100_000)), bar("")],
        };
        let svg = sample::look("hostile", &figure);
        assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"));
        assert!(!svg.chars().any(|c| c.is_control() && c != '\n'), "no control characters");
        assert!(svg.len() < 20_000, "{}", svg.len());
    }

    #[test]
    fn pictures_have_twice_the_size_of_the_figure() {
        let large: Vec<u8> = (0..4 * 4 * 3).collect();
        let small = halved(&large, (4, 4));
        // Red of the first four pixels: 0, 3, 12 and 15.
        assert_eq!((small.len(), small[0]), (12, 8));
    }
}
