//! The one table of signs for what a run is and what a sweep does: every screen uses it.

use super::{Role, Theme};
use crate::domain::Status;
use crate::sweep::Doing;

/// A sign: its glyph, the same in ASCII, its color and its word.
pub type Sign = (&'static str, &'static str, Role, &'static str);

/// The sign of a run by its status.
pub fn status(status: Status) -> Sign {
    match status {
        Status::Queued => ("◌", "o", Role::Muted, "queued"),
        Status::Running => ("●", "*", Role::Live, "running"),
        Status::Done => ("✓", "+", Role::Good, "done"),
        Status::Failed => ("✗", "x", Role::Bad, "failed"),
        Status::Pruned => ("⊘", "/", Role::Warn, "pruned"),
        Status::Killed => ("†", "k", Role::Bad, "killed"),
        Status::Infeasible => ("∅", "0", Role::Muted, "infeasible"),
    }
}

/// The sign of a run that is marked as running and at which nobody works.
pub const STALE: Sign = ("!", "!", Role::Warn, "stale");

/// The sign of a sweep by what it does.
pub fn doing(doing: Doing) -> Sign {
    let (glyph, ascii, role) = match doing {
        Doing::Running => ("●", "*", Role::Live),
        Doing::Paused => ("‖", "=", Role::Warn),
        Doing::Finished => ("✓", "+", Role::Good),
        Doing::Failed => ("✗", "x", Role::Bad),
        Doing::Stopped => ("◇", "s", Role::Warn),
        Doing::Stale => ("!", "!", Role::Warn),
    };
    (glyph, ascii, role, doing.word())
}

impl Theme {
    /// The glyph and the color of a sign.
    pub fn sign(&self, sign: Sign) -> (&'static str, Role) {
        (self.glyph(sign.0, sign.1), sign.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_states_look_alike() {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for one in Status::ALL {
            let (glyph, ascii, ..) = status(one);
            assert!(seen.iter().all(|(a, b)| *a != glyph && *b != ascii), "{one:?}");
            seen.push((glyph, ascii));
        }
        let (glyph, ascii, ..) = doing(Doing::Stopped);
        assert!(seen.iter().all(|(a, b)| *a != glyph && *b != ascii), "nor does a stopped sweep");
    }
}
