//! Integration tests: the sources' own rules, and the program as a user runs it.

#![allow(clippy::unwrap_used)]

mod attempts;
mod command_faults;
mod commands;
mod champion;
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
mod gate;
mod gated_ci;
mod help;
mod holdout;
mod isolate;
mod listings;
mod program;
mod pruning;
mod reaper;
mod sweep_file;
mod shop;
mod workers;
mod tidy;
