//! Registered models: versions, aliases and the ledger that records who promoted what, when, why and on which evidence.
//!
//! A model's ledger is `champions/MODEL.jsonl`, one JSON object a line: `seq`, `prev` (the hash of the line before),
//! `at`, `user`, `host`, the event, and last `hash`, the BLAKE3 of the line without that member:
//!
//! ```text
//! {"seq":4,"prev":"9f02…","at":"2026-01-31T12:00:00Z","user":"ann","host":"lab","event":"alias",…,"hash":"51c7…"}
//! ```
//!
//! Nothing is ever rewritten, so an edit anywhere before a head that was printed elsewhere is found ([`verify`]).
//! What is true now is a pure fold of the events ([`Registry`]), which refuses an event that cannot follow.
//! Beside it, in `champions/MODEL/`: the bundles of versions, by digest, and the keys of used-up holdout rows.

mod error;
mod event;
mod files;
mod fold;
mod kept;
mod ledger;
mod line;
mod name;
mod operations;
mod refusal;
mod registry;
mod scan;
mod scores;
mod verify;

#[cfg(test)]
mod ledger_tests;
#[cfg(test)]
mod operations_tests;
#[cfg(test)]
mod race_tests;
#[cfg(test)]
mod registry_tests;
#[cfg(test)]
mod testing;

pub use error::{Fault, LedgerError, Problem};
pub use event::{
    AliasMove, Begin, Event, Gate, MoveKind, Refresh, RunRef, State, StateChange, Version,
};
pub use kept::rows_digest;
pub use ledger::Ledger;
pub use line::Entry;
pub use name::{CHALLENGER, CHAMPION, ModelName, NameError, Reference, Target, check_alias};
pub use operations::{Judged, Moved, Promoted, Promotion};
pub use refusal::Refusal;
pub use registry::{Pending, Question, Recorded, Registered, Registry, Use};
pub use scan::Torn;
pub use verify::{Report, verify};
