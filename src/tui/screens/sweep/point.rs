//! The form of `a`: a point by hand, by a form that knows the space.

use super::forms::{Asking, Held, Item, bounds, limit, number, span};
use super::standing::Standing;
use crate::domain::{Params, Value};
use crate::report::words::count;
use crate::space::{Dimension, Kind, Space};
use crate::sweep::{Steer, Steering};
use crate::tui::overlay::{Choose, Form, FormField};
use crate::tui::paint;

/// The purpose of the form.
pub(super) const POINT: &str = "point";
/// The purpose of the list before it, where a choice decides which parameters there are.
pub(super) const BRANCH: &str = "branch";

/// What the field about a used-up budget says for the point that waits.
const WAITS: &str = "leave it; the point waits";

/// The choice that decides most: the unconditional one that most other parameters wait for.
pub(super) fn root(space: &Space) -> Option<usize> {
    let waits = |idx: usize| {
        let is_child = |dim: &&Dimension| dim.when.iter().any(|when| when.parent == idx);
        space.dims().iter().filter(is_child).count()
    };
    let dims = space.dims().iter().enumerate();
    let roots =
        dims.filter(|(_, dim)| dim.when.is_empty() && dim.is_categorical() && !dim.is_constant());
    let found = roots
        .map(|(idx, _)| (waits(idx), idx))
        .max_by_key(|(n, idx)| (*n, std::cmp::Reverse(*idx)));
    found.filter(|(n, _)| *n > 1).map(|(_, idx)| idx)
}

fn choices(dim: &Dimension) -> &[Value] {
    match &dim.kind {
        Kind::Choice { values } => values,
        _ => &[],
    }
}

/// The list of branches, the best configuration's selected.
pub(super) fn branches(space: &Space, idx: usize, best: &Params) -> Choose {
    let dim = &space.dims()[idx];
    let items = choices(dim).iter().enumerate().map(|(at, value)| {
        let waits = |other: &&Dimension| {
            other.when.iter().any(|when| when.parent == idx && when.any_of.contains(&(at as f64)))
        };
        let names: Vec<String> =
            space.dims().iter().filter(waits).map(|dim| paint::clean(&dim.name)).collect();
        (paint::clean(&value.to_string()), names.join(" "))
    });
    let is_best = |value: &Value| best.get(&dim.name).is_some_and(|of| of.same(value));
    let row = choices(dim).iter().position(is_best).unwrap_or(0);
    Choose::new(
        BRANCH,
        &format!("A point by hand: which {}?", paint::clean(&dim.name)),
        items.collect(),
        row,
    )
}

/// The form: a field for every parameter that can be active, filled from the best configuration.
pub(super) fn form(
    standing: &Standing<'_>,
    best: &Params,
    branch: Option<(usize, f64)>,
) -> Option<(Form, Asking)> {
    let (state, plan) = (standing.state?, standing.plan?);
    let space = &plan.space;
    let (mut items, mut fields) = (Vec::new(), Vec::new());
    let raise = raise(standing, &state.steering);
    if let Some((total, label, needed)) = &raise {
        let more = format!("raise to {}", count(*needed));
        fields.push(FormField::choice(label, &more, vec![more.clone(), WAITS.into()]));
        items.push(Item::Raise(*needed));
        debug_assert!(needed > total);
    }
    for (idx, dim) in space.dims().iter().enumerate() {
        let is_other = branch.is_some_and(|(root, at)| {
            idx == root
                || dim.when.iter().any(|when| when.parent == root && !when.any_of.contains(&at))
        });
        if is_other || dim.is_constant() || !can_be(space, idx, branch) {
            continue;
        }
        fields.push(field(space, dim, (best, &state.steering), branch));
        items.push(Item::Dim(idx));
    }
    let title = match branch {
        Some((root, at)) => {
            let dim = &space.dims()[root];
            format!(
                "Try next: {} = {}",
                paint::clean(&dim.name),
                paint::clean(&dim.value(at).to_string())
            )
        }
        None => "Try this point next".into(),
    };
    let title = match &raise {
        Some((total, ..)) => format!("{title}: all {} trials are used up", count(*total)),
        None => title,
    };
    let before = fields.iter().map(|field| field.line.text().to_string()).collect();
    Some((Form::new(POINT, &title, fields), Asking { items, before, branch, warned: Vec::new() }))
}

/// Where no trial is left for a point: the limit, the field's label, and the limit that the point needs.
fn raise(standing: &Standing<'_>, steering: &Steering) -> Option<(u64, &'static str, u64)> {
    let total = limit(standing, steering)?;
    let claimed = standing.finished() + standing.open();
    (claimed >= total).then_some((total, "trials in all", claimed + 1))
}

/// True if no ancestor of the dimension excludes the branch.
fn can_be(space: &Space, idx: usize, branch: Option<(usize, f64)>) -> bool {
    let Some((root, at)) = branch else { return true };
    space.dims()[idx].when.iter().all(|when| {
        if when.parent == root {
            when.any_of.contains(&at)
        } else {
            can_be(space, when.parent, branch)
        }
    })
}

fn field(
    space: &Space,
    dim: &Dimension,
    (best, steering): (&Params, &Steering),
    branch: Option<(usize, f64)>,
) -> FormField {
    let conditions: Vec<String> = dim
        .when
        .iter()
        .filter(|when| branch.is_none_or(|(root, _)| root != when.parent))
        .map(|when| {
            let parent = &space.dims()[when.parent];
            let values: Vec<String> =
                when.any_of.iter().map(|at| parent.value(*at).to_string()).collect();
            format!("if {} = {}", parent.name, values.join(" or "))
        })
        .collect();
    let condition = conditions.join(", ");
    let known = best.get(&dim.name).filter(|value| dim.coord(value).is_some());
    let value = known.map_or_else(|| middle(dim), |value| rounded(dim, value));
    let text = match &value {
        Value::Float(value) => number(*value),
        other => other.to_string(),
    };
    match &dim.kind {
        Kind::Choice { values } => {
            let label = if condition.is_empty() {
                dim.name.clone()
            } else {
                format!("{} ({condition})", dim.name)
            };
            FormField::choice(&label, &text, values.iter().map(choice).collect())
        }
        kind => {
            let words =
                match bounds(dim, steering).filter(|_| steering.ranges.contains_key(&dim.id)) {
                    Some((low, high)) => format!("{} now", span(dim, low, high)),
                    None => kind.words(),
                };
            let hint = if condition.is_empty() { words } else { format!("{words}  {condition}") };
            FormField::text(&dim.name, &text, &hint)
        }
    }
}

/// The middle of a range, in three digits if that is in it.
fn middle(dim: &Dimension) -> Value {
    let value = dim.value(dim.value_at(0.5));
    let short =
        value.as_f64().and_then(|value| format!("{value:.2e}").parse().ok()).map(Value::Float);
    let fits = |short: &Value| matches!(dim.kind, Kind::Float { .. }) && dim.coord(short).is_some();
    short.filter(fits).unwrap_or(value)
}

/// A value to start from, in four digits if that is in the range and on its steps.
fn rounded(dim: &Dimension, value: &Value) -> Value {
    let Value::Float(exact) = value else { return value.clone() };
    let short = format!("{exact:.3e}").parse().ok().map(Value::Float);
    short.filter(|short| dim.coord(short).is_some()).unwrap_or_else(|| value.clone())
}

fn choice(value: &Value) -> String {
    match value {
        Value::Float(value) => number(*value),
        other => other.to_string(),
    }
}

/// The commands of a filled form: more trials if the point needs them, and the point. Parameters that are not active
/// with these values are left out.
///
/// # Errors
/// The field and what is wrong with it.
pub(super) fn commands(
    asking: &Asking,
    values: &[String],
    held: Held<'_>,
) -> Result<Vec<Steer>, (usize, String)> {
    let point = point(asking, values, (held.space, held.steering))?;
    let raise = asking.items.iter().zip(values).find_map(|(item, value)| match item {
        Item::Raise(total) if value != WAITS => Some(Steer::Trials { total: Some(*total) }),
        _ => None,
    });
    Ok(raise.into_iter().chain([point]).collect())
}

fn point(
    asking: &Asking,
    values: &[String],
    (space, steering): (&Space, &Steering),
) -> Result<Steer, (usize, String)> {
    let mut coords: Vec<Option<f64>> = Vec::with_capacity(space.len());
    let mut params = Params::default();
    for (idx, dim) in space.dims().iter().enumerate() {
        let active = space.is_active(idx, &coords);
        let row = asking.items.iter().position(|item| *item == Item::Dim(idx));
        let given = row.and_then(|row| Some((row, values.get(row)?)));
        let coord = match (active, given) {
            (false, _) => None,
            (true, _) if asking.branch.is_some_and(|(root, _)| root == idx) => {
                asking.branch.map(|(_, at)| at)
            }
            (true, Some((row, text))) => {
                let value = read(dim, text.trim()).map_err(|why| (row, why))?;
                params.set(dim.name.clone(), value.clone());
                coords.push(place(dim, &value));
                continue;
            }
            // What has one value only.
            (true, None) => Some(dim.value_at(0.0)),
        };
        if let Some(coord) = coord {
            params.set(dim.name.clone(), dim.value(coord));
        }
        coords.push(coord);
    }
    let steer = Steer::Try { params };
    steer.check(space, steering).map_err(|why| (row_of(&why, asking, space), why))?;
    Ok(steer)
}

/// The coordinate that children of a dimension go by, in or out of its range.
fn place(dim: &Dimension, value: &Value) -> Option<f64> {
    dim.coord(value).or_else(|| if dim.is_categorical() { None } else { value.as_f64() })
}

fn read(dim: &Dimension, text: &str) -> Result<Value, String> {
    let odd = |mend: &str| format!("'{}' cannot be '{text}'; mend: {mend}", dim.name);
    match &dim.kind {
        Kind::Choice { values } => {
            let found = values.iter().find(|value| choice(value) == text);
            found.cloned().ok_or_else(|| odd(&format!("one of {}", dim.kind.words())))
        }
        Kind::Int { .. } => {
            let whole = text.parse::<f64>().ok().and_then(|value| Value::Float(value).as_i64());
            whole.map(Value::Int).ok_or_else(|| odd("a whole number"))
        }
        Kind::Float { .. } => {
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
            value.map(Value::Float).ok_or_else(|| odd("a number"))
        }
    }
}

/// The field that a message is about: the one whose parameter it names first.
fn row_of(why: &str, asking: &Asking, space: &Space) -> usize {
    let place = |item: &Item| match item {
        Item::Dim(idx) => why.find(&format!("'{}'", space.dims()[*idx].name)),
        _ => None,
    };
    let found = asking.items.iter().enumerate().filter_map(|(row, item)| Some((place(item)?, row)));
    found.min().map_or(0, |(_, row)| row)
}
