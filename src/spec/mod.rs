//! The sweep file: read, checked as a whole, and identified by a digest.
//!
//! TOML, YAML and JSON of the same shape become one tree with positions, every section reads its part
//! and leaves its problems in one list, and only a file without problems becomes a [`Sweep`].
//!
//! ```text
//! load: text ─▶ format ─▶ tree (of wandb: turned into ours) ─▶ extends, flags and --set ─▶ one tree
//! check: section/* (setting, conditions, accept) ─▶ space, points ─▶ identity ─▶ Sweep
//! ```
//!
//! Dimensions stand in the order of the catalogue of families and of the settings of preprocessing, not in
//! the order of the file, so that sweeps of equal digest have equal spaces, coordinate by coordinate.

mod accept;
mod check;
mod command;
mod conditions;
mod error;
mod format;
mod hint;
mod identity;
mod known;
mod load;
mod reader;
mod render;
mod section;
mod setting;
mod sweep;
mod tree;
mod wandb;

pub use command::{
    CommandSection, ConfigTemplate, FileFormat, Invocation, MetricSource, Piece, Retries, Text,
};
pub use error::{Problem, SpecError};
pub use format::Format;
pub use hint::nearest;
pub use known::{FamilyInfo, Known};
pub use load::Overrides;
pub use render::{RenderValues, arguments, params_json, shell_words, variable_name};
pub use section::{recorded_constraints, typed_command, typed_params, typed_time};
pub use sweep::{
    Budget, DataSection, GpuRequest, MinImprovement, Resources, Search, Sweep, WarmStart, Work,
};

use std::path::Path;

/// Reads and checks a sweep file; the extension says its format.
///
/// # Errors
/// When the file cannot be read, or with every problem that it has.
pub fn load(path: &Path, overrides: &Overrides, known: &Known) -> Result<Sweep, SpecError> {
    let format = load::format_of(path).map_err(SpecError::File)?;
    let text = load::read_text(path).map_err(SpecError::File)?;
    parse(&text, format, path, overrides, known)
}

/// Checks the text of a sweep file. `file` is its name for messages; paths are relative to its folder.
///
/// # Errors
/// With every problem that the text has.
pub fn parse(
    text: &str,
    format: Format,
    file: &Path,
    overrides: &Overrides,
    known: &Known,
) -> Result<Sweep, SpecError> {
    let mut loader = load::Loader::default();
    let mut root = loader.file(text, format, file);
    loader.apply(&mut root, overrides);
    loader.check()?;
    check::check(&root, &loader, file, known)
}

#[cfg(test)]
mod tests;
