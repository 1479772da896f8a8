//! What the run screen asks of the store, and the answers.

use crate::tui::ask::{Freshness, Reader, Trouble};

/// A question of the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {}

/// An answer to it.
#[derive(Debug)]
pub enum Answer {}

impl Ask {
    /// Its place: a newer question there drives an older one out.
    pub fn slot(&self) -> u8 {
        match *self {}
    }

    /// What makes its answer stale.
    pub fn freshness(&self) -> Freshness {
        match *self {}
    }

    /// True for work of more than a few milliseconds.
    pub fn is_slow(&self) -> bool {
        match *self {}
    }

    /// Answers it.
    pub(in crate::tui) fn answer(&self, _reader: &Reader) -> Result<Answer, Trouble> {
        match *self {}
    }
}
