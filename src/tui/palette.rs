//! The commands of `:`: every action by its name, and those that take something.

use super::action::ScreenId;
use super::app::App;
use super::keymap;
use super::screens::Enabled;
use super::theme::Theme;

/// A row of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The command.
    pub command: String,
    /// What it does.
    pub about: String,
    /// Its key.
    pub keys: String,
    /// Why it does nothing now.
    pub why_not: Option<&'static str>,
}

impl Entry {
    /// What Tab makes of a beginning of it.
    pub fn completion(&self) -> String {
        self.command.clone()
    }
}

/// Rows that fit what is typed: those whose command begins with it first.
pub fn fitting(app: &App, typed: &str) -> Vec<Entry> {
    let typed = typed.trim().to_lowercase();
    let mut entries = all(app);
    entries.retain(|entry| {
        let text = format!("{} {}", entry.command, entry.about).to_lowercase();
        typed.split_whitespace().all(|word| text.contains(word))
    });
    entries.sort_by_key(|entry| (!entry.command.starts_with(&typed), entry.why_not.is_some()));
    entries
}

/// True if the text is a command as it stands, arguments included.
pub fn is_command(app: &App, text: &str) -> bool {
    let takes = ["theme ", "run ", "sweep ", "filter ", "model "];
    takes.iter().any(|word| text.starts_with(word) && text.len() > word.len())
        || all(app).iter().any(|entry| entry.command == text)
}

fn all(app: &App) -> Vec<Entry> {
    let mut entries = Vec::new();
    for binding in keymap::TABLE.iter().filter(|binding| app.is_offered(binding.action)) {
        let why_not = match app.enabled(binding.action) {
            Enabled::No(why) => Some(why),
            _ => None,
        };
        entries.push(Entry {
            command: binding.name.into(),
            about: binding.about.into(),
            keys: keymap::shown(binding.keys[0]).into(),
            why_not,
        });
    }
    let plain = |command: String, about: &str| Entry {
        command,
        about: about.into(),
        keys: String::new(),
        why_not: None,
    };
    for name in Theme::NAMES {
        entries.push(plain(format!("theme {name}"), "a look"));
    }
    for sweep in &app.shared.catalog.sweeps {
        entries.push(plain(format!("sweep {}", sweep.name), "open the sweep"));
    }
    for model in &app.shared.catalog.models {
        entries.push(plain(format!("model {model}"), "open the registered model"));
    }
    debug_assert!(
        ScreenId::ALL.iter().all(|id| keymap::binding(super::action::Action::Go(*id)).is_some())
    );
    entries
}
