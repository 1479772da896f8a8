//! `derby sweeps`: every sweep of the store.

use super::args::SweepsArgs;
use super::csv_text::CsvText;
use super::feasible::constraints_of;
use super::out::Role;
use super::table::{Cell, Column, draw};
use super::text::{age, count};
use super::{CliError, Exit, Ui};
use crate::domain::{Status, format_number};
use crate::host;
use crate::store::SweepRow;
use std::collections::BTreeSet;

pub(super) fn run(ui: &Ui, args: &SweepsArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let mut sweeps = store.sweeps()?;
    sweeps.sort_by_key(|sweep| std::cmp::Reverse(sweep.id));
    let format = args.format;
    if format.json {
        let shown: Vec<_> = sweeps.iter().map(json).collect();
        ui.out.line(&serde_json::Value::Array(shown).to_string())?;
    } else if format.jsonl {
        for sweep in &sweeps {
            ui.out.line(&json(sweep).to_string())?;
        }
    } else if format.csv {
        csv(ui, &sweeps)?;
    } else if sweeps.is_empty() {
        ui.out.line(" no sweeps yet   next  derby sweep FILE (derby init DATA.csv writes one)")?;
    } else {
        table(ui, &sweeps)?;
    }
    Ok(Exit::Done)
}

fn of(sweep: &SweepRow, status: Status) -> u64 {
    sweep.counts.get(&status).copied().unwrap_or(0)
}

fn table(ui: &Ui, sweeps: &[SweepRow]) -> Result<(), CliError> {
    // Only constraints make runs infeasible, and most sweeps have none.
    let bounded = sweeps.iter().any(|sweep| of(sweep, Status::Infeasible) > 0);
    let mut columns = vec![
        Column::fixed("sweep", false),
        Column::fixed("done", true),
        Column::optional("failed", true, 3),
        Column::optional("running", true, 5),
        Column::fixed("best", true),
        Column::optional("run", true, 1),
        Column::optional("metric", false, 2),
        Column::optional("sampler", false, 4),
        Column::optional("age", true, 6),
    ];
    if bounded {
        columns.insert(3, Column::optional("infeasible", true, 5));
    }
    // Where a name says which sweep it is, nobody needs the number.
    let names: BTreeSet<&str> = sweeps.iter().map(|sweep| sweep.name.as_str()).collect();
    let numbered = names.len() < sweeps.len();
    if numbered {
        columns.insert(0, Column::fixed("id", true));
    }
    let row = |sweep: &SweepRow| -> Vec<Cell> {
        let mut row: Vec<Cell> = vec![
            sweep.name.clone().into(),
            count(of(sweep, Status::Done)).into(),
            count(of(sweep, Status::Failed)).into(),
            count(of(sweep, Status::Running)).into(),
            sweep.best.map(|(_, score)| format_number(score, 4)).unwrap_or_default().into(),
            sweep.best.map(|(run, _)| run.to_string()).unwrap_or_default().into(),
            sweep.objectives[0].metric.clone().into(),
            sweep.sampler.clone().into(),
            age(host::now_ms() - sweep.created).into(),
        ];
        if bounded {
            row.insert(3, count(of(sweep, Status::Infeasible)).into());
        }
        if numbered {
            row.insert(0, sweep.id.to_string().into());
        }
        row
    };
    let rows: Vec<_> = sweeps.iter().map(row).collect();
    for line in draw(&ui.out, &columns, &rows).lines {
        ui.out.line(&line)?;
    }
    let next = format!("derby show sweep:{}", sweeps[0].name);
    ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, &next)))?;
    Ok(())
}

fn csv(ui: &Ui, sweeps: &[SweepRow]) -> Result<(), CliError> {
    let mut writer = CsvText::new();
    let header = [
        "id",
        "name",
        "experiment",
        "metric",
        "goal",
        "sampler",
        "done",
        "failed",
        "best_run",
        "best",
    ];
    writer.row(header)?;
    for sweep in sweeps {
        let objective = &sweep.objectives[0];
        let row = [
            sweep.id.to_string(),
            sweep.name.clone(),
            sweep.experiment.clone(),
            objective.metric.clone(),
            objective.goal.word().into(),
            sweep.sampler.clone(),
            of(sweep, Status::Done).to_string(),
            of(sweep, Status::Failed).to_string(),
            sweep.best.map(|(run, _)| run.to_string()).unwrap_or_default(),
            sweep.best.map(|(_, score)| score.to_string()).unwrap_or_default(),
        ];
        writer.row(row)?;
    }
    ui.out.raw(&writer.finish()?)?;
    Ok(())
}

/// A sweep as `--json` shows it; the keys are stable.
pub(super) fn json(sweep: &SweepRow) -> serde_json::Value {
    let counts: serde_json::Map<String, serde_json::Value> =
        sweep.counts.iter().map(|(status, &n)| (status.word().to_string(), n.into())).collect();
    let constraints = constraints_of(sweep).into_iter().map(|constraint| constraint.to_string());
    serde_json::json!({
        "id": sweep.id, "uuid": sweep.uuid, "name": sweep.name, "experiment": sweep.experiment,
        "model": sweep.model, "digest": sweep.digest, "file": sweep.file, "sampler": sweep.sampler,
        "seed": sweep.seed, "objectives": sweep.objectives,
        "constraints": constraints.collect::<Vec<_>>(), "total": sweep.total,
        "created": sweep.created, "trials": sweep.trials, "duplicates": sweep.duplicates,
        "counts": counts,
        "best": sweep.best.map(|(run, score)| serde_json::json!({ "run": run, "score": score })),
    })
}
