//! The loop: ask, run, record, tell.
