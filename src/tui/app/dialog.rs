//! Dialogs: their keys, and what comes of them.

use super::super::action::{Action, ScreenId};
use super::super::effect::{Jump, Tone};
use super::super::keymap;
use super::super::overlay::{Choose, Confirm, Form, FormField, Outcome, Overlay, Prompt};
use super::super::palette;
use super::super::screens::Enabled;
use super::super::view;
use super::{App, Turn};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};

/// What a key did to a dialog.
enum After {
    /// It stays.
    Stay(Overlay),
    /// It stays, and the screen hears of it.
    Tell(Overlay, &'static str, Outcome),
    /// It was sent, and stays open with what is wrong with it if the screen refuses.
    Sent(Prompt, Outcome),
    /// It is done, with that outcome.
    Done(&'static str, Outcome),
    /// It is gone.
    Gone,
    /// A command of the palette was sent.
    Command(String),
}

impl App {
    pub(super) fn dialog_key(&mut self, key: &KeyEvent, turn: &mut Turn) {
        let Some(overlay) = self.overlay.take() else { return };
        let after = match overlay {
            Overlay::Help { mut search, mut scroll } => {
                let word = keymap::word(key).unwrap_or_default();
                let (last, height) = view::help_size(self, search.text());
                match (word.as_str(), scrolled(&word, scroll, (last, height))) {
                    ("esc" | "enter", _) => return,
                    ("?" | "q", _) if search.text().is_empty() => return,
                    (_, Some(to)) => scroll = to,
                    ("/", _) if search.text().is_empty() => {}
                    _ => {
                        search.key(key);
                        scroll = 0;
                    }
                }
                After::Stay(Overlay::Help { search, scroll })
            }
            Overlay::Palette { mut line, mut row } => {
                let fitting = palette::fitting(self, line.text());
                match key.code {
                    KeyCode::Esc => return,
                    KeyCode::Up => row = row.saturating_sub(1),
                    KeyCode::Down => row = (row + 1).min(fitting.len().saturating_sub(1)),
                    KeyCode::Tab => {
                        if let Some(entry) = fitting.get(row) {
                            line = super::super::edit::Line::new(&entry.completion());
                        }
                    }
                    KeyCode::Enter => {
                        let text = line.text().trim().to_string();
                        let given = fitting.get(row).map(|entry| entry.command.clone());
                        let is_whole = palette::is_command(self, &text);
                        let command = if is_whole { text } else { given.unwrap_or(text) };
                        return self.after_dialog(After::Command(command), turn);
                    }
                    _ => {
                        line.key(key);
                        row = 0;
                    }
                }
                After::Stay(Overlay::Palette { line, row })
            }
            Overlay::Prompt(prompt) => prompt_key(prompt, key),
            Overlay::Confirm(confirm) => confirm_key(confirm, key),
            Overlay::Form(form) => form_key(form, key),
            Overlay::Choose(choose) => choose_key(choose, key),
            Overlay::Page(mut page) => {
                let word = keymap::word(key).unwrap_or_default();
                let word = match word.as_str() {
                    "esc" | "q" | "enter" => return,
                    "j" => "down",
                    "k" => "up",
                    "space" => "pagedown",
                    "g" => "home",
                    "G" => "end",
                    other => other,
                };
                let size = view::page_size(self, &page);
                page.scroll = scrolled(word, page.scroll, size).unwrap_or(page.scroll);
                After::Stay(Overlay::Page(page))
            }
        };
        self.after_dialog(after, turn);
    }

    pub(super) fn dialog_paste(&mut self, text: &str, turn: &mut Turn) {
        let after = match self.overlay.take() {
            Some(Overlay::Prompt(mut prompt)) => {
                prompt.line.paste(text);
                let outcome = Outcome::Typing(prompt.line.text().into());
                let purpose = prompt.purpose;
                After::Tell(Overlay::Prompt(prompt), purpose, outcome)
            }
            Some(Overlay::Palette { mut line, row }) => {
                line.paste(text);
                After::Stay(Overlay::Palette { line, row })
            }
            Some(Overlay::Form(mut form)) => {
                let row = form.row;
                if let Some(field) =
                    form.fields.get_mut(row).filter(|field| field.choices.is_empty())
                {
                    field.line.paste(text);
                }
                After::Stay(Overlay::Form(form))
            }
            Some(other) => After::Stay(other),
            None => After::Gone,
        };
        self.after_dialog(after, turn);
    }

    pub(super) fn dialog_mouse(&mut self, mouse: MouseEvent, turn: &mut Turn) {
        let code = match mouse.kind {
            MouseEventKind::ScrollUp => KeyCode::Up,
            MouseEventKind::ScrollDown => KeyCode::Down,
            _ => return,
        };
        self.dialog_key(&KeyEvent::from(code), turn);
    }

    fn after_dialog(&mut self, after: After, turn: &mut Turn) {
        match after {
            After::Stay(overlay) => self.overlay = Some(overlay),
            After::Gone => {}
            After::Tell(overlay, purpose, outcome) => {
                self.overlay = Some(overlay);
                self.settle(purpose, outcome, turn);
                self.refresh_prompt();
            }
            After::Sent(prompt, outcome) => {
                let purpose = prompt.purpose;
                self.overlay = Some(Overlay::Prompt(prompt));
                self.settle(purpose, outcome, turn);
            }
            After::Done(purpose, outcome) => self.settle(purpose, outcome, turn),
            After::Command(text) => self.command(&text, turn),
        }
    }

    fn settle(&mut self, purpose: &'static str, outcome: Outcome, turn: &mut Turn) {
        let sent = match (&outcome, self.overlay.take()) {
            // What was sent waits for the screen's word.
            (Outcome::Filled(_), Some(overlay @ Overlay::Form(_)))
            | (Outcome::Typed(_), Some(overlay @ Overlay::Prompt(_))) => Some(overlay),
            (_, other) => {
                self.overlay = other;
                None
            }
        };
        let id = self.screen;
        let (screen, shared) = self.screen_and_shared(id);
        match (screen.settled(purpose, outcome, shared), sent) {
            (Ok(effects), _) => turn.effects.extend(effects),
            (Err((_, text)), Some(Overlay::Prompt(prompt))) => {
                self.overlay = Some(Overlay::Prompt(prompt));
                self.refresh_prompt();
                if let Some(Overlay::Prompt(prompt)) = &mut self.overlay {
                    (prompt.status, prompt.is_wrong) = (text, true);
                }
            }
            (Err(problem), Some(Overlay::Form(form))) => {
                let row = problem.0.min(form.fields.len().saturating_sub(1));
                self.overlay = Some(Overlay::Form(Form { row, problem: Some(problem), ..form }));
            }
            (Err((_, text)), _) => self.say(Tone::Bad, text),
        }
    }

    /// Lets the screen set count, error and completions of its prompt.
    pub(super) fn refresh_prompt(&mut self) {
        let Some(mut overlay) = self.overlay.take() else { return };
        if let Overlay::Prompt(prompt) = &mut overlay {
            self.screen_of(self.screen).prompt(prompt, &self.shared);
        }
        self.overlay = Some(overlay);
    }

    /// A command of the palette: the name of an action, or one of the words that take something.
    pub(super) fn command(&mut self, text: &str, turn: &mut Turn) {
        let (word, rest) =
            text.split_once(' ').map_or((text, ""), |(word, rest)| (word, rest.trim()));
        if let Some(binding) = keymap::TABLE.iter().find(|binding| binding.name == text) {
            return self.action(binding.action, turn);
        }
        match (word, rest) {
            ("theme", name) if !name.is_empty() => self.take_theme(name),
            ("run", number) if !number.is_empty() => match number.parse() {
                Ok(id) => {
                    turn.effects.push(super::Effect::Jump(Jump::Run(crate::domain::RunId(id))));
                }
                Err(_) => self.say(Tone::Bad, format!("'{number}' is no number of a run")),
            },
            ("sweep", name) if !name.is_empty() => match self.shared.catalog.sweep_named(name) {
                Some(sweep) => turn.effects.push(super::Effect::Jump(Jump::Sweep(sweep.id))),
                None => self.say(Tone::Bad, format!("no sweep is called '{name}'")),
            },
            ("filter", text) => turn.effects.push(super::Effect::Jump(Jump::Runs(text.into()))),
            ("model", name) if !name.is_empty() => {
                turn.effects.push(super::Effect::Jump(Jump::Champions(name.into())));
            }
            _ => match ScreenId::parse(text) {
                Some(screen) => self.go(screen),
                None => self.say(Tone::Bad, format!("no command is called '{text}'; : lists them")),
            },
        }
    }

    /// True if the action may be offered: it does something here, now or later.
    pub(in crate::tui) fn is_offered(&self, action: Action) -> bool {
        self.enabled(action) != Enabled::Never
    }
}

/// Where a key of moving puts the first row, if it is one: of `last`, the last of them, and the rows in view.
fn scrolled(word: &str, from: usize, (last, height): (usize, usize)) -> Option<usize> {
    let half = (height / 2).max(1);
    let from = from.min(last);
    let to = match word {
        "up" => from.saturating_sub(1),
        "down" => from + 1,
        "pageup" | "ctrl-u" | "ctrl-b" => from.saturating_sub(half),
        "pagedown" | "ctrl-d" | "ctrl-f" => from + half,
        "home" => 0,
        "end" => last,
        _ => return None,
    };
    Some(to.min(last))
}

fn prompt_key(mut prompt: Prompt, key: &KeyEvent) -> After {
    let purpose = prompt.purpose;
    match key.code {
        KeyCode::Esc => return After::Done(purpose, Outcome::Left),
        KeyCode::Enter => {
            let text = prompt.line.text().into();
            return After::Sent(prompt, Outcome::Typed(text));
        }
        KeyCode::Tab | KeyCode::BackTab => {
            if !complete(&mut prompt, key.code == KeyCode::Tab) {
                return After::Stay(Overlay::Prompt(prompt));
            }
        }
        _ => {
            prompt.taken = None;
            if !prompt.line.key(key) {
                return After::Stay(Overlay::Prompt(prompt));
            }
        }
    }
    let outcome = Outcome::Typing(prompt.line.text().into());
    After::Tell(Overlay::Prompt(prompt), purpose, outcome)
}

/// Takes the next completion, or the one before.
fn complete(prompt: &mut Prompt, forward: bool) -> bool {
    let n = prompt.completions.len();
    if n == 0 {
        return false;
    }
    let next = match prompt.taken {
        None => 0,
        Some(at) if forward => (at + 1) % n,
        Some(at) => (at + n - 1) % n,
    };
    let replaced = match prompt.taken.and_then(|at| prompt.completions.get(at)) {
        Some(before) => before.text.chars().count(),
        None => prompt.completions[next].replaces,
    };
    let text = prompt.completions[next].text.clone();
    prompt.line.replace_before(replaced, &text);
    prompt.taken = Some(next);
    true
}

fn confirm_key(mut confirm: Confirm, key: &KeyEvent) -> After {
    let purpose = confirm.purpose;
    match (key.code, &confirm.typed) {
        (KeyCode::Esc, _) | (KeyCode::Char('n' | 'N' | 'q'), None) => {
            After::Done(purpose, Outcome::Left)
        }
        (KeyCode::Char('y' | 'Y'), None) => After::Done(purpose, Outcome::Confirmed),
        (KeyCode::Enter, Some(word)) if confirm.line.text() == word => {
            After::Done(purpose, Outcome::Confirmed)
        }
        (KeyCode::Enter, Some(word)) => {
            confirm.problem = Some(match confirm.line.text() {
                "" => format!("nothing is typed yet: '{word}' goes on"),
                other => format!("'{other}' is not '{word}'"),
            });
            After::Stay(Overlay::Confirm(confirm))
        }
        (_, Some(_)) => {
            if confirm.line.key(key) {
                confirm.problem = None;
            }
            After::Stay(Overlay::Confirm(confirm))
        }
        (_, None) => After::Stay(Overlay::Confirm(confirm)),
    }
}

fn form_key(mut form: Form, key: &KeyEvent) -> After {
    let purpose = form.purpose;
    let n = form.fields.len();
    let row = form.row.min(n.saturating_sub(1));
    match key.code {
        KeyCode::Esc => return After::Done(purpose, Outcome::Left),
        KeyCode::Enter => {
            let values = form.values();
            return After::Tell(Overlay::Form(form), purpose, Outcome::Filled(values));
        }
        KeyCode::Down | KeyCode::Tab => form.row = (row + 1) % n.max(1),
        KeyCode::Up | KeyCode::BackTab => form.row = (row + n.saturating_sub(1)) % n.max(1),
        code => {
            form.problem = None;
            if let Some(field) = form.fields.get_mut(row) {
                if field.choices.is_empty() {
                    field.line.key(key);
                } else if let Some(next) = chosen(field, code) {
                    field.line = super::super::edit::Line::new(&field.choices[next]);
                }
            }
        }
    }
    After::Stay(Overlay::Form(form))
}

/// The choice that a key leads to: the next one, the one before, or the next one that begins with the letter.
fn chosen(field: &FormField, code: KeyCode) -> Option<usize> {
    let at = field.choices.iter().position(|choice| choice == field.line.text());
    let n = field.choices.len();
    let begins = |choice: &str, letter: char| {
        choice.chars().next().is_some_and(|first| first.to_lowercase().eq(letter.to_lowercase()))
    };
    match (at, code) {
        (None, KeyCode::Left | KeyCode::Right | KeyCode::Char(' ')) => Some(0),
        (Some(at), KeyCode::Left) => Some((at + n - 1) % n),
        (Some(at), KeyCode::Right | KeyCode::Char(' ')) => Some((at + 1) % n),
        (at, KeyCode::Char(letter)) => {
            let after = at.map_or(0, |at| at + 1);
            let places = (0..n).map(|step| (after + step) % n);
            places.into_iter().find(|&at| begins(&field.choices[at], letter))
        }
        _ => None,
    }
}

fn choose_key(mut choose: Choose, key: &KeyEvent) -> After {
    let purpose = choose.purpose;
    let fitting = choose.fitting();
    match key.code {
        KeyCode::Esc => return After::Done(purpose, Outcome::Left),
        KeyCode::Enter => {
            return match fitting.get(choose.row) {
                Some(&at) => After::Done(purpose, Outcome::Chosen(at)),
                None => After::Stay(Overlay::Choose(choose)),
            };
        }
        KeyCode::Up | KeyCode::BackTab => choose.row = choose.row.saturating_sub(1),
        KeyCode::Down | KeyCode::Tab => {
            choose.row = (choose.row + 1).min(fitting.len().saturating_sub(1));
        }
        _ => {
            choose.line.key(key);
            choose.row = 0;
        }
    }
    After::Stay(Overlay::Choose(choose))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_leads_to_the_next_choice_that_begins_with_it() {
        let choices = ["linear", "rbf", "Radial"].map(String::from).to_vec();
        let check = |now: &str, code, expect| {
            let field = FormField::choice("kernel", now, choices.clone());
            assert_eq!(chosen(&field, code), expect);
        };
        check("linear", KeyCode::Char('r'), Some(1));
        check("rbf", KeyCode::Char('r'), Some(2));
        check("Radial", KeyCode::Char('r'), Some(1));
        check("rbf", KeyCode::Char('x'), None);
        check("rbf", KeyCode::Left, Some(0));
        check("Radial", KeyCode::Char(' '), Some(0));
    }
}
