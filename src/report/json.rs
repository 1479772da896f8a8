//! The report as JSON, and the schema that it holds to.

use super::Report;
use serde::Serialize;

/// JSON Schema (draft 2020-12) of [`json`].
pub const SCHEMA: &str = include_str!("schema.json");

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a Report,
    exit_code: u8,
}

/// The report as JSON with a line end. Every key is always there, except those that a verdict leaves out; numbers that
/// are not finite are `null`. The figures themselves are not in it.
pub fn json(report: &Report) -> String {
    let document = Document { report, exit_code: report.exit_code() };
    let mut text = serde_json::to_string_pretty(&document).expect("plain data is always JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn keys_are_stable() {
        let value: serde_json::Value = serde_json::from_str(&json(&sample::full())).unwrap();
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "schema_version",
                "name",
                "title",
                "derby",
                "created",
                "sweep",
                "run",
                "gate",
                "data_checks",
                "importance",
                "baseline",
                "limits",
                "plots",
                "notes",
                "exit_code"
            ]
        );
        assert_eq!(value["gate"]["verdict"]["decision"], "hold");
        assert_eq!(value["exit_code"], 4);
        let empty: serde_json::Value = serde_json::from_str(&json(&sample::empty())).unwrap();
        assert_eq!(empty.as_object().unwrap().len(), keys.len());
    }

    #[test]
    fn the_schema_is_json_and_of_this_version() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        assert_eq!(schema["properties"]["schema_version"]["const"], super::super::SCHEMA_VERSION);
    }
}
