//! The target: which task it makes, and its labels.

use super::dataset::{Roles, distinct_sorted};
use super::{Column, ColumnType, Error, Values};
use crate::domain::{Labels, Task, Value};

/// Labels and the names of their classes.
pub(super) struct Target {
    pub(super) labels: Labels,
    pub(super) classes: Vec<String>,
}

/// A numeric target of whole numbers is classes up to this many distinct ones …
const MAX_CLASSES: usize = 20;
/// … and up to one distinct number per this many rows.
const ROWS_PER_CLASS: usize = 10;

/// Makes the labels of the column.
pub(super) fn labels(roles: &Roles<'_>, target: usize) -> Result<Target, Error> {
    let column = roles.column(target);
    let mend = "missing_target = \"drop\" in [data] leaves these rows out, or name another target";
    roles.refuse("target", target, ("missing", mend), |row| column.is_missing(row))?;
    let task = roles.options.task;
    match &column.values {
        Values::Codes { codes, levels } => {
            if task == Some(Task::Regression) {
                return Err(wrong_task(column, task, "holds texts"));
            }
            classes(roles, column, codes.clone(), levels.clone())
        }
        Values::Numbers(numbers) => {
            // An infinite cell is no missing one: missing_target = "drop" would keep it.
            let mend =
                "give these cells a finite number or remove the rows, or name another target";
            roles.refuse("target", target, ("infinite", mend), |row| numbers[row].is_infinite())?;
            let distinct = distinct_sorted(numbers);
            let classify = match task {
                Some(task) => task.is_classification(),
                None if column.kind == ColumnType::Date => {
                    return Err(Error::role(
                        "target",
                        &column.name,
                        "the column holds dates",
                        "set task to regression to predict seconds since 1970, or name another target",
                    ));
                }
                None => looks_like_classes(&distinct, numbers.len()),
            };
            if !classify {
                return values(roles, column, numbers, &distinct);
            }
            let code = |v: &f64| distinct.partition_point(|d| *d < v + 0.0) as u32;
            let names = distinct.iter().map(|v| Value::Float(*v).to_string()).collect();
            classes(roles, column, numbers.iter().map(code).collect(), names)
        }
    }
}

/// Few distinct whole numbers are classes. Two always are: no regression has two values.
fn looks_like_classes(distinct: &[f64], n_rows: usize) -> bool {
    let whole = distinct.iter().all(|v| v.fract() == 0.0);
    let few = distinct.len() <= MAX_CLASSES && distinct.len() * ROWS_PER_CLASS <= n_rows;
    whole && (few || (distinct.len() == 2 && n_rows > 2))
}

/// True if such a column makes classes without a word about the task.
pub(super) fn is_classes(numbers: &[f64]) -> bool {
    looks_like_classes(&distinct_sorted(numbers), numbers.len())
}

fn values(
    roles: &Roles<'_>,
    column: &Column,
    numbers: &[f64],
    distinct: &[f64],
) -> Result<Target, Error> {
    if let [only] = distinct {
        return Err(constant(column, &Value::Float(*only).to_string()));
    }
    if let Some(positive) = &roles.options.positive {
        return Err(Error::role(
            "positive",
            positive,
            format!("the target '{}' makes a regression, which has no classes", column.name),
            "remove 'positive', or set task to binary",
        ));
    }
    Ok(Target { labels: Labels::Values(numbers.to_vec()), classes: Vec::new() })
}

fn classes(
    roles: &Roles<'_>,
    column: &Column,
    codes: Vec<u32>,
    classes: Vec<String>,
) -> Result<Target, Error> {
    let n_classes = classes.len();
    match (classes.as_slice(), roles.options.task) {
        ([only], _) => return Err(constant(column, only)),
        ([_, _], task @ Some(Task::Multiclass)) => {
            return Err(wrong_task(column, task, "holds 2 classes"));
        }
        ([_, _, _, ..], task @ Some(Task::Binary)) => {
            return Err(wrong_task(column, task, &format!("holds {n_classes} classes")));
        }
        _ => {}
    }
    if n_classes > 2 && n_classes == codes.len() {
        return Err(Error::role(
            "target",
            &column.name,
            format!(
                "each of the {n_classes} rows has a value of its own, so nothing can be learned"
            ),
            "name another target, or set task to regression if it holds numbers",
        ));
    }
    let positive = match &roles.options.positive {
        Some(word) => find_class(&classes, word)?,
        None => n_classes as u32 - 1,
    };
    Ok(Target { labels: Labels::Classes { codes, n_classes, positive }, classes })
}

/// The code of a class by its name, or by its number: `1.0` finds `1`.
fn find_class(classes: &[String], word: &str) -> Result<u32, Error> {
    let exact = classes.iter().position(|class| class == word);
    let number: Option<f64> = word.parse().ok();
    let found = exact.or_else(|| {
        let number = number?;
        classes.iter().position(|class| class.parse() == Ok(number))
    });
    found.map(|code| code as u32).ok_or_else(|| {
        let listed = classes.iter().take(20).map(|c| format!("'{c}'")).collect::<Vec<_>>();
        let mend = format!("name one of {}", listed.join(", "));
        Error::role("positive", word, "is no class of the target", mend)
    })
}

fn constant(column: &Column, value: &str) -> Error {
    let what = format!("every row has the value '{value}', so nothing can be learned");
    Error::role("target", &column.name, what, "name another target")
}

fn wrong_task(column: &Column, task: Option<Task>, what: &str) -> Error {
    let word = task.map_or("another task", Task::word);
    Error::role(
        "target",
        &column.name,
        format!("the column {what}, which does not fit '{word}'"),
        "remove 'task', or name another target",
    )
}
