//! Where a model errs: the loss of each row, the confusion of classes, the worst rows, the weakest segments.

mod bins;
mod confusion;
mod rows;
mod search;
mod segments;

#[cfg(test)]
mod tests;

pub use bins::{SegmentCondition, SegmentTest};
pub use confusion::{ClassErrors, Confusion, confusion};
pub use rows::{LossKind, RowLosses, WorstRow, row_losses, worst_rows};
pub use segments::{Segment, SegmentOptions, Segmented, Segments, weakest_segments};
