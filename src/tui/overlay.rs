//! Dialogs over a screen: they take all keys until they are done, and tell the screen what came of them.

use super::edit::Line;

/// A dialog. `purpose` is the screen's own word for it and comes back with the outcome.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// The keys.
    Help {
        /// What is searched for.
        search: Line,
        /// Rows scrolled away.
        scroll: usize,
    },
    /// A command by its name.
    Palette {
        /// What is typed.
        line: Line,
        /// The selected row.
        row: usize,
    },
    /// One line in the place of the status line. The screen hears of every change.
    Prompt(Prompt),
    /// A question that yes or a typed word answers.
    Confirm(Confirm),
    /// Several fields.
    Form(Form),
    /// A list to choose one from.
    Choose(Choose),
    /// Text to be read.
    Page(Page),
}

impl Overlay {
    /// The keys that do something in it, the most important ones first: what the footer lists and frames name.
    pub fn keys(&self) -> Vec<(&'static str, &'static str)> {
        let choosing = ("Up Down", "choose");
        match self {
            Self::Help { .. } => vec![
                ("Esc", "closes"),
                ("Up Down", "scroll"),
                ("PgUp PgDn", "half a page"),
                ("Home End", "ends"),
                ("letters", "search"),
            ],
            Self::Palette { .. } => vec![
                ("Enter", "runs it"),
                ("Esc", "closes"),
                choosing,
                ("Tab", "completes"),
                ("letters", "narrow"),
            ],
            Self::Prompt(prompt) => {
                let mut keys = vec![("Enter", prompt.words.0), ("Esc", prompt.words.1)];
                if !prompt.completions.is_empty() {
                    keys.push(("Tab", "completes"));
                }
                keys
            }
            Self::Confirm(confirm) if confirm.typed.is_some() => {
                vec![("Enter", "goes on"), ("Esc", "cancels")]
            }
            Self::Confirm(_) => vec![("y", "yes"), ("n", "no")],
            Self::Form(form) => {
                let mut keys = vec![("Enter", "sends"), ("Esc", "cancels")];
                if form.fields.len() > 1 {
                    keys.push(("Tab", "next field"));
                }
                if form.fields.get(form.row).is_some_and(|field| !field.choices.is_empty()) {
                    keys.push(("Left Right", "other choice"));
                }
                keys
            }
            Self::Choose(_) => {
                vec![("Enter", "takes it"), ("Esc", "cancels"), choosing, ("letters", "narrow")]
            }
            Self::Page(_) => vec![
                ("Esc", "closes"),
                ("j k", "scroll"),
                ("Ctrl-D Ctrl-U", "half a page"),
                ("g G", "ends"),
            ],
        }
    }
}

/// A line to be typed.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The screen's word for it.
    pub purpose: &'static str,
    /// What stands before it: `/`, `note`.
    pub label: String,
    /// The line.
    pub line: Line,
    /// What stands at its right: a count, an error, set by the screen while it is typed.
    pub status: String,
    /// True if `status` is an error.
    pub is_wrong: bool,
    /// Completions of the word before the cursor, offered by the screen; Tab takes the next one.
    pub completions: Vec<Completion>,
    /// Which completion is taken.
    pub taken: Option<usize>,
    /// What Enter and Esc do, in a word each.
    pub words: (&'static str, &'static str),
}

/// What a word could become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// How many characters before the cursor it replaces.
    pub replaces: usize,
    /// By what.
    pub text: String,
    /// What it is: `metric`, `parameter`, `12 runs`.
    pub about: String,
}

impl Prompt {
    /// An empty prompt, or one with text to change: what it says applies while it is typed.
    pub fn new(purpose: &'static str, label: &str, text: &str) -> Self {
        Self {
            purpose,
            label: label.into(),
            line: Line::new(text),
            status: String::new(),
            is_wrong: false,
            completions: Vec::new(),
            taken: None,
            words: ("keeps it", "clears it"),
        }
    }

    /// A prompt that leads on to something, or is left.
    pub fn asking(purpose: &'static str, label: &str) -> Self {
        Self { words: ("goes on", "cancels"), ..Self::new(purpose, label, "") }
    }
}

/// A question.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// The screen's word for it.
    pub purpose: &'static str,
    /// Its heading.
    pub title: String,
    /// What will happen, and what is lost.
    pub lines: Vec<String>,
    /// The word that must be typed; none if `y` is enough.
    pub typed: Option<String>,
    /// What was typed so far.
    pub line: Line,
    /// What is wrong with it, after it was sent.
    pub problem: Option<String>,
}

impl Confirm {
    /// A question that `y` answers.
    pub fn new(purpose: &'static str, title: &str, lines: Vec<String>) -> Self {
        Self {
            purpose,
            title: title.into(),
            lines,
            typed: None,
            line: Line::default(),
            problem: None,
        }
    }

    /// The same, answered by typing `word`.
    #[must_use]
    pub fn typed(self, word: &str) -> Self {
        Self { typed: Some(word.into()), ..self }
    }
}

/// Several fields.
#[derive(Debug, Clone)]
pub struct Form {
    /// The screen's word for it.
    pub purpose: &'static str,
    /// Its heading.
    pub title: String,
    /// Its fields.
    pub fields: Vec<FormField>,
    /// The field with the cursor.
    pub row: usize,
    /// What is wrong with which field, after it was sent.
    pub problem: Option<(usize, String)>,
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct FormField {
    /// Its label.
    pub label: String,
    /// Its text.
    pub line: Line,
    /// What may stand there: `1e-4 … 1e4, log`.
    pub hint: String,
    /// Values to step through with left and right; empty for free text.
    pub choices: Vec<String>,
}

impl FormField {
    /// A field of free text.
    pub fn text(label: &str, value: &str, hint: &str) -> Self {
        Self { label: label.into(), line: Line::new(value), hint: hint.into(), choices: Vec::new() }
    }

    /// A field of given values.
    pub fn choice(label: &str, value: &str, choices: Vec<String>) -> Self {
        Self { label: label.into(), line: Line::new(value), hint: String::new(), choices }
    }
}

impl Form {
    /// A form with the cursor in its first field.
    pub fn new(purpose: &'static str, title: &str, fields: Vec<FormField>) -> Self {
        Self { purpose, title: title.into(), fields, row: 0, problem: None }
    }

    /// What stands in the fields.
    pub fn values(&self) -> Vec<String> {
        self.fields.iter().map(|field| field.line.text().trim().to_string()).collect()
    }
}

/// A list.
#[derive(Debug, Clone)]
pub struct Choose {
    /// The screen's word for it.
    pub purpose: &'static str,
    /// Its heading.
    pub title: String,
    /// What there is: a value and what it means.
    pub items: Vec<(String, String)>,
    /// The selected row among those that fit what is typed.
    pub row: usize,
    /// What is typed to narrow it.
    pub line: Line,
}

impl Choose {
    /// A list with the row `row` selected.
    pub fn new(
        purpose: &'static str,
        title: &str,
        items: Vec<(String, String)>,
        row: usize,
    ) -> Self {
        Self { purpose, title: title.into(), items, row, line: Line::default() }
    }

    /// The items that fit what is typed, with their places.
    pub fn fitting(&self) -> Vec<usize> {
        let wanted = self.line.text().to_lowercase();
        let fits = |item: &(String, String)| {
            item.0.to_lowercase().contains(&wanted) || item.1.to_lowercase().contains(&wanted)
        };
        (0..self.items.len()).filter(|&at| fits(&self.items[at])).collect()
    }
}

/// Text to be read.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its heading.
    pub title: String,
    /// Its lines, clean.
    pub lines: Vec<String>,
    /// Lines scrolled away.
    pub scroll: usize,
}

/// What came of a dialog.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The line of a prompt has changed to this.
    Typing(String),
    /// The line of a prompt was sent.
    Typed(String),
    /// The question was answered with yes.
    Confirmed,
    /// The fields of a form were sent.
    Filled(Vec<String>),
    /// The item with that place was chosen.
    Chosen(usize),
    /// It was left by Esc.
    Left,
}
