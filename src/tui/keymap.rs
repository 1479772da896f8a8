//! The one table of keys: dispatch, the footer, help and README's list are made from it.

use super::action::{Action, ScreenId};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A chapter of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chapter {
    /// Getting around.
    Moving,
    /// Finding and ordering.
    Finding,
    /// Marking and editing.
    Editing,
    /// Looking closer.
    Looking,
    /// What changes something outside.
    Acting,
    /// The program itself.
    Program,
}

impl Chapter {
    /// All, in the order of the help.
    pub const ALL: [Self; 6] =
        [Self::Moving, Self::Finding, Self::Editing, Self::Looking, Self::Acting, Self::Program];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Moving => "Moving",
            Self::Finding => "Finding and ordering",
            Self::Editing => "Marking and editing",
            Self::Looking => "Looking closer",
            Self::Acting => "Acting",
            Self::Program => "The program",
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Binding {
    /// The keys as people write them: `j`, `down`, `ctrl-d`, `shift-tab`.
    pub keys: &'static [&'static str],
    /// What they do.
    pub action: Action,
    /// One word for the footer and the palette.
    pub name: &'static str,
    /// A sentence for the help.
    pub about: &'static str,
    /// Its chapter.
    pub chapter: Chapter,
    /// How early it comes in the footer, 1 first; 0 never.
    pub footer: u8,
    /// True if it changes the store, a sweep or a ledger, which `--read-only` forbids.
    pub writes: bool,
}

const fn key(
    keys: &'static [&'static str],
    action: Action,
    name: &'static str,
    about: &'static str,
    chapter: Chapter,
    footer: u8,
) -> Binding {
    Binding { keys, action, name, about, chapter, footer, writes: false }
}

const fn writing(
    keys: &'static [&'static str],
    action: Action,
    name: &'static str,
    about: &'static str,
    footer: u8,
) -> Binding {
    let chapter = Chapter::Acting;
    Binding { keys, action, name, about, chapter, footer, writes: true }
}

use Chapter::{Editing, Finding, Looking, Moving, Program};

/// Every key of the program.
pub const TABLE: &[Binding] = &[
    key(&["k", "up"], Action::Up, "up", "one row up", Moving, 0),
    key(&["j", "down"], Action::Down, "down", "one row down", Moving, 0),
    key(&["h", "left"], Action::Left, "left", "one column, axis or sample to the left", Moving, 0),
    key(
        &["l", "right"],
        Action::Right,
        "right",
        "one column, axis or sample to the right",
        Moving,
        0,
    ),
    key(&["g", "home"], Action::Top, "top", "to the first row", Moving, 0),
    key(&["G", "end"], Action::Bottom, "bottom", "to the last row", Moving, 0),
    key(&["ctrl-u", "pageup", "ctrl-b"], Action::PageUp, "page-up", "half a page up", Moving, 0),
    key(
        &["ctrl-d", "pagedown", "ctrl-f"],
        Action::PageDown,
        "page-down",
        "half a page down",
        Moving,
        0,
    ),
    key(&["tab"], Action::NextPane, "pane", "the focus to the next pane", Moving, 12),
    key(
        &["shift-tab"],
        Action::PreviousPane,
        "pane-back",
        "the focus to the pane before",
        Moving,
        0,
    ),
    key(&["1"], Action::Go(ScreenId::Runs), "runs", "the runs", Moving, 0),
    key(&["2"], Action::Go(ScreenId::Run), "run", "the run that was opened last", Moving, 0),
    key(
        &["3"],
        Action::Go(ScreenId::Compare),
        "comparison",
        "the runs that are compared",
        Moving,
        0,
    ),
    key(&["4"], Action::Go(ScreenId::Sweep), "sweep", "the sweep, live", Moving, 0),
    key(
        &["5"],
        Action::Go(ScreenId::Champions),
        "champions",
        "models in use and their history",
        Moving,
        0,
    ),
    key(
        &["6"],
        Action::Go(ScreenId::Data),
        "data",
        "the data of a sweep and its checks",
        Moving,
        0,
    ),
    key(&["7"], Action::Go(ScreenId::Start), "start", "the sweep files; start one", Moving, 0),
    key(&["enter"], Action::Open, "open", "open what is selected", Moving, 2),
    key(&["esc"], Action::Back, "back", "leave, close, clear", Moving, 0),
    key(
        &["/"],
        Action::Filter,
        "filter",
        "filter rows by the language of `derby runs`; search in logs and lists",
        Finding,
        1,
    ),
    key(&["n"], Action::NextHit, "next", "the next hit of the search", Finding, 0),
    key(&["N"], Action::PreviousHit, "previous", "the hit before", Finding, 0),
    key(&["s"], Action::Sort, "sort", "sort by the column under the cursor", Finding, 5),
    key(&["S"], Action::Reverse, "reverse", "turn the order around", Finding, 0),
    key(
        &["b"],
        Action::Group,
        "group by",
        "group rows: by sweep, by replicates, by a parameter",
        Finding,
        9,
    ),
    key(&["d"], Action::Differing, "differing", "only what differs, or all", Finding, 8),
    key(&["o"], Action::Columns, "columns", "choose, order and size the columns", Finding, 7),
    key(
        &["F"],
        Action::Freeze,
        "freeze",
        "keep the columns up to here in place, or let them go",
        Finding,
        0,
    ),
    key(&[">"], Action::Wider, "wider", "a wider column or pane", Finding, 0),
    key(&["<"], Action::Narrower, "narrower", "a narrower column or pane", Finding, 0),
    key(&["space"], Action::Mark, "mark", "mark the run, or take its mark off", Editing, 3),
    key(&["u"], Action::Unmark, "unmark", "take all marks off", Editing, 0),
    key(&["c"], Action::Compare, "compare", "compare the marked runs", Editing, 4),
    Binding {
        keys: &["e"],
        action: Action::Edit,
        name: "edit",
        about: "edit: name, tags and note of a run; trials, time, jobs and ranges of a sweep",
        chapter: Editing,
        footer: 6,
        writes: true,
    },
    Binding {
        keys: &["a"],
        action: Action::Add,
        name: "add",
        about: "add: a point to try in a sweep, a run to the comparison",
        chapter: Editing,
        footer: 7,
        writes: false,
    },
    Binding {
        keys: &["D"],
        action: Action::Bin,
        name: "bin",
        about: "move the run (or the marked runs) to the bin; in the bin, back",
        chapter: Editing,
        footer: 0,
        writes: true,
    },
    key(&["v"], Action::View, "view", "the next view of the pane", Looking, 5),
    key(&["z"], Action::Zoom, "zoom", "one pane over the whole screen, or back", Looking, 10),
    key(&["L"], Action::Log, "log axis", "logarithmic or linear values", Looking, 8),
    key(
        &["x"],
        Action::Axis,
        "x axis",
        "x by step, by time since the start, or by the clock",
        Looking,
        9,
    ),
    key(&["m"], Action::Smooth, "smooth", "smooth the curves: none, 0.5, 0.8, 0.95", Looking, 9),
    key(&["+", "="], Action::ZoomIn, "zoom-in", "a shorter range", Looking, 0),
    key(&["-"], Action::ZoomOut, "zoom-out", "a longer range", Looking, 0),
    key(&["0"], Action::ZoomAll, "zoom-all", "the whole range", Looking, 0),
    key(&["i"], Action::Invert, "invert", "turn the axis around", Looking, 0),
    key(&["["], Action::BrushLow, "brush-low", "the lower end of the brush", Looking, 0),
    key(&["]"], Action::BrushHigh, "brush-high", "the upper end of the brush", Looking, 0),
    key(&["f"], Action::Follow, "follow", "follow what is written, or stand still", Looking, 8),
    writing(
        &["p"],
        Action::Pause,
        "pause",
        "pause the sweep (running trials finish), or let it go on",
        3,
    ),
    writing(&["X"], Action::Stop, "stop", "end the selected run, or the sweep; asks first", 6),
    writing(
        &["P"],
        Action::Promote,
        "promote",
        "ask the gate about the run, and promote it if it passes; asks first",
        6,
    ),
    writing(
        &["A"],
        Action::Approve,
        "approve",
        "approve a promotion that waits for a person; asks first",
        7,
    ),
    writing(&["T"], Action::Reject, "turn down", "turn a version down; asks first", 8),
    writing(
        &["R"],
        Action::Rollback,
        "roll back",
        "back to the champion before; the model's name has to be typed",
        8,
    ),
    key(
        &["w"],
        Action::Write,
        "write",
        "write (export) what is shown into a file: SVG, CSV, Markdown, JSON",
        Chapter::Acting,
        10,
    ),
    key(
        &["y"],
        Action::Copy,
        "copy",
        "copy what is selected to the terminal's clipboard",
        Chapter::Acting,
        11,
    ),
    key(&["r"], Action::Reload, "reload", "read everything again", Program, 0),
    key(&["?"], Action::Help, "keys", "this list", Program, 0),
    key(&[":"], Action::Palette, "command", "a command by its name", Program, 13),
    key(&["t"], Action::Theme, "theme", "the next theme", Program, 0),
    key(&["ctrl-l"], Action::Redraw, "redraw", "draw everything again", Program, 0),
    key(
        &["ctrl-z"],
        Action::Suspend,
        "suspend",
        "back to the shell for a while; `fg` returns",
        Program,
        0,
    ),
    key(&["q", "ctrl-c"], Action::Quit, "quit", "leave derby; sweeps go on", Program, 0),
];

/// The row of an action.
pub fn binding(action: Action) -> Option<&'static Binding> {
    TABLE.iter().find(|binding| binding.action == action)
}

/// A key of the table as people see it.
pub fn shown(word: &str) -> &str {
    match word {
        "space" => "Space",
        "enter" => "Enter",
        "esc" => "Esc",
        "tab" => "Tab",
        "shift-tab" => "Shift-Tab",
        "up" => "Up",
        "down" => "Down",
        "left" => "Left",
        "right" => "Right",
        "home" => "Home",
        "end" => "End",
        "pageup" => "PgUp",
        "pagedown" => "PgDn",
        "ctrl-b" => "Ctrl-B",
        "ctrl-c" => "Ctrl-C",
        "ctrl-d" => "Ctrl-D",
        "ctrl-f" => "Ctrl-F",
        "ctrl-l" => "Ctrl-L",
        "ctrl-u" => "Ctrl-U",
        "ctrl-z" => "Ctrl-Z",
        other => other,
    }
}

/// What a key asks for.
pub fn action(key: &KeyEvent) -> Option<Action> {
    let word = word(key)?;
    TABLE.iter().find(|binding| binding.keys.contains(&word.as_str())).map(|binding| binding.action)
}

/// The key as the table writes it.
pub fn word(key: &KeyEvent) -> Option<String> {
    let plain = match key.code {
        KeyCode::Char(' ') => "space".into(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Up => "up".into(),
        KeyCode::Down => "down".into(),
        KeyCode::Left => "left".into(),
        KeyCode::Right => "right".into(),
        KeyCode::Home => "home".into(),
        KeyCode::End => "end".into(),
        KeyCode::PageUp => "pageup".into(),
        KeyCode::PageDown => "pagedown".into(),
        KeyCode::Enter => "enter".into(),
        KeyCode::Esc => "esc".into(),
        KeyCode::Tab => "tab".into(),
        KeyCode::BackTab => "shift-tab".into(),
        KeyCode::Backspace => "backspace".into(),
        KeyCode::Delete => "delete".into(),
        _ => return None,
    };
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(if control { format!("ctrl-{}", plain.to_lowercase()) } else { plain })
}

/// A key of the table as an event: what `--keys` and tests press.
pub fn press(word: &str) -> Option<KeyEvent> {
    let (control, plain) = match word.strip_prefix("ctrl-") {
        Some(rest) if !rest.is_empty() => (KeyModifiers::CONTROL, rest),
        _ => (KeyModifiers::NONE, word),
    };
    let code = match plain {
        "space" => KeyCode::Char(' '),
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pageup" => KeyCode::PageUp,
        "pagedown" => KeyCode::PageDown,
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "shift-tab" => KeyCode::BackTab,
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        other => {
            let mut chars = other.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => KeyCode::Char(c),
                _ => return None,
            }
        }
    };
    Some(KeyEvent::new(code, control))
}

/// Keys written in a row: single characters as they are, named keys in angle brackets, as in `/auc > 0.9<enter>`.
///
/// # Errors
/// Names the key in brackets that is none.
pub fn presses(text: &str) -> Result<Vec<KeyEvent>, String> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|tail| tail.split_once('>'));
        if let Some((name, tail)) = named
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            let lower = name.to_ascii_lowercase();
            keys.push(press(&lower).ok_or_else(|| format!("'<{name}>' is no key"))?);
            rest = tail;
        } else {
            keys.push(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_means_one_thing() {
        let mut keys = BTreeSet::new();
        let mut names = BTreeSet::new();
        for binding in TABLE {
            assert!(names.insert(binding.name), "two actions are called '{}'", binding.name);
            for word in binding.keys {
                assert!(keys.insert(*word), "'{word}' is bound twice");
                let event = press(word).unwrap_or_else(|| panic!("'{word}' is no key"));
                assert_eq!(action(&event), Some(binding.action), "{word}");
                assert!(word.len() < 2 || shown(word) != *word, "{word}");
            }
        }
    }

    #[test]
    fn keys_are_read_as_written() {
        let keys = presses("/a<b<enter><Ctrl-d> x").unwrap();
        let words: Vec<String> = keys.iter().filter_map(word).collect();
        assert_eq!(words, ["/", "a", "<", "b", "enter", "ctrl-d", "space", "x"]);
        assert_eq!(presses("<hyper>").unwrap_err(), "'<hyper>' is no key");
    }
}
