//! Integration tests: the sources' own rules, and the program as a user runs it.

#![allow(clippy::unwrap_used)]

mod driving;
mod sweep_loop;
mod tidy;
