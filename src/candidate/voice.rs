//! What a model says of rows of derby's data: asked now, or said before in `predictions.csv`.

use super::{CandidateError, Ground, PREDICTIONS_FILE, PredictedRows};
use crate::bundle::{Bundle, KeyKind, Kind};
use crate::data::{self, DataOptions};
use crate::domain::Prediction;
use crate::spec::{self, Format, Known, Overrides, Work};
use std::collections::BTreeMap;
use std::path::Path;

/// Whom a gate listens to.
pub(super) enum Voice<'a> {
    /// A model of derby's, which can be asked about any row.
    Model(&'a Bundle),
    /// A command, which has said what it says of its holdout.
    File {
        /// Its file.
        rows: PredictedRows,
        /// Where in it a row of the data stands; rows of its own holdout alone.
        places: BTreeMap<usize, usize>,
    },
}

impl<'a> Voice<'a> {
    /// The challenger, whose holdout is the ground's. None for a command that left no file behind.
    pub(super) fn of_challenger(
        bundle: &'a Bundle,
        ground: &Ground,
    ) -> Result<Option<Self>, CandidateError> {
        if bundle.manifest().kind != Kind::Command {
            return Ok(Some(Self::Model(bundle)));
        }
        let Some(rows) = predicted(bundle)? else { return Ok(None) };
        let holdout = &ground.split.holdout;
        let places = places(&rows, holdout);
        let mut lacking = holdout.iter().filter(|row| !places.contains_key(row)).peekable();
        if let Some(first) = lacking.peek() {
            let first = first.to_string();
            return Err(CandidateError::Predictions {
                what: format!(
                    "{PREDICTIONS_FILE} lacks {} of {} holdout rows, '{first}' first; \
                     mend: predict every row that DERBY_SPLIT calls holdout, and name it by its number there",
                    lacking.count(),
                    holdout.len()
                ),
            });
        }
        Ok(Some(Self::File { rows, places }))
    }

    /// The champion, or why it cannot be compared with.
    pub(super) fn of_rival(
        bundle: &'a Bundle,
        ground: &Ground,
        options: &DataOptions,
    ) -> Result<Self, String> {
        if bundle.manifest().kind != Kind::Command {
            return match stranger(bundle, &KeyKind::of(&ground.data, options)) {
                Some(why) => Err(why),
                None => Ok(Self::Model(bundle)),
            };
        }
        let Some(rows) = predicted(bundle).map_err(|error| error.to_string())? else {
            return Err(no_predictions());
        };
        let places = places(&rows, &holdout_of(bundle, ground)?);
        Ok(Self::File { rows, places })
    }

    /// True if it was not trained on the row, and has something to say of it.
    pub(super) fn is_free(&self, key: u64, row: usize) -> bool {
        match self {
            Self::Model(bundle) => bundle.trained_on().binary_search(&key).is_err(),
            Self::File { places, .. } => places.contains_key(&row),
        }
    }

    /// What it says of free rows.
    pub(super) fn say(
        &self,
        ground: &Ground,
        rows: &[usize],
    ) -> Result<Prediction, CandidateError> {
        let classes = &ground.data.classes;
        match self {
            Self::Model(bundle) => Ok(bundle.predict_as(&ground.data.table, rows, classes)?),
            Self::File { rows: file, places } => {
                let at: Vec<usize> = rows.iter().map(|row| places[row]).collect();
                let classes = (!classes.is_empty()).then_some(&classes[..]);
                file.prediction(&at, classes).map_err(|what| CandidateError::Predictions { what })
            }
        }
    }
}

/// `predictions.csv` of a command's bundle.
pub(super) fn predicted(bundle: &Bundle) -> Result<Option<PredictedRows>, CandidateError> {
    if bundle.manifest().kind != Kind::Command {
        return Ok(None);
    }
    let Some(bytes) = bundle.artifact(PREDICTIONS_FILE)? else { return Ok(None) };
    let rows = PredictedRows::parse(&bytes, PREDICTIONS_FILE);
    rows.map(Some).map_err(|what| CandidateError::Predictions { what })
}

/// Why a champion without a file cannot be compared with.
pub(super) fn no_predictions() -> String {
    format!(
        "it left no {PREDICTIONS_FILE} behind; mend: let its command write one, and gate against that run"
    )
}

/// Where rows stand in a file.
fn places(file: &PredictedRows, rows: &[usize]) -> BTreeMap<usize, usize> {
    let named = file.places();
    let place = |&row: &usize| Some((row, *named.get(row.to_string().as_str())?));
    rows.iter().filter_map(place).collect()
}

/// The rows that a command's model was not trained on: its own holdout, cut again from the same data.
fn holdout_of(bundle: &Bundle, ground: &Ground) -> Result<Vec<usize>, String> {
    let from = bundle.provenance();
    // Numbers of rows mean the same rows only in the same data.
    if from.data_hash.as_deref() != Some(&*ground.data.provenance.content.hex()) {
        return Err("its predictions are of other data, and a command cannot be asked again; \
                    mend: run its command on this data and gate against that run"
            .into());
    }
    if from.split.as_deref() == Some(&*ground.split.digest.hex()) {
        return Ok(ground.split.holdout.clone());
    }
    let cut = from.sweep_file.as_deref().and_then(|text| {
        let (overrides, known) = (Overrides::default(), Known::built_in());
        let file = Path::new("sweep.toml");
        let sweep = spec::parse(text, Format::Toml, file, &overrides, &known).ok()?;
        let Work::Command(section) = sweep.work else { return None };
        data::split(&ground.data, &section.data?.split).ok()
    });
    match cut.filter(|cut| from.split.as_deref() == Some(&*cut.digest.hex())) {
        Some(cut) => Ok(cut.holdout),
        None => {
            Err("it was trained on another split, of which nobody can tell the rows any more; \
                     mend: run its command on this split and gate against that run"
                .into())
        }
    }
}

/// Why the rows that a bundle was trained on cannot be told by these keys.
fn stranger(bundle: &Bundle, kind: &KeyKind) -> Option<String> {
    let own = bundle.key_kind().filter(|own| *own != kind)?;
    Some(format!(
        "its rows are known by {}, these by {}, so nobody can tell which of them it was trained on; \
         mend: name an id column as [data] id, and promote once by rule = \"absolute\"",
        keys_text(own),
        keys_text(kind)
    ))
}

fn keys_text(kind: &KeyKind) -> String {
    match kind {
        KeyKind::Id { column } => format!("the id column '{column}'"),
        KeyKind::Content { columns } => format!("the content of {} columns", columns.len()),
    }
}
