//! `derby sweep`: runs a sweep, or goes on with it.

use super::args::SweepArgs;
use super::feasible;
use super::importance;
use super::out::{Role, safe};
use super::progress::ProgressLine;
use super::show_sweep::failed_runs;
use super::sweep_gate::Gated;
use super::text::{age, count, duration, params, plural};
use super::{CliError, Exit, Ui, reporting};
use crate::domain::{Digest, Objective, format_number};
use crate::executor::quiet_panics;
use crate::host::{self, Reaper};
use crate::spec::{self, Known, Overrides, Sweep, Work};
use crate::store::{Owner, RunContext, Store};
use crate::sweep::{Best, Flags, Options, Place, Plan, Report, StopReason, drive, whole};
use std::path::Path;

/// Reasons of failures in the final block.
const SHOWN_FAILURES: usize = 3;

pub(super) fn run(ui: &Ui, args: &SweepArgs) -> Result<Exit, CliError> {
    let sweep = spec::load(&args.file, &overrides(args)?, &Known::built_in())?;
    reporting::check_files(&args.reports.report)?;
    let gated = args.gate.then(|| Gated::new(ui, &sweep)).transpose()?;
    let owner = Owner::this_process();
    let place = Place::new(&sweep, ui.store_folder()?, owner.uuid.clone())?;
    let jobs = place.jobs;
    let plan = Plan::new(&sweep, &place)?;
    let mut store = ui.write_store(true)?;
    let interrupts = host::interrupts::install()?;
    let reaper = reaper(&sweep, &owner)?;
    quiet_panics();
    if !args.quiet && !args.json {
        opening(ui, &sweep, &plan, jobs);
    }
    if !args.quiet
        && let Some(text) = why_new(&store, &sweep, &plan)?
    {
        ui.out.note(&ui.out.paint_error(Role::Warn, &text));
    }
    let options = Options {
        jobs,
        owner,
        context: context(&args.file, &plan),
        interrupts,
        retry_failed: args.retry_failed,
        flags: flags(args),
    };
    let mut line = ProgressLine::new(&ui.out, &sweep, whole(&sweep), args.quiet || args.json);
    let driven = drive(&mut store, &sweep, &plan, &options, &mut line);
    line.clear();
    // A sweep that was cut off may have given trials up that are still at work: then the reaper ends them.
    let is_whole = |report: &Report| !matches!(report.stop, StopReason::Interrupted { .. });
    if let Some(reaper) = reaper.filter(|_| driven.as_ref().is_ok_and(is_whole)) {
        reaper.dismiss();
    }
    let report = driven?;
    let exit = exit_of(&report);
    // A sweep that was cut off or found nothing is not judged: then its own result is what there is to say.
    let gated = gated.filter(|_| exit == Exit::Done);
    let said = if args.json && gated.is_none() {
        ui.out.line(&as_json(&sweep, &store, &report)?.to_string()).map_err(CliError::from)
    } else if args.quiet || args.json {
        Ok(())
    } else {
        closing(ui, args, (&sweep, &store), &report)
    };
    if let Err(error) = said {
        // Where nobody reads any more, as on a terminal that is gone, the exit code still tells.
        let is_interrupted = report.stop.is_cut_off();
        if !is_interrupted && !error.is_broken_pipe() {
            return Err(error);
        }
    }
    if !plan.data_is_unchanged(&mut store) {
        ui.out.note(&ui.out.paint_error(
            Role::Warn,
            &format!(
                "warning: '{}' changed while the sweep ran; every run is recorded with the data that was read, {}",
                shown_data(&plan),
                plan.data.as_ref().map(|data| data.provenance.content.short()).unwrap_or_default(),
            ),
        ));
    }
    if exit == Exit::Failed {
        // Said in every mode: an exit code alone tells nobody what to mend.
        let reason = report.failures.first().map(|(reason, _)| format!(": {}", safe(reason)));
        let failed = plural(report.progress.counts.finished(), "trial");
        return Err(CliError::new(
            exit,
            format!("no score from {failed}{}", reason.unwrap_or_default()),
        )
        .hint(failed_runs(&store, report.sweep, &sweep.name)?));
    }
    if let Some(gated) = gated {
        let json = args.json.then(|| as_json(&sweep, &store, &report)).transpose()?;
        return gated.judge(ui, &store, report.sweep, (json, &args.reports.report));
    }
    reporting::after_sweep(ui, &store, report.sweep, &args.reports.report)?;
    if exit == Exit::NoResult && report.progress.counts.infeasible > 0 {
        let row = store.sweep_by_id(report.sweep)?;
        return Err(feasible::nothing_to_choose(&store, &row, &sweep.objectives[0].metric));
    }
    Ok(exit)
}

/// Who ends the processes of this one should it be killed; only commands have any.
fn reaper(sweep: &Sweep, owner: &Owner) -> Result<Option<Reaper>, CliError> {
    let has_processes = matches!(sweep.work, Work::Command(_)) || sweep.resources.isolate;
    if !has_processes {
        return Ok(None);
    }
    host::adopt_orphans();
    Ok(Some(Reaper::start(&owner.uuid)?))
}

/// Why a sweep of a name that the store knows starts anew instead of going on; none if it goes on, or if
/// the name is new.
pub(super) fn why_new(
    store: &Store,
    sweep: &Sweep,
    plan: &Plan,
) -> Result<Option<String>, CliError> {
    if store.same_sweep(&sweep.name, &plan.identity.hex())?.is_some() {
        return Ok(None);
    }
    let known = store.sweeps()?.into_iter().filter(|row| row.name == sweep.name);
    let Some(last) = known.max_by_key(|row| row.id) else { return Ok(None) };
    let trials = store.trials(last.id)?;
    let before =
        trials.iter().find_map(|trial| trial.run).map(|run| store.run_by_id(run)).transpose()?;
    let now = plan.data.as_ref().map(|data| data.provenance.content);
    let before = before.and_then(|run| run.data_hash).and_then(|hash| Digest::parse(&hash));
    let why = match (before, now) {
        (Some(before), Some(now)) if before != now => {
            format!("the data changed, {} to {}", before.short(), now.short())
        }
        _ => "the sweep file changed".into(),
    };
    let ago = age(host::now_ms() - last.created);
    Ok(Some(format!(" note   a new sweep, not the '{}' of {ago} ago: {why}", safe(&sweep.name))))
}

/// The flags as changes to `[budget]` and `[resources]`.
fn overrides(args: &SweepArgs) -> Result<Overrides, CliError> {
    let set = Overrides::from_set(&args.overrides.set).map_err(CliError::usage)?.set;
    Ok(Overrides {
        set,
        trials: args.trials.clone(),
        time: args.time.clone(),
        patience: args.patience.clone(),
        target: args.target.clone(),
        max_failed: args.max_failed.clone(),
        min_improvement: args.min_improvement.clone(),
        jobs: args.jobs.clone(),
        timeout: args.timeout.clone(),
        memory: args.memory.clone(),
        cpus: args.cpus.clone(),
        gpus: args.gpus.clone(),
        isolate: args.isolate,
        monitor: args.monitor.clone(),
        warm_start: args.warm_start.clone(),
    })
}

/// Which limits the command line itself sets.
fn flags(args: &SweepArgs) -> Flags {
    let is_set = |key: &str| {
        let mut set = args.overrides.set.iter().filter_map(|pair| pair.split_once('='));
        set.any(|(name, _)| name.trim() == key)
    };
    Flags {
        trials: args.trials.is_some() || is_set("budget.trials"),
        time: args.time.is_some() || is_set("budget.time"),
        jobs: args.jobs.is_some() || is_set("resources.jobs"),
    }
}

fn context(file: &Path, plan: &Plan) -> RunContext {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut context = RunContext {
        user: host::user(),
        host: host::hostname(),
        git: host::git(folder.unwrap_or(Path::new("."))),
        argv: host::redacted_args(std::env::args()),
        env: host::redacted_env(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..RunContext::default()
    };
    if let Some(data) = &plan.data {
        context.data_hash = Some(data.provenance.content.hex());
        context.schema_hash = Some(data.provenance.schema.hex());
        context.rows = Some(data.provenance.rows);
        context.split = Some(data.split.hex());
        context.source = Some(data.provenance.source.clone());
    }
    context
}

/// What is about to happen, in one or two lines.
fn opening(ui: &Ui, sweep: &Sweep, plan: &Plan, jobs: usize) {
    let search = &sweep.search;
    let mut parts =
        vec![format!("{}, seed {}", search.sampler, search.seed), plural(jobs as u64, "job")];
    if let Some(trials) = sweep.budget.trials.or_else(|| whole(sweep)) {
        parts.insert(1, plural(trials, "trial"));
    }
    if search.replicates > 1 {
        parts.push(format!("{} runs a trial", search.replicates));
    }
    if let Some(pruner) = &search.pruner {
        parts.push(format!("pruner {}", pruner.word()));
    }
    let goals: Vec<String> = sweep
        .objectives
        .iter()
        .map(|Objective { metric, goal }| format!("{} {metric}", goal.word()))
        .collect();
    let bounds = feasible::words(&search.constraints);
    let subject = if bounds.is_empty() { String::new() } else { format!(" subject to {bounds}") };
    parts.push(format!("{}{subject}", goals.join(", ")));
    if let Some(data) = &plan.data {
        parts.push(format!("data {}", data.provenance.content.short()));
        parts.push(match data.n_holdout {
            0 => "no holdout".into(),
            n => format!("holdout {} kept apart", plural(n as u64, "row")),
        });
    }
    let name = ui.out.paint_error(Role::Strong, &safe(&sweep.name));
    ui.out.note(&format!(" {name}   {}", parts.join("   ")));
    let data_notes = plan.data.iter().flat_map(|data| &data.notes);
    for note in sweep.notes.iter().chain(data_notes) {
        ui.out.note(&ui.out.paint_error(Role::Muted, &format!(" note   {}", safe(note))));
    }
}

/// What came of it.
fn closing(
    ui: &Ui,
    args: &SweepArgs,
    (sweep, store): (&Sweep, &Store),
    report: &Report,
) -> Result<(), CliError> {
    let out = &ui.out;
    let counts = report.progress.counts;
    if report.stop.is_cut_off() {
        let total = store.sweep_by_id(report.sweep)?.total;
        let total = total.map(|total| format!(" of {}", count(total)));
        let stop = &report.stop;
        out.line(&format!(
            " {stop} at {}{}. The same command goes on: {}",
            count(counts.finished()),
            total.unwrap_or_default(),
            out.paint(Role::Accent, &command_line()),
        ))?;
    } else {
        out.line(&format!(
            " done in {}   {}: {} done, {} failed{}{}{}{}   {}",
            duration(report.seconds),
            plural(counts.finished(), "trial"),
            counts.done,
            counts.failed,
            extra(counts.pruned, "pruned"),
            extra(counts.infeasible, "infeasible"),
            extra(counts.duplicates, "equal skipped"),
            extra(counts.cached, "taken over from equal runs"),
            out.paint(Role::Muted, &report.stop.to_string()),
        ))?;
    }
    for (reason, n) in report.failures.iter().take(SHOWN_FAILURES) {
        out.line(&out.paint(Role::Warn, &format!(" failed {n} ×  {}", safe(reason))))?;
    }
    let metric = &sweep.objectives[0].metric;
    for (place, best) in report.progress.best.iter().enumerate() {
        let label = if place == 0 { "best " } else { "     " };
        out.line(&format!(" {}{}", out.paint(Role::Good, label), best_line(best, metric)))?;
    }
    let row = store.sweep_by_id(report.sweep)?;
    if let Some(text) = importance::in_short(store, &row, &sweep.space) {
        out.line(&format!(" {}  {text}", out.paint(Role::Strong, "what mattered")))?;
    }
    match report.progress.best.first() {
        Some(best) => out.line(&format!(
            " next  {}",
            out.paint(
                Role::Accent,
                &format!(
                    "derby show {} · derby runs sweep:{} --top 10",
                    best.run,
                    quoted(&sweep.name)
                )
            ),
        ))?,
        None if counts.infeasible > 0 => {} // the error says what comes nearest
        None if counts.failed > 0 => out.line(&format!(
            " next  {}",
            out.paint(Role::Accent, &format!("derby runs 'sweep:{} status:failed'", sweep.name)),
        ))?,
        None if report.handed_out > 0 => out.line(&format!(
            " next  {}",
            out.paint(Role::Accent, &format!("derby ask {} --open", quoted(&sweep.name))),
        ))?,
        None => out.line(&format!(
            " no trial ended with a score; more time: {}",
            out.paint(Role::Accent, &format!("derby sweep {} --time 10m", args.file.display()))
        ))?,
    }
    Ok(())
}

fn extra(n: u64, what: &str) -> String {
    if n == 0 { String::new() } else { format!(", {} {what}", count(n)) }
}

/// `171  roc_auc 0.9993 ± 0.0004   model=svm kernel=rbf …`; ± is the spread of the folds.
fn best_line(best: &Best, metric: &str) -> String {
    let spread = match best.sd {
        sd if sd.is_finite() => format!(" ± {}", format_number(sd, 2)),
        _ => String::new(),
    };
    let score = format_number(best.score, 4);
    format!("run {}  {metric} {score}{spread}   {}", best.run, safe(&params(&best.params)))
}

fn shown_data(plan: &Plan) -> String {
    plan.data.as_ref().map(|data| data.provenance.source.clone()).unwrap_or_default()
}

/// The command as it was typed, for the hint that the same command goes on.
fn command_line() -> String {
    let mut words: Vec<String> = std::env::args().skip(1).map(|word| quoted(&word)).collect();
    words.insert(0, "derby".into());
    words.join(" ")
}

/// A word as a shell needs it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn exit_of(report: &Report) -> Exit {
    let counts = report.progress.counts;
    match report.stop {
        StopReason::Asked(_) | StopReason::Interrupted { terminated: false } => Exit::Interrupted,
        StopReason::Interrupted { terminated: true } => Exit::Terminated,
        StopReason::Waits(_) => Exit::Later,
        _ if counts.done > 0 => Exit::Done,
        _ if counts.infeasible > 0 => Exit::NoResult,
        _ if counts.finished() > 0 => Exit::Failed,
        _ => Exit::NoResult,
    }
}

fn as_json(sweep: &Sweep, store: &Store, report: &Report) -> Result<serde_json::Value, CliError> {
    let counts = report.progress.counts;
    let best = report.progress.best.first().map(|best| store.run(&best.run.to_string()));
    let value = serde_json::json!({
        "sweep": sweep.name,
        "stop": report.stop.word(),
        "seconds": report.seconds,
        "done": counts.done,
        "failed": counts.failed,
        "pruned": counts.pruned,
        "infeasible": counts.infeasible,
        "duplicates": counts.duplicates,
        "cached": counts.cached,
        "handed_out": report.handed_out,
        "failures": report
            .failures
            .iter()
            .map(|(reason, n)| serde_json::json!({ "reason": reason, "trials": n }))
            .collect::<Vec<_>>(),
        "best": best.transpose()?,
    });
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_a_shell_needs_them() {
        assert_eq!(quoted("sweeps/x.toml"), "sweeps/x.toml");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
