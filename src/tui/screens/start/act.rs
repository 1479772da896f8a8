//! Starting a sweep: a form for its budget, a question with its cost, and the process.

use super::Start;
use super::load::{File, Plan};
use crate::report::words::{count, duration, limit, plural};
use crate::spec::typed_time;
use crate::sweep::steer::MOST_JOBS;
use crate::tui::action::Action;
use crate::tui::ask::VerbOutcome;
use crate::tui::catalog::progress;
use crate::tui::deeds::{ending, line_of};
use crate::tui::edit::Line;
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::overlay::{Confirm, Form, FormField, Outcome, Overlay, Page};
use crate::tui::paint;
use crate::tui::screens::Shared;
use std::time::Duration;

/// The form.
const BUDGET: &str = "budget";
/// The question.
const SURE: &str = "sure";
/// The process.
const LAUNCH: &str = "launch";

/// A sweep that is to be started.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    /// Its name.
    name: String,
    /// Its file.
    file: String,
    /// What was changed: `--trials`, `50`, ….
    flags: Vec<String>,
    /// What stood in the form.
    values: Vec<String>,
}

/// What a sweep would take, and how that is known: of so many trials at so many at a time.
pub(super) fn cost(
    file: &File,
    trials: Option<u64>,
    jobs: usize,
    most: Option<f64>,
) -> (String, Option<String>) {
    let at_most = most.map_or_else(String::new, |seconds| format!(", at most {}", limit(seconds)));
    let past = file.past.as_ref().and_then(|past| Some((past, past.seconds?)));
    let (Ok(plan), Some((past, (seconds, n)))) = (&file.plan, past) else {
        let text = "unknown: nothing like it has run";
        return (format!("{text}{at_most}"), None);
    };
    let of = past.of.as_ref().map_or_else(String::new, |of| format!(" of '{of}' on the same data"));
    let each = format!("{} a run, median of {}{of}", duration(seconds), count(n as u64));
    let Some(trials) = trials else {
        return (
            format!("as long as it is let: no number of trials is given{at_most}"),
            Some(each),
        );
    };
    // What is done already is not done again.
    let done = if past.is_same { past.reached.over } else { 0 };
    let left = trials.saturating_sub(done);
    if left == 0 {
        let are = if trials == 1 { "is" } else { "are" };
        return (format!("nothing: {} {are} done", plural(trials, "trial")), None);
    }
    let all = seconds * (left * plan.replicates) as f64 / jobs.max(1) as f64;
    let all = most.map_or(all, |most| all.min(most));
    (format!("about {} for {}{at_most}", duration(all), plural(left, "trial")), Some(each))
}

impl Start {
    pub(super) fn carry(&mut self, action: Action, _shared: &Shared) -> Vec<Effect> {
        let Some(file) = self.selected() else { return Vec::new() };
        match (action, &file.plan) {
            (Action::Open, Ok(plan)) if driven(file).is_some() => {
                let by = driven(file).unwrap_or_default();
                let text = format!("{} runs already: {by}", paint::clean(&plan.name));
                let sweep = file.past.as_ref().and_then(|past| past.sweep);
                let jump = sweep.map(|sweep| Effect::Jump(Jump::Sweep(sweep)));
                jump.into_iter().chain([Effect::Say(Tone::Info, text)]).collect()
            }
            (Action::Open | Action::Add, Ok(plan)) => {
                if let Some(why) = exhausted(file, plan) {
                    return vec![Effect::Say(Tone::Info, why)];
                }
                let form = form(file, plan);
                let (name, file) = (plan.name.clone(), file.shown.clone());
                self.wish = Some(Wish { name, file, flags: Vec::new(), values: Vec::new() });
                vec![Effect::Overlay(Overlay::Form(form))]
            }
            (Action::Open | Action::Add, Err(problems)) => {
                let lines = problems.iter().map(|line| indented(line)).collect();
                let title = format!("Problems of {}", paint::clean(&file.shown));
                vec![Effect::Overlay(Overlay::Page(Page { title, lines, scroll: 0 }))]
            }
            (Action::View, _) => {
                let sweep = file.past.as_ref().and_then(|past| past.sweep);
                sweep.map(|sweep| Effect::Jump(Jump::Sweep(sweep))).into_iter().collect()
            }
            (Action::Copy, _) => {
                let line = line_of(&["sweep".into(), file.shown.clone()]);
                let said = Effect::Say(Tone::Good, format!("copied: {line}"));
                vec![Effect::Copy(line), said]
            }
            _ => Vec::new(),
        }
    }

    /// What came of a dialog.
    pub(super) fn decided(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
    ) -> Result<Vec<Effect>, (usize, String)> {
        match (purpose, outcome) {
            (BUDGET, Outcome::Filled(values)) => self.filled(&values),
            (SURE, Outcome::Confirmed) => Ok(self.launch()),
            (SURE, Outcome::Left) => Ok(self.back_to_form()),
            (_, Outcome::Left) => {
                self.wish = None;
                Ok(Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whoever says no to the question goes on with the form as it was.
    fn back_to_form(&mut self) -> Vec<Effect> {
        let Some(wish) = &self.wish else { return Vec::new() };
        let file = self.files.iter().flatten().find(|file| file.shown == wish.file);
        let Some((file, Ok(plan))) = file.map(|file| (file, &file.plan)) else { return Vec::new() };
        let mut form = form(file, plan);
        for (field, value) in form.fields.iter_mut().zip(&wish.values) {
            field.line = Line::new(value);
        }
        vec![Effect::Overlay(Overlay::Form(form))]
    }

    /// The fields are right: what it will cost, and the command line.
    fn filled(&mut self, values: &[String]) -> Result<Vec<Effect>, (usize, String)> {
        let asked = Asked::read(values)?;
        let Some(wish) = self.wish.as_mut() else { return Ok(Vec::new()) };
        let files = self.files.iter().flatten();
        let Some(file) = files.into_iter().find(|file| file.shown == wish.file) else {
            return Ok(vec![Effect::Say(Tone::Bad, format!("'{}' is gone", wish.file))]);
        };
        let Ok(plan) = &file.plan else { return Ok(Vec::new()) };
        asked.goes_on(file, plan)?;
        wish.flags = asked.flags(plan);
        wish.values = values.to_vec();
        let jobs = asked.jobs.map_or(plan.jobs, |jobs| jobs as usize);
        let trials = nearer(asked.trials.or(plan.trials), plan.whole);
        let (cost, each) = cost(file, trials, jobs, asked.seconds().or(plan.seconds));
        let is_known = !cost.starts_with("unknown");
        let head = if is_known { "It takes" } else { "What it costs is" };
        let mut lines = vec![format!("{head} {cost}.")];
        lines.extend(each.map(|each| format!("({each})")));
        let past = file.past.as_ref().filter(|past| past.is_same && past.reached.over > 0);
        if let Some(by) = driven(file) {
            lines.push(format!("It runs already: {by}. This process would work along with it."));
        } else if let Some(past) = past {
            lines.push(format!("It goes on at {}.", progress(&past.reached)));
        }
        lines.push(
            "It runs on when this is closed; what it prints goes to .derby/launched.log.".into(),
        );
        lines.extend([String::new(), line_of(&args(wish))]);
        let lines = lines.iter().map(|line| paint::clean(line)).collect();
        let title = format!("Start {}?", paint::clean(&wish.name));
        Ok(vec![Effect::Overlay(Overlay::Confirm(Confirm::new(SURE, &title, lines)))])
    }

    fn launch(&mut self) -> Vec<Effect> {
        let Some(wish) = self.wish.take() else { return Vec::new() };
        let args = args(&wish);
        self.awaited = Some(wish.name);
        let said = Effect::Say(Tone::Good, "started; log: .derby/launched.log".into());
        vec![Effect::Launch { args, purpose: LAUNCH }, said]
    }

    /// The process has ended: badly, and it says why; or the sweep is done.
    pub(super) fn came_back(&mut self, outcome: &VerbOutcome) -> Vec<Effect> {
        self.awaited = None;
        let ended = format!("{}: {}", outcome.line, ending(outcome));
        if outcome.code == Some(0) {
            return vec![Effect::Say(Tone::Good, ended), Effect::Reload];
        }
        if outcome.stderr.trim().is_empty() {
            let is_asked = matches!(outcome.code, Some(130 | 143));
            let tone = if is_asked { Tone::Info } else { Tone::Bad };
            return vec![Effect::Say(tone, ended), Effect::Reload];
        }
        let code =
            outcome.code.map_or_else(|| "no exit code".into(), |code| format!("exit code {code}"));
        let mut lines = vec![outcome.line.clone(), code.clone(), String::new()];
        lines.extend(outcome.stderr.lines().map(ToString::to_string));
        let lines = lines.iter().map(|line| indented(line)).collect();
        let page = Page { title: "The sweep did not end well".into(), lines, scroll: 0 };
        let said = Effect::Say(Tone::Bad, format!("{}: {code}", outcome.line));
        vec![Effect::Reload, said, Effect::Overlay(Overlay::Page(page))]
    }
}

fn args(wish: &Wish) -> Vec<String> {
    let mut args = vec!["sweep".to_string(), wish.file.clone()];
    args.extend(wish.flags.iter().cloned());
    args
}

/// What the fields of the form ask for.
struct Asked<'a> {
    trials: Option<u64>,
    jobs: Option<u64>,
    time: Option<Duration>,
    /// The time as it was typed.
    typed: &'a str,
}

impl<'a> Asked<'a> {
    fn read(values: &'a [String]) -> Result<Self, (usize, String)> {
        let value = |at: usize| values.get(at).map_or("", |value| value.trim());
        let trials = whole("trials", value(0), u64::MAX).map_err(|why| (0, why))?;
        let jobs = whole("jobs", value(1), MOST_JOBS as u64).map_err(|why| (1, why))?;
        let time = match value(2) {
            "" => None,
            text => Some(typed_time("--time", text).map_err(|error| (2, error))?),
        };
        Ok(Self { trials, jobs, time, typed: value(2) })
    }

    fn seconds(&self) -> Option<f64> {
        self.time.map(|time| time.as_secs_f64())
    }

    /// A sweep that has ended goes on only if it is given more.
    fn goes_on(&self, file: &File, plan: &Plan) -> Result<(), (usize, String)> {
        let past = file.past.as_ref().filter(|past| past.is_same && past.reached.doing.is_over());
        let Some(past) = past else { return Ok(()) };
        let over = past.reached.over;
        let reason = past.reached.ended.as_ref().map_or("", |ended| ended.reason.as_str());
        if let Some(trials) = self.trials.or(plan.trials)
            && trials <= over
        {
            let text = "it would start and do nothing; mend: more than that";
            return Err((0, format!("'{trials}' trials: {} are done, so {text}", count(over))));
        }
        match self.seconds().or(plan.seconds) {
            Some(most) if reason == "time" && most <= past.spent => {
                let spent = duration(past.spent);
                Err((
                    2,
                    format!("'{}' in all: {spent} are used; mend: more than that", limit(most)),
                ))
            }
            _ => Ok(()),
        }
    }

    /// What is not as in the file, for the command line.
    fn flags(&self, plan: &Plan) -> Vec<String> {
        let mut flags = Vec::new();
        let changed = |new: Option<u64>, old: Option<u64>| new.filter(|_| new != old);
        let own = plan.trials.filter(|_| plan.has_trials);
        if let Some(trials) = changed(self.trials, own) {
            flags.extend(["--trials".into(), trials.to_string()]);
        }
        if let Some(jobs) = changed(self.jobs, Some(plan.jobs as u64)) {
            flags.extend(["--jobs".into(), jobs.to_string()]);
        }
        if self.time.is_some() && self.seconds() != plan.seconds {
            flags.extend(["--time".into(), self.typed.to_string()]);
        }
        flags
    }
}

/// Who drives the sweep of a file, and since when.
fn driven(file: &File) -> Option<String> {
    let past = file.past.as_ref().filter(|past| past.sweep.is_some())?;
    let by = past.reached.driver.as_ref()?;
    let ago = past.since.map(|since| (crate::host::now_ms() - since).max(0) as f64 / 1e3);
    let since = ago.map_or_else(String::new, |ago| format!(", for {}", duration(ago)));
    Some(format!("process {} on {} drives it{since}", by.pid, paint::clean(&by.host)))
}

/// Why no start of a file could do anything, whatever its budget.
fn exhausted(file: &File, plan: &Plan) -> Option<String> {
    let past = file.past.as_ref().filter(|past| past.is_same && past.reached.doing.is_over())?;
    let whole = plan.whole.filter(|whole| past.reached.over >= *whole)?;
    let name = paint::clean(&plan.name);
    let space = super::view::space_of(plan);
    let mend = "other values begin anew";
    Some(format!("{name} is done: all {} of the {space} were tried; {mend}", count(whole)))
}

fn nearer(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.zip(b).map(|(a, b)| a.min(b)).or(a).or(b)
}

fn form(file: &File, plan: &Plan) -> Form {
    let trials = plan.trials.filter(|_| plan.has_trials).map(|n| n.to_string()).unwrap_or_default();
    let time = plan.seconds.map(limit).unwrap_or_default();
    let past = file.past.as_ref().filter(|past| past.is_same && past.reached.over > 0);
    let done = past.map(|past| format!("{} done; ", count(past.reached.over)));
    let done = done.unwrap_or_default();
    let hint = match plan.whole {
        Some(all) => format!("{done}in all; {} by the {}", count(all), super::view::space_of(plan)),
        None => format!("{done}in all; empty for no limit"),
    };
    let used = past.filter(|past| past.spent > 0.0);
    let used = used.map(|past| format!("{} used; ", duration(past.spent))).unwrap_or_default();
    let fields = vec![
        FormField::text("trials", &trials, &hint),
        FormField::text("jobs", &plan.jobs.to_string(), &format!("1 to {MOST_JOBS} at a time")),
        FormField::text("time", &time, &format!("{used}90s, 1h30m; empty for no limit")),
    ];
    let shown = paint::clean(&file.shown);
    let title = match past.filter(|past| past.reached.doing.is_over()) {
        Some(past) => {
            let done = progress(&past.reached);
            format!("{shown} is done, {done}: more trials make it go on")
        }
        None => format!("Start {shown}"),
    };
    Form::new(BUDGET, &title, fields)
}

/// A whole number from 1 on, or nothing.
fn whole(what: &str, text: &str, most: u64) -> Result<Option<u64>, String> {
    match text {
        "" => Ok(None),
        text => match text.parse::<u64>() {
            Ok(n) if (1..=most).contains(&n) => Ok(Some(n)),
            _ => {
                let mend = if most == u64::MAX {
                    "a whole number above 0".to_string()
                } else {
                    format!("a whole number from 1 to {most}")
                };
                Err(format!("'{}' {what}; mend: {mend}", paint::clean(text)))
            }
        },
    }
}

/// Clean, with the blanks at its head.
pub(super) fn indented(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    format!("{}{}", " ".repeat(indent), paint::clean(line))
}
