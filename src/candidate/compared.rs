//! The rows that a gate compares on: those of the holdout that neither model was trained on.

use super::{CandidateError, Ground, PREDICTIONS_FILE, PredictedRows, Rival};
use crate::bundle::{Bundle, KeyKind, Kind};
use crate::champion;
use crate::data::DataOptions;
use crate::domain::{Digest, Labels, Prediction};
use std::collections::BTreeMap;

/// Rows with what both models say of them.
#[derive(Debug)]
pub struct Compared {
    /// Rows of the data, ascending; places in the challenger's file where there is no data.
    pub rows: Vec<usize>,
    /// One key a row, in the same order.
    pub keys: Vec<u64>,
    /// The truth.
    pub truth: Labels,
    /// Row weights.
    pub weights: Option<Vec<f64>>,
    /// What the challenger says.
    pub challenger: Prediction,
    /// What the champion says, or why nothing can be said of it; none without a champion.
    pub champion: Option<Result<Prediction, String>>,
    /// Rows of the holdout.
    pub of: usize,
    /// Rows left out because a model was trained on them.
    pub trained_on: usize,
    /// Rows left out because an earlier period had used them up.
    pub retired: usize,
}

impl Compared {
    /// Identity of the rows.
    pub fn digest(&self) -> Digest {
        champion::rows_digest(&self.sorted_keys())
    }

    /// The keys, ascending, each once.
    pub fn sorted_keys(&self) -> Vec<u64> {
        let mut keys = self.keys.clone();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// What is compared, before anything is predicted.
pub(super) struct Match<'a> {
    pub(super) challenger: &'a Bundle,
    pub(super) rival: Option<&'a Rival>,
    /// Keys of rows that earlier periods used up, ascending.
    pub(super) retired: &'a [u64],
}

impl Match<'_> {
    /// Predicts the holdout by both models.
    pub(super) fn of_models(
        &self,
        ground: &Ground,
        options: &DataOptions,
    ) -> Result<Compared, CandidateError> {
        let data = &ground.data;
        let kind = KeyKind::of(data, options);
        let rival = self.rival.map(|rival| &rival.bundle);
        let strange = rival.and_then(|rival| stranger(rival, &kind));
        let trained: &[u64] = match rival {
            Some(rival) if strange.is_none() => rival.trained_on(),
            _ => &[],
        };
        let has = |keys: &[u64], row: usize| keys.binary_search(&data.row_keys[row]).is_ok();
        let holdout = &ground.split.holdout;
        let (mut rows, mut trained_on, mut retired) = (Vec::new(), 0, 0);
        for &row in holdout {
            if has(self.challenger.trained_on(), row) || has(trained, row) {
                trained_on += 1;
            } else if has(self.retired, row) {
                retired += 1;
            } else {
                rows.push(row);
            }
        }
        let champion = rival.map(|rival| match strange {
            Some(why) => Err(why),
            None => rival
                .predict_as(&data.table, &rows, &data.classes)
                .map_err(|error| error.to_string()),
        });
        let challenger = self.challenger.predict_as(&data.table, &rows, &data.classes)?;
        Ok(Compared {
            keys: rows.iter().map(|&row| data.row_keys[row]).collect(),
            truth: data.labels.take(&rows),
            weights: data.weights.as_ref().map(|w| rows.iter().map(|&row| w[row]).collect()),
            challenger,
            champion,
            of: holdout.len(),
            trained_on,
            retired,
            rows,
        })
    }

    /// Takes both models' predictions from the files that their commands left behind; none where the challenger
    /// left none. Without data of derby's, the file says the truth.
    pub(super) fn of_commands(
        &self,
        ground: Option<&Ground>,
        is_regression: bool,
    ) -> Result<Option<Compared>, CandidateError> {
        let Some(own) = predicted(self.challenger)? else { return Ok(None) };
        let unfit = |what: String| CandidateError::Predictions { what };
        let classes = match ground {
            Some(ground) if ground.data.classes.is_empty() => None,
            Some(ground) => Some(ground.data.classes.clone()),
            None if is_regression => None,
            None => Some(own.classes()),
        };
        let mut places = chosen(&own, ground).map_err(unfit)?;
        let of = places.len();
        let key = |id: &str, row: Option<usize>| match (ground, row) {
            (Some(ground), Some(row)) => ground.data.row_keys[row],
            _ => Digest::of(id.as_bytes()).to_u64(),
        };
        places.retain(|(at, row)| self.retired.binary_search(&key(&own.ids[*at], *row)).is_err());
        let retired = of - places.len();
        let champion =
            self.rival.map(|rival| of_rival(rival, ground, &own, &places, classes.as_deref()));
        // Only rows that both predict can be compared.
        let (champion, kept) = match champion {
            Some(Ok((prediction, kept))) => (Some(Ok(prediction)), kept),
            Some(Err(why)) => (Some(Err(why)), places.clone()),
            None => (None, places.clone()),
        };
        let at: Vec<usize> = kept.iter().map(|(at, _)| *at).collect();
        let data_rows: Vec<usize> = kept.iter().filter_map(|(_, row)| *row).collect();
        let truth = match ground {
            Some(ground) => ground.data.labels.take(&data_rows),
            None => own.labels(&at, classes.as_deref()).map_err(unfit)?,
        };
        let weights = ground.and_then(|ground| ground.data.weights.as_ref());
        Ok(Some(Compared {
            keys: kept.iter().map(|(at, row)| key(&own.ids[*at], *row)).collect(),
            truth,
            weights: weights.map(|w| data_rows.iter().map(|&row| w[row]).collect()),
            challenger: own.prediction(&at, classes.as_deref()).map_err(unfit)?,
            champion,
            of,
            trained_on: places.len() - kept.len(),
            retired,
            rows: if ground.is_some() { data_rows } else { at },
        }))
    }
}

/// Why the rows that a bundle was trained on cannot be told by these keys.
fn stranger(bundle: &Bundle, kind: &KeyKind) -> Option<String> {
    match bundle.key_kind() {
        Some(own) if own == kind => None,
        Some(own) => Some(format!(
            "its rows are known by {}, these by {}, so nobody can tell which of them it was trained on; \
             mend: name an id column as [data] id, and promote once by rule = \"absolute\"",
            keys_text(own),
            keys_text(kind)
        )),
        None => Some(
            "it is a command's and cannot predict; mend: gate a command against a command".into(),
        ),
    }
}

fn keys_text(kind: &KeyKind) -> String {
    match kind {
        KeyKind::Id { column } => format!("the id column '{column}'"),
        KeyKind::Content { columns } => format!("the content of {} columns", columns.len()),
    }
}

/// `predictions.csv` of a command's bundle.
fn predicted(bundle: &Bundle) -> Result<Option<PredictedRows>, CandidateError> {
    if bundle.manifest().kind != Kind::Command {
        return Ok(None);
    }
    let Some(bytes) = bundle.artifact(PREDICTIONS_FILE)? else { return Ok(None) };
    let rows = PredictedRows::parse(&bytes, PREDICTIONS_FILE);
    rows.map(Some).map_err(|what| CandidateError::Predictions { what })
}

/// A place in a file of predictions, and the row of the data.
type Chosen = (usize, Option<usize>);

/// The places that count: with data, all rows of the holdout; without, all of the file.
fn chosen(own: &PredictedRows, ground: Option<&Ground>) -> Result<Vec<Chosen>, String> {
    let Some(ground) = ground else { return Ok((0..own.ids.len()).map(|at| (at, None)).collect()) };
    let places = own.places();
    let mut found = Vec::with_capacity(ground.split.holdout.len());
    let mut lacking = Vec::new();
    for &row in &ground.split.holdout {
        match places.get(row.to_string().as_str()) {
            Some(&at) => found.push((at, Some(row))),
            None => lacking.push(row),
        }
    }
    match lacking.first() {
        None => Ok(found),
        Some(first) => Err(format!(
            "{PREDICTIONS_FILE} lacks {} of {} holdout rows, '{first}' first; \
             mend: predict every row that DERBY_SPLIT calls holdout",
            lacking.len(),
            ground.split.holdout.len()
        )),
    }
}

/// What the champion's file says of the same rows.
fn of_rival(
    rival: &Rival,
    ground: Option<&Ground>,
    own: &PredictedRows,
    places: &[Chosen],
    classes: Option<&[String]>,
) -> Result<(Prediction, Vec<Chosen>), String> {
    let theirs = predicted(&rival.bundle).map_err(|error| error.to_string())?;
    let Some(theirs) = theirs else {
        return Err(format!("it has no {PREDICTIONS_FILE} and cannot be compared"));
    };
    // Numbers of rows mean the same rows only in the same data.
    if let Some(ground) = ground {
        let hash = ground.data.provenance.content.hex();
        if rival.bundle.provenance().data_hash.as_deref() != Some(&hash) {
            return Err("its predictions are of other data; mend: run its command on this data and gate against that run".into());
        }
    }
    let there: BTreeMap<&str, usize> = theirs.places();
    let both: Vec<(Chosen, usize)> = places
        .iter()
        .filter_map(|chosen| Some((*chosen, *there.get(own.ids[chosen.0].as_str())?)))
        .collect();
    if let (None, Some(a), Some(b)) = (ground, &own.truth, &theirs.truth)
        && let Some(((at, _), _)) = both.iter().find(|((at, _), other)| a[*at] != b[*other])
    {
        return Err(format!("row '{}' has another truth in its {PREDICTIONS_FILE}", own.ids[*at]));
    }
    let at: Vec<usize> = both.iter().map(|(_, other)| *other).collect();
    let prediction = theirs.prediction(&at, classes)?;
    Ok((prediction, both.into_iter().map(|(chosen, _)| chosen).collect()))
}
