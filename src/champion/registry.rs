//! What is true of a registered model now: versions, aliases, verdicts, periods of the holdout.

use super::{AliasMove, Begin, CHAMPION, Gate, Refresh, Refusal, State, Target, Version};
use crate::domain::{Digest, DigestBuilder};
use std::collections::BTreeMap;

/// A version and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// The version.
    pub version: Version,
    /// The entry that registered it.
    pub seq: u64,
    /// When it was registered.
    pub at: String,
    /// Who registered it.
    pub user: String,
    /// Its state.
    pub state: State,
    /// The entry that gave it this state.
    pub since: u64,
    /// Why it has this state.
    pub why: String,
    /// What waits for approval, if it is pending.
    pub pending: Option<Pending>,
}

/// A promotion that waits for approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The entry of its verdict.
    pub gate: u64,
    /// The rule that a person asked for in place of the sweep file's.
    pub rule: Option<String>,
}

/// An event with its entry's number, time and writer.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded<T> {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: String,
    /// Who.
    pub user: String,
    /// On which machine.
    pub host: String,
    /// What.
    pub what: T,
}

/// What the gate is asked: two questions are one use of the holdout if all of it is equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The challenger's bundle.
    pub challenger: Digest,
    /// The bundle that it is compared with; none without a champion.
    pub champion: Option<Digest>,
    /// Identity of the rows that are compared; none without a holdout.
    pub holdout: Option<Digest>,
    /// Digest of the policy.
    pub policy: Digest,
}

/// What becomes of a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Use<'a> {
    /// It was answered: the verdict stands, and the holdout is not asked again.
    Answered(&'a Recorded<Gate>),
    /// It is a new one.
    New {
        /// The holdout's period.
        epoch: u64,
        /// Which use in this period, from 1; 0 where no two models are compared on a holdout.
        number: u64,
    },
}

/// Versions, states, aliases, verdicts and periods of one model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Registry {
    pub(super) begin: Option<Begin>,
    pub(super) versions: Vec<Registered>,
    pub(super) aliases: BTreeMap<String, u64>,
    pub(super) past: Vec<u64>,
    pub(super) moves: Vec<Recorded<AliasMove>>,
    pub(super) gates: Vec<Recorded<Gate>>,
    pub(super) answered: BTreeMap<String, usize>,
    pub(super) refreshes: Vec<Recorded<Refresh>>,
    pub(super) uses: u64,
}

impl Question {
    /// The question's identity in a period of the holdout.
    pub fn key(&self, epoch: u64) -> Digest {
        let hex = |digest: Option<Digest>| digest.map_or(String::new(), |digest| digest.hex());
        key(
            [&self.challenger.hex(), &hex(self.champion), &hex(self.holdout), &self.policy.hex()],
            epoch,
        )
    }
}

/// True if a question spends alpha: without a champion only thresholds are looked at, and no gain is tested.
pub(super) fn is_use(has_holdout: bool, has_champion: bool) -> bool {
    has_holdout && has_champion
}

pub(super) fn key(parts: [&str; 4], epoch: u64) -> Digest {
    let mut key = DigestBuilder::new("gate question");
    for part in parts {
        key.text(part);
    }
    key.int(epoch as i64).finish()
}

impl Registry {
    /// The model's name; empty before the first event.
    pub fn model(&self) -> &str {
        self.begin.as_ref().map_or("", |begin| &begin.model)
    }

    /// Every version in order.
    pub fn versions(&self) -> &[Registered] {
        &self.versions
    }

    /// A version.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn version(&self, number: u64) -> Result<&Registered, Refusal> {
        let at = (number as usize).checked_sub(1);
        at.and_then(|at| self.versions.get(at)).ok_or_else(|| Refusal::NoVersion {
            model: self.model().into(),
            version: number,
            last: self.versions.len() as u64,
        })
    }

    /// The version that a bundle is, if it is one.
    pub fn version_of(&self, bundle: Digest) -> Option<&Registered> {
        let hex = bundle.hex();
        self.versions.iter().find(|registered| registered.version.bundle == hex)
    }

    /// Every alias with its version, by name.
    pub fn aliases(&self) -> &BTreeMap<String, u64> {
        &self.aliases
    }

    /// The aliases of a version, by name.
    pub fn aliases_of(&self, version: u64) -> Vec<&str> {
        let own = self.aliases.iter().filter(|(_, at)| **at == version);
        own.map(|(name, _)| name.as_str()).collect()
    }

    /// The version in use.
    pub fn champion(&self) -> Option<&Registered> {
        self.version(*self.aliases.get(CHAMPION)?).ok()
    }

    /// Champions before the present one that a rollback can reach, the last one last.
    pub fn past(&self) -> &[u64] {
        &self.past
    }

    /// Every move of an alias, in order.
    pub fn moves(&self) -> &[Recorded<AliasMove>] {
        &self.moves
    }

    /// Every verdict, in order.
    pub fn gates(&self) -> &[Recorded<Gate>] {
        &self.gates
    }

    /// The verdict of an entry.
    pub fn gate(&self, seq: u64) -> Option<&Recorded<Gate>> {
        let at = self.gates.binary_search_by_key(&seq, |gate| gate.seq).ok()?;
        self.gates.get(at)
    }

    /// The present period of the holdout, from 0.
    pub fn epoch(&self) -> u64 {
        self.refreshes.len() as u64
    }

    /// Uses of the holdout in this period.
    pub fn uses(&self) -> u64 {
        self.uses
    }

    /// Every refresh of the holdout, in order.
    pub fn refreshes(&self) -> &[Recorded<Refresh>] {
        &self.refreshes
    }

    /// Whether a question was answered in this period, and if not, which use of the holdout it will be.
    pub fn use_of(&self, question: &Question) -> Use<'_> {
        let key = question.key(self.epoch()).hex();
        if let Some(gate) = self.answered.get(&key).and_then(|at| self.gates.get(*at)) {
            return Use::Answered(gate);
        }
        let counts = is_use(question.holdout.is_some(), question.champion.is_some());
        let number = if counts { self.uses + 1 } else { 0 };
        Use::New { epoch: self.epoch(), number }
    }

    /// The newest verdict by which a version may replace the present champion.
    pub fn promoting(&self, version: u64) -> Option<&Recorded<Gate>> {
        let registered = self.version(version).ok()?;
        let fits = |gate: &&Recorded<Gate>| self.check_verdict(gate.seq, registered).is_ok();
        self.gates.iter().rev().find(fits)
    }

    /// The version that a reference means.
    ///
    /// # Errors
    /// When there is no such version or alias.
    pub fn resolve(&self, target: &Target) -> Result<&Registered, Refusal> {
        match target {
            Target::Version(number) => self.version(*number),
            Target::Alias(alias) => match self.aliases.get(alias) {
                Some(number) => self.version(*number),
                None => Err(self.no_alias(alias)),
            },
        }
    }

    pub(super) fn no_alias(&self, alias: &str) -> Refusal {
        let known: Vec<_> = self.aliases.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none yet".into() } else { known.join(", ") };
        Refusal::NoAlias { model: self.model().into(), alias: alias.into(), known }
    }
}
