//! The newest recorded verdict on a run of a sweep, out of the ledger of the sweep's model.

use crate::champion::{self, Ledger, ModelName, Recorded, RunRef};
use crate::cli::registry::{Books, from_here};
use crate::cli::{CliError, Ui};
use crate::domain::{Digest, RunId, RunRecord};
use crate::report::{Candidate, Gate, HoldoutScore, LedgerHead};
use crate::store::{Store, StoreError, SweepRow};

/// The newest verdict on this run, or on any run of the sweep; none without a ledger or a verdict.
///
/// # Errors
/// When the ledger is not what it was, which no report passes over.
pub(in crate::cli) fn recorded(
    ui: &Ui,
    store: &Store,
    sweep: &SweepRow,
    run: Option<&RunRecord>,
) -> Result<Option<Gate>, CliError> {
    // A sweep whose model has no name for a ledger cannot have been judged.
    let Ok(model) = ModelName::parse(&sweep.model) else { return Ok(None) };
    let Some(ledger) = Books::new(ui)?.find(&model)? else { return Ok(None) };
    for entry in ledger.registry().gates().iter().rev() {
        let Some(asked) = &entry.what.run else { continue };
        let Some(number) = number(store, asked)? else { continue };
        let is_meant = match run {
            Some(run) => run.id == number,
            None => store.sweep_of(number)? == Some(sweep.id),
        };
        if is_meant {
            return of_entry(store, &ledger, entry).map(Some);
        }
    }
    Ok(None)
}

/// The verdict of an entry of the ledger, as a report has it.
fn of_entry(
    store: &Store,
    ledger: &Ledger,
    entry: &Recorded<champion::Gate>,
) -> Result<Gate, CliError> {
    let gate = &entry.what;
    let model = ledger.model().as_str();
    let registry = ledger.registry();
    let version = |number: Option<u64>| number.and_then(|number| registry.version(number).ok());
    let champion = match &gate.champion {
        Some(digest) => {
            let known = version(gate.champion_version);
            let run = known.and_then(|known| known.version.run.as_ref());
            Some(candidate(store, model, (digest, gate.champion_version, run))?)
        }
        None => None,
    };
    let scores = gate.verdict.comparison.iter().map(|compared| HoldoutScore {
        metric: compared.metric.clone(),
        goal: Some(compared.goal),
        challenger: compared.challenger,
        champion: Some(compared.champion),
    });
    Ok(Gate {
        model: model.into(),
        challenger: candidate(store, model, (&gate.challenger, gate.version, gate.run.as_ref()))?,
        champion,
        policy: gate.policy.clone(),
        policy_digest: gate.policy_hash.clone(),
        holdout_scores: scores.collect(),
        recorded: Some(entry.at.clone()),
        verdict: gate.verdict.clone(),
        ledger: Some(head(ledger)),
    })
}

/// The newest entry of a ledger.
pub(in crate::cli) fn head(ledger: &Ledger) -> LedgerHead {
    LedgerHead {
        file: from_here(&ledger.path()),
        head: ledger.head().hex(),
        entries: ledger.entries().len() as u64,
    }
}

type Known<'a> = (&'a str, Option<u64>, Option<&'a RunRef>);

fn candidate(
    store: &Store,
    model: &str,
    (digest, version, run): Known<'_>,
) -> Result<Candidate, CliError> {
    let here = run.map(|run| number(store, run)).transpose()?.flatten();
    let of_run = run.map(|run| match here {
        Some(number) => format!("run {number}"),
        None => format!("run {} of another store", run.number),
    });
    let label = match (version, of_run) {
        (Some(version), Some(run)) => format!("{model}/{version} ({run})"),
        (Some(version), None) => format!("{model}/{version}"),
        (None, Some(run)) => run,
        (None, None) => match Digest::parse(digest) {
            Some(digest) => format!("bundle {}", digest.short()),
            None => "a bundle".into(),
        },
    };
    Ok(Candidate { label, run: here, version, digest: Some(digest.into()) })
}

/// The number of a run in this store; none for a run of another.
fn number(store: &Store, run: &RunRef) -> Result<Option<RunId>, CliError> {
    match store.run_id(&run.uuid) {
        Ok(number) => Ok(Some(number)),
        Err(StoreError::NoSuchRun { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
