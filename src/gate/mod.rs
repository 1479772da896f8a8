//! The gate: rules over evidence, and a verdict. Pure: evidence is handed in, so that a verdict can be computed
//! again from a record.

mod policy;
mod verdict;

pub use policy::{Approval, Comparator, Interval, Policy, Requirement, Rule, SliceRule};
pub use verdict::{
    Check, CheckStatus, Comparison, Decision, HoldoutUse, Opinion, SelectionBias, Verdict,
};
