//! One line that is edited, as shells do it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

/// A line of text with a cursor.
#[derive(Debug, Clone, Default)]
pub struct Line(Input);

impl Line {
    /// A line with text, the cursor behind it.
    pub fn new(text: &str) -> Self {
        Self(Input::new(text.into()))
    }

    /// Its text.
    pub fn text(&self) -> &str {
        self.0.value()
    }

    /// The cursor, in characters.
    pub fn cursor(&self) -> usize {
        self.0.cursor()
    }

    /// The text before the cursor.
    pub fn before_cursor(&self) -> String {
        self.text().chars().take(self.cursor()).collect()
    }

    /// Replaces the last `n` characters before the cursor by `text`: a completion.
    pub fn replace_before(&mut self, n: usize, text: &str) {
        let cursor = self.cursor();
        let head: String = self.text().chars().take(cursor.saturating_sub(n)).collect();
        let tail: String = self.text().chars().skip(cursor).collect();
        let at = head.chars().count() + text.chars().count();
        self.0 = Input::new(format!("{head}{text}{tail}")).with_cursor(at);
    }

    /// Takes a key in; false if it is none of a line's.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let request = match key.code {
            KeyCode::Char('a') if control => InputRequest::GoToStart,
            KeyCode::Char('e') if control => InputRequest::GoToEnd,
            KeyCode::Char('u') if control => InputRequest::DeleteLine,
            KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
            KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
            KeyCode::Char('b') if alt => InputRequest::GoToPrevWord,
            KeyCode::Char('f') if alt => InputRequest::GoToNextWord,
            KeyCode::Char(c) if !control && !alt && !c.is_control() => InputRequest::InsertChar(c),
            KeyCode::Backspace if alt => InputRequest::DeletePrevWord,
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left if control => InputRequest::GoToPrevWord,
            KeyCode::Right if control => InputRequest::GoToNextWord,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            _ => return false,
        };
        self.0.handle(request);
        true
    }

    /// Puts pasted text in, as one line.
    pub fn paste(&mut self, text: &str) {
        let clean = super::paint::clean(text);
        let cursor = self.cursor();
        let head: String = self.text().chars().take(cursor).collect();
        let tail: String = self.text().chars().skip(cursor).collect();
        let at = cursor + clean.chars().count();
        self.0 = Input::new(format!("{head}{clean}{tail}")).with_cursor(at);
    }
}

#[cfg(test)]
mod tests {
    use super::super::keymap::presses;
    use super::*;

    fn check(start: &str, keys: &str, expected: &str) {
        let mut line = Line::new(start);
        for key in presses(keys).unwrap() {
            line.key(&key);
        }
        assert_eq!(line.text(), expected);
    }

    #[test]
    fn keys_of_a_shell_work() {
        check("auc > 0.9", "<ctrl-w>1", "auc > 1");
        check("auc", "<home>x<end>y", "xaucy");
        check("auc", "<left><ctrl-k>", "au");
        check("auc", "<ctrl-u>b", "b");
    }

    #[test]
    fn a_completion_replaces_the_word_and_a_paste_is_one_line() {
        let mut line = Line::new("model = sv and");
        for _ in 0..4 {
            line.key(&presses("<left>").unwrap()[0]);
        }
        line.replace_before(2, "svm");
        assert_eq!(line.text(), "model = svm and");
        line.paste("\n\u{1b}[31mred\n");
        assert!(!line.text().contains(['\n', '\u{1b}']));
    }
}
