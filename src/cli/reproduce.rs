//! `derby reproduce`: trains a recorded run again and compares it to the bit.

use super::model_args::ReproduceArgs;
use super::out::{Role, safe};
use super::text::{count, plural};
use super::{CliError, Exit, Ui};
use crate::candidate::{CandidateError, Recipe, Reproduction, reproduce};
use crate::executor::quiet_panics;

/// Differing scores that are listed.
const SHOWN: usize = 10;

pub(super) fn run(ui: &Ui, args: &ReproduceArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let recipe = Recipe::of(&store, store.run(&args.run)?)?;
    quiet_panics();
    let found = match reproduce(&store, &recipe) {
        Ok(found) => found,
        Err(error @ CandidateError::DataChanged { .. }) => {
            return Err(CliError::new(Exit::Rejected, error.to_string()));
        }
        Err(error) => return Err(error.into()),
    };
    if args.json {
        ui.out.line(&as_json(&found).to_string())?;
    } else {
        say(ui, &found)?;
    }
    Ok(if found.is_equal() { Exit::Done } else { Exit::Rejected })
}

fn say(ui: &Ui, found: &Reproduction) -> Result<(), CliError> {
    let out = &ui.out;
    if let Some(reason) = &found.failure {
        out.line(
            &out.paint(Role::Bad, &format!(" run {} fails now: {}", found.run, safe(reason))),
        )?;
    } else if found.is_equal() {
        let predictions = match found.n_predictions {
            Some(n) => format!(" and {}", plural(n as u64, "prediction")),
            None => "; its predictions were not kept".into(),
        };
        let mark = out.paint(Role::Good, "✓");
        let scores = plural(found.n_scores as u64, "score");
        out.line(&format!(
            " {mark}  run {} is equal to the bit: {scores}{predictions}",
            found.run
        ))?;
    } else {
        out.line(&out.paint(Role::Bad, &format!(" run {} is not the same", found.run)))?;
        let value = |v: Option<f64>| v.map_or_else(|| "none".to_string(), |v| format!("{v}"));
        for score in found.scores.iter().take(SHOWN) {
            let (then, now) = (value(score.recorded), value(score.now));
            out.line(&format!(
                "   {} {}   {then} then, {now} now",
                safe(&score.metric),
                score.context
            ))?;
        }
        if found.scores.len() > SHOWN {
            out.line(&format!(
                "   and {} more scores",
                count((found.scores.len() - SHOWN) as u64)
            ))?;
        }
        if let Some(n) = found.n_predictions {
            let other = count(found.n_other_predictions as u64);
            let largest = found.largest;
            out.line(&format!(
                "   {other} of {} differ, by {largest:e} at most",
                plural(n as u64, "prediction")
            ))?;
        }
    }
    for text in &found.surroundings {
        out.line(&out.paint(Role::Muted, &format!("   {}", safe(text))))?;
    }
    Ok(())
}

fn as_json(found: &Reproduction) -> serde_json::Value {
    let score = |score: &crate::candidate::ScoreDifference| {
        serde_json::json!({
            "metric": score.metric, "context": score.context,
            "recorded": score.recorded, "now": score.now,
        })
    };
    serde_json::json!({
        "run": found.run,
        "equal": found.is_equal(),
        "scores": found.n_scores,
        "differing": found.scores.iter().map(score).collect::<Vec<_>>(),
        "predictions": found.n_predictions,
        "differing_predictions": found.n_other_predictions,
        "failure": found.failure,
        "surroundings": found.surroundings,
    })
}
