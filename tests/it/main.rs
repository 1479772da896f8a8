//! Integration tests: the sources' own rules, and the program as a user runs it.

#![allow(clippy::unwrap_used)]
#![allow(clippy::too_many_lines, reason = "snapshots of whole screens are long")]

mod attempts;
mod command_faults;
mod commands;
mod constraints;
mod champion;
mod crash;
mod driving;
mod faults;
mod reproducible;
mod run_verb;
mod sweep_loop;
mod again;
mod ask_tell;
mod bad_input;
mod data_verbs;
mod edits;
mod examples;
mod gate;
mod gated_commands;
mod handed_out;
mod export;
mod help;
mod help_models;
mod insight;
mod gated_ci;
mod holdout;
mod isolate;
mod listings;
mod predict;
mod program;
mod pruning;
mod racing;
mod plots;
mod reaper;
mod reports;
mod sweep_file;
mod warm_start;
mod shop;
mod steer;
mod workers;
mod tidy;
mod tty;
mod tui_terminal;
mod tui_store;
mod tui_faults;
mod tui_snapshot;
