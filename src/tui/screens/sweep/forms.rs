//! The form of `e`: trials, time, jobs and ranges of a sweep. Only what was changed is asked for, one command each.

use super::standing::Standing;
use crate::domain::Value;
use crate::space::{Dimension, Kind, Space};
use crate::spec::typed_time;
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
}

/// What the open form asks: an item for each field, and what stood there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asking {
    pub(super) items: Vec<Item>,
    pub(super) before: Vec<String>,
    /// Fixed coordinates of a point by hand: the branch that was chosen.
    pub(super) branch: Option<(usize, f64)>,
}

/// The form, filled with what holds now.
pub(super) fn edit(standing: &Standing<'_>) -> Option<(Form, Asking)> {
    let (state, plan) = (standing.state?, standing.plan?);
    let steering = &state.steering;
    let limit = |limit: Option<String>| limit.unwrap_or_else(|| NONE.into());
    // What the file says holds until a session began.
    let trials = if steering.jobs.is_some() { steering.trials } else { standing.row.total };
    let time = match steering.jobs {
        Some(_) => steering.time,
        None => plan.budget.time.map(|time| time.as_secs_f64()),
    };
    let jobs = steering.jobs.or(plan.resources.jobs);
    let mut items = vec![Item::Trials, Item::Time, Item::Jobs];
    let mut fields = vec![
        FormField::text(
            "trials in all",
            &limit(trials.map(|n| n.to_string())),
            "a number, +20, none",
        ),
        FormField::text("time budget", &limit(time.map(time_text)), "90s, 1h30m, none"),
        FormField::text("jobs", &jobs.map_or(String::new(), |n| n.to_string()), "trials at a time"),
    ];
    for dim in plan.space.dims() {
        let Some((low, high)) = bounds(dim, steering) else { continue };
        let value = format!("{} … {}", number(low), number(high));
        fields.push(FormField::text(&dim.id, &value, &range_hint(dim)));
        items.push(Item::Range(dim.id.clone()));
    }
    let before = fields.iter().map(|field| field.line.text().to_string()).collect();
    let title =
        format!("Change {} from the next trial on", crate::tui::paint::clean(&standing.row.name));
    Some((Form::new(EDIT, &title, fields), Asking { items, before, branch: None }))
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

/// Seconds as `typed_time` reads them.
fn time_text(seconds: f64) -> String {
    if seconds.fract() != 0.0 || seconds >= 1e15 {
        return format!("{seconds}s");
    }
    let whole = seconds as u64;
    let parts = [(whole / 3600, "h"), (whole % 3600 / 60, "m"), (whole % 60, "s")];
    let shown = parts.iter().filter(|(n, _)| *n > 0);
    shown.map(|(n, unit)| format!("{n}{unit}")).collect::<Vec<String>>().concat()
}

/// The commands of what was changed.
///
/// # Errors
/// The field and what is wrong with it.
pub(super) fn commands(
    asking: &Asking,
    values: &[String],
    (space, steering): (&Space, &Steering),
    total: Option<u64>,
) -> Result<Vec<Steer>, (usize, String)> {
    let mut found = Vec::new();
    for (at, ((item, before), value)) in
        asking.items.iter().zip(&asking.before).zip(values).enumerate()
    {
        if before.trim() == value.trim() {
            continue;
        }
        let steer = steer_of(item, value.trim(), total).map_err(|why| (at, why))?;
        steer.check(space, steering).map_err(|why| (at, why))?;
        found.push(steer);
    }
    Ok(found)
}

fn steer_of(item: &Item, text: &str, total: Option<u64>) -> Result<Steer, String> {
    match item {
        Item::Trials if text == NONE => Ok(Steer::Trials { total: None }),
        Item::Trials => {
            let odd = || format!("'{text}' trials; mend: a whole number, +20 for more, or none");
            let total = match text.strip_prefix('+') {
                None => text.parse().map_err(|_| odd())?,
                Some(more) => {
                    let more: u64 = more.parse().map_err(|_| odd())?;
                    total.and_then(|total| total.checked_add(more)).ok_or_else(odd)?
                }
            };
            Ok(Steer::Trials { total: Some(total) })
        }
        Item::Time if text == NONE => Ok(Steer::Time { seconds: None }),
        Item::Time => {
            let time = typed_time("time", text)?;
            Ok(Steer::Time { seconds: Some(time.as_secs_f64()) })
        }
        Item::Jobs => {
            let odd = |_| format!("'{text}' jobs; mend: a whole number of at least 1");
            Ok(Steer::Jobs { jobs: text.parse().map_err(odd)? })
        }
        Item::Range(id) => {
            let (low, high) = ends(text)?;
            Ok(Steer::Range { parameter: id.clone(), low, high })
        }
        Item::Dim(_) => Err("this is no field of the sweep".into()),
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

    #[test]
    fn fields_become_commands() {
        let check = |item: Item, text: &str, expect: Option<Steer>| {
            assert_eq!(steer_of(&item, text, Some(60)).ok(), expect, "{text}");
        };
        check(Item::Trials, "80", Some(Steer::Trials { total: Some(80) }));
        check(Item::Trials, "+20", Some(Steer::Trials { total: Some(80) }));
        check(Item::Trials, "none", Some(Steer::Trials { total: None }));
        check(Item::Trials, "many", None);
        check(Item::Time, "1h30m", Some(Steer::Time { seconds: Some(5400.0) }));
        check(Item::Jobs, "0x2", None);
        let range = |low, high| Steer::Range { parameter: "C".into(), low, high };
        check(Item::Range("C".into()), "1e-3 … 0.5", Some(range(1e-3, 0.5)));
        check(Item::Range("C".into()), "1 .. 2", Some(range(1.0, 2.0)));
        check(Item::Range("C".into()), "-1 5", Some(range(-1.0, 5.0)));
        check(Item::Range("C".into()), "1", None);
    }

    #[test]
    fn times_read_back() {
        for seconds in [1.0, 59.0, 60.0, 3600.0, 5400.0, 90_061.0, 0.5] {
            let text = time_text(seconds);
            assert_eq!(typed_time("time", &text).unwrap().as_secs_f64(), seconds, "{text}");
        }
    }
}
