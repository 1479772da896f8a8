//! Starting a sweep: a form for its budget, a question with its cost, and the process.

use super::Start;
use super::load::{File, Plan};
use crate::report::words::{count, duration, plural};
use crate::spec::typed_time;
use crate::tui::action::Action;
use crate::tui::ask::VerbOutcome;
use crate::tui::deeds::line_of;
use crate::tui::effect::{Effect, Jump, Tone};
use crate::tui::overlay::{Confirm, Form, FormField, Outcome, Overlay, Page};
use crate::tui::paint;
use crate::tui::screens::Shared;

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
}

/// What a sweep would take, and how that is known: of so many trials at so many at a time.
pub(super) fn cost(
    file: &File,
    trials: Option<u64>,
    jobs: usize,
    limit: Option<f64>,
) -> (String, Option<String>) {
    let most = limit.map_or_else(String::new, |seconds| format!(", at most {}", duration(seconds)));
    let past = file.past.as_ref().and_then(|past| Some((past, past.seconds?)));
    let (Ok(plan), Some((past, (seconds, n)))) = (&file.plan, past) else {
        return (format!("unknown: nothing of it has run{most}"), None);
    };
    let of = past.of.as_ref().map_or_else(String::new, |of| format!(" of '{of}' on the same data"));
    let each = format!("{} a run, median of {}{of}", duration(seconds), count(n as u64));
    let Some(trials) = trials else {
        return (format!("no number of trials is given{most}"), Some(each));
    };
    // What is done already is not done again.
    let done = if past.is_same { past.over / plan.replicates } else { 0 };
    let left = trials.saturating_sub(done);
    if left == 0 {
        return (format!("nothing: {} are done", plural(trials, "trial")), None);
    }
    let all = seconds * (left * plan.replicates) as f64 / jobs.max(1) as f64;
    let all = limit.map_or(all, |limit| all.min(limit));
    (format!("about {} for {}{most}", duration(all), plural(left, "trial")), Some(each))
}

impl Start {
    pub(super) fn carry(&mut self, action: Action, _shared: &Shared) -> Vec<Effect> {
        let Some(file) = self.selected() else { return Vec::new() };
        match (action, &file.plan) {
            (Action::Open | Action::Add, Ok(plan)) => {
                let form = form(file, plan);
                let (name, file) = (plan.name.clone(), file.shown.clone());
                self.wish = Some(Wish { name, file, flags: Vec::new() });
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
            (_, Outcome::Left) => {
                self.wish = None;
                Ok(Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The fields are right: what it will cost, and the command line.
    fn filled(&mut self, values: &[String]) -> Result<Vec<Effect>, (usize, String)> {
        let value = |at: usize| values.get(at).map_or("", String::as_str);
        let (trials, jobs) = (whole(value(0), 0)?, whole(value(1), 1)?);
        let time = match value(2) {
            "" => None,
            text => Some(typed_time("--time", text).map_err(|error| (2, error))?),
        };
        let Some(wish) = self.wish.as_mut() else { return Ok(Vec::new()) };
        let files = self.files.iter().flatten();
        let Some(file) = files.into_iter().find(|file| file.shown == wish.file) else {
            return Ok(vec![Effect::Say(Tone::Bad, format!("'{}' is gone", wish.file))]);
        };
        let Ok(plan) = &file.plan else { return Ok(Vec::new()) };
        wish.flags.clear();
        let changed = |new: Option<u64>, old: Option<u64>| new.filter(|_| new != old);
        let own = plan.trials.filter(|_| plan.has_trials);
        if let Some(trials) = changed(trials, own) {
            wish.flags.extend(["--trials".into(), trials.to_string()]);
        }
        if let Some(jobs) = changed(jobs, Some(plan.jobs as u64)) {
            wish.flags.extend(["--jobs".into(), jobs.to_string()]);
        }
        let limit = time.map(|time| time.as_secs_f64()).or(plan.seconds);
        if time.is_some() && limit != plan.seconds {
            wish.flags.extend(["--time".into(), value(2).to_string()]);
        }
        let jobs = jobs.map_or(plan.jobs, |jobs| jobs as usize);
        let (cost, each) = cost(file, trials.or(plan.trials), jobs, limit);
        let mut lines = vec![format!("cost: {cost}")];
        lines.extend(each.map(|each| format!("({each})")));
        if let Some(past) = file.past.as_ref().filter(|past| past.is_same && past.done > 0) {
            lines.push(format!("It goes on: {} are done already.", plural(past.done, "trial")));
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
        if outcome.code == Some(0) {
            return vec![
                Effect::Say(Tone::Good, format!("{}: done", outcome.line)),
                Effect::Reload,
            ];
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

fn form(file: &File, plan: &Plan) -> Form {
    let trials = plan.trials.filter(|_| plan.has_trials).map(|n| n.to_string()).unwrap_or_default();
    let time = plan.seconds.map(|seconds| format!("{seconds}s")).unwrap_or_default();
    let all = plan.trials.filter(|_| !plan.has_trials);
    let hint = all.map_or("in all; empty for no limit".into(), |all| {
        format!("in all; {} by the grid", count(all))
    });
    let fields = vec![
        FormField::text("trials", &trials, &hint),
        FormField::text("jobs", &plan.jobs.to_string(), "trials at a time"),
        FormField::text("time", &time, "90s, 10m, 1h30m; empty for no limit"),
    ];
    Form::new(BUDGET, &format!("Start {}", paint::clean(&file.shown)), fields)
}

/// A whole number above 0, or nothing.
fn whole(text: &str, field: usize) -> Result<Option<u64>, (usize, String)> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse::<u64>() {
            Ok(n) if n > 0 => Ok(Some(n)),
            _ => Err((field, format!("'{}' is no whole number above 0", paint::clean(text)))),
        },
    }
}

/// Clean, with the blanks at its head.
pub(super) fn indented(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    format!("{}{}", " ".repeat(indent), paint::clean(line))
}
