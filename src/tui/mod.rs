//! The terminal UI.

pub mod layout;
pub mod paint;
pub mod theme;
pub mod widgets;
