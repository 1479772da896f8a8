//! The begin of a source: are all columns there.

use super::super::{Error, Schema};

/// Columns that a message lists.
const LISTED: usize = 30;

/// Refuses a source that lacks columns of the schema, with all their names.
pub(super) fn check_columns(place: &str, schema: &Schema, found: &[String]) -> Result<(), Error> {
    let present: Vec<bool> =
        schema.columns.iter().map(|column| found.contains(&column.name)).collect();
    if present.iter().all(|present| *present) {
        return Ok(());
    }
    Err(lacking(place, schema, &present, &mend(schema, &present, found)))
}

/// The names of a header that the schema does not have.
pub(super) fn others(schema: &Schema, found: &[String]) -> Vec<String> {
    found.iter().filter(|name| schema.find(name).is_none()).cloned().collect()
}

/// Refuses a source in which some columns never came up.
pub(super) fn check_present(place: &str, schema: &Schema, present: &[bool]) -> Result<(), Error> {
    if present.iter().all(|present| *present) {
        return Ok(());
    }
    Err(lacking(place, schema, present, "add them, with empty cells if unknown"))
}

fn lacking(place: &str, schema: &Schema, present: &[bool], mend: &str) -> Error {
    let lost: Vec<String> = schema
        .columns
        .iter()
        .zip(present)
        .filter(|(_, present)| !**present)
        .map(|(column, _)| format!("'{}'", column.name))
        .collect();
    let noun = if lost.len() == 1 { "the column" } else { "the columns" };
    let what = format!("{noun} {}, which the model reads, cannot be found", lost.join(", "));
    Error::source(place, what, mend)
}

/// Tells of names that are nearly those wanted, and of those that are there.
fn mend(schema: &Schema, present: &[bool], found: &[String]) -> String {
    let lost = schema.columns.iter().zip(present).filter(|(_, present)| !**present);
    let near = lost.filter_map(|(column, _)| {
        let wanted = column.name.to_lowercase();
        let free = found.iter().filter(|name| schema.find(name).is_none());
        let distance =
            |name: &&String| strsim::damerau_levenshtein(&wanted, &name.trim().to_lowercase());
        let nearest = free.min_by_key(distance)?;
        (distance(&nearest) <= (wanted.chars().count() / 3).max(1))
            .then(|| format!("rename '{nearest}' to '{}'", column.name))
    });
    let mut parts: Vec<String> = near.collect();
    parts.push("add what is missing, with empty cells if unknown".into());
    let names: Vec<String> = found.iter().take(LISTED).map(|name| format!("'{name}'")).collect();
    let more = if found.len() > LISTED { ", …" } else { "" };
    format!("{}; columns there: {}{more}", parts.join(", "), names.join(", "))
}
