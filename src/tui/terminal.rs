//! The terminal: taken, given back, and given back whatever happens.

use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::style::force_color_output;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::io::{self, Write};
use std::mem::ManuallyDrop;

/// Where the program writes: the terminal, through a buffer.
pub type Output = Box<dyn Write + Send>;
/// Opens the terminal for writing once more: for the hook that gives it back after a panic.
pub type Opener = fn() -> Output;

/// A terminal in raw mode on its alternate screen, until it is dropped.
pub(super) struct Screen {
    /// Never dropped: ratatui would show the cursor once more, and panic where neither the terminal nor stderr is left.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Output>>>,
    open: Opener,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal. From here on a panic of the main thread gives it back before it speaks.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub(super) fn take(open: Opener, mouse: bool) -> io::Result<Self> {
        // NO_COLOR is decided once, by the theme; crossterm's own rule would also take bold and reverse away.
        force_color_output(true);
        let mut output = open();
        enter(&mut output, mouse)?;
        restore_on_panic(open);
        let backend = CrosstermBackend::new(output);
        match Terminal::new(backend) {
            Ok(terminal) => Ok(Self { terminal: ManuallyDrop::new(terminal), open, mouse }),
            Err(error) => {
                leave(&mut open());
                Err(error)
            }
        }
    }

    /// The terminal's size; what cannot be found out is 80×24.
    #[expect(clippy::unused_self, reason = "only who holds the terminal may ask")]
    pub(super) fn size(&self) -> Rect {
        let size = crossterm::terminal::size().unwrap_or((80, 24));
        Rect::new(0, 0, size.0, size.1)
    }

    /// Draws a frame. Terminals that know how show it at once.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn draw(
        &mut self,
        frame: impl FnOnce(&mut Buffer, Rect) -> Option<(u16, u16)>,
    ) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(|canvas| {
            let area = canvas.area();
            if let Some(cursor) = frame(canvas.buffer_mut(), area) {
                canvas.set_cursor_position(cursor);
            }
        });
        drawn?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Forgets what is on the terminal, so that the next frame draws all of it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        // Not ratatui's own: it asks the terminal where the cursor is, and the answer would go to the thread that hears keys.
        execute!(self.terminal.backend_mut(), Clear(ClearType::All))?;
        self.terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new((self.open)()))?);
        Ok(())
    }

    /// Puts text on the terminal's clipboard (OSC 52).
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        let backend = self.terminal.backend_mut();
        write!(backend, "\x1b]52;c;{}\x07", base64(text.as_bytes()))?;
        io::Write::flush(backend)
    }

    /// Gives the terminal to the shell, stops the process, and takes the terminal again when it goes on.
    ///
    /// # Errors
    /// When the terminal is gone by then.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        leave(self.terminal.backend_mut());
        crate::host::stop_self()?;
        enter(self.terminal.backend_mut(), self.mouse)?;
        self.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave(&mut (self.open)());
    }
}

fn enter(output: &mut impl Write, mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    execute!(output, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide, SetTitle("derby"))?;
    if mouse {
        execute!(output, EnableMouseCapture)?;
    }
    Ok(())
}

/// Undoes all of it; nobody can be told if that fails.
fn leave(output: &mut impl Write) {
    let _ = execute!(
        output,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}

/// A panic of the main thread ends the program: its words must stand on a terminal in order. Panics of other threads are
/// caught where they happen and become a message.
fn restore_on_panic(open: Opener) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some("main") {
            leave(&mut open());
            before(panic);
        }
    }));
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let value = group.iter().fold(0u32, |value, &byte| value << 8 | u32::from(byte))
            << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = LETTERS[(value >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { letter as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (text, expected) in cases {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
