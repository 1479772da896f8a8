//! What an update wants done outside the state: data, carried out by the loop.

use super::action::ScreenId;
use super::ask::Write;
use super::overlay::Overlay;
use crate::domain::{RunId, SweepId};
use std::path::PathBuf;

/// Something to be done.
#[derive(Debug)]
pub enum Effect {
    /// Writes to the store, on the thread that writes.
    Write(Write),
    /// Runs a verb of derby as a process of its own, as if it were typed: `["gate", "12", "--json"]`.
    Verb {
        /// Its arguments.
        args: Vec<String>,
        /// What for: given back with its end.
        purpose: &'static str,
    },
    /// Starts a verb that goes on when this program ends: `["sweep", "sweeps/x.toml"]`. Output goes to a file.
    Launch {
        /// Its arguments.
        args: Vec<String>,
        /// What for: given back if it ends or cannot start.
        purpose: &'static str,
    },
    /// Shows something in its place.
    Jump(Jump),
    /// Opens a dialog over the screen.
    Overlay(Overlay),
    /// Says something in the line above the footer.
    Say(Tone, String),
    /// Writes a file.
    Save {
        /// Where; an existing file is kept and the name gets a number.
        path: PathBuf,
        /// What.
        bytes: Vec<u8>,
    },
    /// Writes files that belong together.
    SaveAll {
        /// Where.
        folder: PathBuf,
        /// Names and contents. If one of them is there already, all names get the same number.
        files: Vec<(String, Vec<u8>)>,
        /// Said after their names; may be empty.
        note: String,
    },
    /// Puts text on the terminal's clipboard (OSC 52).
    Copy(String),
    /// Reads everything again.
    Reload,
}

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It worked; gone after a while.
    Good,
    /// For information; gone after a while.
    Info,
    /// It did not work; stays until a key.
    Bad,
}

/// Something to be shown in the screen that shows such things.
#[derive(Debug, Clone, PartialEq)]
pub enum Jump {
    /// A screen as it was left.
    Screen(ScreenId),
    /// A run.
    Run(RunId),
    /// Runs side by side.
    Compare(Vec<RunId>),
    /// A sweep.
    Sweep(SweepId),
    /// Runs by a filter.
    Runs(String),
    /// A registered model.
    Champions(String),
    /// What the gate says of a run.
    Gate(RunId),
    /// The data of a sweep.
    Data(SweepId),
}
