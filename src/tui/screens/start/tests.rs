//! The start screen by its keys.
