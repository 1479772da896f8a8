//! What the screen says of entries, verdicts and versions: the words of the command line.

use crate::champion::{AliasMove, Entry, Event, Gate, Ledger, MoveKind, Registered};
use crate::domain::{Digest, format_number};
use crate::gate::{CheckStatus, Comparison, Decision, Verdict};
use crate::host::clock;
use crate::report::words::{count, number, plural};
use crate::tui::theme::{Role, Theme};

/// Glyph and colour of a decision.
pub(super) fn decision(theme: &Theme, decision: Decision) -> (&'static str, Role) {
    match decision {
        Decision::Promote => (theme.glyph("✓", "+"), Role::Good),
        Decision::Hold => ("?", Role::Warn),
        Decision::Reject => (theme.glyph("✗", "x"), Role::Bad),
    }
}

/// Glyph and colour of a check.
pub(super) fn check(theme: &Theme, status: CheckStatus) -> (&'static str, Role) {
    match status {
        CheckStatus::Pass => (theme.glyph("✓", "+"), Role::Good),
        CheckStatus::Hold => ("?", Role::Warn),
        CheckStatus::Fail => (theme.glyph("✗", "x"), Role::Bad),
        CheckStatus::Skip => (theme.glyph("·", "-"), Role::Muted),
    }
}

/// The decision in a sentence, with what it would take.
pub(super) fn meaning(verdict: &Verdict) -> String {
    let first = |status: CheckStatus| verdict.checks.iter().find(|check| check.status == status);
    let said = |check: &crate::gate::Check| format!("{}: {}", check.name, check.detail);
    match verdict.decision {
        Decision::Promote if verdict.comparison.is_none() => {
            "nothing speaks against it; no gain was tested, so no use of the holdout was spent"
                .into()
        }
        Decision::Promote => "proven by the rule".into(),
        Decision::Reject => first(CheckStatus::Fail).map_or_else(String::new, said),
        Decision::Hold => match (&verdict.comparison, first(CheckStatus::Hold)) {
            (Some(comparison), Some(check))
                if check.id == "gain" && comparison.standard_error > 0.0 =>
            {
                takes(comparison)
            }
            (_, Some(check)) => said(check),
            (_, None) => String::new(),
        },
    }
}

/// What it would take to prove a gain.
fn takes(comparison: &Comparison) -> String {
    let detectable = format_number(comparison.detectable, 2);
    let rows = match comparison.rows_needed {
        Some(rows) => format!("for this gain it takes about {} rows", count(rows)),
        None => "no number of rows would show this gain".into(),
    };
    format!("not proven: a gain of {detectable} would show 4 times in 5 here; {rows}")
}

/// `version 3 (run 88)`.
pub(super) fn version(registered: &Registered) -> String {
    match &registered.version.run {
        Some(run) => format!("version {} (run {})", registered.version.number, run.number),
        None => format!("version {}", registered.version.number),
    }
}

/// A version of a ledger by its number.
pub(super) fn version_number(ledger: &Ledger, number: u64) -> String {
    ledger.registry().version(number).map_or_else(|_| format!("version {number}"), version)
}

/// The champion that a verdict was about.
pub(super) fn against(gate: &Gate) -> String {
    match (gate.champion_version, &gate.champion) {
        (Some(version), _) => format!("version {version}"),
        (None, Some(bundle)) => Digest::short_of(bundle),
        (None, None) => "no champion".into(),
    }
}

/// Which use of the holdout a verdict was, and at what alpha.
pub(super) fn of_use(gate: &Gate) -> String {
    let alpha = gate.verdict.comparison.as_ref().map(|comparison| comparison.alpha);
    match (gate.number, alpha) {
        (0, _) => "no gain was tested, so no use of it was spent".into(),
        (n, Some(alpha)) => format!("use {n}, alpha {}", format_number(alpha, 2)),
        (n, None) => format!("use {n}"),
    }
}

/// `2026-01-31 12:00`, in UTC as ledgers have it.
pub(super) fn minute(at: &str) -> String {
    at.get(..16).map_or_else(|| at.to_string(), |minute| minute.replace('T', " "))
}

/// How long ago: `4m`.
pub(super) fn age(at: &str, now_ms: i64) -> String {
    let Some(ms) = clock::parse_iso(at) else { return at.to_string() };
    let seconds = ((now_ms - ms) / 1000).max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// An entry of a ledger in the columns of the history.
pub(super) struct Told {
    pub(super) what: String,
    pub(super) role: Role,
    pub(super) version: String,
    pub(super) from: String,
    pub(super) gate: String,
    pub(super) why: String,
}

/// An entry as the history shows it.
pub(super) fn told(theme: &Theme, ledger: &Ledger, entry: &Entry) -> Told {
    let number = |version: Option<u64>| version.map_or_else(dash, |v| v.to_string());
    let gate_of = |seq: Option<u64>| {
        let gate = seq.and_then(|seq| ledger.registry().gate(seq));
        gate.map_or_else(dash, |gate| verdict_mark(theme, &gate.what.verdict))
    };
    let plain = |what: &str, version: String, why: &str| Told {
        what: what.into(),
        role: Role::Text,
        version,
        from: dash(),
        gate: dash(),
        why: why.into(),
    };
    match &entry.event {
        Event::Begin(begin) => plain("begun", dash(), &begin.why),
        Event::Version(version) => {
            let run = version.run.as_ref().map(|run| format!("run {}", run.number));
            let told = plain("registered", version.number.to_string(), &version.why);
            Told { from: run.unwrap_or_else(dash), role: Role::Muted, ..told }
        }
        Event::Gate(gate) => {
            let (_, role) = decision(theme, gate.verdict.decision);
            let who = match (gate.version, &gate.run) {
                (Some(version), _) => version.to_string(),
                (None, Some(run)) => format!("run {}", run.number),
                (None, None) => Digest::short_of(&gate.challenger),
            };
            let why = if gate.why.is_empty() { &gate.verdict.reason } else { &gate.why };
            let told = plain(&format!("gate: {}", gate.verdict.decision.word()), who, why);
            let from = gate.champion_version.map_or_else(dash, |v| format!("vs {v}"));
            Told { role, from, gate: verdict_mark(theme, &gate.verdict), ..told }
        }
        Event::State(change) => {
            let told = plain(change.to.word(), change.version.to_string(), &change.why);
            Told {
                gate: gate_of(change.gate),
                role: Role::Warn,
                from: change.from.word().into(),
                ..told
            }
        }
        Event::Alias(moved) => {
            moved_told(moved, (number(moved.to), number(moved.from)), gate_of(moved.gate))
        }
        Event::Holdout(refresh) => {
            let rows = plural(refresh.rows, "row");
            let told = plain(&format!("holdout {}", refresh.epoch), dash(), &refresh.why);
            Told { from: rows, role: Role::Accent, ..told }
        }
    }
}

fn moved_told(moved: &AliasMove, (to, from): (String, String), gate: String) -> Told {
    let (what, role) = match moved.kind {
        MoveKind::Promote => ("promote".to_string(), Role::Champion),
        MoveKind::Rollback => ("rollback".to_string(), Role::Bad),
        MoveKind::Set => (format!("set @{}", moved.name), Role::Text),
        MoveKind::Remove => (format!("remove @{}", moved.name), Role::Bad),
    };
    Told { what, role, version: to, from, gate, why: moved.why.clone() }
}

fn dash() -> String {
    "—".into()
}

/// `✓ 9 pass`, `? 8 of 9`: checks that passed, of those that applied if some did not.
pub(super) fn verdict_mark(theme: &Theme, verdict: &Verdict) -> String {
    let (mark, _) = decision(theme, verdict.decision);
    let n = |status: CheckStatus| verdict.checks.iter().filter(|one| one.status == status).count();
    let applied = verdict.checks.len() - n(CheckStatus::Skip);
    match n(CheckStatus::Pass) {
        passed if passed == applied => format!("{mark} {passed} pass"),
        passed => format!("{mark} {passed} of {applied}"),
    }
}

/// `6 pass, 1 skipped`: every check of the list, counted.
pub(super) fn tally(verdict: &Verdict) -> String {
    let n = |status: CheckStatus| verdict.checks.iter().filter(|one| one.status == status).count();
    let parts = [
        (n(CheckStatus::Pass), "pass"),
        (n(CheckStatus::Fail), "fail"),
        (n(CheckStatus::Hold), "hold"),
        (n(CheckStatus::Skip), "skipped"),
    ];
    let shown = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}"));
    shown.collect::<Vec<_>>().join(", ")
}

/// Text of a gate with its comparisons in the signs of the screen: `recall ≥ 0.9`.
pub(super) fn signs(theme: &Theme, text: &str) -> String {
    if theme.ascii { text.into() } else { text.replace(">=", "≥").replace("<=", "≤") }
}

/// A verdict as lines to be read.
pub(super) fn verdict_lines(theme: &Theme, gate: &Gate, title: &str) -> Vec<String> {
    let verdict = &gate.verdict;
    let (mark, _) = decision(theme, verdict.decision);
    let word = verdict.decision.word().to_uppercase();
    let mut lines = vec![
        format!("{title} against {}", against(gate)),
        format!("{mark} {word}   {}", meaning(verdict)),
        String::new(),
        format!(
            "rule      {}   policy {}",
            gate.policy.rule.word(),
            Digest::short_of(&gate.policy_hash)
        ),
        format!("holdout   {}", of_use(gate)),
    ];
    if let Some(c) = &verdict.comparison {
        lines.push(format!(
            "gain      {} {} against {}: {} in [{}, {}], each bound at {}; {}, {} draws ({})",
            c.metric,
            number(c.challenger),
            number(c.champion),
            number(c.gain),
            number(c.lower),
            number(c.upper),
            number(c.alpha),
            plural(c.rows, "row"),
            count(u64::from(c.draws)),
            c.method
        ));
    }
    lines.push(String::new());
    lines.push("Checks".into());
    for one in &verdict.checks {
        lines.push(format!("  {} {}", check(theme, one.status).0, signs(theme, &one.name)));
        lines.push(format!("      {}", signs(theme, &one.detail)));
    }
    if !verdict.opinions.is_empty() {
        lines.push(String::new());
        lines.push("Second opinions (they never decide)".into());
    }
    for one in &verdict.opinions {
        let p = one.p.map_or_else(String::new, |p| format!("   p {}", number(p)));
        lines.push(format!("    {}{p}", one.name));
        lines.push(format!("      {}", one.detail));
    }
    if let Some(text) = winners_curse(verdict) {
        lines.extend([String::new(), "Winner's curse".into(), format!("      {text}")]);
    }
    lines.extend([String::new(), format!("why asked  {}", gate.why)]);
    lines.iter().map(|line| crate::tui::widgets::plain(theme, line).into_owned()).collect()
}

/// The winner's curse in a sentence.
pub(super) fn winners_curse(verdict: &Verdict) -> Option<String> {
    let bias = verdict.selection.as_ref()?;
    let kept = if bias.of > bias.runs {
        format!(" of {} whose predictions are kept", count(bias.of))
    } else {
        String::new()
    };
    Some(format!(
        "{} {} over the folds is {} ({} to {}) once corrected for being the best of {}{kept}",
        bias.metric,
        number(bias.selected),
        number(bias.corrected),
        number(bias.lower),
        number(bias.upper),
        count(bias.runs),
    ))
}
