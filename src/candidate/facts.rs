//! Checks that are made where bundles and data are: same data, schema, golden rows, the data's own checks.

use super::{CandidateError, Fitted, Recipe, Rival};
use crate::bundle::{Bundle, Kind};
use crate::data::checks::{self, CheckOptions, Input, Level};
use crate::gate::{Check, CheckStatus, Policy};

/// Findings that a detail names.
const SHOWN: usize = 3;

/// All of them.
pub(super) fn facts(
    recipe: &Recipe,
    fitted: &Fitted,
    policy: &Policy,
    rival: Option<&Rival>,
) -> Result<Vec<Check>, CandidateError> {
    let mut found = Vec::new();
    if let Some(rival) = rival {
        found.push(same_data(&fitted.bundle, &rival.bundle));
        found.push(schema(&fitted.bundle, &rival.bundle));
    }
    found.push(golden(fitted)?);
    if let (true, Some(ground)) = (policy.data_checks, &fitted.ground) {
        let section = recipe.data_section();
        let id = section.and_then(|section| section.data.id.clone());
        let options = CheckOptions { id, ..CheckOptions::default() };
        let findings = checks::run(&Input::dataset(&ground.data), &options, None);
        let errors: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.level == Level::Error)
            .map(|finding| finding.text.as_str())
            .collect();
        let warnings = findings.iter().filter(|finding| finding.level == Level::Warn).count();
        found.push(match errors.len() {
            0 => check(
                "data_checks",
                "the data's checks",
                CheckStatus::Pass,
                format!(
                    "no error, {warnings} {}",
                    if warnings == 1 { "warning" } else { "warnings" }
                ),
            ),
            n => {
                let more =
                    if n > SHOWN { format!(" and {} more", n - SHOWN) } else { String::new() };
                let text = errors.iter().take(SHOWN).copied().collect::<Vec<_>>().join("; ");
                check(
                    "data_checks",
                    "the data's checks",
                    CheckStatus::Fail,
                    format!("{text}{more}"),
                )
            }
        });
    }
    Ok(found)
}

fn check(id: &str, name: &str, status: CheckStatus, detail: String) -> Check {
    Check { id: id.into(), name: name.into(), status, value: None, threshold: None, detail }
}

/// Another data set is the normal case of a model that is trained again; the rows are chosen so that it is fair.
fn same_data(own: &Bundle, theirs: &Bundle) -> Check {
    let short = |hash: &Option<String>| {
        hash.as_deref()
            .map_or_else(|| "none".to_string(), |hash| format!("b3:{}", &hash[..6.min(hash.len())]))
    };
    let (a, b) = (own.provenance(), theirs.provenance());
    let name = "same data and split";
    let is_command = |bundle: &Bundle| bundle.manifest().kind == Kind::Command;
    if a.data_hash.is_none() && b.data_hash.is_none() {
        let detail = "derby was given none; the truth in predictions.csv has to agree".into();
        return check("data", name, CheckStatus::Skip, detail);
    }
    if a.data_hash == b.data_hash && a.split == b.split {
        return check(
            "data",
            name,
            CheckStatus::Pass,
            format!("{} split {}", short(&a.data_hash), short(&a.split)),
        );
    }
    let what = if a.data_hash == b.data_hash { "another split" } else { "other data" };
    // What a command says of other rows cannot be asked for.
    let is_comparable = a.data_hash == b.data_hash || !is_command(theirs);
    let rows = if is_comparable && a.data_hash.is_some() {
        ": compared on rows that neither was trained on"
    } else {
        ""
    };
    let detail = format!(
        "the champion was trained on {what} ({} split {}){rows}",
        short(&b.data_hash),
        short(&b.split)
    );
    check("data", name, CheckStatus::Skip, detail)
}

/// The challenger answers the same question, and reads columns that the champion's callers send.
fn schema(own: &Bundle, theirs: &Bundle) -> Check {
    let name = "same target and columns";
    let (a, b) = (own.manifest(), theirs.manifest());
    let fail = |detail: String| check("schema", name, CheckStatus::Fail, detail);
    if a.task.is_none() || b.task.is_none() {
        let whose = if a.task.is_none() { "challenger" } else { "champion" };
        let detail = format!("the {whose}'s sweep has no [data], which would say what it predicts");
        return check("schema", name, CheckStatus::Skip, detail);
    }
    if a.task != b.task || a.target != b.target {
        let word = |m: &crate::bundle::Manifest| {
            let task = m.task.map_or("unknown task", crate::domain::Task::word);
            format!("{} ({task})", m.target.as_deref().unwrap_or("no target"))
        };
        return fail(format!("the champion predicts {}, the challenger {}", word(b), word(a)));
    }
    let lost: Vec<&str> =
        b.classes.iter().filter(|class| !a.classes.contains(class)).map(String::as_str).collect();
    if !lost.is_empty() {
        return fail(format!("the challenger does not know the classes {}", lost.join(", ")));
    }
    let (Some(a), Some(b)) = (own.schema(), theirs.schema()) else {
        return check("schema", name, CheckStatus::Pass, "same target".into());
    };
    let mut notes = Vec::new();
    for column in &a.columns {
        match b.columns.iter().find(|other| other.name == column.name) {
            None => notes.push(format!("'{}' is new", column.name)),
            Some(other) if other.kind != column.kind => {
                return fail(format!(
                    "'{}' is a {} for the champion and a {} for the challenger",
                    column.name,
                    other.kind.word(),
                    column.kind.word()
                ));
            }
            Some(_) => {}
        }
    }
    let detail =
        if notes.is_empty() { format!("{} columns", a.columns.len()) } else { notes.join(", ") };
    check("schema", name, CheckStatus::Pass, detail)
}

/// The packed model, read back from disk, predicts its golden rows.
fn golden(fitted: &Fitted) -> Result<Check, CandidateError> {
    let name = "the bundle reloads and predicts the same";
    let found = Bundle::read(&fitted.folder)?.verify()?;
    if let Some(problem) = found.problems.first() {
        return Ok(check("golden", name, CheckStatus::Fail, problem.clone()));
    }
    let detail = match (found.rows, found.is_exact) {
        (0, _) => "every file as packed".to_string(),
        (n, true) => format!("{n} golden rows to the bit"),
        (n, false) => format!("{n} golden rows within {:e}", found.largest_difference),
    };
    Ok(check("golden", name, CheckStatus::Pass, detail))
}
