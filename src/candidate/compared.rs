//! The rows that a gate compares on: those of the holdout that neither model was trained on.

use super::predictions::{is_same, joined};
use super::voice::{self, Voice};
use super::{CandidateError, Ground, PREDICTIONS_FILE, PredictedRows, Rival};
use crate::bundle::{Bundle, Kind};
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
    /// Rows left out because a model was trained on them, or never said anything of them.
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

fn unfit(what: String) -> CandidateError {
    CandidateError::Predictions { what }
}

impl Match<'_> {
    /// Both on the holdout of derby's own split: a model is asked, a command has said what it says in its file. None
    /// where the challenger is a command that left no file.
    pub(super) fn on_data(
        &self,
        ground: &Ground,
        options: &DataOptions,
    ) -> Result<Option<Compared>, CandidateError> {
        let data = &ground.data;
        let holdout = &ground.split.holdout;
        let Some(own) = Voice::of_challenger(self.challenger, ground)? else { return Ok(None) };
        let rival = self.rival.map(|rival| Voice::of_rival(&rival.bundle, ground, options));
        let is_free = |row: usize| {
            own.is_free(data.row_keys[row], row)
                && rival.as_ref().is_none_or(|rival| {
                    rival.as_ref().map_or(true, |voice| voice.is_free(data.row_keys[row], row))
                })
        };
        let (mut rows, mut trained_on, mut retired) = (Vec::new(), 0, 0);
        for &row in holdout {
            if !is_free(row) {
                trained_on += 1;
            } else if self.retired.binary_search(&data.row_keys[row]).is_ok() {
                retired += 1;
            } else {
                rows.push(row);
            }
        }
        let challenger = own.say(ground, &rows)?;
        let champion = rival.map(|voice| {
            voice.and_then(|voice| voice.say(ground, &rows).map_err(|error| error.to_string()))
        });
        Ok(Some(Compared {
            keys: rows.iter().map(|&row| data.row_keys[row]).collect(),
            truth: data.labels.take(&rows),
            weights: data.weights.as_ref().map(|w| rows.iter().map(|&row| w[row]).collect()),
            challenger,
            champion,
            of: holdout.len(),
            trained_on,
            retired,
            rows,
        }))
    }

    /// Both by the files that their commands left behind, which say the truth as well. None where the challenger
    /// left no file.
    pub(super) fn on_files(&self, is_regression: bool) -> Result<Option<Compared>, CandidateError> {
        let Some(own) = voice::predicted(self.challenger)? else { return Ok(None) };
        let mut classes = (!is_regression).then(|| own.classes()).transpose().map_err(unfit)?;
        let key = |at: usize| Digest::of(own.ids[at].as_bytes()).to_u64();
        let rival = self.rival.map(|rival| OtherFile::of(rival, &own, &mut classes));
        let theirs = rival.as_ref().and_then(|rival| rival.as_ref().ok());
        let (mut rows, mut trained_on, mut retired) = (Vec::new(), 0, 0);
        for (at, id) in own.ids.iter().enumerate() {
            if theirs.is_some_and(|other| !other.places.contains_key(id)) {
                trained_on += 1;
            } else if self.retired.binary_search(&key(at)).is_ok() {
                retired += 1;
            } else {
                rows.push(at);
            }
        }
        let challenger = own.prediction(&rows, classes.as_deref()).map_err(unfit)?;
        let truth = own.labels(&rows, classes.as_deref()).map_err(unfit)?;
        let champion = rival.map(|rival| {
            let other = rival?;
            let at: Vec<usize> = rows.iter().map(|&at| other.places[&own.ids[at]]).collect();
            other.rows.prediction(&at, classes.as_deref())
        });
        Ok(Some(Compared {
            keys: rows.iter().map(|&at| key(at)).collect(),
            truth,
            weights: None,
            challenger,
            champion,
            of: own.ids.len(),
            trained_on,
            retired,
            rows,
        }))
    }
}

/// The champion's file of the challenger's rows.
struct OtherFile {
    rows: PredictedRows,
    places: BTreeMap<String, usize>,
}

impl OtherFile {
    /// The file, if it is of the same rows with the same truth; its classes are added to `classes`.
    fn of(
        rival: &Rival,
        own: &PredictedRows,
        classes: &mut Option<Vec<String>>,
    ) -> Result<Self, String> {
        const MEND: &str = "mend: give the challenger's sweep the same [data]";
        let bundle = &rival.bundle;
        if bundle.manifest().kind != Kind::Command {
            return Err(format!(
                "it is a model of derby's, which cannot be asked about rows that derby does not have; {MEND}"
            ));
        }
        if bundle.provenance().data_hash.is_some() {
            return Err(format!(
                "its predictions are of rows of [data], which the challenger's sweep does not have; {MEND}"
            ));
        }
        let Some(rows) = voice::predicted(bundle).map_err(|error| error.to_string())? else {
            return Err(voice::no_predictions());
        };
        if rows.truth.is_none() {
            return Err(format!(
                "its {PREDICTIONS_FILE} has no column 'truth', so nobody can tell whether it is of the same rows; \
                 mend: let its command write the truth, and gate against that run"
            ));
        }
        let places = rows.places().into_iter().map(|(id, at)| (id.to_string(), at)).collect();
        let other = Self { rows, places };
        other.check_rows(own)?;
        if let Some(classes) = classes {
            *classes = joined(classes, &other.rows.classes()?)?;
        }
        Ok(other)
    }

    /// Whoever writes the file chooses its rows: those that the champion was judged on must be there.
    fn check_rows(&self, own: &PredictedRows) -> Result<(), String> {
        let there = own.places();
        let mut lacking =
            self.rows.ids.iter().filter(|id| !there.contains_key(id.as_str())).peekable();
        if let Some(first) = lacking.peek() {
            let first = (*first).clone();
            return Err(format!(
                "the challenger's {PREDICTIONS_FILE} lacks {} of the {} rows in its own, '{first}' first, and who leaves \
                 rows out may choose them; mend: predict the same rows, or give [data], so that derby keeps them apart",
                lacking.count(),
                self.rows.ids.len()
            ));
        }
        let (Some(ours), Some(theirs)) = (&own.truth, &self.rows.truth) else { return Ok(()) };
        for (at, id) in own.ids.iter().enumerate() {
            let other = self.places.get(id).map(|&other| &theirs[other]);
            if other.is_some_and(|other| !is_same(&ours[at], other)) {
                return Err(format!(
                    "row '{id}' has another truth in its {PREDICTIONS_FILE}, so the two are not of the same data; \
                     mend: run its command on this data and gate against that run"
                ));
            }
        }
        Ok(())
    }
}
