//! The data screen, flown.
