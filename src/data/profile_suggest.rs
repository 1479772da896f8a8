//! A first guess at the roles of columns, for a new sweep file.

use super::profile::{ColumnProfile, profile};
use super::{ColumnType, Table, Values};
use crate::domain::Task;
use serde::Serialize;

/// What a new sweep file starts from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// The target column.
    pub target: String,
    /// Why that one.
    pub why: String,
    /// The task that it makes.
    pub task: Task,
    /// Columns to ignore, each with the reason.
    pub ignore: Vec<(String, String)>,
    /// The metric to start with.
    pub metric: &'static str,
}

/// Names that targets have, in lower case.
const TARGET_NAMES: &[&str] = &[
    "target",
    "label",
    "labels",
    "class",
    "y",
    "outcome",
    "response",
    "species",
    "diagnosis",
    "survived",
    "churn",
    "default",
    "price",
];
/// Names that row numbers and identifiers have.
const ID_NAMES: &[&str] =
    &["id", "index", "idx", "row", "row_id", "rowid", "uuid", "guid", "key", "unnamed: 0"];

/// Guesses target, task and columns to ignore; `None` if no column could be a target.
pub fn suggest(table: &Table) -> Option<Suggestion> {
    let profiles = profile(table);
    let (target, why) = target(&profiles)?;
    Some(around(table, &profiles, target, why))
}

/// Guesses task and columns to ignore for a target that the user names; `None` without such a column.
pub fn suggest_for(table: &Table, target: &str) -> Option<Suggestion> {
    let target = table.find(target)?;
    Some(around(table, &profile(table), target, "as asked".into()))
}

fn around(table: &Table, profiles: &[ColumnProfile], target: usize, why: String) -> Suggestion {
    let column = &profiles[target];
    let task = task(table, column, target);
    let ignore = profiles
        .iter()
        .enumerate()
        .filter(|(idx, _)| *idx != target)
        .filter_map(|(idx, profile)| Some((profile.name.clone(), why_ignore(table, profile, idx)?)))
        .collect();
    let metric = match task {
        Task::Binary => "roc_auc",
        Task::Multiclass => "f1_macro",
        Task::Regression => "rmse",
    };
    Suggestion { target: column.name.clone(), why, task, ignore, metric }
}

fn target(profiles: &[ColumnProfile]) -> Option<(usize, String)> {
    let usable = |profile: &ColumnProfile| profile.distinct > 1 && profile.missing < profile.n;
    for name in TARGET_NAMES {
        let found = profiles
            .iter()
            .position(|p| p.name.to_lowercase() == *name && usable(p) && !is_free_text(p));
        if let Some(idx) = found {
            return Some((idx, format!("its name is '{}'", profiles[idx].name)));
        }
    }
    let word = |p: &ColumnProfile| matches!(p.kind, ColumnType::Category | ColumnType::Boolean);
    if let Some(idx) = profiles.iter().rposition(|p| word(p) && usable(p)) {
        return Some((idx, "it is the last column of categories".into()));
    }
    let number = |p: &ColumnProfile| p.kind == ColumnType::Number && usable(p);
    let last = profiles.iter().rposition(number).or(profiles.len().checked_sub(1))?;
    Some((last, "it is the last column".into()))
}

fn is_free_text(profile: &ColumnProfile) -> bool {
    profile.kind == ColumnType::Text
}

fn task(table: &Table, profile: &ColumnProfile, target: usize) -> Task {
    let classes = match &table.columns[target].values {
        Values::Codes { .. } => true,
        Values::Numbers(numbers) => {
            profile.kind == ColumnType::Number && super::dataset_target::is_classes(numbers)
        }
    };
    match (classes, profile.distinct) {
        (false, _) => Task::Regression,
        (true, 0..=2) => Task::Binary,
        (true, _) => Task::Multiclass,
    }
}

fn why_ignore(table: &Table, profile: &ColumnProfile, idx: usize) -> Option<String> {
    let filled = profile.n - profile.missing;
    if filled == 0 {
        return Some("no values".into());
    }
    if profile.distinct == 1 {
        return Some("constant".into());
    }
    let all_different = profile.distinct == filled && filled > 10;
    if is_free_text(profile) {
        return Some(if all_different { "identifier" } else { "free text" }.into());
    }
    let name = profile.name.to_lowercase();
    let named = ID_NAMES.contains(&name.as_str()) || name.ends_with("_id") || name.ends_with(" id");
    if all_different && (named || counts_rows(&table.columns[idx].values)) {
        return Some("identifier".into());
    }
    None
}

/// True for `k, k + 1, k + 2, …` down the rows.
fn counts_rows(values: &Values) -> bool {
    match values {
        Values::Numbers(numbers) => numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0),
        Values::Codes { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::source_tests::{asset, file};
    use super::*;

    #[test]
    fn guesses_of_the_shipped_data() {
        let check = |name: &str, target: &str, task: Task| {
            let made = suggest(&super::super::read(&asset(name)).unwrap().0).unwrap();
            assert_eq!((made.target.as_str(), made.task), (target, task), "{name}");
        };
        check("iris.csv", "target", Task::Multiclass);
        check("breast_cancer.csv", "target", Task::Binary);
        check("diabetes.csv", "target", Task::Regression);
        check("penguins.csv", "species", Task::Multiclass);
    }

    #[test]
    fn identifiers_constants_and_text_are_ignored() {
        let mut csv = String::from("id,n,c,word,x,empty,kind\n");
        for i in 0..60 {
            writeln!(csv, "{i},{},1,note {i},{},,{}", 100 - i, i % 7, ["u", "v"][i % 2]).unwrap();
        }
        let made = suggest(&super::super::read(&file("x.csv", csv).options).unwrap().0).unwrap();
        assert_eq!((made.target.as_str(), made.metric), ("kind", "roc_auc"));
        let expect = [
            ("id", "identifier"),
            ("c", "constant"),
            ("word", "identifier"),
            ("empty", "no values"),
        ];
        assert_eq!(made.ignore, expect.map(|(name, why)| (name.to_string(), why.to_string())));
    }
}
