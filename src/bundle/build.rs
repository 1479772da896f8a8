//! Packs a fitted pipeline.

use super::content::Packed;
use super::manifest::{self, json_bytes};
use super::{
    Bundle, BundleError, BundleMetrics, FORMAT, KeyKind, Kind, Manifest, Model, Pipeline, Profile,
    ProfileOf, Provenance, Trained, VERSION, card, golden, keys,
};
use crate::data::{DataOptions, Dataset, Schema};
use crate::domain::{Objective, Prediction};

/// What goes into a bundle of a model.
#[derive(Debug)]
pub struct BundleParts<'a> {
    /// The registered model.
    pub name: &'a str,
    /// Fitted on `rows` of `data`.
    pub pipeline: Pipeline,
    /// The data.
    pub data: &'a Dataset,
    /// How it was read.
    pub options: &'a DataOptions,
    /// The rows of the fit.
    pub rows: &'a [usize],
    /// What the sweep aimed at.
    pub objective: Objective,
    /// Scores by how they were made.
    pub metrics: BundleMetrics,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Predictions on rows that the predicting model did not see, for the profile; without them the pipeline predicts
    /// its own training rows.
    pub profiled: Option<Profiled<'a>>,
}

/// Predictions for the profile.
#[derive(Debug, Clone, Copy)]
pub struct Profiled<'a> {
    /// Whose they are.
    pub of: ProfileOf,
    /// In the codes of the data's classes.
    pub prediction: &'a Prediction,
}

impl Bundle {
    /// Packs a pipeline in memory.
    ///
    /// # Errors
    /// When the pipeline is empty, or does not predict the rows that it was fitted on.
    pub fn build(parts: BundleParts<'_>) -> Result<Self, BundleError> {
        let BundleParts { name, pipeline, data, options, rows, objective, .. } = parts;
        pipeline.check()?;
        let sources = pipeline.sources();
        let read: Vec<usize> = (0..data.table.columns.len())
            .filter(|&idx| sources.contains(&data.table.columns[idx].name.as_str()))
            .collect();
        let schema = Schema::of(&data.table, &read, rows, &options.source);
        let golden = golden::make(data, rows, &pipeline, &schema)?;
        let own;
        let profiled = if let Some(Profiled { of, prediction }) = parts.profiled {
            (of, prediction)
        } else {
            own = pipeline.predict(&data.table, rows)?;
            (ProfileOf::Training, &own)
        };
        let profile = Profile::of((data, rows), &pipeline, profiled);
        let trained_on = keys::sorted(data, rows);
        let kind = if pipeline.is_ensemble() { Kind::Ensemble } else { Kind::Model };
        let names = Manifest {
            format: FORMAT.into(),
            version: VERSION,
            kind,
            derby: env!("CARGO_PKG_VERSION").into(),
            name: name.into(),
            task: Some(data.labels.task()),
            target: Some(data.table.columns[data.target].name.clone()),
            classes: data.classes.clone(),
            positive: data.positive().map(String::from),
            objective,
            trained: Some(Trained { rows: rows.len() as u64, keys: KeyKind::of(data, options) }),
            files: Vec::new(),
        };
        let model = Model { pipeline, schema, profile, golden, trained_on };
        let files = model_files(&model);
        let facts = (parts.metrics.without_times(), parts.provenance.portable());
        Ok(Self::seal(names, Some(model), facts, files))
    }

    /// Adds what every bundle has, and the hashes.
    pub(super) fn seal(
        mut names: Manifest,
        model: Option<Model>,
        (metrics, provenance): (BundleMetrics, Provenance),
        mut files: Vec<Packed>,
    ) -> Self {
        files.push(Packed::bytes(manifest::METRICS, json_bytes(&metrics)));
        files.push(Packed::bytes(manifest::PROVENANCE, json_bytes(&provenance)));
        let card = card::text(&names, model.as_ref(), &metrics, &provenance);
        files.push(Packed::bytes(manifest::CARD, card.into_bytes()));
        files.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
        names.files = files.iter().map(|file| file.entry.clone()).collect();
        let digest = names.digest();
        Self { manifest: names, digest, model, metrics, provenance, files }
    }
}

fn model_files(model: &Model) -> Vec<Packed> {
    vec![
        Packed::bytes(manifest::PIPELINE, json_bytes(&model.pipeline)),
        Packed::bytes(manifest::SCHEMA, json_bytes(&model.schema)),
        Packed::bytes(manifest::PROFILE, json_bytes(&model.profile)),
        Packed::bytes(manifest::GOLDEN, golden::to_bytes(&model.golden)),
        Packed::bytes(manifest::ROWS, keys::to_bytes(&model.trained_on)),
    ]
}
