//! Arguments of the terminal UI.

use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// The terminal UI: screens, looks, and frames as files.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(super) struct TuiArgs {
    /// The screen to begin with: runs, run, compare, sweep, champions, data or start
    #[arg(value_name = "SCREEN")]
    pub(super) screen: Option<String>,
    /// What to show there: a filter, a run, runs, a sweep or a model
    #[arg(value_name = "WHAT")]
    pub(super) what: Vec<String>,
    /// The look: terminal, dark, light, safe (for the color-blind), mono, or a .toml file of roles and colors
    #[arg(long, value_name = "NAME", env = "DERBY_THEME", hide_env_values = true)]
    pub(super) theme: Option<String>,
    /// Draw with ASCII only
    #[arg(long)]
    pub(super) ascii: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub(super) no_mouse: bool,
    /// Change nothing: no tags, no steering, no promotion
    #[arg(long)]
    pub(super) read_only: bool,
    /// Print that screen and end; needs no terminal
    #[arg(long, value_name = "SCREEN", help_heading = "Snapshots")]
    pub(super) snapshot: Option<String>,
    /// The size of the snapshot, columns × rows
    #[arg(long, value_name = "WxH", default_value = "100x30", help_heading = "Snapshots")]
    pub(super) size: String,
    /// Keys to press before it: `jj<enter>`, `/roc_auc > 0.98<enter>`
    #[arg(long, value_name = "KEYS", help_heading = "Snapshots", allow_hyphen_values = true)]
    pub(super) keys: Option<String>,
    /// As text or as a picture
    #[arg(long, value_enum, default_value = "text", help_heading = "Snapshots")]
    pub(super) format: SnapshotFormat,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Snapshots")]
    pub(super) output: Option<PathBuf>,
    /// Print the table of keys as Markdown and end
    #[arg(long)]
    pub(super) list_keys: bool,
}

/// What a snapshot is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum SnapshotFormat {
    /// Lines of text.
    #[default]
    Text,
    /// A picture.
    Svg,
}
