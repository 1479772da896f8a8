//! What screens are drawn from: pure functions of data, a theme and an area into cells.

mod axes;
mod braille;
mod chart;
mod columns;
mod crosshair;
mod frame;
mod grid;
mod legend;
mod pen;
mod reduce;
mod scale;
#[cfg(test)]
mod show;

pub use axes::Plot;
pub use chart::{Band, Chart, Curve, Guide, Mark, plot_area};
pub use columns::Placed;
pub use frame::Frame;
pub use grid::{CellText, Col, Grid, GridHit};
pub use pen::{fit, plain, scrollbar};
pub use reduce::{nearest, reduce};
pub use scale::{Axis, Scale, Unit};
