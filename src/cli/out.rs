//! The only output of the program: text, color, width, and quiet ends of broken pipes.

use crossterm::style::Stylize;
use std::io::{self, IsTerminal, Write};

pub(super) use crate::tui::paint::{cells, cut};

/// What a piece of text means; the terminal's own sixteen colors show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Plain.
    Text,
    /// Less important.
    Muted,
    /// Headings and names.
    Strong,
    /// Good.
    Good,
    /// Worth a look.
    Warn,
    /// Bad.
    Bad,
    /// The thing to type.
    Accent,
}

/// When to use color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or TERM is dumb.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where output goes and what it may look like.
#[derive(Debug, Clone)]
pub(super) struct Out {
    color: bool,
    error_color: bool,
    width: usize,
}

#[expect(clippy::unused_self, reason = "whoever prints holds the one way out")]
impl Out {
    /// Looks at the terminal and the environment.
    pub(super) fn new(choice: ColorChoice) -> Self {
        crossterm::style::force_color_output(true);
        let (stdout, stderr) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let color = |terminal: bool| match choice {
            ColorChoice::Auto => terminal && !plain,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        Self { color: color(stdout), error_color: color(stderr), width: width(stdout) }
    }

    /// Columns that a table may use. Without a terminal and `COLUMNS` there is no limit.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// True if a progress line may be redrawn on stderr.
    pub(super) fn can_redraw(&self) -> bool {
        io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
    }

    /// Text in the color of its role, for stdout.
    pub(super) fn paint(&self, role: Role, text: &str) -> String {
        paint(self.color, role, text)
    }

    /// Text in the color of its role, for stderr.
    pub(super) fn paint_error(&self, role: Role, text: &str) -> String {
        paint(self.error_color, role, text)
    }

    /// Writes a line to stdout.
    ///
    /// # Errors
    /// When stdout cannot be written; a broken pipe among it, which ends the program quietly.
    pub(super) fn line(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}")
    }

    /// Writes text to stdout as it is.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub(super) fn raw(&self, text: &str) -> io::Result<()> {
        io::stdout().lock().write_all(text.as_bytes())
    }

    /// Writes bytes to stdout as they are; [`Out::flush`] sends off what is not a whole line.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub(super) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        io::stdout().lock().write_all(bytes)
    }

    /// Sends off what was written to stdout.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub(super) fn flush(&self) -> io::Result<()> {
        io::stdout().lock().flush()
    }

    /// Writes bytes to stderr as they are.
    ///
    /// # Errors
    /// When stderr cannot be written.
    pub(super) fn error_bytes(&self, bytes: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(bytes)
    }

    /// True if stdout is a terminal, which obeys control characters.
    pub(super) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Writes a line to stderr. What cannot be said there cannot be said at all.
    pub(super) fn note(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Redraws the last line of stderr.
    pub(super) fn redraw(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "\r\x1b[2K{text}");
        let _ = stderr.flush();
    }
}

fn paint(color: bool, role: Role, text: &str) -> String {
    if !color {
        return text.to_string();
    }
    match role {
        Role::Text => text.to_string(),
        Role::Muted => text.dark_grey().to_string(),
        Role::Strong => text.bold().to_string(),
        Role::Good => text.green().to_string(),
        Role::Warn => text.yellow().to_string(),
        Role::Bad => text.red().to_string(),
        Role::Accent => text.cyan().to_string(),
    }
}

/// `COLUMNS` where it is set, else the terminal's width, else no limit.
fn width(terminal: bool) -> usize {
    let set = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
    let seen = || terminal.then(crossterm::terminal::size).and_then(Result::ok);
    set.or_else(|| seen().map(|(columns, _)| usize::from(columns)))
        .filter(|&columns| columns > 0)
        .unwrap_or(usize::MAX)
}

/// The columns of the progress line: the terminal of stderr.
pub(super) fn error_width() -> usize {
    crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns).max(20))
}

/// Text without control characters, so that a run's name can never drive the terminal.
pub(super) fn safe(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// Text padded with spaces to `width` cells.
pub(super) fn pad(text: &str, width: usize, right: bool) -> String {
    let gap = " ".repeat(width.saturating_sub(cells(text)));
    if right { format!("{gap}{text}") } else { format!("{text}{gap}") }
}

/// True if somebody sits at a terminal that can show screens: input and output, and it is no dumb one.
pub(super) fn is_interactive() -> bool {
    let is_able = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    is_able && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The terminal, for screens: written in large pieces.
pub(super) fn terminal() -> crate::tui::Output {
    Box::new(io::BufWriter::with_capacity(1 << 16, io::stdout()))
}

/// Standard output for lines that another program reads.
pub(super) fn lines() -> Box<dyn Write + Send> {
    Box::new(io::stdout())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mb\nc"), "a\u{fffd}[31mb c");
    }

    #[test]
    fn padding_aligns_both_ways() {
        assert_eq!(pad("ab", 4, false), "ab  ");
        assert_eq!(pad("ab", 4, true), "  ab");
    }
}
