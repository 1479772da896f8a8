//! What a sweep file may name: families with their parameters, metrics, samplers.

use crate::domain::Goal;
use crate::metrics;
use crate::sampler;
use crate::trainer::{self, ParamSpec};

/// One model family, as far as a sweep file is concerned.
#[derive(Debug, Clone, Copy)]
pub struct FamilyInfo {
    /// The name under `[models]`.
    pub name: &'static str,
    /// Its parameters, in the order in which runs list them.
    pub params: &'static [ParamSpec],
    /// Fits classes.
    pub classification: bool,
    /// Fits numbers.
    pub regression: bool,
}

/// Everything that names in a sweep file are checked against.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// In the order of help.
    pub families: Vec<FamilyInfo>,
    /// Names of metrics and the direction in which each gets better.
    pub metrics: Vec<(&'static str, Goal)>,
    /// Names of samplers.
    pub samplers: Vec<&'static str>,
}

impl Known {
    /// Everything that is built in.
    pub fn built_in() -> Self {
        Self::with_metrics(metrics::catalogue().iter().map(|info| (info.name, info.goal)))
    }

    /// The built-in families and samplers with these metrics.
    pub fn with_metrics(metrics: impl IntoIterator<Item = (&'static str, Goal)>) -> Self {
        let families = trainer::catalogue().iter().map(|family| {
            let capabilities = family.capabilities();
            FamilyInfo {
                name: family.name(),
                params: family.params(),
                classification: capabilities.classification,
                regression: capabilities.regression,
            }
        });
        Self {
            families: families.collect(),
            metrics: metrics.into_iter().collect(),
            samplers: sampler::names().to_vec(),
        }
    }

    /// True if a sampler makes anything of trials that it is told of.
    #[allow(clippy::unused_self, reason = "what is known of a sampler is asked here")]
    pub(super) fn learns(&self, name: &str) -> bool {
        sampler::learns(name)
    }

    /// The direction of a metric, if it is known.
    pub(super) fn goal(&self, metric: &str) -> Option<Goal> {
        self.metrics.iter().find(|(name, _)| *name == metric).map(|(_, goal)| *goal)
    }

    /// The names of all metrics.
    pub(super) fn metric_names(&self) -> Vec<&'static str> {
        self.metrics.iter().map(|(name, _)| *name).collect()
    }
}
