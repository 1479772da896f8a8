//! Numbers: random streams, statistics, linear algebra, and the door to argmin.
//!
//! Nothing here knows of runs, data files or models.

mod rng;
mod stats;

pub use rng::Rng;
pub use stats::{mean, quantile_sorted, sample_sd};
