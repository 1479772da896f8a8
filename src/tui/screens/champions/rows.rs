//! Who challenges: versions that wait, versions that were registered, the best runs; and what the gate said of each.

use super::load::{Book, Rival};
use crate::champion::{Gate, Ledger, Recorded, Registered, Registry, State};
use crate::domain::{Goal, RunId};
use crate::gate::{Decision, spent_alpha};

/// The error probability of a sweep file that names none.
const ALPHA: f64 = 0.05;

/// A row of the list of challengers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// A registered version.
    Version(u64),
    /// A run: its place among the rivals.
    Run(usize),
}

/// What the gate said of a challenger.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    /// The entry.
    pub(super) gate: &'a Recorded<Gate>,
    /// True if it was judged against the champion of now.
    pub(super) is_current: bool,
}

/// The rows: what waits first, then other candidates, then runs. Runs that are a version are not shown again.
pub(super) fn rows(book: &Book, rivals: &[Rival]) -> Vec<Row> {
    let Ok(ledger) = &book.ledger else {
        return (0..rivals.len()).map(Row::Run).collect();
    };
    let registry = ledger.registry();
    let champion = registry.champion().map(|champion| champion.version.number);
    let of_state = |state: State| {
        let versions = registry.versions().iter().rev();
        versions.filter(move |one| one.state == state && Some(one.version.number) != champion)
    };
    let waiting = of_state(State::Pending).chain(of_state(State::Candidate));
    let mut rows: Vec<Row> = waiting.map(|one| Row::Version(one.version.number)).collect();
    let is_shown = |rival: &Rival| {
        let number = version_of(registry, &rival.record.uuid).map(|one| one.version.number);
        number
            .is_some_and(|number| Some(number) == champion || rows.contains(&Row::Version(number)))
    };
    let runs: Vec<Row> =
        (0..rivals.len()).filter(|at| !is_shown(&rivals[*at])).map(Row::Run).collect();
    rows.extend(runs);
    rows
}

/// The newest version that comes from a run.
pub(super) fn version_of<'a>(registry: &'a Registry, uuid: &str) -> Option<&'a Registered> {
    let of_run = |one: &&Registered| one.version.run.as_ref().is_some_and(|run| run.uuid == uuid);
    registry.versions().iter().rev().find(of_run)
}

/// The newest verdict about a version or a run; one against the present champion before older ones.
pub(super) fn said<'a>(ledger: &'a Ledger, row: Row, rivals: &[Rival]) -> Option<Said<'a>> {
    let registry = ledger.registry();
    let now = registry.champion().map(|champion| champion.version.bundle.as_str());
    let is_about = |gate: &Recorded<Gate>| match row {
        Row::Version(number) => registry
            .version(number)
            .is_ok_and(|registered| registered.version.bundle == gate.what.challenger),
        Row::Run(at) => {
            let uuid = rivals.get(at).map(|rival| rival.record.uuid.as_str());
            gate.what.run.as_ref().map(|run| run.uuid.as_str()) == uuid
        }
    };
    let mut found: Option<Said<'a>> = None;
    for gate in registry.gates().iter().rev().filter(|gate| is_about(gate)) {
        let is_current = gate.what.champion.as_deref() == now;
        if is_current {
            return Some(Said { gate, is_current });
        }
        found = found.or(Some(Said { gate, is_current }));
    }
    found
}

/// The run of a row, where this store has it.
pub(super) fn run_of(book: &Book, rivals: &[Rival], row: Row) -> Option<RunId> {
    match row {
        Row::Run(at) => rivals.get(at).map(|rival| rival.record.id),
        Row::Version(number) => {
            let registered = book.ledger.as_ref().ok()?.registry().version(number).ok()?;
            let uuid = &registered.version.run.as_ref()?.uuid;
            let own = rivals.iter().find(|rival| rival.record.uuid == *uuid);
            own.map(|rival| rival.record.id)
        }
    }
}

/// How a run scores, and how much better it is than the champion over the folds of the same data.
pub(super) fn scores(book: &Book, rival: &Rival) -> (Option<f64>, Option<f64>) {
    let score = rival.score();
    let champion = book.ledger.as_ref().ok().and_then(|ledger| ledger.registry().champion());
    let gain = champion.and_then(|champion| {
        let objective = rival.objective.as_ref()?;
        let version = &champion.version;
        let theirs = *version.cross_validation.get(&objective.metric)?;
        let is_same =
            version.data_hash == rival.record.data_hash && version.split == rival.record.split;
        if is_same { gain(objective.goal, score?, theirs) } else { None }
    });
    (score, gain)
}

fn gain(goal: Goal, ours: f64, theirs: f64) -> Option<f64> {
    let gain = goal.loss(theirs) - goal.loss(ours);
    (!gain.is_nan()).then_some(gain)
}

/// Which use of the holdout the next question is, what alpha it is judged at, and of what alpha that is a part.
pub(super) fn next_use(registry: &Registry) -> (u64, f64, f64) {
    let alpha = registry.gates().last().map_or(ALPHA, |gate| gate.what.policy.alpha);
    let number = registry.uses() + 1;
    (number, spent_alpha(alpha, number), alpha)
}

/// True if the gate has said of this row that it may replace the present champion.
pub(super) fn is_promotable(said: Option<Said<'_>>) -> bool {
    said.is_some_and(|said| said.is_current && said.gate.what.verdict.decision == Decision::Promote)
}

/// The run of a row of the screen.
pub(super) fn run_of_screen(screen: &super::Champions, row: Row) -> Option<RunId> {
    run_of(screen.book.as_ref()?, &screen.rivals, row)
}
