//! `derby` without a verb, and `derby tui`: the terminal UI, or one of its frames as a file.

use super::args::{Cli, Command};
use super::out::{self, ColorChoice};
use super::registry::Books;
use super::tui_args::{SnapshotFormat, TuiArgs};
use super::{CliError, Exit, Ui, runs};
use crate::domain::RunId;
use crate::store::{Mode, Store};
use crate::tui::effect::Jump;
use crate::tui::theme::{Depth, Theme};
use crate::tui::{Options, Pilot, ScreenId, TuiError, keymap};
use clap::Parser;
use ratatui::layout::Rect;
use std::fmt::Write as _;

/// The least and the largest snapshot.
const SIZES: (u16, u16) = (1, 1000);

/// `derby` alone: the terminal UI on a terminal, the table of runs elsewhere.
pub(super) fn alone(ui: &Ui) -> Result<u8, CliError> {
    if out::is_interactive() {
        return run(ui, &TuiArgs::default());
    }
    let Ok(Cli { command: Some(Command::Runs(args)), .. }) = Cli::try_parse_from(["derby", "runs"])
    else {
        return Ok(Exit::Bug as u8);
    };
    Ok(runs::run(ui, &args)? as u8)
}

pub(super) fn run(ui: &Ui, args: &TuiArgs) -> Result<u8, CliError> {
    if args.list_keys {
        ui.out.raw(&keys())?;
        return Ok(Exit::Done as u8);
    }
    let options = options(ui, args)?;
    if args.snapshot.is_some() {
        return picture(ui, args, &options).map(|exit| exit as u8);
    }
    if args.keys.is_some() || args.output.is_some() {
        return Err(CliError::usage("--keys and --output go with --snapshot SCREEN"));
    }
    if !out::is_interactive() {
        return Err(CliError::usage("no terminal to show it on")
            .hint("derby runs lists runs; derby tui --snapshot runs prints a screen"));
    }
    match crate::tui::run(&options, out::terminal)? {
        None => Ok(Exit::Done as u8),
        Some(signal) => Ok((128 + signal) as u8),
    }
}

fn options(ui: &Ui, args: &TuiArgs) -> Result<Options, CliError> {
    let named = args.snapshot.as_ref().or(args.screen.as_ref());
    let screen = named.map(|word| screen(word)).transpose()?;
    // A snapshot names its screen itself: what stands behind it is what to show there.
    let first = args.screen.iter().filter(|_| args.snapshot.is_some());
    let what: Vec<String> = first.chain(&args.what).cloned().collect();
    let store = ui.store_folder()?;
    let depth = depth(ui.color, args.snapshot.is_some());
    if let Some(name) = &args.theme {
        Theme::load(name, args.ascii, Depth::Ansi)
            .map_err(|error| CliError::usage(error.to_string()))?;
    }
    Ok(Options {
        jump: jump(&store, screen, &what)?,
        ledgers: Books::new(ui)?.folder,
        here: std::env::current_dir()?,
        screen,
        theme: args.theme.clone(),
        ascii: args.ascii,
        depth,
        read_only: args.read_only,
        mouse: !args.no_mouse,
        store,
    })
}

fn screen(word: &str) -> Result<ScreenId, CliError> {
    ScreenId::parse(word).ok_or_else(|| {
        let words: Vec<&str> = ScreenId::ALL.iter().map(|screen| screen.word()).collect();
        CliError::usage(format!("unknown screen '{word}'; one of {}", words.join(", ")))
    })
}

/// What the words behind the screen mean there.
fn jump(
    store: &std::path::Path,
    screen: Option<ScreenId>,
    what: &[String],
) -> Result<Option<Jump>, CliError> {
    let Some(screen) = screen.filter(|_| !what.is_empty()) else { return Ok(None) };
    let open = || Store::open(store, Mode::ReadOnly);
    let text = what.join(" ");
    Ok(Some(match screen {
        ScreenId::Runs => Jump::Runs(text),
        ScreenId::Run => Jump::Run(open()?.run_id(&text)?),
        ScreenId::Compare => {
            let store = open()?;
            let runs: Result<Vec<RunId>, _> = what.iter().map(|run| store.run_id(run)).collect();
            Jump::Compare(runs?)
        }
        ScreenId::Sweep => Jump::Sweep(open()?.sweep(&text)?.id),
        ScreenId::Data => Jump::Data(open()?.sweep(&text)?.id),
        ScreenId::Champions => Jump::Champions(text),
        ScreenId::Start => {
            return Err(CliError::usage(format!("the start screen takes nothing; '{text}' does")));
        }
    }))
}

/// How many colors there are: none if they are not wanted. A picture has all of them.
fn depth(choice: ColorChoice, is_picture: bool) -> Option<Depth> {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let plain = !var("NO_COLOR").is_empty();
    if choice == ColorChoice::Never || (choice == ColorChoice::Auto && plain) {
        return None;
    }
    let (term, colorterm) = (var("TERM"), var("COLORTERM"));
    Some(match () {
        () if is_picture || ["truecolor", "24bit"].contains(&colorterm.as_str()) => Depth::True,
        () if term.contains("256color") || term.contains("direct") => Depth::Indexed,
        () => Depth::Ansi,
    })
}

fn picture(ui: &Ui, args: &TuiArgs, options: &Options) -> Result<Exit, CliError> {
    let (width, height) = size(&args.size)?;
    let keys =
        keymap::presses(args.keys.as_deref().unwrap_or_default()).map_err(CliError::usage)?;
    let mut pilot = Pilot::start(options, Rect::new(0, 0, width, height), false)?;
    pilot.press(&keys);
    let text = match args.format {
        SnapshotFormat::Text => pilot.text(),
        SnapshotFormat::Svg => pilot.svg(),
    };
    match &args.output {
        Some(path) => std::fs::write(path, text).map_err(|error| {
            CliError::new(Exit::Failed, format!("could not write '{}': {error}", path.display()))
        })?,
        None => ui.out.raw(&text)?,
    }
    Ok(Exit::Done)
}

fn size(text: &str) -> Result<(u16, u16), CliError> {
    let parsed = text.split_once(['x', '×']).and_then(|(width, height)| {
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    });
    let fits = |size: &(u16, u16)| {
        let range = SIZES.0..=SIZES.1;
        range.contains(&size.0) && range.contains(&size.1)
    };
    parsed.filter(fits).ok_or_else(|| {
        CliError::usage(format!(
            "'{text}' is no size: write columns × rows, as in 100x30 (1 to 1000 each)"
        ))
    })
}

/// The table of keys as Markdown: README's.
fn keys() -> String {
    let mut text = String::from("| keys | what they do |\n|---|---|\n");
    for binding in keymap::TABLE {
        let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
        let _ = writeln!(text, "| {} | {} |", keys.join(" "), binding.about);
    }
    text
}

impl From<TuiError> for CliError {
    fn from(error: TuiError) -> Self {
        match error {
            TuiError::Store(error) => error.into(),
            error @ TuiError::Terminal(_) => Self::new(Exit::Failed, error.to_string()),
        }
    }
}
