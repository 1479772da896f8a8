//! Dialogs: their keys, and what comes of them.

use super::super::action::{Action, ScreenId};
use super::super::effect::{Jump, Tone};
use super::super::keymap;
use super::super::overlay::{Choose, Confirm, Form, Outcome, Overlay, Prompt};
use super::super::palette;
use super::super::screens::Enabled;
use super::{App, Turn};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};

/// What a key did to a dialog.
enum After {
    /// It stays.
    Stay(Overlay),
    /// It stays, and the screen hears of it.
    Tell(Overlay, &'static str, Outcome),
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
                match word.as_str() {
                    "esc" | "enter" => return,
                    "?" | "q" if search.text().is_empty() => return,
                    "down" | "pagedown" => scroll += step(&word),
                    "up" | "pageup" => scroll = scroll.saturating_sub(step(&word)),
                    "/" if search.text().is_empty() => {}
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
                match word.as_str() {
                    "esc" | "q" | "enter" => return,
                    "down" | "j" | "pagedown" | "space" => page.scroll += step(&word),
                    "up" | "k" | "pageup" => page.scroll = page.scroll.saturating_sub(step(&word)),
                    "g" | "home" => page.scroll = 0,
                    "G" | "end" => page.scroll = page.lines.len(),
                    _ => {}
                }
                page.scroll = page.scroll.min(page.lines.len().saturating_sub(1));
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
            After::Done(purpose, outcome) => self.settle(purpose, outcome, turn),
            After::Command(text) => self.command(&text, turn),
        }
    }

    fn settle(&mut self, purpose: &'static str, outcome: Outcome, turn: &mut Turn) {
        let form = match (&outcome, self.overlay.take()) {
            // A form waits for the screen's word.
            (Outcome::Filled(_), Some(Overlay::Form(form))) => Some(form),
            (_, other) => {
                self.overlay = other;
                None
            }
        };
        let id = self.screen;
        let (screen, shared) = self.screen_and_shared(id);
        match (screen.settled(purpose, outcome, shared), form) {
            (Ok(effects), _) => turn.effects.extend(effects),
            (Err(problem), Some(form)) => {
                let row = problem.0.min(form.fields.len().saturating_sub(1));
                self.overlay = Some(Overlay::Form(Form { row, problem: Some(problem), ..form }));
            }
            (Err((_, text)), None) => self.say(Tone::Bad, text),
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

fn step(word: &str) -> usize {
    if word.starts_with("page") || word == "space" { 10 } else { 1 }
}

fn prompt_key(mut prompt: Prompt, key: &KeyEvent) -> After {
    let purpose = prompt.purpose;
    match key.code {
        KeyCode::Esc => return After::Done(purpose, Outcome::Left),
        KeyCode::Enter => return After::Done(purpose, Outcome::Typed(prompt.line.text().into())),
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
        (_, Some(_)) => {
            confirm.line.key(key);
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
                } else if matches!(code, KeyCode::Left | KeyCode::Right | KeyCode::Char(' ')) {
                    let at = field.choices.iter().position(|choice| choice == field.line.text());
                    let n = field.choices.len();
                    let next = match (at, code) {
                        (None, _) => 0,
                        (Some(at), KeyCode::Left) => (at + n - 1) % n,
                        (Some(at), _) => (at + 1) % n,
                    };
                    field.line = super::super::edit::Line::new(&field.choices[next]);
                }
            }
        }
    }
    After::Stay(Overlay::Form(form))
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
