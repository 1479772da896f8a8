//! Comparing runs: differences and paired tests. Pure: evidence in, findings out.

mod diff;
mod paired;

pub use diff::{Difference, differences};
pub use paired::{PairedTest, corrected_t};
