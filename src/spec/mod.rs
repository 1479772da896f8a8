//! The sweep file: read, checked as a whole, and identified by a digest.
//!
//! TOML, YAML and JSON of the same shape become one tree with positions, every section reads its part
//! and leaves its problems in one list, and only a file without problems becomes a [`Sweep`].

mod sweep;

pub use sweep::{Budget, DataSection, Resources, Search, Sweep, Work};
