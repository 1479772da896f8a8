//! Figures as SVG and PNG, in one style, with a font of our own so that no machine needs one.

mod curves;
mod history;

pub use curves::{CurveLine, Curves, Stand};
pub use history::{History, HistoryPoint};

use plotters::style::{FontStyle, RGBColor, register_font};
use std::path::{Path, PathBuf};
use std::sync::Once;

/// `DejaVu` Sans, Latin, Greek and Cyrillic; see `assets/README.md` for its licence.
const FONT: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans-subset.ttf");
const FAMILY: &str = "derby";
/// Pixels of a figure.
const SIZE: (u32, u32) = (900, 520);
/// Colours that a color-blind reader tells apart (Okabe and Ito 2008).
const BLUE: RGBColor = RGBColor(0, 114, 178);
const ORANGE: RGBColor = RGBColor(213, 94, 0);
const GRAY: RGBColor = RGBColor(120, 120, 120);

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
    /// The file could not be written, or the drawing failed.
    #[error("could not draw '{path}': {reason}")]
    Draw {
        /// The file.
        path: PathBuf,
        /// What the drawing library says.
        reason: String,
    },
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

/// The range of some values with a margin, never empty.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let margin = if high > low { (high - low) * 0.04 } else { low.abs().max(1.0) * 0.05 };
    (low - margin, high + margin)
}
