//! The form of `e`: trials, time, jobs and ranges of a sweep. Only what was changed is asked for, one command each.

use super::standing::Standing;
use crate::domain::Value;
use crate::report::words;
use crate::space::{Dimension, Kind, Space};
use crate::spec::typed_time;
use crate::sweep::steer::MOST_JOBS;
use crate::sweep::{Steer, Steering};
use crate::tui::overlay::{Form, FormField};

/// The purpose of the form.
pub(super) const EDIT: &str = "edit";
/// What stands in a field without a limit.
const NONE: &str = "none";

/// What a field is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Trials,
    Time,
    Jobs,
    /// The dimension's id.
    Range(String),
    /// A dimension of a point by hand, by its place in the space.
    Dim(usize),
    /// As many trials in all as a point by hand needs.
    Raise(u64),
}

/// What the open form asks: an item for each field, and what stood there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asking {
    pub(super) items: Vec<Item>,
    pub(super) before: Vec<String>,
    /// Fixed coordinates of a point by hand: the branch that was chosen.
    pub(super) branch: Option<(usize, f64)>,
    /// What stood in the fields when something was warned of: the same again is meant.
    pub(super) warned: Vec<String>,
}

/// What a filled form is checked against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) space: &'a Space,
    pub(super) steering: &'a Steering,
    /// The limit on trials.
    pub(super) total: Option<u64>,
    /// Trials that are over.
    pub(super) over: u64,
    /// Seconds of the time budget that are used.
    pub(super) spent: f64,
}

/// The limit on trials that holds now, or from the next start on: what the file says holds until a session began.
pub(super) fn limit(standing: &Standing<'_>, steering: &Steering) -> Option<u64> {
    if steering.jobs.is_some() { steering.trials } else { standing.row.total }
}

/// What `+20` goes on top of.
fn base(total: Option<u64>, over: u64) -> u64 {
    total.unwrap_or(over).max(over)
}

/// The form, filled with what holds now.
pub(super) fn edit(standing: &Standing<'_>) -> Option<(Form, Asking)> {
    let (state, plan) = (standing.state?, standing.plan?);
    let steering = &state.steering;
    let text = |limit: Option<String>| limit.unwrap_or_else(|| NONE.into());
    let (trials, over) = (limit(standing, steering), standing.finished());
    let time = match steering.jobs {
        Some(_) => steering.time,
        None => plan.budget.time.map(|time| time.as_secs_f64()),
    };
    let jobs = steering.jobs.or(plan.resources.jobs);
    let more = words::count(base(trials, over).saturating_add(20));
    let hint = format!("{} done; +20 makes {more}; none", words::count(over));
    let used = standing.seconds().map(|spent| format!("{} used; ", words::duration(spent)));
    let mut items = vec![Item::Trials, Item::Time, Item::Jobs];
    let mut fields = vec![
        FormField::text("trials in all", &text(trials.map(|n| n.to_string())), &hint),
        FormField::text(
            "time in all",
            &text(time.map(words::limit)),
            &format!("{}90s, 1h30m, none", used.unwrap_or_default()),
        ),
        FormField::text(
            "jobs",
            &jobs.map_or(String::new(), |n| n.to_string()),
            &format!("1 to {MOST_JOBS} trials at a time"),
        ),
    ];
    for dim in plan.space.dims() {
        let Some((low, high)) = bounds(dim, steering) else { continue };
        fields.push(FormField::text(&dim.id, &span(dim, low, high), &range_hint(dim)));
        items.push(Item::Range(dim.id.clone()));
    }
    let before = fields.iter().map(|field| field.line.text().to_string()).collect();
    let title =
        format!("Change {} from the next trial on", crate::tui::paint::clean(&standing.row.name));
    let asking = Asking { items, before, branch: None, warned: Vec::new() };
    Some((Form::new(EDIT, &title, fields), asking))
}

/// A range in the words of the sweep file, the same wherever it stands.
pub(super) fn span(dim: &Dimension, low: f64, high: f64) -> String {
    let whole = |x: f64| Value::Float(x).as_i64();
    match (&dim.kind, whole(low), whole(high)) {
        (Kind::Int { log, .. }, Some(low), Some(high)) => {
            Kind::Int { low, high, log: *log, step: 1 }.words()
        }
        (Kind::Float { log, .. }, ..) => Kind::Float { low, high, log: *log, step: None }.words(),
        _ => format!("{} … {}", number(low), number(high)),
    }
}

/// The range of a dimension as it is searched now.
pub(super) fn bounds(dim: &Dimension, steering: &Steering) -> Option<(f64, f64)> {
    let own = match &dim.kind {
        Kind::Float { low, high, .. } => (*low, *high),
        Kind::Int { low, high, .. } => (*low as f64, *high as f64),
        Kind::Choice { .. } => return None,
    };
    Some(steering.ranges.get(&dim.id).copied().unwrap_or(own))
}

fn range_hint(dim: &Dimension) -> String {
    let (is_log, is_int) = match &dim.kind {
        Kind::Float { log, .. } => (*log, false),
        Kind::Int { log, .. } => (*log, true),
        Kind::Choice { .. } => (false, false),
    };
    let log = if is_log { ", log" } else { "" };
    let int = if is_int { ", whole" } else { "" };
    format!("file: {}{log}{int}", dim.kind.words())
}

/// A number that reads back as it is.
pub(super) fn number(value: f64) -> String {
    let (plain, exponent) = (Value::Float(value).to_string(), format!("{value:e}"));
    if exponent.len() < plain.len() { exponent } else { plain }
}

/// The commands of what was changed.
///
/// # Errors
/// The field and what is wrong with it.
pub(super) fn commands(
    asking: &Asking,
    values: &[String],
    held: Held<'_>,
) -> Result<Vec<Steer>, (usize, String)> {
    let mut found = Vec::new();
    for (at, item, value) in changed(asking, values) {
        let steer = steer_of(item, value, held).map_err(|why| (at, why))?;
        steer.check(held.space, held.steering).map_err(|why| (at, why))?;
        found.push(steer);
    }
    Ok(found)
}

/// The fields that say something else than before: place, item, text.
fn changed<'a>(
    asking: &'a Asking,
    values: &'a [String],
) -> impl Iterator<Item = (usize, &'a Item, &'a str)> {
    let fields = asking.items.iter().zip(&asking.before).zip(values).enumerate();
    fields
        .filter(|(_, ((_, before), value))| before.trim() != value.trim())
        .map(|(at, ((item, _), value))| (at, item, value.trim()))
}

/// A range that is to be wider than that of the file: its field, and a warning.
pub(super) fn wider(asking: &Asking, values: &[String], space: &Space) -> Option<(usize, String)> {
    changed(asking, values).find_map(|(at, item, text)| {
        let Item::Range(id) = item else { return None };
        let dim = space.dims().iter().find(|dim| dim.id == *id)?;
        let (least, most) = bounds(dim, &Steering::default())?;
        let (low, high) = ends(text).ok()?;
        (low < least || high > most).then(|| {
            let (new, own) = (span(dim, low, high), span(dim, least, most));
            (at, format!("'{id}' {new} is wider than the file's {own}; Enter again sends it so"))
        })
    })
}

fn steer_of(item: &Item, text: &str, held: Held<'_>) -> Result<Steer, String> {
    match item {
        Item::Trials if text == NONE => Ok(Steer::Trials { total: None }),
        Item::Trials => {
            let odd = || format!("'{text}' trials; mend: a whole number, +20 for more, or none");
            let total = match text.strip_prefix('+') {
                None => text.parse().map_err(|_| odd())?,
                Some(more) => {
                    let more: u64 = more.parse().map_err(|_| odd())?;
                    base(held.total, held.over).checked_add(more).ok_or_else(odd)?
                }
            };
            if total < held.over {
                return Err(format!(
                    "'{text}' trials in all: {} are done; mend: at least that many, +20 for more, or none",
                    words::count(held.over)
                ));
            }
            Ok(Steer::Trials { total: Some(total) })
        }
        Item::Time if text == NONE => Ok(Steer::Time { seconds: None }),
        Item::Time => {
            let seconds = typed_time("time", text)?.as_secs_f64();
            if seconds <= held.spent {
                return Err(format!(
                    "'{text}' in all: {} are used; mend: more than that, or none",
                    words::duration(held.spent)
                ));
            }
            Ok(Steer::Time { seconds: Some(seconds) })
        }
        Item::Jobs => {
            let odd = |_| format!("'{text}' jobs; mend: a whole number from 1 to {MOST_JOBS}");
            Ok(Steer::Jobs { jobs: text.parse().map_err(odd)? })
        }
        Item::Range(id) => {
            let (low, high) = ends(text)?;
            Ok(Steer::Range { parameter: id.clone(), low, high })
        }
        Item::Dim(_) | Item::Raise(_) => Err("this is no field of the sweep".into()),
    }
}

/// `1e-4 … 0.1`, `1e-4 .. 0.1`, `1e-4 0.1`.
fn ends(text: &str) -> Result<(f64, f64), String> {
    let odd = || format!("'{text}' is no range; mend: two numbers, like 0.001 … 0.1");
    let text = text.replace('…', " ").replace("..", " ");
    let numbers: Vec<&str> = text.split_whitespace().collect();
    match numbers[..] {
        [low, high] => match (low.parse(), high.parse()) {
            (Ok(low), Ok(high)) => Ok((low, high)),
            _ => Err(odd()),
        },
        _ => Err(odd()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(item: &Item, text: &str, expect: Result<Steer, &str>) {
        let (space, steering) = (Space::new(Vec::new()).unwrap(), Steering::default());
        let held =
            Held { space: &space, steering: &steering, total: Some(60), over: 24, spent: 50.0 };
        match (steer_of(item, text, held), expect) {
            (Ok(steer), Ok(expect)) => assert_eq!(steer, expect, "{text}"),
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (other, _) => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn fields_become_commands() {
        check(&Item::Trials, "80", Ok(Steer::Trials { total: Some(80) }));
        check(&Item::Trials, "+20", Ok(Steer::Trials { total: Some(80) }));
        check(&Item::Trials, "none", Ok(Steer::Trials { total: None }));
        check(&Item::Trials, "24", Ok(Steer::Trials { total: Some(24) }));
        check(&Item::Trials, "many", Err("'many' trials"));
        check(&Item::Time, "1h30m", Ok(Steer::Time { seconds: Some(5400.0) }));
        check(&Item::Jobs, "0x2", Err("from 1 to 65536"));
        let range = |low, high| Ok(Steer::Range { parameter: "C".into(), low, high });
        check(&Item::Range("C".into()), "1e-3 … 0.5", range(1e-3, 0.5));
        check(&Item::Range("C".into()), "1 .. 2", range(1.0, 2.0));
        check(&Item::Range("C".into()), "-1 5", range(-1.0, 5.0));
        check(&Item::Range("C".into()), "1", Err("is no range"));
    }

    #[test]
    fn what_is_done_and_used_is_no_limit_any_more() {
        check(&Item::Trials, "1", Err("24 are done"));
        check(&Item::Time, "50s", Err("50 s are used"));
        assert_eq!((base(Some(60), 24), base(Some(1), 4), base(None, 24)), (60, 4, 24));
    }

    #[test]
    fn times_read_back() {
        for seconds in [1.0, 59.0, 60.0, 300.0, 3600.0, 5400.0, 90_061.0, 0.5] {
            let text = words::limit(seconds);
            assert_eq!(typed_time("time", &text).unwrap().as_secs_f64(), seconds, "{text}");
        }
        assert_eq!((words::limit(300.0), words::limit(5400.0)), ("5m".into(), "1h30m".into()));
    }
}
