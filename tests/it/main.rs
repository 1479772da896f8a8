//! Integration tests: the sources' own rules, and the program as a user runs it.

#![allow(clippy::unwrap_used)]

mod crash;
mod driving;
mod faults;
mod reproducible;
mod sweep_loop;
mod tidy;
