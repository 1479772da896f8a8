//! What keys and clicks do.

use super::places::{ASKED, BEST, ENDS, FIGURES, IMPORTANCE, NOW, SWEEPS, TOP};
use super::standing::Standing;
use super::{Sweep, asked, best, ends, forms, is_narrow, now, point, shown_row, steering, top};
use crate::domain::{Params, RunId, SweepId};
use crate::sweep::{Doing, Steer};
use crate::tui::action::Action;
use crate::tui::catalog::progress;
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::overlay::{Choose, Outcome, Overlay};
use crate::tui::paint;
use crate::tui::screens::{Enabled, Shared};
use crate::tui::widgets::Grid;
use ratatui::layout::Rect;

/// The purpose of the list of sweeps.
const SWEEP: &str = "sweep";

pub(super) fn enabled(sweep: &Sweep, action: Action, pane: u8, shared: &Shared) -> Enabled {
    let Some(standing) = sweep.standing(shared) else { return Enabled::Never };
    match action {
        Action::Pause | Action::Stop | Action::Edit | Action::Add if shared.read_only => {
            Enabled::No("derby was started with --read-only")
        }
        Action::Pause => pause(&standing),
        Action::Stop => stop(&standing),
        Action::Edit | Action::Add => steerable(sweep, &standing, action),
        Action::Filter => Enabled::As("sweeps"),
        Action::Unmark if shared.marks.is_empty() => Enabled::No("no run is marked"),
        Action::Compare if shared.marks.len() < 2 => Enabled::No("mark two runs with Space first"),
        Action::Unmark | Action::Compare | Action::Write => Enabled::Yes,
        action if pane == FIGURES => sweep.figures.enabled(action),
        Action::Open => match pane {
            SWEEPS => Enabled::Yes,
            ASKED | IMPORTANCE => Enabled::Never,
            _ if selected(sweep, pane, shared).is_some() => Enabled::Yes,
            _ => Enabled::No("no run is selected"),
        },
        Action::Mark => match (pane, selected(sweep, pane, shared)) {
            (TOP | ENDS | NOW | BEST, Some(_)) => Enabled::Yes,
            (TOP | ENDS | NOW | BEST, None) => Enabled::No("no run is selected"),
            _ => Enabled::Never,
        },
        Action::View if pane == IMPORTANCE => Enabled::As(sweep.method.next().word()),
        Action::Left | Action::Right if pane == IMPORTANCE && aims(shared) > 1 => {
            Enabled::As("objective")
        }
        Action::View => match next_front(sweep, pane, shared) {
            Some(next) => Enabled::As(name(next)),
            None => Enabled::Never,
        },
        Action::Log if pane == BEST => log(sweep),
        Action::Left | Action::Right if pane == BEST => Enabled::As("crosshair"),
        Action::Promote => match selected(sweep, pane, shared) {
            Some(_) if matches!(pane, TOP | BEST) => Enabled::Yes,
            _ => Enabled::Never,
        },
        Action::Copy => Enabled::Yes,
        _ => Enabled::Never,
    }
}

fn name(pane: u8) -> &'static str {
    match pane {
        NOW => "now",
        TOP => "top",
        ENDS => "ends",
        ASKED => "asked",
        _ => "sweeps",
    }
}

fn log(sweep: &Sweep) -> Enabled {
    let range = sweep.history.as_ref().and_then(|history| history.range);
    match range {
        Some((low, _)) if low <= 0.0 => Enabled::No("scores of zero and below have no logarithm"),
        _ if sweep.is_log => Enabled::As("linear"),
        _ => Enabled::Yes,
    }
}

fn pause(standing: &Standing<'_>) -> Enabled {
    let Some(state) = standing.state else { return Enabled::No("looking who drives the sweep") };
    let waits = state.commands.iter().any(|command| command.acknowledged.is_none());
    match standing.doing() {
        Doing::Paused => Enabled::As("resume"),
        Doing::Running => Enabled::Yes,
        Doing::Finished | Doing::Failed if !waits => {
            Enabled::No("every trial has ended; e sets more trials, then p goes on")
        }
        _ => Enabled::As("go on"),
    }
}

fn stop(standing: &Standing<'_>) -> Enabled {
    match standing.doing() {
        _ if standing.state.is_none() => Enabled::No("looking who drives the sweep"),
        Doing::Running | Doing::Paused => Enabled::Yes,
        Doing::Finished | Doing::Failed => Enabled::No("it has ended: there is nothing to stop"),
        Doing::Stopped | Doing::Stale => {
            Enabled::No("nobody drives this sweep: there is nothing to stop; p goes on with it")
        }
    }
}

fn steerable(sweep: &Sweep, standing: &Standing<'_>, action: Action) -> Enabled {
    if standing.state.is_none() {
        return Enabled::No("looking who drives the sweep");
    }
    match (&sweep.plan, standing.plan) {
        (_, Some(_)) if action == Action::Add => Enabled::As("add a point"),
        (_, Some(_)) => Enabled::Yes,
        (Some(Err(_)), _) => Enabled::No("the sweep's recorded file cannot be read any more"),
        _ => Enabled::No("reading the sweep's file"),
    }
}

/// The run under the cursor of a pane.
fn selected(sweep: &Sweep, pane: u8, shared: &Shared) -> Option<RunId> {
    let at = |n: usize| sweep.cursors[usize::from(pane)].within(n, 1).row;
    match pane {
        NOW => now::runs(sweep, shared).get(at(now::runs(sweep, shared).len())).map(|run| run.run),
        TOP => top::rows(sweep, shared).get(at(top::rows(sweep, shared).len())).map(|run| run.id),
        ENDS => {
            ends::rows(sweep, shared).get(at(ends::rows(sweep, shared).len())).map(|run| run.id)
        }
        BEST => {
            let history = sweep.history.as_ref()?;
            let dot = sweep.crosshair.and_then(|at| history.dots.get(at)).map(|dot| dot.run);
            dot.or(history.aims.first().and_then(|aim| aim.best).map(|best| best.2))
        }
        _ => None,
    }
}

/// The pane that comes to the front of a place of several.
fn next_front(sweep: &Sweep, pane: u8, shared: &Shared) -> Option<u8> {
    if is_narrow(shared) {
        return None;
    }
    let slot = sweep.places(shared).into_iter().find(|slot| slot.panes.contains(&pane))?;
    let at = slot.panes.iter().position(|other| *other == pane)?;
    (slot.panes.len() > 1).then(|| slot.panes[(at + 1) % slot.panes.len()])
}

pub(super) fn act(
    sweep: &mut Sweep,
    action: Action,
    pane: u8,
    area: Rect,
    shared: &mut Shared,
) -> Vec<Effect> {
    let is_general = matches!(
        action,
        Action::Pause
            | Action::Stop
            | Action::Edit
            | Action::Add
            | Action::Filter
            | Action::Unmark
            | Action::Compare
            | Action::Write
    );
    if action == Action::Reload {
        sweep.figures.release();
        return Vec::new();
    }
    if pane == FIGURES && !is_general {
        return sweep.figures.act(action, area, shared);
    }
    let (n, height) = extent(sweep, pane, area, shared);
    if pane == BEST && matches!(action, Action::Left | Action::Right) {
        step(sweep, action);
        return Vec::new();
    }
    if pane == IMPORTANCE && matches!(action, Action::Left | Action::Right) {
        let n = aims(shared).max(1);
        let by = if action == Action::Right { 1 } else { n - 1 };
        sweep.objective = (sweep.objective.min(n - 1) + by) % n;
        return Vec::new();
    }
    if sweep.cursors[usize::from(pane)].act(action, n, height) {
        keep_run(sweep, pane, shared);
        return Vec::new();
    }
    match action {
        Action::Open => open(sweep, pane, shared),
        Action::View => view(sweep, pane, shared),
        Action::Log => {
            sweep.is_log = !sweep.is_log;
            Vec::new()
        }
        Action::Mark => mark(sweep, pane, (n, height), shared),
        Action::Unmark => {
            shared.marks.clear();
            Vec::new()
        }
        Action::Compare => {
            vec![Effect::Jump(Jump::Compare(shared.marks.iter().copied().collect()))]
        }
        Action::Promote => {
            let run = selected(sweep, pane, shared);
            run.map(|run| Effect::Jump(Jump::Gate(run))).into_iter().collect()
        }
        Action::Filter => vec![Effect::Overlay(Overlay::Choose(sweeps(shared)))],
        Action::Write => {
            sweep.exports += 1;
            sweep.export = Some(sweep.exports);
            vec![Effect::Say(Tone::Info, "writing figure and table".into())]
        }
        Action::Copy => copy(shared),
        Action::Pause | Action::Stop | Action::Edit | Action::Add => {
            steer(sweep, action, pane, shared)
        }
        _ => Vec::new(),
    }
}

/// From now on the cursor goes with the run that it is on.
fn keep_run(sweep: &mut Sweep, pane: u8, shared: &Shared) {
    if pane == NOW {
        sweep.at_hand = selected(sweep, NOW, shared);
    }
}

/// Rows of a pane, and how many of them are in view.
fn extent(sweep: &Sweep, pane: u8, area: Rect, shared: &Shared) -> (usize, usize) {
    let below = |parts: (Rect, Rect)| usize::from(parts.1.height);
    match pane {
        IMPORTANCE => {
            let found = sweep.ranking.as_ref().and_then(|ranking| ranking.found.as_ref().ok());
            (
                found.map_or(0, |found| found.params.len()),
                usize::from(area.height.saturating_sub(2)),
            )
        }
        NOW => (now::runs(sweep, shared).len(), below(now::parts(sweep, area, shared))),
        TOP => (top::rows(sweep, shared).len(), top::height(area)),
        ENDS => (ends::rows(sweep, shared).len(), below(ends::parts(sweep, area))),
        ASKED => {
            let n = sweep.state.as_ref().map_or(0, |state| state.commands.len());
            (n, below(asked::parts(sweep, area, shared)))
        }
        SWEEPS => (shared.catalog.sweeps.len(), Grid::height(area)),
        _ => (0, 0),
    }
}

/// How many objectives the sweep has.
fn aims(shared: &Shared) -> usize {
    shown_row(shared).map_or(0, |row| row.objectives.len())
}

/// The crosshair to the next trial; at first to the best.
fn step(sweep: &mut Sweep, action: Action) {
    let Some(history) = &sweep.history else { return };
    let last = history.dots.len().saturating_sub(1);
    let best = history.aims.first().and_then(|aim| aim.best).map(|best| best.0);
    let start = best.and_then(|best| history.dots.iter().position(|dot| dot.trial == best));
    sweep.crosshair = match (sweep.crosshair, action) {
        _ if history.dots.is_empty() => None,
        (None, _) => Some(start.unwrap_or(last)),
        (Some(at), Action::Left) => Some(at.saturating_sub(1)),
        (Some(at), _) => Some((at + 1).min(last)),
    };
}

fn open(sweep: &mut Sweep, pane: u8, shared: &mut Shared) -> Vec<Effect> {
    if pane == SWEEPS {
        let sweeps = &shared.catalog.sweeps;
        let at = sweep.cursors[usize::from(SWEEPS)].within(sweeps.len(), 1).row;
        if let Some((id, name)) = sweeps.get(at).map(|row| (row.id, paint::clean(&row.name))) {
            let text = format!("sweep {name}");
            sweep.open(id, shared);
            return vec![Effect::Say(Tone::Info, text)];
        }
        return Vec::new();
    }
    let run = selected(sweep, pane, shared);
    run.map(|run| Effect::Jump(Jump::Run(run))).into_iter().collect()
}

fn view(sweep: &mut Sweep, pane: u8, shared: &Shared) -> Vec<Effect> {
    if pane == IMPORTANCE {
        sweep.method = sweep.method.next();
    } else if let Some(next) = next_front(sweep, pane, shared) {
        sweep.fronts.retain(|other| *other != next);
        sweep.fronts.push(next);
    }
    Vec::new()
}

fn mark(
    sweep: &mut Sweep,
    pane: u8,
    (n, height): (usize, usize),
    shared: &mut Shared,
) -> Vec<Effect> {
    if let Some(run) = selected(sweep, pane, shared) {
        if !shared.marks.shift_remove(&run) {
            shared.marks.insert(run);
        }
        sweep.cursors[usize::from(pane)].act(Action::Down, n, height);
    }
    Vec::new()
}

/// All sweeps as a list to type into.
fn sweeps(shared: &Shared) -> Choose {
    let items = shared.catalog.sweeps.iter().map(|row| {
        let reached = shared.catalog.reached(row.id);
        let about = reached.map_or(String::new(), |reached| {
            format!("{} {}, ", progress(reached), reached.doing.word())
        });
        let about = format!("{about}{}", paint::clean(&row.sampler));
        (paint::clean(&row.name), about)
    });
    let shown = shown_row(shared).map(|row| row.id);
    let row = shared.catalog.sweeps.iter().position(|row| Some(row.id) == shown).unwrap_or(0);
    Choose::new(SWEEP, "Which sweep?", items.collect(), row)
}

fn copy(shared: &Shared) -> Vec<Effect> {
    let Some(row) = shown_row(shared) else { return Vec::new() };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let file = if row.file.chars().all(is_plain) {
        row.file.clone()
    } else {
        format!("'{}'", row.file.replace('\'', r"'\''"))
    };
    let line = format!("derby sweep {file}");
    let said = format!("copied: {}", paint::clean(&line));
    vec![Effect::Copy(line), Effect::Say(Tone::Good, said)]
}

fn steer(sweep: &mut Sweep, action: Action, pane: u8, shared: &Shared) -> Vec<Effect> {
    let Some(standing) = sweep.standing(shared) else { return Vec::new() };
    let id = standing.row.id;
    match action {
        Action::Pause => match standing.doing() {
            Doing::Paused => vec![steering::post(id, Steer::Resume)],
            Doing::Running => vec![steering::post(id, Steer::Pause)],
            _ => vec![steering::ask_go_on(&standing)],
        },
        Action::Stop => {
            let at = sweep.cursors[usize::from(NOW)].within(now::runs(sweep, shared).len(), 1).row;
            let run = now::runs(sweep, shared).get(at).filter(|_| pane == NOW);
            let Some((run, trial)) = run.map(|run| (run.run, run.trial)) else {
                return vec![steering::ask_stop(&standing)];
            };
            // By the time of the answer another run may stand there.
            sweep.stopping = Some(run);
            vec![steering::ask_stop_run(run, trial)]
        }
        Action::Edit => {
            let Some((form, asking)) = forms::edit(&standing) else { return Vec::new() };
            sweep.asking = Some(asking);
            vec![Effect::Overlay(Overlay::Form(form))]
        }
        _ => add(sweep, shared),
    }
}

/// The best configuration so far.
fn best_params(sweep: &Sweep) -> Params {
    sweep.history.as_ref().map(|history| history.best_params.clone()).unwrap_or_default()
}

fn add(sweep: &mut Sweep, shared: &Shared) -> Vec<Effect> {
    let best = best_params(sweep);
    let Some(standing) = sweep.standing(shared) else { return Vec::new() };
    let root = standing.plan.and_then(|plan| point::root(&plan.space).map(|root| (plan, root)));
    if let Some((plan, root)) = root {
        let choose = point::branches(&plan.space, root, &best);
        return vec![Effect::Overlay(Overlay::Choose(choose))];
    }
    add_in(sweep, None, shared)
}

/// The form of a point in a branch.
fn add_in(sweep: &mut Sweep, branch: Option<(usize, f64)>, shared: &Shared) -> Vec<Effect> {
    let best = best_params(sweep);
    let made = sweep.standing(shared).and_then(|standing| point::form(&standing, &best, branch));
    let Some((form, asking)) = made else { return Vec::new() };
    sweep.asking = Some(asking);
    vec![Effect::Overlay(Overlay::Form(form))]
}

pub(super) fn settled(
    sweep: &mut Sweep,
    purpose: &'static str,
    outcome: Outcome,
    shared: &mut Shared,
) -> Result<Vec<Effect>, (usize, String)> {
    if let Some(effects) = sweep.figures.settled(purpose, outcome.clone(), shared) {
        return Ok(effects);
    }
    let Some(standing) = sweep.standing(shared) else { return Ok(Vec::new()) };
    let id = standing.row.id;
    Ok(match (purpose, outcome) {
        (SWEEP, Outcome::Chosen(at)) => {
            if let Some(chosen) = shared.catalog.sweeps.get(at).map(|row| row.id) {
                sweep.open(chosen, shared);
            }
            Vec::new()
        }
        (steering::STOP, Outcome::Confirmed) => vec![steering::post(id, Steer::Stop)],
        (steering::STOP_RUN, Outcome::Confirmed) => {
            let Some(run) = sweep.stopping.take() else { return Ok(Vec::new()) };
            if now::runs(sweep, shared).iter().all(|other| other.run != run) {
                let text = format!("run {run} has ended by itself: there is nothing to stop");
                return Ok(vec![Effect::Say(Tone::Info, text)]);
            }
            vec![steering::post(id, Steer::StopRun { run })]
        }
        (steering::GO_ON, Outcome::Confirmed) => {
            let args = steering::verb(&standing.row.file);
            let text = format!("started: derby {}", paint::clean(&args.join(" ")));
            vec![Effect::Launch { args, purpose: steering::GO_ON }, Effect::Say(Tone::Good, text)]
        }
        (point::BRANCH, Outcome::Chosen(at)) => {
            let root = standing.plan.and_then(|plan| point::root(&plan.space));
            let branch = root.map(|root| (root, at as f64));
            add_in(sweep, branch, shared)
        }
        (forms::EDIT | point::POINT, Outcome::Filled(values)) => {
            let effects = filled(sweep, purpose, &values, (id, shared))?;
            warn(sweep, &values, shared)?;
            sweep.asking = None;
            effects
        }
        _ => Vec::new(),
    })
}

/// What is right and yet worth a second look is said once.
fn warn(sweep: &mut Sweep, values: &[String], shared: &Shared) -> Result<(), (usize, String)> {
    let Some(asking) = &sweep.asking else { return Ok(()) };
    let plan = sweep.standing(shared).and_then(|standing| standing.plan);
    let warning = plan.and_then(|plan| forms::wider(asking, values, &plan.space));
    let warning = warning.filter(|_| asking.warned != values);
    if let Some(asking) = &mut sweep.asking {
        asking.warned = values.to_vec();
    }
    warning.map_or(Ok(()), Err)
}

fn filled(
    sweep: &Sweep,
    purpose: &str,
    values: &[String],
    (id, shared): (SweepId, &Shared),
) -> Result<Vec<Effect>, (usize, String)> {
    let (Some(standing), Some(asking)) = (sweep.standing(shared), &sweep.asking) else {
        return Ok(Vec::new());
    };
    let (Some(state), Some(plan)) = (standing.state, standing.plan) else {
        return Err((0, "the sweep is being read again; mend: press Enter once more".into()));
    };
    let held = forms::Held {
        space: &plan.space,
        steering: &state.steering,
        total: forms::limit(&standing, &state.steering),
        over: standing.finished(),
        spent: standing.seconds().unwrap_or(0.0),
    };
    let steers = if purpose == point::POINT {
        point::commands(asking, values, held)?
    } else {
        forms::commands(asking, values, held)?
    };
    if steers.is_empty() {
        return Ok(vec![Effect::Say(Tone::Info, "nothing was changed".into())]);
    }
    Ok(steers.into_iter().map(|steer| steering::post(id, steer)).collect())
}

pub(super) fn click(
    sweep: &mut Sweep,
    (pane, area): (u8, Rect),
    at: (u16, u16),
    again: bool,
    shared: &mut Shared,
) -> Vec<Effect> {
    if pane == FIGURES {
        return sweep.figures.click(area, at, again, shared);
    }
    if pane == BEST {
        sweep.crosshair = best::dot_at(sweep, area, at, shared);
        return if again { open(sweep, pane, shared) } else { Vec::new() };
    }
    if at.1 < area.y {
        return tabs(sweep, pane, area, at.0, shared);
    }
    let (n, height) = extent(sweep, pane, area, shared);
    let list =
        Rect { y: area.bottom().saturating_sub(height as u16), height: height as u16, ..area };
    if at.1 < list.y || at.1 >= list.bottom() {
        return Vec::new();
    }
    let cursor = sweep.cursors[usize::from(pane)].within(n, height);
    let line = at.1 - list.y;
    let row = match pane {
        ASKED => asked::command_at(sweep, list, line, shared).unwrap_or(n),
        _ => cursor.first + usize::from(line),
    };
    if row >= n {
        return Vec::new();
    }
    sweep.cursors[usize::from(pane)] = super::Cursor { row, ..cursor };
    keep_run(sweep, pane, shared);
    if again { open(sweep, pane, shared) } else { Vec::new() }
}

/// A click at the names of the panes that share a place: that one comes to the front.
fn tabs(sweep: &mut Sweep, pane: u8, area: Rect, x: u16, shared: &Shared) -> Vec<Effect> {
    let slot = sweep.places(shared).into_iter().find(|slot| slot.panes.contains(&pane));
    let Some(slot) = slot.filter(|slot| slot.panes.len() > 1) else { return Vec::new() };
    // The title stands two cells from the inside's left edge, its names a blank apart.
    let mut left = area.x + 2;
    for other in slot.panes {
        let width = super::tab(*other).len() as u16 + if *other == pane { 2 } else { 0 };
        if (left..left + width).contains(&x) {
            sweep.fronts.retain(|front| front != other);
            sweep.fronts.push(*other);
        }
        left += width + 1;
    }
    Vec::new()
}
