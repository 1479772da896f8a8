//! The run screen, flown.
