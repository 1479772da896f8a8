//! The comparison as files: Markdown, JSON, SVG.

use super::super::Shared;
use super::Compare;
use crate::tui::effect::Effect;

/// Three files beside here.
pub(super) fn files(_state: &Compare, _shared: &Shared) -> Vec<Effect> {
    Vec::new()
}

/// The comparison as Markdown.
pub(super) fn markdown(_state: &Compare, _shared: &Shared) -> String {
    String::new()
}
