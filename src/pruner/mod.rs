//! Pruners: which running trial is hopeless.
//!
//! A [`Setting`] names a rule and its options; a [`Judge`] hears every value of every trial and answers why a
//! trial is hopeless, if it is. Nothing here stops a trial, and nothing here draws a random number: the same
//! values in the same order get the same answers.
//!
//! | rule | stops a trial whose … | source |
//! |---|---|---|
//! | `median`, `percentile` | best value is worse than the median of completed trials at this step | Golovin et al. 2017 |
//! | `asha` | value is not among the best 1/eta of its rung | Jamieson & Talwalkar 2016; Li et al. 2020 |
//! | `hyperband` | as `asha`, trials dealt to brackets that start later | Li et al. 2017 |
//! | `threshold` | value is out of bounds or NaN | |
//! | `patience` | values no longer get better; may ask another rule then | Prechelt 1998 |
//! | `race` | chance to beat the best trial over all folds is small | Maron & Moore 1994; Birattari et al. 2002 |
//! | `wilcoxon` | values are worse than the best trial's, pair by pair | Wilcoxon 1945 |
//!
//! A value is compared with others of the same context (`fold=0`) only; race and Wilcoxon pair over all contexts. Each
//! step is judged once, when it comes as the highest so far; a step that comes again replaces its value without a verdict.

mod asha;
mod curve;
mod forecast;
mod hyperband;
mod judge;
mod median;
mod patience;
mod percentile;
mod race;
mod rule;
mod setting;
mod threshold;
mod wilcoxon;

#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod race_tests;
#[cfg(test)]
mod reference;

pub use asha::AshaOptions;
pub use hyperband::HyperbandOptions;
pub use judge::{Judge, TrialEnd};
pub use median::MedianOptions;
pub use patience::PatienceOptions;
pub use percentile::PercentileOptions;
pub use race::RaceOptions;
pub use setting::Setting;
pub use threshold::ThresholdOptions;
pub use wilcoxon::WilcoxonOptions;
