//! The gate: rules over evidence, and a verdict. Pure: evidence is handed in, so that a verdict can be computed
//! again from a record.
//!
//! The default rule asks for a one-sided paired bootstrap bound of the gain on rows that no search has seen. What
//! keeps it from being fooled:
//!
//! * Percentiles are widened for the units that the gain really rests on, and where fewer than thirty
//!   matter, chance is simulated by letting both models change places ([`Policy`], `bootstrap`).
//! * A bound beyond the draws is the normal approximation's if that is further out.
//! * Draws in which the metric has no value count against whoever gains by them.
//! * A holdout that is asked again gives less alpha each time ([`spent_alpha`]).

mod bootstrap;
mod calibration;
mod checks;
mod delong;
mod evidence;
mod gain;
mod influence;
mod interval;
mod judge;
mod opinions;
mod policy;
mod resample;
mod scorer;
mod selection;
mod sums;
mod verdict;

pub use calibration::{Calibration, calibration};
pub use delong::{DeLong, delong};
pub use evidence::{Champion, Evidence, FoldPair, Measure, Replicates, Scored, Slice, Units};
pub use judge::{judge, spent_alpha};
pub use opinions::{McNemar, MeanTest, corrected_t, mcnemar, welch};
pub use policy::{Approval, Comparator, Interval, Policy, Requirement, Rule, SliceRule};
pub use selection::{Candidates, corrected_by_selection};
pub use verdict::{
    Check, CheckStatus, Comparison, Decision, HoldoutUse, Opinion, SelectionBias, Verdict,
};

#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod tests;
