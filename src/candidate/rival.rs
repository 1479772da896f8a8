//! The model that a challenger would replace.

use crate::bundle::Bundle;
use crate::domain::RunId;

/// A model to be compared with.
#[derive(Debug)]
pub struct Rival {
    /// What people call it: `penguins@champion (version 3, run 88)`.
    pub name: String,
    /// The bundle.
    pub bundle: Bundle,
    /// Its version, where it is one.
    pub version: Option<u64>,
    /// Its run in this store, where it is known.
    pub run: Option<RunId>,
}
