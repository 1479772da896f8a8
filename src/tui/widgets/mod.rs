//! What screens are drawn from: pure functions of data, a theme and an area into cells.

mod columns;
mod frame;
mod grid;
mod pen;
#[cfg(test)]
mod show;

pub use columns::Placed;
pub use frame::Frame;
pub use grid::{CellText, Col, Grid, GridHit};
pub use pen::{fit, plain, scrollbar};
