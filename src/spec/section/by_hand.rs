//! A command as it is typed at a terminal: parameters, placeholders and sources of metrics without a sweep file.

use super::command::{GRACE, LOG_LIMIT};
use super::placeholder::Names;
use super::sources::by_extension;
use super::units;
use crate::domain::{Params, Value};
use crate::spec::command::{CommandSection, Invocation, MetricSource, Piece, Retries, Text};
use crate::spec::format::toml_value;
use crate::spec::render::variable_name;
use crate::spec::tree::Kind;
use std::path::Path;
use std::time::Duration;

/// Reads `NAME=VALUE` pairs: a value is what it is in TOML, and text where it is nothing there; `none` is the
/// absent value.
///
/// # Errors
/// With the first pair that is none, or whose name or value no command can be given.
pub fn typed_params(pairs: &[String]) -> Result<Params, String> {
    let mut params = Params::default();
    for pair in pairs {
        let shown = pair.escape_debug();
        let Some((name, text)) = pair.split_once('=') else {
            return Err(format!("'-p {shown}' is not NAME=VALUE; mend: for example -p lr=0.1"));
        };
        let (name, text) = (name.trim(), text.trim());
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || "{}".contains(c);
        if name.is_empty() || name.contains(is_odd) {
            return Err(format!(
                "'-p {shown}': a parameter's name cannot be empty or hold spaces or braces; rename it"
            ));
        }
        let variable = variable_name(name);
        if let Some((other, _)) = params.iter().find(|(other, _)| variable_name(other) == variable)
        {
            return Err(if other == name {
                format!("'-p {shown}': '{name}' is given twice; leave one out")
            } else {
                format!("'{other}' and '{name}' are both {variable} in the environment; rename one")
            });
        }
        let value = value(text).map_err(|why| format!("'-p {shown}': {why}"))?;
        params.set(name, value);
    }
    Ok(params)
}

fn value(text: &str) -> Result<Value, &'static str> {
    if text.contains('\0') {
        return Err("a zero byte can be no argument; leave it out");
    }
    match toml_value(text, 0).map(|node| node.kind) {
        _ if text == "none" => Ok(Value::None),
        Some(Kind::Bool(value)) => Ok(Value::Bool(value)),
        Some(Kind::Int(value)) => Ok(Value::Int(value)),
        Some(Kind::Float(value)) if value.is_finite() => Ok(Value::Float(value)),
        Some(Kind::Float(_)) => Err("the number is not finite; put it in quotes for a text"),
        Some(Kind::Text(text)) => Ok(Value::Text(text)),
        // `[1, 2]` means that text to whoever types it.
        _ => Ok(Value::Text(text.into())),
    }
}

/// The command `words` in `folder` with parameters of these names: words in braces that are no placeholder
/// stay as they are, so that a line of a shell or of awk needs no escapes.
///
/// # Errors
/// When no program is named, a placeholder is both a parameter and derby's own, or a source of metrics is none.
pub fn typed_command(
    words: &[String],
    params: &Params,
    metrics: &[String],
    folder: &Path,
) -> Result<CommandSection, String> {
    let params: Vec<&str> = params.iter().map(|(name, _)| name).collect();
    let names = Names { params, templates: Vec::new() };
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        return Err("no program is named; mend: derby run -- PROGRAM ARGUMENTS".into());
    }
    let group = |word: &String| Ok(vec![argument(&names, word)?]);
    let groups: Result<Vec<Vec<Text>>, String> = words.iter().map(group).collect();
    let mut sources = Vec::new();
    for source in metrics {
        let source = metric_source(source)?;
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    if sources.is_empty() {
        sources.push(MetricSource::Jsonl);
    }
    Ok(CommandSection {
        run: Invocation::Args(groups?),
        folder: folder.to_path_buf(),
        cwd: None,
        env: Vec::new(),
        copy: Vec::new(),
        templates: Vec::new(),
        metrics: sources,
        summaries: Vec::new(),
        grace: GRACE,
        silence: None,
        retries: Retries { failed: 0, infrastructure: 0 },
        log_limit: LOG_LIMIT,
        data: None,
    })
}

/// `{args}` and kin mean themselves only as a whole argument.
fn argument(names: &Names<'_>, word: &str) -> Result<Text, String> {
    let many = names.text(word).ok().filter(|text| matches!(&text.0[..], [one] if one.is_many()));
    match many {
        Some(text) => Ok(text),
        None => names.template(word),
    }
}

fn metric_source(source: &str) -> Result<MetricSource, String> {
    let shown = source.escape_debug();
    match (source, source.split_once(':')) {
        ("jsonl", _) => Ok(MetricSource::Jsonl),
        ("exit_code", _) => Ok(MetricSource::ExitCode),
        (_, Some(("regex", pattern))) if !pattern.is_empty() => {
            Ok(MetricSource::Regex(pattern.into()))
        }
        (_, Some(("file", path))) if !path.is_empty() => match by_extension(path) {
            Some(format) => {
                let path = Text(vec![Piece::Literal(path.into())]);
                Ok(MetricSource::File { path, format })
            }
            None => Err(format!(
                "'--metrics {shown}': the extension says no format; mend: a file that ends with .csv or .jsonl"
            )),
        },
        _ => Err(format!(
            "'--metrics {shown}' is no source of metrics; mend: jsonl, exit_code, 'regex:loss: (?<loss>\\S+)' or file:log.csv"
        )),
    }
}

/// Longer times are slips of the hand.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

/// Reads a time such as `90s` or `1h30m` of a flag.
///
/// # Errors
/// When it is none.
pub fn typed_time(flag: &str, text: &str) -> Result<Duration, String> {
    let shown = text.escape_debug();
    match units::duration(text) {
        Some(time) if time > LONGEST => {
            Err(format!("'{flag} {shown}' is longer than ten years; mend: no limit at all"))
        }
        Some(time) => Ok(time),
        None => Err(format!("'{flag} {shown}' must be a time above 0 like 90s, 10m or 1h30m")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::FileFormat;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn values_are_what_they_are_in_toml() {
        let check = |text: &str, value: Value| {
            let params = typed_params(&texts(&[&format!("x={text}")])).unwrap();
            assert_eq!(params.get("x"), Some(&value), "{text}");
        };
        check("3", Value::Int(3));
        check("1_000", Value::Int(1000));
        check("1e-3", Value::Float(1e-3));
        check("true", Value::Bool(true));
        check("none", Value::None);
        check("adam", Value::Text("adam".into()));
        check("\"3\"", Value::Text("3".into()));
        check("a=b", Value::Text("a=b".into()));
        check("", Value::Text(String::new()));
        check("[1, 2]", Value::Text("[1, 2]".into()));
    }

    #[test]
    fn pairs_that_are_wrong() {
        let check = |pairs: &[&str], part: &str| {
            let error = typed_params(&texts(pairs)).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        check(&["lr"], "'-p lr' is not NAME=VALUE");
        check(&["=1"], "cannot be empty");
        check(&["a b=1"], "cannot be empty or hold spaces");
        check(&["lr=1", "lr=2"], "'lr' is given twice");
        check(&["a.b=1", "a-b=2"], "'a.b' and 'a-b' are both DERBY_PARAM_A_B");
        check(&["x=nan"], "not finite");
    }

    #[test]
    fn braces_that_mean_nothing_stay() {
        let params = typed_params(&texts(&["lr=0.1"])).unwrap();
        let words = texts(&["awk", "{print $1} {lr}", "{args}", "x{args}", "{seed}"]);
        let section = typed_command(&words, &params, &[], Path::new(".")).unwrap();
        let Invocation::Args(groups) = section.run else { panic!("no shell") };
        let literal = |text: &str| Piece::Literal(text.into());
        let pieces: Vec<Vec<Piece>> = groups.into_iter().map(|group| group[0].0.clone()).collect();
        assert_eq!(
            pieces,
            [
                vec![literal("awk")],
                vec![literal("{print $1} "), Piece::Param("lr".into())],
                vec![Piece::Args],
                vec![literal("x{args}")],
                vec![Piece::Seed],
            ]
        );
        assert_eq!(section.metrics, [MetricSource::Jsonl]);
    }

    #[test]
    fn sources_of_metrics() {
        let check = |source: &str, expect: Result<MetricSource, &str>| match expect {
            Ok(expect) => assert_eq!(metric_source(source), Ok(expect)),
            Err(part) => assert!(metric_source(source).unwrap_err().contains(part), "{source}"),
        };
        let path = Text(vec![Piece::Literal("a.csv".into())]);
        check("file:a.csv", Ok(MetricSource::File { path, format: FileFormat::Csv }));
        check("regex:a: (?<a>.+)", Ok(MetricSource::Regex("a: (?<a>.+)".into())));
        check("exit_code", Ok(MetricSource::ExitCode));
        check("file:a.txt", Err("says no format"));
        check("csv", Err("is no source of metrics"));
        check("regex:", Err("is no source of metrics"));
    }
}
