//! What a sweep file can say about pruning.

use super::asha::Asha;
use super::hyperband::Hyperband;
use super::patience::Patience;
use super::percentile::Percentile;
use super::race::Race;
use super::rule::Rule;
use super::wilcoxon::Wilcoxon;
use super::{
    AshaOptions, HyperbandOptions, MedianOptions, PatienceOptions, PercentileOptions, RaceOptions,
    ThresholdOptions, WilcoxonOptions,
};
use crate::domain::{DigestBuilder, Goal};

/// A rule and its options, checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// Best value against the median of completed trials.
    Median(MedianOptions),
    /// Best value against a percentile of completed trials.
    Percentile(PercentileOptions),
    /// Asynchronous successive halving.
    Asha(AshaOptions),
    /// Successive halving in brackets.
    Hyperband(HyperbandOptions),
    /// Bounds.
    Threshold(ThresholdOptions),
    /// No improvement for a while.
    Patience(PatienceOptions),
    /// Signed-rank test against the best trial.
    Wilcoxon(WilcoxonOptions),
    /// A t-test of folds against the best trial.
    Race(RaceOptions),
}

impl Default for Setting {
    fn default() -> Self {
        Self::Asha(AshaOptions::default())
    }
}

impl Setting {
    /// The words of the sweep file.
    pub fn words() -> &'static [&'static str] {
        &["median", "percentile", "asha", "hyperband", "threshold", "patience", "wilcoxon", "race"]
    }

    /// The word of the sweep file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Median(_) => "median",
            Self::Percentile(_) => "percentile",
            Self::Asha(_) => "asha",
            Self::Hyperband(_) => "hyperband",
            Self::Threshold(_) => "threshold",
            Self::Patience(_) => "patience",
            Self::Wilcoxon(_) => "wilcoxon",
            Self::Race(_) => "race",
        }
    }

    /// True if the test pairs whole trials, so that a stopped one is worth the mean of what was seen.
    pub(super) fn pairs(&self) -> bool {
        match self {
            Self::Wilcoxon(_) | Self::Race(_) => true,
            Self::Patience(options) => options.wrapped.as_ref().is_some_and(|inner| inner.pairs()),
            _ => false,
        }
    }

    /// True if trials are judged within folds, round by round, and not fold by fold.
    pub fn wants_rounds(&self) -> bool {
        !matches!(self, Self::Race(_))
    }

    /// Adds everything that decides a verdict.
    pub fn digest(&self, digest: &mut DigestBuilder) {
        digest.text(self.word());
        match self {
            Self::Median(options) => when(digest, options),
            Self::Percentile(PercentileOptions { percentile, when: options }) => {
                digest.float(*percentile);
                when(digest, options);
            }
            Self::Asha(options) => {
                let AshaOptions { eta, min_steps, min_early_stopping_rate, bootstrap, grace } =
                    options;
                digest.int(*eta).int(i64::from(*min_early_stopping_rate)).int(*bootstrap as i64);
                digest.int(min_steps.unwrap_or(-1)).int(grace.unwrap_or(-1));
            }
            Self::Hyperband(HyperbandOptions { eta, min_steps, max_steps, bootstrap }) => {
                digest.int(*eta).int(*min_steps).int(max_steps.unwrap_or(-1));
                digest.int(*bootstrap as i64);
            }
            Self::Threshold(options) => {
                let ThresholdOptions { lower, upper, n_warmup_steps, interval_steps } = options;
                for bound in [lower, upper] {
                    digest.int(i64::from(bound.is_some())).float(bound.unwrap_or(0.0));
                }
                digest.int(*n_warmup_steps).int(*interval_steps);
            }
            Self::Patience(PatienceOptions { patience, min_delta, wrapped }) => {
                digest.int(*patience as i64).float(*min_delta);
                match wrapped {
                    Some(inner) => inner.digest(digest),
                    None => {
                        digest.text("");
                    }
                }
            }
            Self::Wilcoxon(WilcoxonOptions { p_threshold, n_startup_steps }) => {
                digest.float(*p_threshold).int(*n_startup_steps as i64);
            }
            Self::Race(RaceOptions { alpha, min_folds, n_startup_trials }) => {
                digest.float(*alpha).int(*min_folds as i64).int(*n_startup_trials as i64);
            }
        }
    }

    /// The rule at its start.
    pub(super) fn rule(&self, goal: Goal, sweep_key: &str) -> Box<dyn Rule> {
        match self {
            Self::Median(options) => {
                Box::new(Percentile::new(options.as_percentile(), self.word()))
            }
            Self::Percentile(options) => Box::new(Percentile::new(*options, self.word())),
            Self::Asha(options) => Box::new(Asha::new(*options, self.word().into())),
            Self::Hyperband(options) => Box::new(Hyperband::new(*options, sweep_key)),
            Self::Threshold(options) => Box::new(*options),
            Self::Patience(options) => {
                let wrapped = options.wrapped.as_ref().map(|inner| inner.rule(goal, sweep_key));
                Box::new(Patience::new(options, wrapped))
            }
            Self::Wilcoxon(options) => Box::new(Wilcoxon::new(*options, goal)),
            Self::Race(options) => Box::new(Race::new(*options, goal)),
        }
    }
}

fn when(digest: &mut DigestBuilder, options: &MedianOptions) {
    let MedianOptions { n_startup_trials, n_warmup_steps, interval_steps, n_min_trials } = options;
    digest.int(*n_startup_trials as i64).int(*n_warmup_steps);
    digest.int(*interval_steps).int(*n_min_trials as i64);
}
