//! From texts with placeholders to what a run is started with: arguments, paths, filled-in config files.

use super::command::{ConfigTemplate, Invocation, Piece, Text};
use crate::domain::{Params, Value};
use std::path::Path;

/// What placeholders stand for in one run.
#[derive(Debug, Clone, Copy)]
pub struct RenderValues<'a> {
    /// The active parameters.
    pub params: &'a Params,
    /// The seed of the trial's replicate.
    pub seed: u64,
    /// The trial's number.
    pub trial: u64,
    /// The run's number.
    pub run: i64,
    /// The run's own folder; filled-in templates lie in it under their names.
    pub run_dir: &'a Path,
    /// The folder whose files are kept.
    pub artifacts: &'a Path,
    /// The folder that stays the same for every attempt of the trial.
    pub checkpoint: &'a Path,
    /// The JSON file with all parameters.
    pub json: &'a Path,
}

/// The program and its arguments, for a line of the shell `sh -c LINE`. Groups that name an inactive
/// parameter are left out.
pub fn arguments(run: &Invocation, values: &RenderValues<'_>) -> Vec<String> {
    match run {
        Invocation::Shell(line) => vec!["sh".into(), "-c".into(), shell_line(line, values)],
        Invocation::Args(groups) => {
            let group = |texts: &Vec<Text>| {
                let parts: Option<Vec<Vec<String>>> =
                    texts.iter().map(|text| text.arguments(values)).collect();
                parts.unwrap_or_default().into_iter().flatten()
            };
            groups.iter().flat_map(group).collect()
        }
    }
}

/// The variable that carries a parameter: `DERBY_PARAM_` and the name in upper case, with `_` for
/// everything else than A–Z and 0–9.
pub fn variable_name(param: &str) -> String {
    let plain = |c: char| match c.to_ascii_uppercase() {
        c @ ('A'..='Z' | '0'..='9') => c,
        _ => '_',
    };
    format!("DERBY_PARAM_{}", param.chars().map(plain).collect::<String>())
}

/// All parameters as one JSON object; none is `null`.
pub fn params_json(params: &Params) -> String {
    serde_json::to_string(params).expect("names and plain values always serialize")
}

/// The arguments as a person would type them into a shell.
pub fn shell_words<T: AsRef<str>>(arguments: &[T]) -> String {
    let words: Vec<String> = arguments.iter().map(|word| shell_quoted(word.as_ref())).collect();
    words.join(" ")
}

impl Text {
    /// The text with its placeholders filled in; `None` if it names a parameter that is not active.
    pub fn render(&self, values: &RenderValues<'_>) -> Option<String> {
        self.0.iter().map(|piece| piece.render(values)).collect()
    }

    /// The names of the parameters that it needs to be active.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Param(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// As [`render`](Self::render), but `{args}` and kin become an argument for each parameter.
    fn arguments(&self, values: &RenderValues<'_>) -> Option<Vec<String>> {
        match self.0.as_slice() {
            [piece] if piece.is_many() => Some(piece.many(values)),
            _ => self.render(values).map(|text| vec![text]),
        }
    }
}

impl ConfigTemplate {
    /// The content of the file: a line that names a parameter that is not active is left out.
    pub fn fill(&self, values: &RenderValues<'_>) -> String {
        let mut filled = String::new();
        let (mut line, mut active) = (String::new(), true);
        for piece in &self.text.0 {
            let Piece::Literal(text) = piece else {
                match piece.render(values) {
                    Some(text) => line.push_str(&text),
                    None => active = false,
                }
                continue;
            };
            for part in text.split_inclusive('\n') {
                line.push_str(part);
                if part.ends_with('\n') {
                    if active {
                        filled.push_str(&line);
                    }
                    (line, active) = (String::new(), true);
                }
            }
        }
        if active {
            filled.push_str(&line);
        }
        filled
    }
}

impl Piece {
    /// True if it stands for any number of arguments.
    pub fn is_many(&self) -> bool {
        matches!(self, Self::Args | Self::ArgsNoHyphens | Self::ArgsNoBooleanFlags)
    }

    fn many(&self, values: &RenderValues<'_>) -> Vec<String> {
        let params = values.params.iter();
        params
            .filter_map(|(name, value)| match (self, value) {
                (Self::ArgsNoHyphens, _) => Some(format!("{name}={value}")),
                (Self::ArgsNoBooleanFlags, Value::Bool(true)) => Some(format!("--{name}")),
                (Self::ArgsNoBooleanFlags, Value::Bool(false)) => None,
                _ => Some(format!("--{name}={value}")),
            })
            .collect()
    }

    fn render(&self, values: &RenderValues<'_>) -> Option<String> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        Some(match self {
            Self::Literal(text) => text.clone(),
            Self::Param(name) => values.params.get(name)?.to_string(),
            Self::Args | Self::ArgsNoHyphens | Self::ArgsNoBooleanFlags => {
                shell_words(&self.many(values))
            }
            Self::ArgsJson => params_json(values.params),
            Self::Json => path(values.json),
            Self::Seed => values.seed.to_string(),
            Self::Trial => values.trial.to_string(),
            Self::Run => values.run.to_string(),
            Self::RunDir => path(values.run_dir),
            Self::Artifacts => path(values.artifacts),
            Self::Checkpoint => path(values.checkpoint),
            Self::Template(name) => path(&values.run_dir.join(name)),
            Self::Env(name) => {
                std::env::var_os(name).unwrap_or_default().to_string_lossy().into_owned()
            }
        })
    }
}

/// The quotation in which a place of a shell line stands.
#[derive(Clone, Copy, PartialEq)]
enum Quotes {
    None,
    Single,
    Double,
}

/// A line for the shell in which every value is one piece of text, whatever quotes it stands in. An inactive
/// parameter is an empty text.
fn shell_line(line: &Text, values: &RenderValues<'_>) -> String {
    let mut out = String::new();
    let mut quotes = Quotes::None;
    for piece in &line.0 {
        if let Piece::Literal(text) = piece {
            quotes = quotes_after(quotes, text);
            out.push_str(text);
        } else if piece.is_many() {
            out.push_str(&piece.render(values).unwrap_or_default());
        } else {
            let value = piece.render(values).unwrap_or_default();
            out.push_str(&match quotes {
                Quotes::None => shell_quoted(&value),
                Quotes::Single => value.replace('\'', r"'\''"),
                Quotes::Double => escaped(&value),
            });
        }
    }
    out
}

fn quotes_after(mut quotes: Quotes, text: &str) -> Quotes {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        quotes = match (quotes, c) {
            (Quotes::None | Quotes::Double, '\\') => {
                chars.next();
                quotes
            }
            (Quotes::None, '\'') => Quotes::Single,
            (Quotes::None, '"') => Quotes::Double,
            (Quotes::Single, '\'') | (Quotes::Double, '"') => Quotes::None,
            _ => quotes,
        };
    }
    quotes
}

/// A value inside double quotes.
fn escaped(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// One word for a POSIX shell; as it is where that is safe.
fn shell_quoted(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lit(text: &str) -> Piece {
        Piece::Literal(text.into())
    }

    fn par(name: &str) -> Piece {
        Piece::Param(name.into())
    }

    fn with_values<T>(act: impl FnOnce(&RenderValues<'_>) -> T) -> T {
        let params: Params = [
            ("lr", Value::Float(1e-5)),
            ("depth", Value::Int(3)),
            ("opt", Value::Text("it's $HOME".into())),
            ("nesterov", Value::Bool(true)),
            ("amp", Value::Bool(false)),
            ("limit", Value::None),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_string(), value))
        .collect();
        act(&RenderValues {
            params: &params,
            seed: 7,
            trial: 2,
            run: 12,
            run_dir: Path::new("/s/runs/12"),
            artifacts: Path::new("/s/runs/12/artifacts"),
            checkpoint: Path::new("/s/checkpoints/k/2"),
            json: Path::new("/s/runs/12/params.json"),
        })
    }

    #[test]
    fn every_placeholder() {
        let check = |pieces: Vec<Piece>, expected: &[&str]| {
            let run = Invocation::Args(vec![vec![Text(pieces)]]);
            assert_eq!(with_values(|values| arguments(&run, values)), expected);
        };
        let args = ["--lr=1e-5", "--depth=3", "--opt=it's $HOME"];
        check(
            vec![Piece::Args],
            &[&args[..], &["--nesterov=true", "--amp=false", "--limit=none"]].concat(),
        );
        check(
            vec![Piece::ArgsNoBooleanFlags],
            &[&args[..], &["--nesterov", "--limit=none"]].concat(),
        );
        check(
            vec![Piece::ArgsNoHyphens],
            &["lr=1e-5", "depth=3", "opt=it's $HOME", "nesterov=true", "amp=false", "limit=none"],
        );
        check(
            vec![Piece::ArgsJson],
            &[
                r#"{"lr":0.00001,"depth":3,"opt":"it's $HOME","nesterov":true,"amp":false,"limit":null}"#,
            ],
        );
        check(vec![lit("--lr="), par("lr"), lit("!")], &["--lr=1e-5!"]);
        check(vec![Piece::Seed, lit(" "), Piece::Trial, lit(" "), Piece::Run], &["7 2 12"]);
        check(
            vec![Piece::RunDir, lit(":"), Piece::Artifacts],
            &["/s/runs/12:/s/runs/12/artifacts"],
        );
        check(vec![Piece::Checkpoint], &["/s/checkpoints/k/2"]);
        check(vec![Piece::Json], &["/s/runs/12/params.json"]);
        check(vec![Piece::Template("a.yaml".into())], &["/s/runs/12/a.yaml"]);
        check(vec![lit("x"), Piece::Env("DERBY_NO_SUCH_VARIABLE".into())], &["x"]);
    }

    #[test]
    fn a_group_with_an_inactive_parameter_is_left_out() {
        let run = Invocation::Args(vec![
            vec![Text(vec![lit("train")])],
            vec![Text(vec![lit("--gamma")]), Text(vec![par("gamma")])],
            vec![Text(vec![lit("--depth")]), Text(vec![par("depth")])],
            vec![Text(vec![lit("--gamma="), par("gamma")])],
        ]);
        assert_eq!(with_values(|values| arguments(&run, values)), ["train", "--depth", "3"]);
    }

    #[test]
    fn values_are_single_words_of_the_shell_in_any_quotes() {
        let check = |pieces: Vec<Piece>, expected: &str| {
            let run = Invocation::Shell(Text(pieces));
            assert_eq!(with_values(|values| arguments(&run, values)), ["sh", "-c", expected]);
        };
        check(vec![lit("a "), par("opt"), lit(" | b")], r"a 'it'\''s $HOME' | b");
        check(vec![lit("a \""), par("opt"), lit("\"")], r#"a "it's \$HOME""#);
        check(
            vec![lit("a '"), par("opt"), lit("' "), par("opt")],
            r"a 'it'\''s $HOME' 'it'\''s $HOME'",
        );
        check(vec![lit(r#"a \" "#), par("lr")], r#"a \" 1e-5"#);
        check(
            vec![lit("a "), Piece::Args],
            r"a --lr=1e-5 --depth=3 '--opt=it'\''s $HOME' --nesterov=true --amp=false --limit=none",
        );
        check(vec![lit("a "), par("gamma")], "a ''");
    }

    #[test]
    fn a_line_of_a_config_file_with_an_inactive_parameter_is_left_out() {
        let text = Text(vec![
            lit("a: 1\nlr: "),
            par("lr"),
            lit("\n  gamma: "),
            par("gamma"),
            lit(" # x\n\nb: "),
            par("depth"),
            par("gamma"),
        ]);
        let template = ConfigTemplate { name: "c.yaml".into(), from: "c.yaml".into(), text };
        assert_eq!(with_values(|values| template.fill(values)), "a: 1\nlr: 1e-5\n\n");
    }

    #[test]
    fn names_of_variables() {
        let check = |param: &str, name: &str| assert_eq!(variable_name(param), name);
        check("lr", "DERBY_PARAM_LR");
        check("optimizer.weight-decay", "DERBY_PARAM_OPTIMIZER_WEIGHT_DECAY");
        check("größe2", "DERBY_PARAM_GR__E2");
    }
}
