//! `derby ensemble`: chooses runs of a sweep that are better together, and records them as a run of its own.

use super::best::named_or_newest;
use super::insight_args::EnsembleArgs;
use super::out::{Role, safe};
use super::replicates::best_trials;
use super::table::{Cell, Column, Table};
use super::text::{params, plural};
use super::{CliError, Exit, Ui};
use crate::candidate::{ENSEMBLE_FILE, EnsembleFile, Ground, MemberOf, Recipe};
use crate::compare::{Ensemble, EnsembleError, EnsembleOptions, OutOfFoldView, select_ensemble};
use crate::domain::{
    KeptFile, Labels, MetricPoint, Objective, Outcome, Params, RunId, RunRecord, Summary, Value,
    format_number,
};
use crate::executor::OutOfFold;
use crate::host;
use crate::metrics;
use crate::spec::Work;
use crate::store::{Finished, NewRun, Owner, RunContext, Store, SweepRow};
use std::path::Path;
use std::time::Instant;

/// What stands behind the name of a metric for its nested score.
const NESTED: &str = "_nested";
/// The tag of such runs.
const TAG: &str = "ensemble";
/// Members that are listed.
const SHOWN: usize = 10;

pub(super) fn run(ui: &Ui, args: &EnsembleArgs) -> Result<Exit, CliError> {
    let started = Instant::now();
    let mut store = ui.write_store(false)?;
    let sweep = named_or_newest(&store, args.sweep.as_deref())?;
    let objective = sweep.objectives[0].clone();
    let pool = Pool::gather(&store, &sweep, &objective)?;
    let n_rows = pool.truth.len();
    let options = EnsembleOptions {
        rounds: args.rounds,
        candidates: args.top,
        seed: sweep.seed,
        ..EnsembleOptions::for_rows(n_rows)
    };
    let views: Vec<OutOfFoldView<'_>> = pool.kept.iter().map(view).collect();
    let found = select_ensemble(&views, &pool.truth, None, &objective.metric, &options);
    let found = found.map_err(|error| unfit(&error, args))?;
    if let [(only, _)] = found.members[..] {
        return Err(alone(&pool.runs[only], &found, &objective.metric));
    }
    let blend = Blend { sweep: &sweep, objective: &objective, pool: &pool, found: &found };
    let run = blend.record(&mut store, args, started)?;
    let run = store.run_by_id(run)?;
    if args.json {
        ui.out.line(&blend.as_json(&run).to_string())?;
    } else {
        blend.say(ui, &run)?;
    }
    Ok(Exit::Done)
}

fn unfit(error: &EnsembleError, args: &EnsembleArgs) -> CliError {
    match error {
        EnsembleError::Option { name } => {
            let flag = if *name == "candidates" { "--top" } else { "--rounds" };
            let given = if *name == "candidates" { args.top } else { args.rounds };
            CliError::usage(format!("'{flag} {given}' chooses nothing; mend: at least 1"))
        }
        EnsembleError::Empty(_) => CliError::new(Exit::NoResult, error.to_string()),
        _ => CliError::new(Exit::Failed, error.to_string()),
    }
}

/// Why a single run is no ensemble.
fn alone(run: &RunRecord, found: &Ensemble, metric: &str) -> CliError {
    if found.considered.len() == 1 {
        let text =
            format!("an ensemble takes two runs, and run {} is the only one to choose", run.id);
        return CliError::new(Exit::NoResult, text)
            .hint("--top and [data] keep_predictions say how many there are to choose from");
    }
    let text = format!(
        "no ensemble of {} does better than run {} alone: {metric} {}",
        plural(found.considered.len() as u64, "run"),
        run.id,
        format_number(found.best_single.1, 4)
    );
    CliError::new(Exit::NoResult, text)
        .hint("other model families err on other rows: let the sweep try more of them")
}

fn view(kept: &OutOfFold) -> OutOfFoldView<'_> {
    OutOfFoldView { rows: &kept.rows, width: kept.width, values: &kept.values }
}

/// Runs whose out-of-fold predictions are kept, best first, and the truth of their rows.
struct Pool {
    runs: Vec<RunRecord>,
    kept: Vec<OutOfFold>,
    recipe: Recipe,
    ground: Ground,
    truth: Labels,
}

impl Pool {
    fn gather(store: &Store, sweep: &SweepRow, objective: &Objective) -> Result<Self, CliError> {
        let best = best_trials(store, sweep, (&objective.metric, objective.goal), 0)?;
        let (mut runs, mut kept) = (Vec::new(), Vec::new());
        let n_done = best.iter().flatten().count();
        for run in best.into_iter().flatten() {
            let bytes = store.predictions(run.id)?;
            if let Some(matrix) = bytes.and_then(|bytes| OutOfFold::decode(&bytes)) {
                kept.push(matrix);
                runs.push(run);
            }
        }
        let Some(first) = runs.first() else { return Err(nothing_kept(sweep, n_done)) };
        let recipe = Recipe::of(store, first.clone())?;
        let (Work::Models(_), Some(section)) = (&recipe.sweep.work, recipe.data_section()) else {
            return Err(nothing_kept(sweep, n_done));
        };
        let ground = recipe.ground(section)?;
        let rows: Vec<usize> = kept[0].rows.iter().map(|&row| row as usize).collect();
        if rows.iter().any(|&row| row >= ground.data.labels.len()) {
            let text =
                format!("the predictions of run {} are of other rows than the data", first.id);
            return Err(
                CliError::new(Exit::Failed, text).hint("derby store check looks for damage")
            );
        }
        let truth = ground.data.labels.take(&rows);
        Ok(Self { runs, kept, recipe, ground, truth })
    }

    /// The ensemble's own out-of-fold predictions, as its bundle will blend its members.
    fn mixed(&self, members: &[(usize, f64)], voters: &[usize]) -> OutOfFold {
        let first = &self.kept[0];
        let mut sums = vec![0.0; first.values.len()];
        for &(at, weight) in members {
            let row = |row: &[f32]| {
                let wide = || row.iter().map(|&value| f64::from(value)).collect();
                if voters.contains(&at) { vote(row) } else { wide() }
            };
            let values = self.kept[at].values.chunks(first.width.max(1)).flat_map(row);
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
        let values = sums.into_iter().map(|sum| sum as f32).collect();
        OutOfFold { rows: first.rows.clone(), width: first.width, values }
    }
}

/// 1 for the first of the greatest scores, as the selection takes them.
fn vote(row: &[f32]) -> Vec<f64> {
    let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let winner = row.iter().position(|&score| score == best).unwrap_or(0);
    (0..row.len()).map(|class| if class == winner { 1.0 } else { 0.0 }).collect()
}

fn nothing_kept(sweep: &SweepRow, n_done: usize) -> CliError {
    let runs = plural(n_done as u64, "run");
    let text = format!(
        "sweep '{}' keeps no out-of-fold predictions: none of its {runs} with a score has any",
        sweep.name
    );
    CliError::new(Exit::NoResult, text).hint(
        "only built-in models have them, and [data] keep_predictions says of how many runs they are kept",
    )
}

/// A chosen ensemble on its way into the store.
struct Blend<'a> {
    sweep: &'a SweepRow,
    objective: &'a Objective,
    pool: &'a Pool,
    found: &'a Ensemble,
}

impl Blend<'_> {
    fn record(
        &self,
        store: &mut Store,
        args: &EnsembleArgs,
        started: Instant,
    ) -> Result<RunId, CliError> {
        let mixed = self.pool.mixed(&self.found.members, &self.found.voters);
        let (points, summaries) = self.scores(&mixed);
        let owner = Owner::this_process();
        let (context, params) = (self.context(), self.params(args));
        let new = NewRun {
            sweep: None,
            trial: None,
            attempt: 1,
            replicate: 0,
            is_queued: false,
            experiment: &self.sweep.experiment,
            name: args.name.as_deref(),
            params: &params,
            seed: self.pool.recipe.run.seed,
            context: &context,
            owner: &owner,
            cached_from: None,
            parent: None,
        };
        let run = store.start_run(&new)?;
        let folder = store.run_folder(run);
        let file = folder.join(ENSEMBLE_FILE);
        let written = self.write(&file);
        let outcome = match &written {
            Ok(()) => Outcome::Done,
            Err(error) => {
                Outcome::Failed { reason: format!("cannot write '{}': {error}", file.display()) }
            }
        };
        let artifacts = [KeptFile { name: ENSEMBLE_FILE.into(), file }];
        let bytes = mixed.encode();
        let finished = Finished {
            points: &points,
            summaries: &summaries,
            seconds: started.elapsed().as_secs_f64(),
            predictions: Some(&bytes),
            artifacts: if written.is_ok() { &artifacts } else { &[] },
            ..Finished::without_values(&outcome)
        };
        let is_recorded = store.finish_run(run, 1, &owner, &finished)?;
        std::fs::remove_dir(&folder).ok(); // empty: its file is among the objects now
        if let Err(error) = written {
            return Err(CliError::new(Exit::Failed, error.to_string()));
        }
        if !is_recorded {
            let text = format!("run {run} was not recorded: another process took it for dead");
            return Err(CliError::new(Exit::Later, text).hint("run it again"));
        }
        store.tag(run, TAG, "")?;
        Ok(run)
    }

    fn write(&self, file: &Path) -> std::io::Result<()> {
        let member = |&(at, weight): &(usize, f64)| MemberOf {
            run: self.pool.runs[at].uuid.clone(),
            weight,
        };
        let content = EnsembleFile { members: self.found.members.iter().map(member).collect() };
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, serde_json::to_vec_pretty(&content)?)
    }

    fn params(&self, args: &EnsembleArgs) -> Params {
        let mut params = Params::default();
        let whole = |n: usize| Value::Int(n as i64);
        params.set("model", Value::Text("ensemble".into()));
        params.set("of", Value::Text(self.sweep.name.clone()));
        params.set("members", whole(self.found.members.len()));
        params.set("rounds", whole(args.rounds));
        params.set("top", whole(args.top));
        params
    }

    /// Here and now, on the data of the members.
    fn context(&self) -> RunContext {
        let of = &self.pool.recipe.run;
        RunContext {
            user: host::user(),
            host: host::hostname(),
            git: host::git(Path::new(".")),
            argv: host::redacted_args(std::env::args()),
            env: host::redacted_env(),
            version: env!("CARGO_PKG_VERSION").into(),
            data_hash: of.data_hash.clone(),
            schema_hash: of.schema_hash.clone(),
            rows: of.rows,
            split: of.split.clone(),
            source: Some(self.pool.ground.data.provenance.source.clone()),
        }
    }

    /// Every metric of the members that predictions have, fold by fold as theirs; the nested score at the end.
    fn scores(&self, mixed: &OutOfFold) -> (Vec<MetricPoint>, Vec<(String, Summary)>) {
        let first = &self.pool.runs[0];
        let own = self.sweep.objectives.iter().map(|objective| &objective.metric);
        let mut names: Vec<&String> = own.chain(first.metrics.keys()).collect();
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(*name));
        let (mut points, mut summaries) = (Vec::new(), Vec::new());
        for name in names {
            if metrics::info(name).is_none_or(|info| info.measured) {
                continue;
            }
            let Some(values) = self.fold_values(mixed, name) else { continue };
            let folds = self.pool.ground.split.folds.iter().zip(&values);
            points.extend(folds.map(|(fold, &value)| MetricPoint {
                metric: name.clone(),
                context: format!("fold={}", fold.name),
                step: 0,
                value,
                ts: 0,
            }));
            summaries.push((name.clone(), Summary::of_folds(&values)));
        }
        if let Some(nested) = self.found.nested {
            let name = format!("{}{NESTED}", self.objective.metric);
            points.push(MetricPoint {
                metric: name.clone(),
                context: String::new(),
                step: 0,
                value: nested,
                ts: 0,
            });
            summaries.push((name, Summary::of_folds(&[nested])));
        }
        (points, summaries)
    }

    /// A metric on the test rows of each fold; none if one of them has no value.
    fn fold_values(&self, mixed: &OutOfFold, metric: &str) -> Option<Vec<f64>> {
        let Pool { ground, .. } = self.pool;
        let score = |test: &Vec<usize>| {
            let at = |row: &usize| mixed.rows.binary_search(&(*row as u32)).ok();
            let places: Option<Vec<usize>> = test.iter().map(at).collect();
            let width = mixed.width;
            let cells = places?.into_iter().flat_map(|at| at * width..(at + 1) * width);
            let part = OutOfFold {
                rows: test.iter().map(|&row| row as u32).collect(),
                width,
                values: cells.map(|cell| mixed.values[cell]).collect(),
            };
            let truth = ground.data.labels.take(test);
            let value = metrics::score(metric, &truth, &part.prediction(&truth), None).ok()?;
            value.is_finite().then_some(value)
        };
        ground.split.folds.iter().map(|fold| score(&fold.test)).collect()
    }

    fn say(&self, ui: &Ui, run: &RunRecord) -> Result<(), CliError> {
        let out = &ui.out;
        let (metric, found) = (safe(&self.objective.metric), self.found);
        let score = run.metrics.get(&self.objective.metric);
        let score = score.map_or_else(String::new, |summary| {
            let spread = if summary.sd.is_finite() {
                format!(" ± {}", format_number(summary.sd, 2))
            } else {
                String::new()
            };
            format!("{metric} {}{spread}", format_number(summary.score, 4))
        });
        out.line(&format!(
            " {}  run {} {}   {score}   {} of {} chosen",
            out.paint(Role::Good, "ensemble"),
            run.id,
            safe(&run.name),
            found.members.len(),
            plural(found.considered.len() as u64, "run"),
        ))?;
        let number = |value: f64| format_number(value, 4);
        let nested = found.nested.map_or("too few rows for it".into(), number);
        out.line(&format!(
            " over all rows   ensemble {}, chosen on them   nested {nested}   best run alone {}   plain mean {}",
            number(found.score),
            number(found.best_single.1),
            number(found.uniform),
        ))?;
        let mut table = Table::new(vec![
            Column::fixed("weight", true),
            Column::fixed("run", true),
            Column::fixed(&*self.objective.metric, true),
            Column::filling("parameters", 1),
        ]);
        for &(at, weight) in found.members.iter().take(SHOWN) {
            let member = &self.pool.runs[at];
            let score = member.metrics.get(&self.objective.metric).map_or(f64::NAN, |s| s.score);
            table.push(vec![
                Cell::from(format!("{weight:.2}")),
                Cell::from(member.id.to_string()),
                Cell::from(number(score)),
                Cell::from(params(&member.params)),
            ]);
        }
        table.print(out)?;
        if found.members.len() > SHOWN {
            let more = plural((found.members.len() - SHOWN) as u64, "member");
            out.line(
                &out.paint(
                    Role::Muted,
                    &format!(" and {more} more, in derby artifacts {}", run.id),
                ),
            )?;
        }
        for (at, why) in found.refused.iter().take(SHOWN) {
            let text =
                format!(" note   run {} was left out: {}", self.pool.runs[*at].id, safe(why));
            out.line(&out.paint(Role::Muted, &text))?;
        }
        let goal = self.objective.goal;
        if found.nested.is_some_and(|nested| !goal.better(nested, found.best_single.1)) {
            let text = " note   the nested score is no better than the best run alone: expect no gain from it";
            out.line(&out.paint(Role::Warn, text))?;
        }
        if !found.voters.is_empty() {
            let text = format!(
                " note   {} without probabilities: they vote for a class",
                plural(found.voters.len() as u64, "run")
            );
            out.line(&out.paint(Role::Muted, &text))?;
        }
        let next = format!("derby gate {0} · derby export {0} -o FOLDER", run.id);
        out.line(&format!(" next  {}", out.paint(Role::Accent, &next)))?;
        Ok(())
    }

    fn as_json(&self, run: &RunRecord) -> serde_json::Value {
        let found = self.found;
        let number = |at: &usize| self.pool.runs[*at].id;
        let member = |(at, weight): &(usize, f64)| {
            let run = &self.pool.runs[*at];
            serde_json::json!({ "run": run.id, "uuid": run.uuid, "weight": weight })
        };
        let refused =
            |(at, why): &(usize, String)| serde_json::json!({ "run": number(at), "reason": why });
        serde_json::json!({
            "run": run,
            "sweep": self.sweep.name,
            "metric": self.objective.metric,
            "score": found.score,
            "nested": found.nested,
            "best_single": { "run": number(&found.best_single.0), "score": found.best_single.1 },
            "uniform": found.uniform,
            "considered": found.considered.len(),
            "members": found.members.iter().map(member).collect::<Vec<_>>(),
            "history": found.history,
            "refused": found.refused.iter().map(refused).collect::<Vec<_>>(),
            "voters": found.voters.iter().map(number).collect::<Vec<_>>(),
        })
    }
}
