//! What people and the gate do with a registered model; each is one append that is decided on the head as it was read.

use super::{
    AliasMove, CHAMPION, Event, Gate, Ledger, LedgerError, MoveKind, Pending, Question, Refresh,
    Refusal, RunRef, State, StateChange, Use, Version,
};
use crate::domain::Digest;
use crate::gate::{Approval, Policy, Verdict};

/// A verdict to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What was asked.
    pub question: Question,
    /// The challenger's run.
    pub run: Option<RunRef>,
    /// The policy; its digest is the question's.
    pub policy: Policy,
    /// Content hash of the data that the holdout is part of.
    pub data_hash: Option<String>,
    /// What the gate said.
    pub verdict: Verdict,
    /// Why it was asked.
    pub why: String,
}

/// A promotion that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The version.
    pub version: u64,
    /// The entry of the verdict that it rests on.
    pub gate: u64,
    /// Why.
    pub why: String,
    /// The rule that a person asked for in place of the sweep file's.
    pub rule: Option<String>,
    /// Whether a person has to approve first.
    pub approval: Approval,
}

/// The champion's move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The champion before.
    pub from: Option<u64>,
    /// The champion now.
    pub to: u64,
}

/// What became of a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promoted {
    /// The version is champion.
    Now(Moved),
    /// It waits for approval.
    Pending {
        /// The version.
        version: u64,
    },
}

impl Ledger {
    /// Makes a bundle a version, or finds the version that it is already. `number` is set here.
    ///
    /// # Errors
    /// When its digest is none, or the ledger cannot be written.
    pub fn register(&mut self, mut version: Version) -> Result<u64, LedgerError> {
        let bundle = Digest::parse(&version.bundle);
        if let Some(known) = bundle.and_then(|bundle| self.registry().version_of(bundle)) {
            return Ok(known.version.number);
        }
        version.number = self.registry().versions().len() as u64 + 1;
        let number = version.number;
        self.append(vec![Event::Version(Box::new(version))], self.head())?;
        Ok(number)
    }

    /// Records a verdict and returns its entry; for a question that has been answered in this period, the entry of
    /// the answer. A comparison with a number that is not finite is left out: its check says in words what happened.
    ///
    /// # Errors
    /// When the verdict was computed as another use of the holdout than the next one: read
    /// [`use_of`](super::Registry::use_of) again and judge with its alpha.
    pub fn record_gate(&mut self, judged: Judged) -> Result<u64, LedgerError> {
        let Judged { question, run, policy, data_hash, verdict, why } = judged;
        let (epoch, number) = match self.registry().use_of(&question) {
            Use::Answered(gate) => return Ok(gate.seq),
            Use::New { epoch, number } => (epoch, number),
        };
        if policy.digest() != question.policy {
            return Err(Refusal::WrongDigest("policy_hash").into());
        }
        let verdict = recordable(verdict);
        if question.holdout.is_some() && verdict.holdout.is_none() {
            return Err(Refusal::WrongDigest("holdout").into());
        }
        let version_of = |bundle: Digest| {
            self.registry().version_of(bundle).map(|registered| registered.version.number)
        };
        let gate = Gate {
            key: question.key(epoch).hex(),
            challenger: question.challenger.hex(),
            version: version_of(question.challenger),
            run,
            champion: question.champion.map(|bundle| bundle.hex()),
            champion_version: question.champion.and_then(version_of),
            holdout: question.holdout.map(|rows| rows.hex()),
            epoch,
            number,
            policy_hash: question.policy.hex(),
            policy,
            data_hash,
            verdict,
            why,
        };
        self.one(Event::Gate(Box::new(gate)))
    }

    /// Makes a version champion on a verdict, or lets it wait for approval.
    ///
    /// # Errors
    /// When the verdict is not to promote this version over the present champion, when the version is rejected or
    /// retired, when its bundle is not kept, and when somebody else has written to the ledger since it was read.
    pub fn promote(&mut self, promotion: &Promotion) -> Result<Promoted, LedgerError> {
        let Promotion { version, gate, why, rule, approval } = promotion;
        check_reason(why)?;
        self.check_bundle(*version)?;
        if *approval == Approval::Automatic {
            return self.crown(*version, *gate, why, rule.clone()).map(Promoted::Now);
        }
        let from = self.registry().version(*version)?.state;
        let change = StateChange {
            version: *version,
            from,
            to: State::Pending,
            why: why.clone(),
            gate: Some(*gate),
            rule: rule.clone(),
        };
        self.one(Event::State(change))?;
        Ok(Promoted::Pending { version: *version })
    }

    /// Approves a version that waits for it, which makes it champion.
    ///
    /// # Errors
    /// When it does not wait, when the champion is not the one that it was judged against, and when its bundle is not
    /// kept.
    pub fn approve(&mut self, version: u64, why: &str) -> Result<Moved, LedgerError> {
        check_reason(why)?;
        let registered = self.registry().version(version)?;
        let Some(Pending { gate, rule }) = registered.pending.clone() else {
            let (from, to) = (registered.state, State::Approved);
            let mend = "only a pending version can be approved: promote it first";
            return Err(Refusal::Transition { version, from, to, mend }.into());
        };
        self.check_bundle(version)?;
        self.crown(version, gate, why, rule)
    }

    fn crown(
        &mut self,
        version: u64,
        gate: u64,
        why: &str,
        rule: Option<String>,
    ) -> Result<Moved, LedgerError> {
        let from = self.champion_number();
        self.one(Event::Alias(AliasMove {
            name: CHAMPION.into(),
            from,
            to: Some(version),
            kind: MoveKind::Promote,
            why: why.into(),
            gate: Some(gate),
            rule,
        }))?;
        Ok(Moved { from, to: version })
    }

    /// Turns a candidate or a pending version down.
    ///
    /// # Errors
    /// When it is in another state.
    pub fn reject(&mut self, version: u64, why: &str) -> Result<(), LedgerError> {
        self.set_state(version, State::Rejected, why)
    }

    /// Takes a version out of use.
    ///
    /// # Errors
    /// When it is the champion, or out of use already.
    pub fn retire(&mut self, version: u64, why: &str) -> Result<(), LedgerError> {
        self.set_state(version, State::Retired, why)
    }

    /// Makes a rejected, retired or pending version a candidate again.
    ///
    /// # Errors
    /// When it is in another state.
    pub fn reopen(&mut self, version: u64, why: &str) -> Result<(), LedgerError> {
        self.set_state(version, State::Candidate, why)
    }

    fn set_state(&mut self, version: u64, to: State, why: &str) -> Result<(), LedgerError> {
        check_reason(why)?;
        let from = self.registry().version(version)?.state;
        let change = StateChange { version, from, to, why: why.into(), gate: None, rule: None };
        self.one(Event::State(change)).map(drop)
    }

    /// Goes back to the champion before, or to an earlier one; the version that is left is retired.
    ///
    /// # Errors
    /// When there was none, when `to` has not been champion or is retired, and when its bundle is not kept.
    pub fn rollback(&mut self, to: Option<u64>, why: &str) -> Result<Moved, LedgerError> {
        check_reason(why)?;
        let to = match to {
            Some(to) => self.registry().version(to)?.version.number,
            None => *self
                .registry()
                .past()
                .last()
                .ok_or_else(|| Refusal::NoHistory(self.model.to_string()))?,
        };
        let from = self.champion_number();
        let moved = AliasMove {
            name: CHAMPION.into(),
            from,
            to: Some(to),
            kind: MoveKind::Rollback,
            why: why.into(),
            gate: None,
            rule: None,
        };
        self.registry().check_move(&moved)?;
        self.check_bundle(to)?;
        self.one(Event::Alias(moved))?;
        Ok(Moved { from, to })
    }

    /// Sets an alias other than `champion` and returns where it was.
    ///
    /// # Errors
    /// When the name cannot be an alias, there is no such version, or the alias is there already.
    pub fn set_alias(
        &mut self,
        name: &str,
        version: u64,
        why: &str,
    ) -> Result<Option<u64>, LedgerError> {
        self.place(name, Some(version), MoveKind::Set, why)
    }

    /// Removes an alias and returns where it was. Without `champion` the model has none; a rollback brings it back.
    ///
    /// # Errors
    /// When there is no such alias.
    pub fn remove_alias(&mut self, name: &str, why: &str) -> Result<Option<u64>, LedgerError> {
        self.place(name, None, MoveKind::Remove, why)
    }

    fn place(
        &mut self,
        name: &str,
        to: Option<u64>,
        kind: MoveKind,
        why: &str,
    ) -> Result<Option<u64>, LedgerError> {
        check_reason(why)?;
        let from = self.registry().aliases().get(name).copied();
        let (name, why) = (name.into(), why.into());
        let moved = AliasMove { name, from, to, kind, why, gate: None, rule: None };
        self.one(Event::Alias(moved))?;
        Ok(from)
    }

    /// Puts the holdout rows of these keys aside, and counts uses from 1 again. Returns the period that begins.
    ///
    /// # Errors
    /// When there are no keys, or every one was put aside before.
    pub fn refresh_holdout(&mut self, keys: &[u64], why: &str) -> Result<u64, LedgerError> {
        check_reason(why)?;
        let before = self.retired_keys()?;
        let mut keys: Vec<u64> =
            keys.iter().filter(|key| before.binary_search(key).is_err()).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        let epoch = self.registry().epoch();
        if keys.is_empty() {
            return Err(Refusal::NothingUsed(epoch).into());
        }
        let rows = keys.len() as u64;
        let make = |ledger: &Self| {
            let retired = ledger.write_keys(epoch, &keys)?.hex();
            let refresh = Refresh { epoch: epoch + 1, retired, rows, why: why.into() };
            Ok(vec![Event::Holdout(refresh)])
        };
        self.append_made(make, self.head())?;
        Ok(epoch + 1)
    }

    fn champion_number(&self) -> Option<u64> {
        self.registry().aliases().get(CHAMPION).copied()
    }

    fn one(&mut self, event: Event) -> Result<u64, LedgerError> {
        let head = self.head();
        let entries = self.append(vec![event], head)?;
        Ok(entries.first().map_or(0, |entry| entry.seq))
    }
}

fn check_reason(why: &str) -> Result<(), Refusal> {
    if why.trim().is_empty() { Err(Refusal::NoReason) } else { Ok(()) }
}

/// JSON has no word for NaN and infinities.
fn recordable(mut verdict: Verdict) -> Verdict {
    verdict.comparison = verdict.comparison.filter(|c| {
        let numbers = [c.challenger, c.champion, c.gain, c.lower, c.upper, c.alpha];
        numbers.into_iter().chain([c.standard_error, c.detectable]).all(f64::is_finite)
    });
    verdict.selection = verdict
        .selection
        .filter(|s| [s.selected, s.corrected, s.lower, s.upper].into_iter().all(f64::is_finite));
    verdict
}
