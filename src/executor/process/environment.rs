//! The variables that a run's process finds.

use super::folders::RunFolder;
use crate::executor::Assignment;
use crate::spec;
use std::ffi::OsString;
use std::path::Path;

/// What thread pools ask for their size.
const THREADS: [&str; 11] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "JULIA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
];
const UNBUFFERED: &str = "PYTHONUNBUFFERED";
/// What a run has that is started from inside another run, and must not take for its own.
const PARAM_PREFIX: &str = "DERBY_PARAM_";

/// What the variables of a run are made from.
pub(super) struct Surroundings<'a> {
    /// The run.
    pub(super) assignment: &'a Assignment,
    /// Its places.
    pub(super) folder: &'a RunFolder,
    /// The store.
    pub(super) store: &'a Path,
    /// The marker of this derby process.
    pub(super) owner: &'a str,
    /// Marks this run's processes.
    pub(super) run_key: &'a str,
    /// Cores of the run.
    pub(super) cpus: usize,
    /// `CUDA_VISIBLE_DEVICES` of its slot.
    pub(super) gpus: Option<&'a str>,
    /// `[command] env`, filled in.
    pub(super) own: &'a [(String, String)],
    /// Data and split.
    pub(super) handed: &'a [super::HandedFile],
}

/// The search path with derby's own folder behind it, so that `derby log` is found wherever derby lies.
fn with_derby(path: Option<OsString>) -> Option<OsString> {
    let program = std::env::current_exe().ok()?;
    let mut path = path.unwrap_or_default();
    if !path.is_empty() {
        path.push(":");
    }
    path.push(program.parent()?);
    Some(path)
}

/// Changes to derby's own environment: a later one wins, and none takes a variable away.
pub(super) fn changes(given: &Surroundings<'_>) -> Vec<(OsString, Option<OsString>)> {
    let mut changes: Vec<(OsString, Option<OsString>)> = Vec::with_capacity(40);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(PARAM_PREFIX.as_bytes()) {
            changes.push((name, None));
        }
    }
    let mut set = |name: &str, value: &dyn AsRef<std::ffi::OsStr>| {
        changes.push((name.into(), Some(value.as_ref().to_owned())));
    };
    let cpus = given.cpus.max(1).to_string();
    for name in THREADS {
        set(name, &cpus);
    }
    if std::env::var_os(UNBUFFERED).is_none() {
        set(UNBUFFERED, &"1");
    }
    if let Some(gpus) = given.gpus {
        set("CUDA_VISIBLE_DEVICES", &gpus);
        // Ids count as nvidia-smi counts; CUDA's own order may be another.
        set("CUDA_DEVICE_ORDER", &"PCI_BUS_ID");
    }
    if let Some(path) = with_derby(std::env::var_os("PATH")) {
        set("PATH", &path);
    }
    for (name, value) in given.own {
        set(name, value);
    }
    let (assignment, folder) = (given.assignment, given.folder);
    for (name, value) in assignment.params.iter() {
        set(&spec::variable_name(name), &value.to_string());
    }
    set("DERBY_PARAMS", &folder.params);
    set("DERBY_RUN", &assignment.run.to_string());
    set("DERBY_TRIAL", &assignment.trial.to_string());
    set("DERBY_ATTEMPT", &assignment.attempt.to_string());
    set("DERBY_REPLICATE", &assignment.replicate.to_string());
    set("DERBY_SEED", &assignment.seed.to_string());
    set("DERBY_RUN_DIR", &folder.path);
    set("DERBY_ARTIFACTS", &folder.artifacts);
    set("DERBY_CHECKPOINT", &folder.checkpoint);
    set("DERBY_METRICS", &folder.metrics);
    set("DERBY_STORE", &given.store);
    set("DERBY_OWNER", &given.owner);
    set("DERBY_RUN_KEY", &given.run_key);
    for file in given.handed {
        set(file.variable, &file.path);
    }
    changes
}
