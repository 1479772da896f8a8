//! What a run was made by: its sweep file as it was recorded, its parameters and its seed.

use super::{CandidateError, ensemble};
use crate::data::{self, Dataset, Split};
use crate::domain::{Digest, RunRecord, Status};
use crate::spec::{self, DataSection, Format, Known, Overrides, Sweep, Work};
use crate::store::{Store, SweepRow};
use std::path::{Path, PathBuf};

/// A run that can be made again.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The run.
    pub run: RunRecord,
    /// What it consists of: itself with weight 1, or the runs of an ensemble with their weights.
    pub members: Vec<(f64, RunRecord)>,
    /// Its sweep as the store has it.
    pub row: SweepRow,
    /// Its sweep file, checked again; paths lead from here to what they led to then.
    pub sweep: Sweep,
}

/// The data that a run was made on, read again and found to be the same.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The data.
    pub data: Dataset,
    /// Holdout and folds.
    pub split: Split,
}

impl Recipe {
    /// Finds what a run was made by.
    ///
    /// # Errors
    /// When the run is of no sweep or has no score, or what is recorded does not check.
    pub fn of(store: &Store, run: RunRecord) -> Result<Self, CandidateError> {
        let id = run.id.0;
        let members = match ensemble::members(store, &run)? {
            Some(members) => members,
            None => vec![(1.0, run.clone())],
        };
        let Some(sweep) = store.sweep_of(members[0].1.id)? else {
            let mend = "name a run of a sweep";
            return Err(CandidateError::Unfit { run: id, what: "is of no sweep".into(), mend });
        };
        if run.status != Status::Done {
            let reason = run.reason.as_deref().map(|text| format!(" ({text})")).unwrap_or_default();
            let what = format!("is {}{reason}", run.status.word());
            return Err(CandidateError::Unfit { run: id, what, mend: "name a run that is done" });
        }
        let row = store.sweep_by_id(sweep)?;
        let file = file_of(&row.file, store.path());
        let (overrides, known) = (Overrides::default(), Known::built_in());
        let sweep = spec::parse(&row.text, Format::Toml, &file, &overrides, &known)
            .map_err(|source| CandidateError::Spec { run: id, source })?;
        Ok(Self { run, members, row, sweep })
    }

    /// The data of a built-in model, or of a command that is handed its split.
    pub fn data_section(&self) -> Option<&DataSection> {
        match &self.sweep.work {
            Work::Models(section) => Some(section),
            Work::Command(section) => section.data.as_deref(),
            Work::Function(_) | Work::Elsewhere => None,
        }
    }

    /// Reads the data and cuts it.
    ///
    /// # Errors
    /// When it cannot be read, or is not the data of the run any more.
    pub fn ground(&self, section: &DataSection) -> Result<Ground, CandidateError> {
        let data = data::load(&section.data)?;
        let now = data.provenance.content;
        let recorded = self.run.data_hash.as_deref().and_then(Digest::parse);
        if let Some(recorded) = recorded.filter(|recorded| *recorded != now) {
            return Err(CandidateError::DataChanged {
                run: self.run.id.0,
                source_name: section.data.source.shown.clone(),
                recorded: recorded.short(),
                now: now.short(),
            });
        }
        let split = data::split(&data, &section.split)?;
        Ok(Ground { data, split })
    }

    /// The seed of its fits.
    pub fn seed(&self) -> u64 {
        self.seed_of(&self.run)
    }

    /// The seed of a member's fits.
    pub(super) fn seed_of(&self, run: &RunRecord) -> u64 {
        run.seed.map_or(self.sweep.search.seed, |seed| seed as u64)
    }
}

/// The sweep file where the user named it: from here, else from the folder that holds the store.
fn file_of(named: &str, store: &Path) -> PathBuf {
    let here = PathBuf::from(named);
    let folder =
        |path: &Path| path.parent().is_some_and(|p| p.as_os_str().is_empty() || p.exists());
    if here.exists() || here.is_absolute() {
        return here;
    }
    // Named from a folder below the project's: `../x.toml`.
    let named = named.trim_start_matches("../");
    let there = store.parent().map(|project| project.join(named));
    match there {
        Some(there) if there.exists() => there,
        Some(there) if !folder(&here) && folder(&there) => there,
        _ => here,
    }
}
