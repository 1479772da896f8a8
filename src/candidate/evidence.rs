//! Everything that a gate's verdict rests on, gathered from bundles, data and the store.

use super::compared::Match;
use super::slices::slices;
use super::speed::speed;
use super::{CandidateError, Compared, Fitted, Recipe, Rival, facts, second};
use crate::domain::Task;
use crate::gate::{
    self, Champion, Check, CheckStatus, Evidence, FoldPair, HoldoutUse, Measure, Policy,
    Replicates, Scored, SelectionBias, Slice, Units, Verdict,
};
use crate::metrics;
use crate::spec::Work;
use crate::store::Store;
use indexmap::IndexMap;

/// What is asked: may this run's model replace that one, by these rules?
pub struct Asked<'a> {
    /// The store of the run.
    pub store: &'a Store,
    /// The run.
    pub recipe: &'a Recipe,
    /// Its model.
    pub fitted: &'a Fitted,
    /// The rules.
    pub policy: &'a Policy,
    /// The model in use; none if there is none yet.
    pub rival: Option<&'a Rival>,
    /// Keys of rows that earlier periods of the holdout used up, ascending.
    pub retired: &'a [u64],
}

/// The evidence, owned.
#[derive(Debug)]
pub struct Gathered {
    /// The rows; none for a command that left no predictions behind.
    pub compared: Option<Compared>,
    facts: Vec<Check>,
    measures: IndexMap<String, Measure>,
    slices: Vec<Slice>,
    units: OwnUnits,
    folds: Option<FoldPair>,
    replicates: Option<Replicates>,
    selection: Option<SelectionBias>,
    has_rival: bool,
    /// Why there are no rows, where there are none.
    lack: &'static str,
}

#[derive(Debug)]
enum OwnUnits {
    Rows,
    Groups(Vec<u32>),
    Time(Vec<f64>),
}

/// Why there is nothing to compare where a command left no predictions behind.
const NO_PREDICTIONS: &str = "the challenger left no predictions.csv behind; mend: write row,prediction (and p_CLASS) of the holdout to DERBY_ARTIFACTS";
/// Why there are no slices of a command that was not given its data.
const NO_COLUMNS: &str = "derby does not have the columns to cut by; mend: give [data] in the sweep file, or leave 'slices' out of [gate]";
/// Why there is nothing to compare where there is nothing to predict.
const NO_HOLDOUT: &str =
    "the challenger's sweep keeps no holdout; mend: set [data] holdout = 0.2 and sweep again";

impl Gathered {
    /// Gathers all of it.
    ///
    /// # Errors
    /// When a model cannot predict the holdout, or the store or a file cannot be read.
    pub fn of(asked: &Asked<'_>) -> Result<Self, CandidateError> {
        let Asked { store, recipe, fitted, policy, rival, retired } = *asked;
        let compared = compared(recipe, fitted, policy, rival, retired)?;
        let mut facts = facts::facts(recipe, fitted, policy, rival)?;
        let lack = if has_no_holdout(fitted) { NO_HOLDOUT } else { NO_PREDICTIONS };
        let (slices, lacking) = match (&policy.slices, &fitted.ground, &compared) {
            (None, ..) => (Vec::new(), Vec::new()),
            (Some(rule), Some(ground), Some(compared)) => {
                slices(&ground.data.table, &compared.rows, rule)
            }
            (Some(_), Some(_), None) => (Vec::new(), vec![unsliced(lack)]),
            (Some(_), None, _) => (Vec::new(), vec![unsliced(NO_COLUMNS)]),
        };
        facts.extend(lacking);
        Ok(Self {
            measures: measures(asked, compared.as_ref()),
            units: units(fitted, compared.as_ref()),
            folds: second::folds(store, recipe, rival, &policy.objective.metric)?,
            replicates: second::replicates(store, recipe, rival, &policy.objective.metric)?,
            selection: second::selection(store, recipe, fitted)?,
            has_rival: rival.is_some(),
            lack,
            compared,
            facts,
            slices,
        })
    }

    /// The verdict, with what is left of alpha.
    pub fn judge(&self, policy: &Policy, alpha: f64, holdout: Option<HoldoutUse>) -> Verdict {
        let champion = match (&self.compared, self.has_rival) {
            (_, false) => Champion::None,
            (None, true) => Champion::Unscored(self.lack),
            (Some(compared), true) => match &compared.champion {
                Some(Ok(prediction)) => Champion::Scored(prediction),
                Some(Err(why)) => Champion::Unscored(why),
                None => Champion::None,
            },
        };
        let rows = self.compared.as_ref().map(|compared| Scored {
            weights: compared.weights.as_deref(),
            units: match &self.units {
                OwnUnits::Rows => Units::Rows,
                OwnUnits::Groups(codes) => Units::Groups(codes),
                OwnUnits::Time(times) => Units::Time(times),
            },
            slices: self.slices.clone(),
            ..Scored::new(&compared.truth, &compared.challenger)
        });
        let evidence = Evidence {
            facts: self.facts.clone(),
            measures: self.measures.clone(),
            alpha,
            holdout,
            selection: self.selection.clone(),
            folds: self.folds.clone(),
            replicates: self.replicates.clone(),
            ..Evidence::new(policy, rows, champion)
        };
        gate::judge(policy, &evidence)
    }
}

fn compared(
    recipe: &Recipe,
    fitted: &Fitted,
    policy: &Policy,
    rival: Option<&Rival>,
    retired: &[u64],
) -> Result<Option<Compared>, CandidateError> {
    let matched = Match { challenger: &fitted.bundle, rival, retired };
    match (&fitted.ground, recipe.data_section()) {
        (Some(ground), Some(section)) if !ground.split.holdout.is_empty() => {
            matched.on_data(ground, &section.data)
        }
        (Some(_), _) => match recipe.sweep.work {
            // What its runs say of themselves can be held against thresholds.
            Work::Command(_) => Ok(None),
            _ => Err(CandidateError::Unfit {
                run: recipe.run.id.0,
                what: "is of a sweep without a holdout, on which a gate judges".into(),
                mend: "set [data] holdout = 0.2 and sweep again",
            }),
        },
        (None, _) => {
            let info = metrics::info(&policy.objective.metric);
            matched.on_files(info.is_some_and(|info| info.fits(Task::Regression)))
        }
    }
}

fn has_no_holdout(fitted: &Fitted) -> bool {
    fitted.ground.as_ref().is_some_and(|ground| ground.split.holdout.is_empty())
}

/// A rule about slices that cannot be looked at: it must not pass in silence.
fn unsliced(why: &str) -> Check {
    Check {
        id: "slices".into(),
        name: "no slice is worse".into(),
        status: CheckStatus::Hold,
        value: None,
        threshold: None,
        detail: why.into(),
    }
}

fn units(fitted: &Fitted, compared: Option<&Compared>) -> OwnUnits {
    let (Some(ground), Some(compared)) = (&fitted.ground, compared) else { return OwnUnits::Rows };
    let rows = || compared.rows.iter();
    if let Some(groups) = &ground.data.groups {
        OwnUnits::Groups(rows().map(|&row| groups[row]).collect())
    } else if let Some(time) = &ground.data.time {
        OwnUnits::Time(rows().map(|&row| time[row]).collect())
    } else {
        OwnUnits::Rows
    }
}

/// Numbers that requirements may name beside scores.
fn measures(asked: &Asked<'_>, compared: Option<&Compared>) -> IndexMap<String, Measure> {
    let mut found: IndexMap<String, Measure> = IndexMap::new();
    for (name, summary) in &asked.recipe.run.metrics {
        let is_score = metrics::info(name).is_some_and(|info| !info.measured);
        let is_command = matches!(asked.recipe.sweep.work, Work::Command(_));
        if !is_score || (is_command && compared.is_none()) {
            found.insert(name.clone(), Measure { challenger: summary.score, champion: None });
        }
    }
    let rival = asked.rival.map(|rival| &rival.bundle);
    let bytes = |bundle: &crate::bundle::Bundle| bundle.n_bytes() as f64;
    let size = Measure { challenger: bytes(&asked.fitted.bundle), champion: rival.map(bytes) };
    found.insert("bundle_bytes".into(), size);
    let (Some(ground), Some(compared)) = (&asked.fitted.ground, compared) else { return found };
    let needs_time = |requirement: &gate::Requirement| requirement.metric.starts_with("predict_");
    if !asked.policy.require.iter().any(needs_time) {
        return found;
    }
    let own = speed(&asked.fitted.bundle, &ground.data.table, &compared.rows);
    let theirs = rival.and_then(|rival| speed(rival, &ground.data.table, &compared.rows));
    for (name, of) in [("predict_us", 0), ("predict_p95_us", 1)] {
        if let Some(own) = own {
            let champion = theirs.map(|theirs| theirs[of]);
            found.insert(name.into(), Measure { challenger: own[of], champion });
        }
    }
    found
}
