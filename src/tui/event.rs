//! Everything that can happen to the program: one closed list, one queue.

use super::ask::Reply;
use crossterm::event::{KeyEvent, MouseEvent};

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize,
    /// A worker has an answer, or saw a change.
    Reply(Box<Reply>),
    /// The system wants the program to stop for a while.
    Suspend,
    /// The system wants the program to end; the number of the signal.
    Terminate(i32),
    /// The terminal is gone.
    Lost,
}
