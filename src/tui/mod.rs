//! The terminal UI: see, compare, steer and promote without leaving the shell.
//!
//! ```text
//! keys, mouse, signals ─▶ event ─▶ app: keymap ▸ action ▸ screen.act ─▶ effects ─▶ driver: deeds, clipboard
//! worker (own connection) ◀─ asks ◀─ screen.needs        view: app ─▶ cells ─▶ terminal
//!        └─ answers ─▶ event
//! ```
//!
//! * One closed [`Event`](event::Event), one table of keys ([`keymap::TABLE`]) with one meaning each on all screens.
//! * The state changes in [`app::App::event`] only. Drawing and layout are pure functions of it, and the mouse goes by the
//!   same layout.
//! * A screen never reads: it says what it needs, a worker answers, a newer question drives an older one out. Nothing
//!   that takes long runs on the thread that draws.
//! * What changes something outside is a verb of the command line run as a process, a write of the store, or a command to
//!   the process that drives a sweep; each says the words that a user could have typed.
//! * A frame is drawn when something changed, at most thirty a second, none while nothing happens.

pub mod action;
pub mod app;
pub mod ask;
pub mod catalog;
pub mod deeds;
mod driver;
pub mod edit;
pub mod effect;
pub mod event;
pub mod keymap;
pub mod layout;
pub mod overlay;
pub mod paint;
pub mod palette;
pub mod pilot;
pub mod remembered;
pub mod screens;
pub mod snapshot;
mod terminal;
pub mod theme;
mod view;
pub mod widgets;
pub mod worker;

pub use action::ScreenId;
pub use app::Options;
pub use driver::run;
pub use pilot::Pilot;
pub use terminal::{Opener, Output};

/// What keeps the program from being shown.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal or the system refused.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] std::io::Error),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}
