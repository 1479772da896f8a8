//! Integration tests: the sources' own rules, and the program as a user runs it.

#![allow(clippy::unwrap_used)]

mod attempts;
mod command_faults;
mod commands;
mod crash;
mod driving;
mod faults;
mod reproducible;
mod run_verb;
mod sweep_loop;
mod again;
mod bad_input;
mod data_verbs;
mod edits;
mod examples;
mod export;
mod help;
mod isolate;
mod listings;
mod predict;
mod program;
mod pruning;
mod reaper;
mod sweep_file;
mod workers;
mod tidy;
