//! What can happen to a registered model: the events of its ledger.

use crate::domain::Params;
use crate::gate::{Policy, Verdict};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The layout of ledgers that this derby writes.
pub(super) const FORMAT: u32 = 1;

/// One event. Digests are 64 hex digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first line.
    Begin(Begin),
    /// A bundle becomes a version.
    Version(Box<Version>),
    /// The gate has judged.
    Gate(Box<Gate>),
    /// A version's state changes by a person's or a policy's word.
    State(StateChange),
    /// An alias moves.
    Alias(AliasMove),
    /// The rows of the holdout that were used are put aside.
    Holdout(Refresh),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin(begin) => write!(f, "'{}' is registered", begin.model),
            Self::Version(version) => write!(f, "version {} is registered", version.number),
            Self::Gate(gate) => write!(f, "the gate says {}", gate.verdict.decision.word()),
            Self::State(change) => write!(f, "version {} is {}", change.version, change.to),
            Self::Alias(AliasMove { name, to: Some(to), .. }) => {
                write!(f, "'{name}' is version {to}")
            }
            Self::Alias(AliasMove { name, .. }) => write!(f, "'{name}' is removed"),
            Self::Holdout(refresh) => write!(f, "the holdout's period {} begins", refresh.epoch),
        }
    }
}

/// The kinds of events that this derby knows.
pub(super) const KINDS: [&str; 6] = ["begin", "version", "gate", "state", "alias", "holdout"];

/// The first line of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// The model's name.
    pub model: String,
    /// The layout of the file.
    pub format: u32,
    /// The version of derby that began it.
    pub derby: String,
    /// Why.
    pub why: String,
}

/// A run that a version or a challenger comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRef {
    /// Identity across stores.
    pub uuid: String,
    /// Number in the store that it was recorded in.
    pub number: i64,
}

/// A version: a bundle and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// From 1, without gaps; [`Ledger::register`](super::Ledger::register) sets it.
    pub number: u64,
    /// The bundle's digest.
    pub bundle: String,
    /// `model`, `ensemble` or `command`.
    pub kind: String,
    /// The run.
    pub run: Option<RunRef>,
    /// The sweep's name.
    pub sweep: Option<String>,
    /// The sweep's digest.
    pub sweep_digest: Option<String>,
    /// The configuration.
    pub params: Params,
    /// Scores over the folds of the search.
    #[serde(with = "super::scores")]
    pub cross_validation: IndexMap<String, f64>,
    /// Scores on the holdout, where it was scored.
    #[serde(with = "super::scores")]
    pub holdout: IndexMap<String, f64>,
    /// Content hash of the data.
    pub data_hash: Option<String>,
    /// Schema hash of the data.
    pub schema_hash: Option<String>,
    /// Digest of the split.
    pub split: Option<String>,
    /// Rows that it was fitted on.
    pub trained_rows: Option<u64>,
    /// True if it was fitted on all rows, the holdout's included.
    pub refit_all: bool,
    /// Why it was registered.
    pub why: String,
}

/// A judgement: the question, the policy and the whole verdict with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Identity of the question; asking it again is no new use of the holdout.
    pub key: String,
    /// The challenger's bundle.
    pub challenger: String,
    /// The challenger's version, if it had one.
    pub version: Option<u64>,
    /// The challenger's run.
    pub run: Option<RunRef>,
    /// The bundle that it was compared with; none if there was no champion.
    pub champion: Option<String>,
    /// The version of that bundle, if it had one.
    pub champion_version: Option<u64>,
    /// Identity of the rows that were compared; none without a holdout.
    pub holdout: Option<String>,
    /// The period of the holdout, from 0.
    pub epoch: u64,
    /// Which use of the holdout in this period, from 1; 0 where no two models are compared on one.
    pub number: u64,
    /// Digest of the policy.
    pub policy_hash: String,
    /// The policy.
    pub policy: Policy,
    /// Content hash of the data that the holdout is part of.
    pub data_hash: Option<String>,
    /// What the gate said.
    pub verdict: Verdict,
    /// Why it was asked.
    pub why: String,
}

/// Where a version stands. Champion is an alias, not a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Registered.
    Candidate,
    /// The gate promotes it; a person has to approve.
    Pending,
    /// It was promoted.
    Approved,
    /// A person turned it down.
    Rejected,
    /// It was taken out of use.
    Retired,
}

impl State {
    /// Every state, in the order of a version's life.
    pub const ALL: [Self; 5] =
        [Self::Candidate, Self::Pending, Self::Approved, Self::Rejected, Self::Retired];

    /// The word in output and ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Retired => "retired",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A version's state changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// The version.
    pub version: u64,
    /// Its state before.
    pub from: State,
    /// Its state from here on. Never `approved`: a promotion does that.
    pub to: State,
    /// Why.
    pub why: String,
    /// The entry of the verdict that waits for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<u64>,
    /// The rule that a person asked for in place of the sweep file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// How an alias moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// A new champion, on a verdict; the version is approved by it.
    Promote,
    /// Back to an earlier champion; the version that it leaves is retired by it.
    Rollback,
    /// Any other alias is set.
    Set,
    /// An alias is removed.
    Remove,
}

/// An alias moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasMove {
    /// The alias.
    pub name: String,
    /// The version before.
    pub from: Option<u64>,
    /// The version from here on.
    pub to: Option<u64>,
    /// How.
    pub kind: MoveKind,
    /// Why.
    pub why: String,
    /// The entry of the verdict that a promotion rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<u64>,
    /// The rule that a person asked for in place of the sweep file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// A new period of the holdout: its rows so far are put aside, and uses are counted from 1 again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// The period that begins.
    pub epoch: u64,
    /// Digest of the keys of the rows that are put aside.
    pub retired: String,
    /// How many rows those are.
    pub rows: u64,
    /// Why.
    pub why: String,
}
