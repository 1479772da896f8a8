//! What screens are drawn from: pure functions of data, a theme and an area into cells.

mod axes;
mod braille;
mod chart;
mod columns;
mod coordinates;
mod crosshair;
mod frame;
mod grid;
mod heat;
mod interval;
mod keys;
mod kv;
mod legend;
mod pen;
mod reduce;
mod scale;
mod scatter;
mod spark;
mod text;
mod timeline;
#[cfg(test)]
mod every;
#[cfg(test)]
mod show;

pub use axes::Plot;
pub use chart::{Band, Chart, Curve, Guide, Mark, plot_area};
pub use columns::Placed;
pub use coordinates::{Coordinate, Coordinates, CoordinatesLayout, Trial, coordinates_layout};
pub use frame::Frame;
pub use grid::{CellText, Col, Grid, GridHit};
pub use heat::Heat;
pub use interval::{Interval, Intervals};
pub use keys::{Hint, PlacedHint, draw_hints, place_hints};
pub use kv::{Fact, Facts};
pub use pen::{fit, plain, scrollbar, spelled};
pub use reduce::{nearest, reduce};
pub use scale::{Axis, Scale, Unit};
pub use scatter::{Dot, Scatter, Shape, steps};
pub use spark::{Progress, bar, spark};
pub use text::{Text, TextLine};
pub use timeline::{Bar, Lane, Timeline};
