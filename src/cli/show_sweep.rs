//! `derby show sweep:NAME`: how a sweep stands.

use super::feasible::{constraints_of, nearest, words};
use super::front::Front;
use super::listing::{Shape, table};
use super::open_trials;
use super::out::{Role, safe};
use super::replicates::{best_trials, rows};
use super::show::line;
use super::sweeps;
use super::text::{age, count, duration};
use super::{CliError, Exit, Ui};
use crate::domain::{Status, SweepId};
use crate::host;
use crate::store::{Store, SweepEvent, SweepRow};
use crate::sweep::{Steering, Taught, handed_out, unreported};
use indexmap::IndexMap;

/// Best runs that a sweep shows.
const SHOWN_BEST: usize = 5;
/// Reasons that a sweep shows of each kind of end.
const SHOWN_REASONS: usize = 3;

pub(super) fn show_sweep(
    ui: &Ui,
    store: &Store,
    sweep: &SweepRow,
    json: bool,
) -> Result<Exit, CliError> {
    let events = store.events(sweep.id)?;
    let objective = &sweep.objectives[0];
    let front = Front::of(store, sweep)?;
    if json {
        let value = as_json(store, sweep, (front.as_ref(), &events))?;
        ui.out.line(&value.to_string())?;
        return Ok(Exit::Done);
    }
    let name = ui.out.paint(Role::Strong, &format!("sweep {}", safe(&sweep.name)));
    let goals = sweep.objectives.iter().map(|o| format!("{} {}", o.goal.word(), o.metric));
    let goal = goals.collect::<Vec<_>>().join(", ");
    ui.out.line(&format!(" {name}   {goal}   {}, seed {}", sweep.sampler, sweep.seed))?;
    let counts: Vec<String> =
        sweep.counts.iter().map(|(status, &n)| format!("{} {}", count(n), status.word())).collect();
    let duplicates = match sweep.duplicates {
        0 => String::new(),
        n => format!(", {} equal skipped", count(n)),
    };
    line(ui, "constraints", &words(&constraints_of(sweep)))?;
    line(ui, "runs", &format!("{}{duplicates}", counts.join(", ")))?;
    reasons(ui, store, sweep)?;
    at_work(ui, store, sweep)?;
    with_others(ui, store, sweep)?;
    let arms = store.arms(sweep.id)?;
    let arms: Vec<String> = arms.iter().map(|(arm, n)| format!("{} {arm}", count(*n))).collect();
    line(ui, "made by", &safe(&arms.join(" · ")))?;
    line(ui, "file", &safe(&sweep.file))?;
    line(ui, "time", &duration(store.sweep_seconds(sweep.id)?))?;
    if let Some(taught) = Taught::of(store, sweep.id)? {
        for teacher in &taught.sweeps {
            line(ui, "warm start", &safe(&format!("from {teacher}")))?;
        }
    }
    if let Some(last) = Steering::of(store, sweep)?.steps.last() {
        let ago = age(host::now_ms() - last.ts);
        let text = format!("{ago} ago: {}, by {}", last.command, last.by);
        let all = ui.out.paint(Role::Accent, &format!("derby steer {} list", safe(&sweep.name)));
        line(ui, "steered", &format!("{}   all: {all}", safe(&text)))?;
    }
    if let Some(last) = events.iter().rev().find(|event| event.kind == "stopped") {
        let text = last.detail["text"].as_str().unwrap_or_default();
        line(ui, "stopped", &format!("{} ago: {}", age(host::now_ms() - last.ts), safe(text)))?;
    }
    let best = match front {
        Some(front) => {
            line(ui, "front", &safe(&front.words()))?;
            front.trials.into_iter().take(SHOWN_BEST).collect()
        }
        None => best_trials(store, sweep, (&objective.metric, objective.goal), SHOWN_BEST)?,
    };
    let (best, merged) = rows(best);
    if !best.is_empty() {
        let metrics: Vec<String> = sweep.objectives.iter().map(|o| o.metric.clone()).collect();
        let all = match metrics.len() {
            1 => format!("derby runs sweep:{}", sweep.name),
            _ => format!("derby best {} --front", sweep.name),
        };
        table(ui, &best, &Shape { merged, ..Shape::of(metrics) })?;
        let next = format!("derby show {} · {all}", best[0].id);
        ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, &safe(&next))))?;
    } else if let Some(nearest) = nearest(store, sweep)? {
        let text = format!(" no trial keeps the constraints; {}", nearest.words());
        ui.out.line(&ui.out.paint(Role::Warn, &text))?;
        for text in unreported(store, sweep.id, &constraints_of(sweep))? {
            ui.out.line(&ui.out.paint(Role::Warn, &format!(" {}", safe(&text))))?;
        }
        let next = format!("derby show {}", nearest.run);
        ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, &next)))?;
    } else if sweep.counts.contains_key(&Status::Failed) {
        let next = failed_runs(store, sweep.id, &sweep.name)?;
        ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, &safe(&next))))?;
    }
    Ok(Exit::Done)
}

/// A sweep for programs.
fn as_json(
    store: &Store,
    sweep: &SweepRow,
    (front, events): (Option<&Front>, &[SweepEvent]),
) -> Result<serde_json::Value, CliError> {
    let mut value = sweeps::json(sweep);
    value["text"] = sweep.text.clone().into();
    value["made_by"] =
        serde_json::json!(store.arms(sweep.id)?.into_iter().collect::<IndexMap<_, _>>());
    let handed_out = handed_out(store, sweep.id)?;
    value["handed_out"] = handed_out.iter().map(|trial| open_trials::json(sweep, trial)).collect();
    if let Some(front) = front {
        value["front"] = front.json();
    }
    let event = |event: &SweepEvent| serde_json::json!({ "at": event.ts, "kind": event.kind, "detail": event.detail });
    value["events"] = events.iter().map(event).collect();
    Ok(value)
}

/// The command that lists why runs of a sweep failed, with the columns that they have.
pub(super) fn failed_runs(store: &Store, sweep: SweepId, name: &str) -> Result<String, CliError> {
    let trials = store.trials(sweep)?;
    let has_model = trials.first().is_some_and(|trial| trial.params.get("model").is_some());
    let columns = if has_model { "model,reason" } else { "reason" };
    Ok(format!("derby runs 'sweep:{name} status:failed' --columns {columns}"))
}

/// Why runs brought no score: the most frequent reasons of each kind of end.
fn reasons(ui: &Ui, store: &Store, sweep: &SweepRow) -> Result<(), CliError> {
    let mut kinds: IndexMap<Status, IndexMap<String, (String, u64, bool)>> = IndexMap::new();
    for status in [Status::Failed, Status::Pruned, Status::Killed, Status::Infeasible] {
        kinds.insert(status, IndexMap::new());
    }
    for (status, reason, n) in store.reasons(sweep.id)? {
        // Reasons that differ in their numbers alone are one reason.
        let kind = kinds.entry(status).or_default();
        let (_, total, is_same) =
            kind.entry(without_numbers(&reason)).or_insert_with(|| (reason.clone(), 0, true));
        *is_same = *total == 0;
        *total += n;
    }
    for (status, reasons) in kinds {
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, (_, n, _))| std::cmp::Reverse(*n));
        let more = reasons.len().saturating_sub(SHOWN_REASONS);
        for (place, (general, (exact, n, is_same))) in
            reasons.into_iter().take(SHOWN_REASONS).enumerate()
        {
            let label = if place == 0 { status.word() } else { " " };
            let text = if is_same { exact } else { general };
            line(ui, label, &format!("{} ×  {}", count(n), safe(&text)))?;
        }
        if more > 0 {
            line(ui, " ", &format!("and {} other reasons", count(more as u64)))?;
        }
    }
    Ok(())
}

/// The text with `…` for every number.
pub(super) fn without_numbers(text: &str) -> String {
    let mut general = String::new();
    let mut is_in_word = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() && !is_in_word {
            let mut last = c;
            while let Some(next) = chars.next_if(|&next| {
                let is_exponent = last == 'e' && matches!(next, '-' | '+');
                next.is_ascii_alphanumeric() || next == '.' || is_exponent
            }) {
                last = next;
            }
            general.push('…');
            // The end of a sentence is no part of its number.
            if last == '.' {
                general.push('.');
            }
            continue;
        }
        is_in_word = c.is_alphanumeric() || c == '_';
        general.push(c);
    }
    general
}

/// The processes that are at work on the sweep.
fn at_work(ui: &Ui, store: &Store, sweep: &SweepRow) -> Result<(), CliError> {
    let mut shown = Vec::new();
    if let Some(driver) = store.driver(sweep.id)? {
        shown.push(format!("process {} on {}, which drives", driver.pid, safe(&driver.host)));
    }
    for worker in store.workers_at_work(sweep.id)? {
        let (owner, busy, slots) = (&worker.owner, worker.busy, worker.slots);
        let host = safe(&owner.host);
        shown.push(format!("process {} on {host}, {busy} of {slots} jobs busy", owner.pid));
    }
    for (place, text) in shown.iter().enumerate() {
        line(ui, if place == 0 { "at work" } else { " " }, text)?;
    }
    Ok(())
}

/// The trials that others have.
fn with_others(ui: &Ui, store: &Store, sweep: &SweepRow) -> Result<(), CliError> {
    let trials = handed_out(store, sweep.id)?;
    let Some(oldest) = trials.iter().filter_map(|trial| Some(trial.handed.as_ref()?.at)).min()
    else {
        return Ok(());
    };
    let since = age(host::now_ms() - oldest);
    let all = ui.out.paint(Role::Accent, &format!("derby ask {} --open", safe(&sweep.name)));
    let text = match trials.len() {
        1 => format!("1 trial is not told yet, asked {since} ago   all: {all}"),
        n => format!(
            "{} trials are not told yet, the oldest asked {since} ago   all: {all}",
            count(n as u64)
        ),
    };
    line(ui, "handed out", &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_in_numbers_are_one() {
        let check = |text: &str, general: &str| assert_eq!(without_numbers(text), general);
        check("median: 0.4123 at step 3 is worse than 1e-5", "median: … at step … is worse than …");
        check("exit status 3: x86 no f1_score", "exit status …: x86 no f1_score");
        check("took 12.", "took ….");
        check("", "");
    }
}
