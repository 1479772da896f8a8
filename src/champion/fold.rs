//! The fold of a ledger's events into a registry: the state machine, which refuses what cannot follow.

use super::event::FORMAT;
use super::registry::is_use;
use super::registry::key;
use super::{
    AliasMove, Begin, CHAMPION, Entry, Event, Gate, MoveKind, Pending, Recorded, Refresh, Refusal,
    Registered, Registry, State, StateChange, Version, check_alias,
};
use crate::domain::Digest;
use crate::gate::Decision;

impl Registry {
    /// Takes in the next entry.
    ///
    /// # Errors
    /// When its event cannot follow; nothing has changed then.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Refusal> {
        if self.begin.is_none() && !matches!(entry.event, Event::Begin(_)) {
            return Err(Refusal::NoBeginning);
        }
        match &entry.event {
            Event::Begin(begin) => self.begin(begin),
            Event::Version(version) => self.register(entry, version),
            Event::Gate(gate) => self.judge(entry, gate),
            Event::State(change) => self.change(entry, change),
            Event::Alias(moved) => self.move_alias(entry, moved),
            Event::Holdout(refresh) => self.refresh(entry, refresh),
        }
    }

    fn begin(&mut self, begin: &Begin) -> Result<(), Refusal> {
        if let Some(first) = &self.begin {
            return Err(Refusal::SecondBeginning(first.model.clone()));
        }
        if begin.format > FORMAT {
            return Err(Refusal::NewerFormat(begin.format));
        }
        self.begin = Some(begin.clone());
        Ok(())
    }

    fn register(&mut self, entry: &Entry, version: &Version) -> Result<(), Refusal> {
        check_digest("bundle", &version.bundle)?;
        let known = self.versions.iter().find(|known| known.version.bundle == version.bundle);
        if let Some(known) = known {
            let bundle = Digest::short_of(&version.bundle);
            return Err(Refusal::KnownBundle { bundle, version: known.version.number });
        }
        let expected = self.versions.len() as u64 + 1;
        if version.number != expected {
            return Err(Refusal::VersionNumber { found: version.number, expected });
        }
        self.versions.push(Registered {
            version: version.clone(),
            seq: entry.seq,
            at: entry.at.clone(),
            user: entry.user.clone(),
            state: State::Candidate,
            since: entry.seq,
            why: version.why.clone(),
            pending: None,
        });
        Ok(())
    }

    fn judge(&mut self, entry: &Entry, gate: &Gate) -> Result<(), Refusal> {
        check_digest("challenger", &gate.challenger)?;
        check_digest("policy_hash", &gate.policy_hash)?;
        for (field, digest) in [("champion", &gate.champion), ("holdout", &gate.holdout)] {
            digest.as_deref().map_or(Ok(()), |digest| check_digest(field, digest))?;
        }
        self.check_bundle(gate.version, Some(&gate.challenger), "version")?;
        self.check_bundle(gate.champion_version, gate.champion.as_deref(), "champion_version")?;
        if let Some(at) = self.answered.get(&gate.key) {
            return Err(Refusal::Answered(self.gates[*at].seq));
        }
        let counts = is_use(gate.holdout.is_some(), gate.champion.is_some());
        let expected = if counts { self.uses + 1 } else { 0 };
        let said = gate.verdict.holdout.as_ref().map(|holdout| (holdout.epoch, holdout.number));
        for (found_epoch, found) in [Some((gate.epoch, gate.number)), said].into_iter().flatten() {
            if (found_epoch, found) != (self.epoch(), expected) {
                let epoch = self.epoch();
                return Err(Refusal::UseNumber { found, found_epoch, expected, epoch });
            }
        }
        let [champion, holdout] =
            [&gate.champion, &gate.holdout].map(|d| d.as_deref().unwrap_or(""));
        let parts = [gate.challenger.as_str(), champion, holdout, &gate.policy_hash];
        if key(parts, gate.epoch).hex() != gate.key {
            return Err(Refusal::WrongDigest("key"));
        }
        self.uses += u64::from(counts);
        self.answered.insert(gate.key.clone(), self.gates.len());
        self.gates.push(recorded(entry, gate.clone()));
        Ok(())
    }

    fn check_bundle(
        &self,
        version: Option<u64>,
        bundle: Option<&str>,
        field: &'static str,
    ) -> Result<(), Refusal> {
        let Some(number) = version else { return Ok(()) };
        match self.version(number)?.version.bundle.as_str() {
            own if Some(own) == bundle => Ok(()),
            _ => Err(Refusal::WrongDigest(field)),
        }
    }

    fn change(&mut self, entry: &Entry, change: &StateChange) -> Result<(), Refusal> {
        let registered = self.version(change.version)?;
        let StateChange { version, from, to, .. } = *change;
        if registered.state != from {
            let what = format!("version {version}");
            return Err(not_from(what, registered.state.word().into(), from.word().into()));
        }
        if self.aliases.get(CHAMPION) == Some(&version) {
            return Err(Refusal::IsChampion(version, to));
        }
        if let Some(mend) = obstacle(from, to) {
            return Err(Refusal::Transition { version, from, to, mend });
        }
        let pending = match (to, change.gate) {
            (State::Pending, Some(gate)) => {
                self.check_verdict(gate, registered)?;
                Some(Pending { gate, rule: change.rule.clone() })
            }
            (State::Pending, None) => {
                return Err(Refusal::NoVerdict("the event names none".into()));
            }
            _ => None,
        };
        self.set_state(version, to, entry.seq, &change.why);
        self.versions[version as usize - 1].pending = pending;
        Ok(())
    }

    /// Checks that an alias can move like this.
    pub(super) fn check_move(&self, moved: &AliasMove) -> Result<(), Refusal> {
        check_alias(&moved.name)?;
        let now = self.aliases.get(&moved.name).copied();
        if now != moved.from {
            let what = format!("the alias '{}'", moved.name);
            return Err(not_from(what, at_version(now), at_version(moved.from)));
        }
        if let Some(to) = moved.to {
            self.version(to)?;
            if now == Some(to) {
                return Err(Refusal::AlreadyThere { alias: moved.name.clone(), version: to });
            }
        }
        self.check_kind(moved)
    }

    fn move_alias(&mut self, entry: &Entry, moved: &AliasMove) -> Result<(), Refusal> {
        self.check_move(moved)?;
        let now = moved.from;
        match (moved.kind, moved.to) {
            (MoveKind::Promote, Some(to)) => {
                self.past.extend(now);
                self.set_state(to, State::Approved, entry.seq, &moved.why);
            }
            (MoveKind::Rollback, Some(to)) => {
                let at = self.past.iter().rposition(|past| *past == to).unwrap_or_default();
                self.past.truncate(at);
                if let Some(left) = now {
                    self.set_state(left, State::Retired, entry.seq, &moved.why);
                }
                self.set_state(to, State::Approved, entry.seq, &moved.why);
            }
            (MoveKind::Remove, _) if moved.name == CHAMPION => self.past.extend(now),
            _ => {}
        }
        match moved.to {
            Some(to) => self.aliases.insert(moved.name.clone(), to),
            None => self.aliases.remove(&moved.name),
        };
        self.moves.push(recorded(entry, moved.clone()));
        Ok(())
    }

    fn check_kind(&self, moved: &AliasMove) -> Result<(), Refusal> {
        let of_champion = moved.name == CHAMPION;
        match (moved.kind, moved.to) {
            (MoveKind::Promote, Some(to)) if of_champion => self.check_promotion(moved, to),
            (MoveKind::Rollback, Some(to)) if of_champion => self.check_rollback(to),
            (MoveKind::Set, Some(_)) if !of_champion => Ok(()),
            (MoveKind::Remove, None) if moved.from.is_some() => Ok(()),
            (MoveKind::Remove, None) => Err(self.no_alias(&moved.name)),
            (MoveKind::Remove, Some(_)) | (_, None) => Err(Refusal::WrongDigest("to")),
            _ => Err(Refusal::ChampionAlias),
        }
    }

    fn check_promotion(&self, moved: &AliasMove, to: u64) -> Result<(), Refusal> {
        let registered = self.version(to)?;
        if matches!(registered.state, State::Rejected | State::Retired) {
            let (from, to_state) = (registered.state, State::Approved);
            let mend = "reopen it first, so that it is a candidate again";
            return Err(Refusal::Transition { version: to, from, to: to_state, mend });
        }
        let gate = moved.gate.ok_or_else(|| Refusal::NoVerdict("none is named".into()))?;
        self.check_verdict(gate, registered)
    }

    /// True evidence for replacing the present champion with `challenger`.
    pub(super) fn check_verdict(&self, seq: u64, challenger: &Registered) -> Result<(), Refusal> {
        let wrong = |why: String| Err(Refusal::NoVerdict(why));
        let Some(gate) = self.gate(seq) else {
            return wrong(format!("entry {seq} is no verdict"));
        };
        if gate.what.challenger != challenger.version.bundle {
            let number = challenger.version.number;
            return wrong(format!(
                "the one of entry {seq} is about another bundle than version {number}"
            ));
        }
        let decision = gate.what.verdict.decision;
        if decision != Decision::Promote {
            let reason = &gate.what.verdict.reason;
            return wrong(format!("the one of entry {seq} is to {}: {reason}", decision.word()));
        }
        let now = self.champion().map(|champion| champion.version.bundle.as_str());
        if gate.what.champion.as_deref() == now {
            return Ok(());
        }
        let judged = match (gate.what.champion_version, &gate.what.champion) {
            (Some(number), _) => format!("version {number}"),
            (None, Some(bundle)) => format!("bundle {}", Digest::short_of(bundle)),
            (None, None) => "no champion".into(),
        };
        let now = at_version(self.aliases.get(CHAMPION).copied());
        Err(Refusal::OtherChampion { gate: seq, judged, now })
    }

    fn check_rollback(&self, to: u64) -> Result<(), Refusal> {
        if self.past.is_empty() {
            return Err(Refusal::NoHistory(self.model().into()));
        }
        if !self.past.contains(&to) {
            let past: Vec<_> = self.past.iter().map(ToString::to_string).collect();
            let known = format!("those that have: {}", past.join(", "));
            return Err(Refusal::NeverChampion(to, known));
        }
        let state = self.version(to)?.state;
        if matches!(state, State::Rejected | State::Retired) {
            return Err(Refusal::OutOfUse { version: to, state });
        }
        Ok(())
    }

    fn refresh(&mut self, entry: &Entry, refresh: &Refresh) -> Result<(), Refusal> {
        check_digest("retired", &refresh.retired)?;
        let expected = self.epoch() + 1;
        if refresh.epoch != expected {
            return Err(Refusal::Epoch { found: refresh.epoch, expected });
        }
        if refresh.rows == 0 {
            return Err(Refusal::NothingUsed(self.epoch()));
        }
        self.refreshes.push(recorded(entry, refresh.clone()));
        self.uses = 0;
        Ok(())
    }

    fn set_state(&mut self, version: u64, state: State, seq: u64, why: &str) {
        let registered = &mut self.versions[version as usize - 1];
        registered.state = state;
        registered.since = seq;
        registered.why = why.to_string();
        registered.pending = None;
    }
}

/// What stands between two states; none if nothing does.
fn obstacle(from: State, to: State) -> Option<&'static str> {
    use State::{Approved, Candidate, Pending, Rejected, Retired};
    match (from, to) {
        (Candidate, Pending | Rejected | Retired)
        | (Pending, Candidate | Rejected | Retired)
        | (Approved, Pending | Retired)
        | (Rejected | Retired, Candidate) => None,
        (_, Approved) => Some("a promotion approves it"),
        (Pending, Pending) => Some("it waits for approval: approve or reject it"),
        (Approved, _) => Some("it was promoted before: retire it"),
        (Rejected | Retired, _) => Some("reopen it first, so that it is a candidate again"),
        _ => Some("it is that already"),
    }
}

fn recorded<T>(entry: &Entry, what: T) -> Recorded<T> {
    let Entry { seq, at, user, host, .. } = entry.clone();
    Recorded { seq, at, user, host, what }
}

fn check_digest(field: &'static str, value: &str) -> Result<(), Refusal> {
    match Digest::parse(value) {
        Some(digest) if digest.hex() == value => Ok(()),
        _ => Err(Refusal::NoDigest { field, value: value.chars().take(80).collect() }),
    }
}

fn at_version(version: Option<u64>) -> String {
    version.map_or_else(|| "nowhere".into(), |version| format!("version {version}"))
}

fn not_from(what: String, found: String, said: String) -> Refusal {
    Refusal::NotFrom { what, found, said }
}
