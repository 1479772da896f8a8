//! A run's configuration fitted on the search rows and packed: the very object that a gate judges.

use super::{CandidateError, Ground, Recipe};
use crate::bundle::{
    Bundle, BundleMetrics, BundleParts, CommandParts, FitRequest, Measured, Member, Pipeline,
    Provenance, Score,
};
use crate::data;
use crate::domain::{KeptFile, RunRecord};
use crate::host;
use crate::spec::{DataSection, Work};
use crate::store::Store;
use crate::sweep::memory_mb;
use indexmap::IndexMap;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The store's folder of packed runs. All of it can be made again.
const FOLDER: &str = "bundles";
/// The record of a run's output among its artifacts.
const OUTPUT: &str = "output.log";
/// What stands for the artifacts of a run that left none.
const RUN_FILE: &str = "run.json";

/// Which rows a model is fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitRows {
    /// Those that the search saw.
    Search,
    /// All, the holdout's included: no gate can judge such a model on that holdout.
    All,
}

/// A packed run.
#[derive(Debug)]
pub struct Fitted {
    /// The bundle, in `folder`.
    pub bundle: Bundle,
    /// Where it lies.
    pub folder: PathBuf,
    /// The data that it was fitted on; none for a command without.
    pub ground: Option<Ground>,
}

impl Fitted {
    /// Fits and packs a run, or finds it packed.
    ///
    /// # Errors
    /// When the data is not that of the run, the fit fails, or the disk does.
    pub fn of(store: &Store, recipe: &Recipe, rows: FitRows) -> Result<Self, CandidateError> {
        let section = recipe.data_section();
        let ground = section.map(|section| recipe.ground(section)).transpose()?;
        let folder = place(store, &recipe.run, rows);
        if let Some(bundle) = packed(&folder, recipe) {
            return Ok(Self { bundle, folder, ground });
        }
        let bundle = match (&recipe.sweep.work, section, &ground) {
            (Work::Models(_), Some(section), Some(ground)) => fit(recipe, (section, ground), rows)?,
            (Work::Command(_), ..) => {
                let bundle = pack_command(store, recipe, ground.as_ref(), &folder)?;
                return Ok(Self { bundle, folder, ground });
            }
            _ => {
                let mend = "name a run of a model or a command";
                let what = match recipe.sweep.work {
                    Work::Elsewhere => "was told from elsewhere: its model is not here".into(),
                    _ => "is of a test function, which has no model".into(),
                };
                return Err(CandidateError::Unfit { run: recipe.run.id.0, what, mend });
            }
        };
        let bundle = written(bundle, &folder, recipe)?;
        Ok(Self { bundle, folder, ground })
    }
}

fn place(store: &Store, run: &RunRecord, rows: FitRows) -> PathBuf {
    let suffix = if rows == FitRows::All { "-all" } else { "" };
    store.path().join(FOLDER).join(format!("{}{suffix}", run.uuid))
}

/// The bundle that lies there, if it is sound and of this run: anything else is made again.
fn packed(folder: &Path, recipe: &Recipe) -> Option<Bundle> {
    let bundle = folder.exists().then(|| Bundle::read(folder).ok()).flatten()?;
    let measured = Bundle::read_measured(folder).ok()?;
    let is_its = measured.run.as_deref() == Some(&recipe.run.uuid)
        && bundle.manifest().name == recipe.row.model;
    is_its.then_some(bundle)
}

/// Writes a packed run, unless another process has packed the same meanwhile.
fn written(bundle: Bundle, folder: &Path, recipe: &Recipe) -> Result<Bundle, CandidateError> {
    match bundle.write(folder, &measured(&recipe.run)) {
        Ok(_) => Ok(bundle),
        Err(error) => {
            let there = packed(folder, recipe).filter(|there| there.digest() == bundle.digest());
            there.ok_or_else(|| error.into())
        }
    }
}

fn fit(
    recipe: &Recipe,
    (section, ground): (&DataSection, &Ground),
    rows: FitRows,
) -> Result<Bundle, CandidateError> {
    let all: Vec<usize>;
    let rows = match rows {
        FitRows::Search => &ground.split.search,
        FitRows::All => {
            all = (0..ground.data.labels.len()).collect();
            &all
        }
    };
    let pipeline = pipeline(recipe, (section, ground), rows)?;
    Ok(Bundle::build(BundleParts {
        name: &recipe.row.model,
        pipeline,
        data: &ground.data,
        options: &section.data,
        rows,
        objective: recipe.row.objectives[0].clone(),
        metrics: scores(&recipe.run),
        provenance: provenance(recipe, Some(section)),
        profiled: None,
    })?)
}

/// Fits a run's configuration, or those of an ensemble's members, on some rows.
pub(super) fn pipeline(
    recipe: &Recipe,
    (section, ground): (&DataSection, &Ground),
    rows: &[usize],
) -> Result<Pipeline, CandidateError> {
    let memory_mb = memory_mb(&recipe.sweep, 1);
    let never = AtomicBool::new(false);
    let mut members = Vec::with_capacity(recipe.members.len());
    for (weight, run) in &recipe.members {
        let family = run.params.get("model").map(ToString::to_string).unwrap_or_default();
        let member = Member::fit(&FitRequest {
            data: &ground.data,
            rows,
            choices: data::choices(&section.preprocess, &run.params),
            family: &family,
            params: &run.params,
            seed: recipe.seed_of(run),
            memory_mb,
            cancel: &never,
        })?;
        members.push((*weight, member));
    }
    Ok(Pipeline { members })
}

/// Scores over the folds. Those on the holdout are the gate's to tell: whoever packs a run has not asked it.
fn scores(run: &RunRecord) -> BundleMetrics {
    let cross_validation =
        run.metrics.iter().map(|(name, summary)| (name.clone(), Score::of_summary(summary)));
    BundleMetrics { cross_validation: cross_validation.collect(), ..BundleMetrics::default() }
}

fn provenance(recipe: &Recipe, section: Option<&DataSection>) -> Provenance {
    let run = &recipe.run;
    Provenance {
        sweep: Some(recipe.row.name.clone()),
        sweep_digest: Some(recipe.row.digest.clone()),
        sweep_file: Some(recipe.row.text.clone()),
        source: section.map(|section| section.data.source.shown.clone()),
        data_hash: run.data_hash.clone(),
        schema_hash: run.schema_hash.clone(),
        data_rows: run.rows,
        split: run.split.clone(),
        seed: Some(recipe.seed()),
        derby: run.version.clone(),
        licence: section.and_then(|section| section.license.clone()),
    }
}

/// What was measured while the run ran.
fn measured(run: &RunRecord) -> Measured {
    let times = ["fit_seconds", "predict_us"].into_iter();
    let values = times.filter_map(|name| Some((name.to_string(), run.metrics.get(name)?.score)));
    Measured {
        run: Some(run.uuid.clone()),
        git: run.git.clone(),
        values: values.collect(),
        host: Some(run.host.clone()),
        at: run.ended.map(host::clock::iso),
    }
}

/// Packs the files that a command left behind.
fn pack_command(
    store: &Store,
    recipe: &Recipe,
    ground: Option<&Ground>,
    folder: &Path,
) -> Result<Bundle, CandidateError> {
    let run = &recipe.run;
    // A name that no other process packs at.
    let spill = folder.with_extension(format!("artifacts-{}", std::process::id()));
    let kept = spill_artifacts(store, run, &spill);
    let packed = kept.and_then(|artifacts| {
        let classes = ground.map(|ground| ground.data.classes.clone()).unwrap_or_default();
        let bundle = Bundle::build_command(CommandParts {
            name: &recipe.row.model,
            artifacts: &artifacts,
            task: ground.map(|ground| ground.data.labels.task()),
            target: ground.map(|g| g.data.table.columns[g.data.target].name.clone()),
            positive: ground.and_then(|ground| ground.data.positive()).map(String::from),
            classes,
            objective: recipe.row.objectives[0].clone(),
            metrics: scores(run),
            provenance: provenance(recipe, recipe.data_section()),
        })?;
        written(bundle, folder, recipe)?;
        Ok(Bundle::read(folder)?)
    });
    fs::remove_dir_all(&spill).ok(); // copies
    packed
}

/// Copies a run's artifacts out of the store's objects, so that they can be packed as files.
fn spill_artifacts(
    store: &Store,
    run: &RunRecord,
    folder: &Path,
) -> Result<Vec<KeptFile>, CandidateError> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source: std::io::Error| CandidateError::File { path, source }
    };
    let mut kept = Vec::new();
    for artifact in store.artifacts(run.id)? {
        // What a script printed is no part of its model, and nobody looked through it for secrets.
        if artifact.path == OUTPUT {
            continue;
        }
        let Some(mut from) = store.open_artifact(run.id, &artifact.path)? else { continue };
        let file = folder.join(&artifact.path);
        let parent = file.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(io(parent))?;
        let mut to = fs::File::create(&file).map_err(io(&file))?;
        std::io::copy(&mut from, &mut to).map_err(io(&file))?;
        kept.push(KeptFile { name: artifact.path, file });
    }
    if kept.is_empty() {
        // It is judged by its scores alone, which are all there is to keep.
        fs::create_dir_all(folder).map_err(io(folder))?;
        let file = folder.join(RUN_FILE);
        let scores: IndexMap<&str, f64> =
            run.metrics.iter().map(|(name, summary)| (name.as_str(), summary.score)).collect();
        let text = json!({ "run": run.uuid, "params": run.params, "scores": scores });
        fs::write(&file, format!("{text:#}\n")).map_err(io(&file))?;
        kept.push(KeptFile { name: RUN_FILE.into(), file });
    }
    Ok(kept)
}
