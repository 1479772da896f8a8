//! What goes out to the sweep: commands to the process that drives it, and a process to drive it.

use super::standing::Standing;
use crate::domain::{RunId, SweepId};
use crate::sweep::Steer;
use crate::tui::ask::{VerbOutcome, Write};
use crate::tui::deeds::ending;
use crate::tui::effect::{Effect, Tone};
use crate::tui::overlay::{Confirm, Overlay};
use crate::tui::paint;

/// Ends the sweep.
pub(super) const STOP: &str = "stop";
/// Ends a run.
pub(super) const STOP_RUN: &str = "stop run";
/// Starts a process that drives the sweep.
pub(super) const GO_ON: &str = "go on";

/// Posts a command.
pub(super) fn post(sweep: SweepId, steer: Steer) -> Effect {
    Effect::Write(Write::Steer { sweep, steer })
}

/// Asks whether the sweep is to be stopped.
pub(super) fn ask_stop(standing: &Standing<'_>) -> Effect {
    let running = standing.count(crate::domain::Status::Running);
    let lines = vec![
        match standing.reached.alive(running) {
            0 => "Nothing is at work: it ends at once.".into(),
            1 => "The run at work finishes, then it ends.".into(),
            n => format!("The {n} runs at work finish, then it ends."),
        },
        "Nothing is lost: it can go on later where it stopped.".into(),
    ];
    let title = format!("Stop {}?", paint::clean(&standing.row.name));
    Effect::Overlay(Overlay::Confirm(Confirm::new(STOP, &title, lines)))
}

/// Asks whether a run is to be stopped.
pub(super) fn ask_stop_run(run: RunId, trial: Option<u64>) -> Effect {
    let trial = trial.map_or(String::new(), |trial| format!(" (trial #{trial})"));
    let lines = vec![
        "It ends now, as killed; its values so far are kept.".into(),
        "Its trial is not tried again.".into(),
    ];
    Effect::Overlay(Overlay::Confirm(Confirm::new(
        STOP_RUN,
        &format!("Stop run {run}{trial}?"),
        lines,
    )))
}

/// The verb that drives the sweep.
pub(super) fn verb(file: &str) -> Vec<String> {
    vec!["sweep".into(), file.into()]
}

/// Asks whether a process is to drive the sweep.
pub(super) fn ask_go_on(standing: &Standing<'_>) -> Effect {
    let file = paint::clean(&standing.row.file);
    let left = standing.reached.left();
    let mut lines = vec![format!("derby sweep {file}")];
    lines.extend(left.filter(|left| *left > 0).map(|left| {
        format!(
            "{} more to run; it goes on where it stopped.",
            crate::report::words::plural(left, "trial")
        )
    }));
    lines.push("It runs on after this program ends. X stops it.".into());
    let title = format!("Go on with {}?", paint::clean(&standing.row.name));
    Effect::Overlay(Overlay::Confirm(Confirm::new(GO_ON, &title, lines)))
}

/// What to say when a process that was started has ended.
pub(super) fn launched(outcome: &VerbOutcome) -> Effect {
    let line = paint::clean(&outcome.line);
    let tone = tone(outcome);
    Effect::Say(tone, format!("{line}: {}", paint::clean(&ending(outcome))))
}

/// Whether an end is good news: one that a person asked for is neither good nor bad.
fn tone(outcome: &VerbOutcome) -> Tone {
    match outcome.code {
        Some(0) => Tone::Good,
        Some(130 | 143) if outcome.stderr.trim().is_empty() => Tone::Info,
        _ => Tone::Bad,
    }
}
