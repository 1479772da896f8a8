//! Runs that are ensembles of other runs: which, and with which weights.

use super::CandidateError;
use crate::domain::RunRecord;
use crate::store::Store;
use serde::{Deserialize, Serialize};

/// The artifact that makes a run an ensemble.
pub const ENSEMBLE_FILE: &str = "ensemble.json";

/// The artifact's content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnsembleFile {
    /// Runs by uuid, with their weights, which sum to 1.
    pub members: Vec<MemberOf>,
}

/// One run of an ensemble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberOf {
    /// Its uuid.
    pub run: String,
    /// Its weight.
    pub weight: f64,
}

/// The members of an ensemble; none for any other run.
pub(super) fn members(
    store: &Store,
    run: &RunRecord,
) -> Result<Option<Vec<(f64, RunRecord)>>, CandidateError> {
    let Some(file) = store.open_artifact(run.id, ENSEMBLE_FILE)? else { return Ok(None) };
    let broken = |what: String| CandidateError::Unfit {
        run: run.id.0,
        what: format!("has an '{ENSEMBLE_FILE}' that {what}"),
        mend: "make the ensemble again: derby ensemble SWEEP",
    };
    let file: EnsembleFile = match serde_json::from_reader(std::io::BufReader::new(file)) {
        Ok(file) => file,
        // A command may leave a file of that name behind: that run is a trial, and no ensemble.
        Err(_) if run.sweep.is_some() => return Ok(None),
        Err(error) => return Err(broken(format!("cannot be read: {error}"))),
    };
    if run.sweep.is_some() {
        return Ok(None);
    }
    if file.members.is_empty() {
        return Err(broken("names no member".into()));
    }
    let mut members = Vec::with_capacity(file.members.len());
    for member in file.members {
        members.push((member.weight, store.run(&member.run)?));
    }
    Ok(Some(members))
}
