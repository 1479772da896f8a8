//! Random histories: what the registry lets through keeps its promises, and what it refuses changes nothing.

use super::line::{Entry, Stamp, nothing};
use super::testing::{bundle, judged_by, version};
use super::{
    AliasMove, Begin, CHAMPION, Event, Gate, MoveKind, Refresh, Registry, State, StateChange,
    Version,
};
use crate::domain::Digest;
use crate::gate::Decision;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A step with small numbers, sensible or not.
#[derive(Debug, Clone)]
enum Step {
    Begin,
    Register(u64),
    Judge { challenger: u64, decision: Decision, shift: u64 },
    Change { version: u64, from: Option<State>, to: State, gate: Option<u64> },
    Move { name: &'static str, honest: bool, to: Option<u64>, kind: MoveKind, gate: Option<u64> },
    Refresh(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let state = || prop::sample::select([State::ALL, [State::Pending; 5]].concat());
    let kinds = [(MoveKind::Promote, 5), (MoveKind::Rollback, 3), (MoveKind::Set, 1)];
    let kinds = kinds.iter().flat_map(|(kind, n)| vec![*kind; *n]).chain([MoveKind::Remove]);
    let decisions = vec![Decision::Promote, Decision::Promote, Decision::Hold, Decision::Reject];
    let version = || 0..6u64;
    let moves = (
        prop::sample::select(vec![CHAMPION, CHAMPION, CHAMPION, "challenger", "a b"]),
        prop::bool::weighted(0.9),
        prop::option::weighted(0.9, version()),
        prop::sample::select(kinds.collect::<Vec<_>>()),
        prop::option::weighted(0.9, 0..20u64),
    );
    let step = prop_oneof![
        1 => Just(Step::Begin),
        4 => version().prop_map(Step::Register),
        9 => (version(), prop::sample::select(decisions), prop::sample::select(vec![0, 0, 0, 1]))
            .prop_map(|(challenger, decision, shift)| Step::Judge { challenger, decision, shift }),
        4 => (version(), prop::option::weighted(0.3, state()), state(), prop::option::of(0..20u64))
            .prop_map(|(version, from, to, gate)| Step::Change { version, from, to, gate }),
        9 => moves.prop_map(|(name, honest, to, kind, gate)| Step::Move { name, honest, to, kind, gate }),
        1 => (0..3u64).prop_map(Step::Refresh),
    ];
    prop::collection::vec(step, 20..100)
}

fn begin() -> Event {
    let model = "penguins".to_string();
    Event::Begin(Begin { model, format: 1, derby: "0.1.0".into(), why: "x".into() })
}

fn event(step: &Step, registry: &Registry) -> Event {
    let why = "x".to_string();
    match *step {
        Step::Begin => begin(),
        Step::Register(number) => {
            let next = registry.versions().len() as u64 + 1;
            Event::Version(Box::new(Version { number: next, ..version(number) }))
        }
        Step::Judge { challenger, decision, shift } => {
            let mut gate = judged_by(registry, challenger, decision);
            gate.number += shift;
            Event::Gate(Box::new(gate))
        }
        Step::Change { version, from, to, gate } => {
            let now = registry.version(version).map_or(State::Candidate, |found| found.state);
            let promoting = || registry.promoting(version).map(|found| found.seq);
            let gate = gate.filter(|_| to != State::Pending || from.is_some()).or_else(promoting);
            let from = from.unwrap_or(now);
            Event::State(StateChange {
                version,
                from,
                to,
                why,
                gate: newest(registry, gate),
                rule: None,
            })
        }
        Step::Move { name, honest, to, kind, gate } => {
            let now = registry.aliases().get(name).copied();
            let from = if honest { now } else { Some(1) };
            let (to, gate) = match kind {
                MoveKind::Promote if honest => promotable(registry, to.unwrap_or(1)),
                MoveKind::Rollback if honest && to != Some(2) => {
                    (registry.past().last().copied(), None)
                }
                MoveKind::Remove if honest => (None, None),
                _ => (to, newest(registry, gate)),
            };
            let name = name.into();
            Event::Alias(AliasMove { name, from, to, kind, why, gate, rule: None })
        }
        Step::Refresh(rows) => {
            let retired = Digest::of(b"rows").hex();
            Event::Holdout(Refresh { epoch: registry.epoch() + 1, retired, rows, why })
        }
    }
}

/// A version that may be promoted, from `first` on, and its verdict; or `first` with the last verdict.
fn promotable(registry: &Registry, first: u64) -> (Option<u64>, Option<u64>) {
    let n = registry.versions().len() as u64;
    let fitting = (first..=n).chain(1..first).find_map(|version| {
        registry.promoting(version).map(|gate| (Some(version), Some(gate.seq)))
    });
    fitting.unwrap_or((Some(first), newest(registry, Some(0))))
}

/// Often the entry of a verdict, sometimes any entry.
fn newest(registry: &Registry, gate: Option<u64>) -> Option<u64> {
    let gates = registry.gates();
    gate.map(|gate| gates.get(gate as usize % gates.len().max(1)).map_or(gate, |found| found.seq))
}

/// The arrows of a version's life, written down once more.
fn arrow(from: State, to: State) -> bool {
    use State::{Approved, Candidate, Pending, Rejected, Retired};
    let allowed: &[State] = match from {
        Candidate => &[Pending, Approved, Rejected, Retired],
        Pending => &[Candidate, Approved, Rejected, Retired],
        Approved => &[Pending, Retired],
        Rejected | Retired => &[Candidate],
    };
    from == to || allowed.contains(&to)
}

fn check_promises(registry: &Registry, before: &Registry) {
    let n = registry.versions().len() as u64;
    for (at, found) in registry.versions().iter().enumerate() {
        assert_eq!(found.version.number, at as u64 + 1);
        assert_eq!(found.pending.is_some(), found.state == State::Pending);
        if let Some(old) = before.versions().get(at) {
            assert!(arrow(old.state, found.state), "{} to {}", old.state, found.state);
        }
    }
    assert!(registry.aliases().values().chain(registry.past()).all(|v| (1..=n).contains(v)));
    if let Some(champion) = registry.champion() {
        assert_eq!(champion.state, State::Approved);
    }
    let of_champion = |kind: MoveKind| {
        let moves = registry.moves().iter().filter(move |moved| moved.what.kind == kind);
        moves.filter_map(|moved| moved.what.to).collect::<BTreeSet<_>>()
    };
    let promoted = of_champion(MoveKind::Promote);
    for found in registry.versions().iter().filter(|found| found.state == State::Approved) {
        assert!(promoted.contains(&found.version.number));
    }
    for moved in registry.moves().iter().filter(|moved| moved.what.kind == MoveKind::Promote) {
        let gate = registry.gate(moved.what.gate.unwrap()).unwrap();
        assert_eq!(gate.what.verdict.decision, Decision::Promote);
        let bundle_of = |v: u64| registry.version(v).unwrap().version.bundle.clone();
        assert_eq!(Some(gate.what.challenger.clone()), moved.what.to.map(bundle_of));
        assert_eq!(gate.what.champion, moved.what.from.map(bundle_of));
    }
    let compares = |gate: &Gate| gate.holdout.is_some() && gate.champion.is_some();
    let of_now = |gate: &Gate| gate.epoch == registry.epoch();
    let here = registry.gates().iter().filter(|gate| of_now(&gate.what) && compares(&gate.what));
    assert_eq!(registry.uses(), here.count() as u64);
    assert!(registry.version_of(bundle(99)).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_keep_every_promise(steps in steps()) {
        let stamp = Stamp { at: 0, user: "ann".into(), host: "lab".into() };
        let mut registry = Registry::default();
        let mut taken: Vec<Entry> = Vec::new();
        for step in std::iter::once(None).chain(steps.iter().map(Some)) {
            let event = step.map_or_else(begin, |step| event(step, &registry));
            let head = taken.last().map_or_else(nothing, |entry| entry.hash);
            let (entry, line) = Entry::write(taken.len() as u64, head, &stamp, event);
            prop_assert_eq!(Entry::read(line.as_bytes()).unwrap(), entry.clone());
            let before = registry.clone();
            match registry.apply(&entry) {
                Ok(()) => {
                    check_promises(&registry, &before);
                    taken.push(entry);
                }
                Err(refusal) => {
                    prop_assert_eq!(&registry, &before, "{}", refusal);
                }
            }
        }
        let mut again = Registry::default();
        for entry in &taken {
            again.apply(entry).unwrap();
        }
        prop_assert_eq!(again, registry);
    }
}
