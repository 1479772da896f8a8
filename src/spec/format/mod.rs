//! The three formats of a sweep file, each read into the same tree.

mod json;
mod toml;
mod yaml;

pub(super) use toml::value as toml_value;

use super::tree::{Syntax, Table};
use std::path::Path;

/// The format of a sweep file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.1.
    Toml,
    /// YAML 1.2; only `true` and `false` are booleans.
    Yaml,
    /// JSON.
    Json,
}

impl Format {
    /// The format that a file's extension names.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Reads text into a tree whose places carry the file's index.
    pub(super) fn read(self, text: &str, file: usize) -> Result<Table, Syntax> {
        match self {
            Self::Toml => toml::read(text, file),
            Self::Yaml => yaml::read(text, file),
            Self::Json => json::read(text, file),
        }
    }
}

/// What a file must be at its top.
const NO_TABLE: &str = "a sweep file is a table of sections; this one is something else";
/// See [`MAX_DEPTH`](super::tree::MAX_DEPTH).
const TOO_DEEP: &str = "this is nested too deeply; a sweep file needs at most a few levels";
