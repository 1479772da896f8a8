//! Promotions, approvals, rollbacks: what they do, and what they refuse with which words.

use super::testing::{Lab, bundle, judged, policy, promotion, version};
use super::{
    CHAMPION, Judged, Ledger, LedgerError, ModelName, Moved, Promoted, Promotion, Question, State,
    Target, Use,
};
use crate::domain::{Digest, Goal};
use crate::gate::{Approval, Comparison, Decision, Rule};
use std::fs;

fn fails<T: std::fmt::Debug>(result: Result<T, LedgerError>, expected: &str) {
    let text = result.unwrap_err().to_string();
    assert!(text.contains(expected), "'{expected}' is not in: {text}");
}

fn state(ledger: &Ledger, version: u64) -> State {
    ledger.registry().version(version).unwrap().state
}

fn champion(ledger: &Ledger) -> Option<u64> {
    ledger.registry().champion().map(|champion| champion.version.number)
}

fn by_hand(version: u64, gate: u64) -> Promotion {
    let rule = Some("non_inferior".to_string());
    Promotion { approval: Approval::Manual, rule, ..promotion(version, gate) }
}

#[test]
fn a_bundle_is_one_version() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    assert_eq!(ledger.register(version(1)).unwrap(), 1);
    assert_eq!(ledger.register(version(2)).unwrap(), 2);
    assert_eq!(ledger.register(version(1)).unwrap(), 1);
    assert_eq!(ledger.entries().len(), 3);
    assert_eq!(ledger.registry().version_of(bundle(2)).unwrap().version.number, 2);
    let odd = super::Version { bundle: "b3:5e10c2".into(), ..version(3) };
    fails(ledger.register(odd), "'b3:5e10c2' in 'bundle' is no digest");
    fails(ledger.reject(9, "no"), "'penguins' has no version 9; it has versions 1 to 2");
    assert_eq!(Ledger::models(&lab.folder()).unwrap(), std::slice::from_ref(&lab.model));
    assert_eq!(Ledger::models(&lab.folder().join("none")).unwrap(), []);
}

#[test]
fn automatic_promotion_needs_a_verdict_that_promotes_this_over_the_champion() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    let one = lab.register(&mut ledger, 1);
    fails(ledger.promote(&promotion(one, 0)), "entry 0 is no verdict; run `derby gate`");
    let held = ledger.record_gate(judged(&ledger, 1, Decision::Hold)).unwrap();
    fails(ledger.promote(&promotion(one, held)), "is to hold: as the test says");
    lab.promote(&mut ledger, 2);
    assert_eq!(champion(&ledger), Some(2));
    let gate = ledger.record_gate(judged(&ledger, 1, Decision::Promote)).unwrap();
    let three = lab.register(&mut ledger, 3);
    fails(ledger.promote(&promotion(three, gate)), "another bundle than version 3");
    let moved = ledger.promote(&promotion(one, gate)).unwrap();
    assert_eq!(moved, Promoted::Now(Moved { from: Some(2), to: 1 }));
    assert_eq!((state(&ledger, 1), state(&ledger, 2)), (State::Approved, State::Approved));
    // The evidence was against version 2.
    fails(ledger.promote(&promotion(one, gate)), "'champion' is at version 1 already");
    let lost = Promotion { why: " ".into(), ..promotion(three, gate) };
    fails(ledger.promote(&lost), "say why");
}

#[test]
fn a_champion_that_changed_since_the_verdict_is_named() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    let one = lab.register(&mut ledger, 1);
    let first = ledger.record_gate(judged(&ledger, 1, Decision::Promote)).unwrap();
    assert_eq!(ledger.registry().promoting(one).unwrap().seq, first);
    lab.promote(&mut ledger, 2);
    assert!(ledger.registry().promoting(one).is_none());
    fails(
        ledger.promote(&promotion(one, first)),
        "was given against no champion, and the champion is version 2",
    );
    let second = ledger.record_gate(judged(&ledger, 1, Decision::Promote)).unwrap();
    ledger.promote(&by_hand(one, second)).unwrap();
    lab.promote(&mut ledger, 3);
    fails(
        ledger.approve(one, "fine"),
        "was given against version 2, and the champion is version 3; run `derby gate` again",
    );
    ledger.reopen(one, "judge again").unwrap();
    assert_eq!(state(&ledger, one), State::Candidate);
}

#[test]
fn a_person_approves_or_rejects_what_waits() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    let one = lab.register(&mut ledger, 1);
    fails(ledger.approve(one, "fine"), "version 1 is candidate and cannot become approved");
    let gate = ledger.record_gate(judged(&ledger, 1, Decision::Promote)).unwrap();
    let waits = ledger.promote(&by_hand(one, gate)).unwrap();
    assert_eq!(waits, Promoted::Pending { version: one });
    assert_eq!((state(&ledger, one), champion(&ledger)), (State::Pending, None));
    fails(ledger.promote(&by_hand(one, gate)), "it waits for approval: approve or reject it");
    fails(ledger.approve(one, ""), "say why");
    assert_eq!(ledger.approve(one, "fine").unwrap(), Moved { from: None, to: one });
    assert_eq!((state(&ledger, one), champion(&ledger)), (State::Approved, Some(one)));
    let moved = &ledger.registry().moves().last().unwrap().what;
    assert_eq!((moved.gate, moved.rule.as_deref()), (Some(gate), Some("non_inferior")));

    let two = lab.register(&mut ledger, 2);
    let gate = ledger.record_gate(judged(&ledger, 2, Decision::Promote)).unwrap();
    ledger.promote(&by_hand(two, gate)).unwrap();
    ledger.reject(two, "the segment of old birds").unwrap();
    assert_eq!(ledger.registry().version(two).unwrap().why, "the segment of old birds");
    fails(ledger.promote(&promotion(two, gate)), "is rejected and cannot become approved; reopen");
    fails(ledger.approve(two, "but"), "only a pending version can be approved");
    fails(ledger.reject(two, "again"), "version 2 is rejected and cannot become rejected");
    fails(ledger.retire(one, "old"), "version 1 is the champion and cannot become retired");
    ledger.reopen(two, "look again").unwrap();
    ledger.promote(&promotion(two, gate)).unwrap();
    fails(ledger.reject(one, "old"), "it was promoted before: retire it");
    ledger.retire(one, "old").unwrap();
    fails(ledger.rollback(None, "drift"), "version 1 is retired, so that there is no going back");
}

#[test]
fn a_rollback_walks_back_and_leaves_a_trace() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    fails(ledger.rollback(None, "drift"), "'penguins' has no champion before this one");
    lab.promote(&mut ledger, 1);
    fails(ledger.rollback(None, "drift"), "has no champion before this one to go back to");
    fails(ledger.rollback(Some(1), "drift"), "'champion' is at version 1 already");
    for number in 2..=4 {
        lab.promote(&mut ledger, number);
    }
    lab.register(&mut ledger, 5);
    fails(ledger.rollback(Some(5), "drift"), "version 5 has not been champion before");
    fails(ledger.rollback(Some(5), "drift"), "those that have: 1, 2, 3");
    fails(ledger.rollback(None, "  "), "say why");
    assert_eq!(ledger.rollback(None, "drift").unwrap(), Moved { from: Some(4), to: 3 });
    assert_eq!((state(&ledger, 4), state(&ledger, 3)), (State::Retired, State::Approved));
    assert_eq!(ledger.rollback(Some(1), "worse").unwrap(), Moved { from: Some(3), to: 1 });
    assert_eq!(state(&ledger, 2), State::Approved);
    fails(ledger.rollback(None, "drift"), "no champion before this one");
    // What was left is not promoted again by an old verdict before somebody says so.
    let gate = ledger.record_gate(judged(&ledger, 4, Decision::Promote)).unwrap();
    fails(ledger.promote(&promotion(4, gate)), "version 4 is retired and cannot become approved");
    let moves: Vec<_> =
        ledger.registry().moves().iter().map(|m| (m.what.from, m.what.to)).collect();
    assert_eq!(moves[4..], [(Some(4), Some(3)), (Some(3), Some(1))]);
    assert_eq!(lab.open().registry(), ledger.registry());
}

#[test]
fn a_past_champion_that_waits_again_can_still_be_gone_back_to() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1);
    lab.promote(&mut ledger, 2);
    let gate = ledger.record_gate(judged(&ledger, 1, Decision::Promote)).unwrap();
    ledger.promote(&by_hand(1, gate)).unwrap();
    assert_eq!(state(&ledger, 1), State::Pending);
    assert_eq!(ledger.rollback(None, "drift").unwrap(), Moved { from: Some(2), to: 1 });
    assert_eq!((state(&ledger, 1), state(&ledger, 2)), (State::Approved, State::Retired));
    assert_eq!(ledger.registry().version(1).unwrap().pending, None);
}

#[test]
fn a_version_without_its_bundle_is_not_put_into_use() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1);
    let two = ledger.register(version(2)).unwrap();
    let gate = ledger.record_gate(judged(&ledger, 2, Decision::Promote)).unwrap();
    fails(ledger.promote(&promotion(two, gate)), "the bundle of version 2 is not in");
    lab.promote(&mut ledger, 2);
    fs::remove_dir_all(ledger.bundle_dir(bundle(1))).unwrap();
    fails(ledger.rollback(None, "drift"), "the bundle of version 1 is not in");
    assert_eq!(champion(&ledger), Some(2));
}

#[test]
fn aliases_are_set_and_removed_but_champion_is_earned() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1);
    lab.register(&mut ledger, 2);
    assert_eq!(ledger.set_alias("challenger", 2, "try").unwrap(), None);
    assert_eq!(ledger.set_alias("challenger", 1, "no").unwrap(), Some(2));
    fails(ledger.set_alias("challenger", 1, "no"), "'challenger' is at version 1 already");
    fails(ledger.set_alias(CHAMPION, 2, "quick"), "moved by promote and rollback only");
    fails(ledger.set_alias("no spaces", 2, "x"), "'no spaces' cannot be an alias");
    fails(ledger.set_alias("x", 7, "x"), "has no version 7");
    fails(
        ledger.remove_alias("prod", "x"),
        "'penguins' has no alias 'prod'; it has challenger, champion",
    );
    assert_eq!(ledger.registry().aliases_of(1), ["challenger", "champion"]);
    assert_eq!(ledger.remove_alias("challenger", "done").unwrap(), Some(1));
    let resolve = |ledger: &Ledger, target| {
        ledger.registry().resolve(&target).map(|found| found.version.number)
    };
    assert_eq!(resolve(&ledger, Target::Alias(CHAMPION.into())), Ok(1));
    assert_eq!(resolve(&ledger, Target::Version(2)), Ok(2));
    assert!(resolve(&ledger, Target::Alias("challenger".into())).is_err());
    // Out of use altogether, and back.
    assert_eq!(ledger.remove_alias(CHAMPION, "leaks").unwrap(), Some(1));
    assert_eq!(champion(&ledger), None);
    assert_eq!(ledger.rollback(None, "it did not").unwrap(), Moved { from: None, to: 1 });
}

#[test]
fn asking_again_is_no_new_use_of_the_holdout() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    lab.promote(&mut ledger, 1);
    // Without a champion no gain was tested.
    assert_eq!(ledger.registry().uses(), 0);
    let asked = judged(&ledger, 2, Decision::Hold);
    let seq = ledger.record_gate(asked.clone()).unwrap();
    assert_eq!(ledger.record_gate(judged(&ledger, 2, Decision::Promote)).unwrap(), seq);
    assert_eq!(ledger.registry().uses(), 1);
    let recorded = ledger.registry().gate(seq).unwrap();
    assert_eq!(recorded.what.verdict.decision, Decision::Hold);
    assert_eq!(ledger.registry().use_of(&asked.question), Use::Answered(recorded));
    // Judged at the same time as another: its alpha is that of another use.
    let late = Judged { question: judged(&ledger, 3, Decision::Hold).question, ..asked.clone() };
    fails(ledger.record_gate(late), "is of use 1 in period 0, and the next one is use 2");
    // Another policy is another question; its digest has to be its own.
    let mut other = judged(&ledger, 2, Decision::Hold);
    other.policy.rule = Rule::Absolute;
    let stale = other.clone();
    other.question.policy = other.policy.digest();
    let number = |use_of: Use| match use_of {
        Use::New { number, epoch } => (number, epoch),
        Use::Answered(_) => panic!("it is new"),
    };
    assert_eq!(number(ledger.registry().use_of(&other.question)), (2, 0));
    let mixed = Judged { question: other.question.clone(), policy: policy(), ..stale };
    fails(ledger.record_gate(mixed), "'policy_hash' does not belong");
    // Without a holdout nothing is used up.
    let free = Question { holdout: None, ..other.question };
    assert_eq!(number(ledger.registry().use_of(&free)), (0, 0));
    // New rows: everything may be asked again.
    ledger.refresh_holdout(&[1, 2], "new rows").unwrap();
    assert_eq!(number(ledger.registry().use_of(&asked.question)), (1, 1));
    let again = ledger.record_gate(judged(&ledger, 2, Decision::Promote)).unwrap();
    assert_eq!(ledger.registry().gate(again).unwrap().what.epoch, 1);
}

#[test]
fn a_comparison_that_json_cannot_hold_is_left_out_and_the_rest_recorded() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    let comparison = Comparison {
        metric: "roc_auc".into(),
        goal: Goal::Maximize,
        challenger: f64::NAN,
        champion: 0.9,
        gain: f64::NAN,
        lower: 0.0,
        upper: 0.0,
        alpha: 0.025,
        standard_error: 0.0,
        draws: 10,
        rows: 69,
        method: "rows".into(),
        detectable: 0.1,
        rows_needed: None,
    };
    let mut odd = judged(&ledger, 1, Decision::Reject);
    odd.verdict.comparison = Some(comparison.clone());
    let seq = ledger.record_gate(odd).unwrap();
    assert_eq!(lab.open().registry().gate(seq).unwrap().what.verdict.comparison, None);
    let mut sound = judged(&ledger, 2, Decision::Hold);
    let comparison = Comparison { challenger: 0.1 + 0.2, gain: -0.0, ..comparison };
    sound.verdict.comparison = Some(comparison.clone());
    let seq = ledger.record_gate(sound).unwrap();
    assert_eq!(lab.open().registry().gate(seq).unwrap().what.verdict.comparison, Some(comparison));
    let mut endless = judged(&ledger, 3, Decision::Hold);
    endless.policy.alpha = f64::NAN;
    endless.question.policy = endless.policy.digest();
    fails(ledger.record_gate(endless), "cannot be recorded, since it would not read back");
    assert_eq!(lab.open().entries(), ledger.entries());
}

#[test]
fn a_ledger_that_cannot_be_written_says_so() {
    let lab = Lab::new();
    let mut ledger = lab.begin();
    fs::remove_file(lab.file()).unwrap();
    fails(ledger.register(version(1)), "is missing, and it is known to have been there");
    fs::create_dir(lab.file()).unwrap();
    fails(ledger.register(version(1)), "cannot write '");
    let model = ModelName::parse("cats").unwrap();
    let file = lab.dir.path().join("file");
    fs::write(&file, "").unwrap();
    fails(Ledger::begin(&file, &model, "x"), "cannot create '");
    assert!(matches!(Ledger::open(&file, &model, None), Err(LedgerError::Io { .. })));
    assert_eq!(Digest::parse(&version(1).bundle), Some(bundle(1)));
}
