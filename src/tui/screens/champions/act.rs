//! What the keys do: questions to the gate, promotions, approvals and rollbacks, each by the verb that a user could type.

use super::rows::{self, Row};
use super::words;
use super::{CHALLENGERS, CHAMPION, Champions, HISTORY, VERDICT};
use crate::champion::{CHAMPION as CHAMPION_ALIAS, Event, Ledger, State};
use crate::domain::RunId;
use crate::tui::action::Action;
use crate::tui::ask::VerbOutcome;
use crate::tui::deeds::line_of;
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::overlay::{Outcome, Overlay, Page, Prompt};
use crate::tui::paint;
use crate::tui::screens::{Enabled, Shared};

/// A dialog for the reason.
const WHY: &str = "why";
/// The form for the name of a new ledger.
pub(super) const BEGIN: &str = "begin";
/// A question before a verb.
pub(super) const SURE: &str = "sure";
/// The gate was asked.
const GATE: &str = "gate";
/// A ledger was written.
const LEDGER: &str = "ledger";

/// What a dialog is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    /// Ask the gate about a run.
    Ask(RunId),
    /// Promote a run or a version on a verdict.
    Promote(Target),
    /// Approve a version.
    Approve(u64),
    /// Turn a version down.
    Reject(u64),
    /// Back to a version.
    Rollback(u64),
    /// Begin a ledger.
    Begin(String),
}

/// What is promoted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    /// A run, which becomes a version.
    Run(RunId),
    /// A version.
    Version(u64),
}

/// A verb at work.
#[derive(Debug, Clone)]
pub(super) struct Busy {
    /// In words.
    pub(super) what: String,
    /// The command line.
    pub(super) line: String,
    /// Since when.
    pub(super) since_ms: i64,
}

impl Champions {
    pub(super) fn is_enabled(&self, action: Action, pane: u8, shared: &Shared) -> Enabled {
        let acts =
            matches!(action, Action::Promote | Action::Approve | Action::Reject | Action::Rollback);
        if acts && self.busy.is_some() {
            return Enabled::No("a verb is at work; wait for its end");
        }
        match action {
            Action::Promote => self.may_promote(),
            Action::Approve | Action::Reject => self.may_decide(action),
            Action::Rollback => match self.ledger().map(Ledger::registry) {
                None => Enabled::Never,
                Some(registry) if registry.past().is_empty() => {
                    Enabled::No("no version was champion before this one")
                }
                Some(_) => Enabled::Yes,
            },
            Action::View => match self.models.as_ref().map_or(0, |models| models.known.len()) {
                0 | 1 => Enabled::Never,
                _ => Enabled::As("next model"),
            },
            Action::Open => self.may_open(pane),
            Action::Compare if self.ledger().is_some() => match self.pair() {
                Some(_) => Enabled::As("compare"),
                None => Enabled::No("it takes a champion and another run, both in this store"),
            },
            Action::Mark if pane == CHALLENGERS && self.selected_run().is_some() => Enabled::Yes,
            Action::Unmark if !shared.marks.is_empty() => Enabled::Yes,
            Action::Write if self.said().is_some() => Enabled::Yes,
            Action::Copy if self.model.is_some() => Enabled::As("copy command"),
            _ => Enabled::Never,
        }
    }

    fn may_promote(&self) -> Enabled {
        if self.to_begin().is_some() {
            return Enabled::As("begin ledger");
        }
        if self.ledger().is_none() {
            return Enabled::Never;
        }
        let Some(row) = self.selected() else {
            return Enabled::No("there is no challenger yet: a sweep of this model makes some");
        };
        match row {
            _ if rows::is_promotable(self.said()) => Enabled::Yes,
            Row::Version(_) if self.selected_run().is_none() => {
                Enabled::No("the run of this version is not in this store")
            }
            _ => Enabled::As("ask the gate"),
        }
    }

    fn may_decide(&self, action: Action) -> Enabled {
        if self.ledger().is_none() {
            return Enabled::Never;
        }
        match (self.selected_state(), action) {
            (Some(State::Pending), _) | (Some(State::Candidate), Action::Reject) => Enabled::Yes,
            _ if self.n_waiting() == 0 => Enabled::No("no version waits for approval"),
            _ => Enabled::No("select the version that waits first"),
        }
    }

    fn may_open(&self, pane: u8) -> Enabled {
        if self.ledger().is_none() {
            return Enabled::Never;
        }
        let yes = match pane {
            CHALLENGERS => self.selected_run().is_some(),
            VERDICT => self.said().is_some(),
            HISTORY => self.ledger().is_some(),
            _ => self.book.as_ref().is_some_and(|book| book.run.is_some()),
        };
        if yes { Enabled::Yes } else { Enabled::No("nothing to open here") }
    }

    /// The model whose ledger could begin here.
    fn to_begin(&self) -> Option<String> {
        match (&self.book, &self.models) {
            (Some(book), _) if book.is_unknown => Some(book.model.clone()),
            (None, Some(models)) if models.known.is_empty() => models.possible.first().cloned(),
            _ => None,
        }
    }

    fn selected_state(&self) -> Option<State> {
        let Some(Row::Version(number)) = self.selected() else { return None };
        Some(self.ledger()?.registry().version(number).ok()?.state)
    }

    pub(super) fn selected_run(&self) -> Option<RunId> {
        rows::run_of(self.book.as_ref()?, &self.rivals, self.selected()?)
    }

    /// The champion's run and the challenger's.
    fn pair(&self) -> Option<[RunId; 2]> {
        let champion = self.book.as_ref()?.run?;
        self.selected_run().filter(|run| *run != champion).map(|run| [champion, run])
    }

    /// Everything but moving about.
    pub(super) fn carry(&mut self, action: Action, pane: u8, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Open => return self.open(pane, shared),
            Action::Compare => {
                let pair = self.pair().map(|pair| Effect::Jump(Jump::Compare(pair.to_vec())));
                return pair.into_iter().collect();
            }
            Action::Mark => {
                if let Some(run) = self.selected_run()
                    && !shared.marks.shift_remove(&run)
                {
                    shared.marks.insert(run);
                }
            }
            Action::Unmark => shared.marks.clear(),
            Action::Copy => {
                let line = self.command(pane);
                let said = Effect::Say(Tone::Good, format!("copied: {line}"));
                return vec![Effect::Copy(line), said];
            }
            Action::Write => return self.write(shared),
            _ => {}
        }
        match self.deed_of(action, pane) {
            Some(deed) => self.begin(deed),
            None => Vec::new(),
        }
    }

    fn deed_of(&self, action: Action, pane: u8) -> Option<Deed> {
        match action {
            Action::Promote => {
                if let Some(model) = self.to_begin() {
                    return Some(Deed::Begin(model));
                }
                let row = self.selected()?;
                if rows::is_promotable(self.said()) {
                    return Some(Deed::Promote(match row {
                        Row::Version(number) => Target::Version(number),
                        Row::Run(_) => Target::Run(self.selected_run()?),
                    }));
                }
                self.selected_run().map(Deed::Ask)
            }
            Action::Approve | Action::Reject => {
                let Row::Version(number) = self.selected()? else { return None };
                let is_approval = action == Action::Approve;
                Some(if is_approval { Deed::Approve(number) } else { Deed::Reject(number) })
            }
            Action::Rollback => self.rollback_to(pane).map(Deed::Rollback),
            _ => None,
        }
    }

    /// The champion of the selected entry, where it is one that a rollback can reach; else the last one before.
    fn rollback_to(&self, pane: u8) -> Option<u64> {
        let ledger = self.ledger()?;
        let past = ledger.registry().past();
        let entry = ledger.entries().iter().rev().nth(self.entry).filter(|_| pane == HISTORY);
        let chosen = match entry.map(|entry| &entry.event) {
            Some(Event::Alias(moved)) if moved.name == CHAMPION_ALIAS => moved.to,
            Some(Event::Version(version)) => Some(version.number),
            _ => None,
        };
        chosen.filter(|number| past.contains(number)).or(past.last().copied())
    }

    /// Opens the first dialog of a deed.
    fn begin(&mut self, deed: Deed) -> Vec<Effect> {
        let asked = match &deed {
            Deed::Begin(model) => return self.ask_name(model),
            Deed::Ask(_) => None,
            Deed::Promote(_) => Some("why promote"),
            Deed::Approve(_) => Some("why approve"),
            Deed::Reject(_) => Some("why turn down"),
            Deed::Rollback(_) => Some("why go back to"),
        };
        let label = asked.map(|asked| paint::clean(&format!("{asked} {}?", self.name_of(&deed))));
        self.deed = Some(deed);
        self.why.clear();
        match label {
            Some(label) => vec![Effect::Overlay(Overlay::Prompt(Prompt::asking(WHY, &label)))],
            None => self.confirm(),
        }
    }

    /// What came of a dialog.
    pub(super) fn decided(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        shared: &Shared,
    ) -> Vec<Effect> {
        match (purpose, outcome) {
            (WHY, Outcome::Typed(text)) => {
                let Some(deed) = self.deed.clone() else { return Vec::new() };
                self.lacks_reason = text.trim().is_empty();
                if self.lacks_reason {
                    return self.begin(deed);
                }
                self.why = text.trim().to_string();
                self.confirm()
            }
            (SURE, Outcome::Confirmed) => self.carry_out(shared),
            (_, Outcome::Left) => {
                self.deed = None;
                self.lacks_reason = false;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn carry_out(&mut self, shared: &Shared) -> Vec<Effect> {
        let Some(deed) = self.deed.take() else { return Vec::new() };
        let args = self.args(&deed);
        let name = self.name_of(&deed);
        let what = match &deed {
            Deed::Ask(_) => format!("asking the gate about {name}"),
            Deed::Promote(_) => format!("promoting {name}"),
            Deed::Approve(_) => format!("approving {name}"),
            Deed::Reject(_) => format!("turning down {name}"),
            Deed::Rollback(_) => format!("going back to {name}"),
            Deed::Begin(_) => format!("beginning the ledger of {name}"),
        };
        let purpose = match &deed {
            Deed::Ask(run) => {
                // Its verdict is what is to be seen when it is there.
                (self.picked, self.follows) = (Some(*run), true);
                GATE
            }
            _ => LEDGER,
        };
        let what = paint::clean(&what);
        let line = paint::clean(&line_of(&args));
        self.busy = Some(Busy { what: what.clone(), line, since_ms: shared.now_ms });
        vec![Effect::Verb { args, purpose }]
    }

    /// A verb has ended: what it said, and everything is read again.
    pub(super) fn came_back(
        &mut self,
        purpose: &'static str,
        outcome: &VerbOutcome,
        _shared: &mut Shared,
    ) -> Vec<Effect> {
        self.busy = None;
        let verdict = serde_json::from_str::<serde_json::Value>(outcome.stdout.trim()).ok();
        let done = match purpose {
            GATE => matches!(outcome.code, Some(0 | 3 | 4)) && verdict.is_some(),
            _ => outcome.code == Some(0),
        };
        if !done {
            return vec![Effect::Reload, failed(outcome), Effect::Overlay(output(outcome))];
        }
        let said = if let Some(verdict) = verdict.filter(|_| purpose == GATE) {
            verdict_said(&verdict)
        } else {
            Effect::Say(Tone::Good, paint::clean(&came_of(&outcome.stdout)))
        };
        vec![Effect::Reload, said]
    }

    fn open(&mut self, pane: u8, shared: &Shared) -> Vec<Effect> {
        let run = match pane {
            VERDICT => {
                let (Some(said), Some(row)) = (self.said(), self.selected()) else {
                    return Vec::new();
                };
                let title = self.row_title(row);
                let gate = &said.gate.what;
                let mut lines = words::verdict_lines(&shared.theme, gate, &title);
                lines.insert(1, format!("asked by {} at {}", said.gate.user, said.gate.at));
                return vec![page(&format!("Verdict, entry {}", said.gate.seq), &lines)];
            }
            HISTORY => {
                let entries = self.ledger().map(Ledger::entries).unwrap_or_default();
                let entry = entries.iter().rev().nth(self.entry);
                return entry.map(super::view_history::entry_page).into_iter().collect();
            }
            CHAMPION => self.book.as_ref().and_then(|book| book.run),
            _ => self.selected_run(),
        };
        run.map(|run| Effect::Jump(Jump::Run(run))).into_iter().collect()
    }

    /// A challenger in words.
    pub(super) fn row_title(&self, row: Row) -> String {
        match row {
            Row::Version(number) => self
                .ledger()
                .map_or_else(String::new, |ledger| words::version_number(ledger, number)),
            Row::Run(at) => self
                .rivals
                .get(at)
                .map_or_else(String::new, |rival| format!("run {}", rival.record.id)),
        }
    }

    /// The command for what is selected.
    fn command(&self, pane: u8) -> String {
        let model = self.model.clone().unwrap_or_default();
        let args: Vec<String> = match (pane, self.selected()) {
            (HISTORY, _) => vec!["champion".into(), "history".into(), model],
            (CHALLENGERS | VERDICT, Some(Row::Version(number)))
                if self.selected_state() == Some(State::Pending) =>
            {
                let version = self.version_word(number);
                return format!(
                    "{} --why …",
                    line_of(&["champion".into(), "approve".into(), version])
                );
            }
            (CHALLENGERS | VERDICT, Some(_)) => match self.selected_run() {
                Some(run) => vec!["gate".into(), run.to_string()],
                None => vec!["champion".into(), "show".into(), model],
            },
            _ => vec!["champion".into(), "show".into(), model],
        };
        line_of(&args)
    }

    /// The verdict as a file.
    fn write(&self, shared: &Shared) -> Vec<Effect> {
        let Some(said) = self.said() else { return Vec::new() };
        let Ok(text) = serde_json::to_string_pretty(&said.gate.what) else { return Vec::new() };
        let path = shared.here.join(format!("verdict-{}.json", said.gate.seq));
        vec![Effect::Save { path, bytes: format!("{text}\n").into_bytes() }]
    }
}

/// What a verb that wrote a ledger says came of it. The verbs say it in a line that ends with the ledger's new head:
/// `MODEL@champion   version 1 (run 436)   ledger head b3:…`; whatever stands before is about the gate.
fn came_of(stdout: &str) -> String {
    let told = stdout.lines().rev().find_map(|line| line.trim().rsplit_once("   ledger head "));
    let Some((told, _)) = told else {
        return stdout.lines().next().unwrap_or_default().to_string();
    };
    let (model, text) = told.split_once("   ").unwrap_or(("", told));
    match model.strip_suffix("@champion") {
        Some(model) => format!("{} is champion of {model}", text.trim()),
        None => format!("{model}: {}", text.trim()),
    }
}

/// The first line that a verb complained of.
fn failed(outcome: &VerbOutcome) -> Effect {
    let line = outcome.stderr.lines().find(|line| !line.trim().is_empty()).unwrap_or("it failed");
    Effect::Say(Tone::Bad, format!("{}: {line}", outcome.line))
}

/// All that a verb said.
fn output(outcome: &VerbOutcome) -> Overlay {
    let code =
        outcome.code.map_or_else(|| "no exit code".into(), |code| format!("exit code {code}"));
    let mut lines = vec![outcome.line.clone(), code, String::new()];
    lines.extend(outcome.stderr.lines().chain(outcome.stdout.lines()).map(ToString::to_string));
    let lines = lines.iter().map(|line| paint::clean(line)).collect();
    Overlay::Page(Page { title: "It did not work".into(), lines, scroll: 0 })
}

fn verdict_said(verdict: &serde_json::Value) -> Effect {
    let word = |key: &str| verdict.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let run = verdict.get("run").map(ToString::to_string).unwrap_or_default();
    let before = if verdict.get("recorded").is_some_and(|at| !at.is_null()) {
        "; it was asked before, and cost nothing"
    } else {
        ""
    };
    match word("decision") {
        "promote" => {
            let text = format!("run {run}: the gate says promote{before}. P makes it champion");
            Effect::Say(Tone::Good, text)
        }
        "" => Effect::Say(Tone::Info, word("reason").to_string()),
        other => Effect::Say(Tone::Info, format!("run {run}: the gate says {other}{before}")),
    }
}

pub(super) fn page(title: &str, lines: &[String]) -> Effect {
    let lines = lines.iter().map(|line| keep_indent(line)).collect();
    Effect::Overlay(Overlay::Page(Page { title: title.into(), lines, scroll: 0 }))
}

/// Clean, with the blanks at its head.
fn keep_indent(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    format!("{}{}", " ".repeat(indent), paint::clean(line))
}

#[cfg(test)]
mod tests {
    use super::came_of;

    #[test]
    fn what_came_of_a_promotion_is_said_not_what_was_before() {
        let check = |stdout: &str, expect: &str| assert_eq!(came_of(stdout), expect);
        check(
            " gated   run 436   no champion yet\n PROMOTE\n gated@champion   version 1 (run 436)   ledger head b3:1\n",
            "version 1 (run 436) is champion of gated",
        );
        check(
            " iris   version 2 waits: derby champion approve iris/2 --why …   ledger head b3:1\n",
            "iris: version 2 waits: derby champion approve iris/2 --why …",
        );
        check(" iris   back to version 1   ledger head b3:2", "iris: back to version 1");
        check(
            " iris   registered; no champion yet\n wrote  x\n",
            " iris   registered; no champion yet",
        );
    }
}
