//! Texts with placeholders: `--lr={lr}`, `{{` and `}}` for braces, and config files in which braces are common.

use crate::spec::command::{Piece, Text};
use crate::spec::hint;

/// Names of placeholders that are derby's own, with what they become.
const FIXED: [(&str, Piece); 11] = [
    ("args", Piece::Args),
    ("args_no_hyphens", Piece::ArgsNoHyphens),
    ("args_no_boolean_flags", Piece::ArgsNoBooleanFlags),
    ("args_json", Piece::ArgsJson),
    ("json", Piece::Json),
    ("seed", Piece::Seed),
    ("trial", Piece::Trial),
    ("run", Piece::Run),
    ("run_dir", Piece::RunDir),
    ("artifacts", Piece::Artifacts),
    ("checkpoint", Piece::Checkpoint),
];

/// What a placeholder may name.
pub(super) struct Names<'a> {
    pub(super) params: Vec<&'a str>,
    pub(super) templates: Vec<&'a str>,
}

impl Names<'_> {
    /// Reads a text; every part that is wrong is a problem in words.
    pub(super) fn text(&self, text: &str) -> Result<Text, Vec<String>> {
        let mut pieces = Pieces::default();
        let mut problems = Vec::new();
        if text.contains('\0') {
            problems.push("a text of a command cannot hold a zero byte; leave it out".into());
        }
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            pieces.literal(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                pieces.literal(brace);
                rest = after;
                continue;
            }
            let inside = (brace == "{").then(|| rest.find('}')).flatten();
            let Some(end) = inside.filter(|&end| !rest[..end].contains('{')) else {
                problems
                    .push(format!("a lone '{brace}'; a brace itself is written '{brace}{brace}'"));
                continue;
            };
            match self.piece(&rest[..end]) {
                Ok(piece) => pieces.0.push(piece),
                Err(problem) => problems.push(problem),
            }
            rest = &rest[end + 1..];
        }
        pieces.literal(rest);
        if problems.is_empty() { Ok(Text(pieces.0)) } else { Err(problems) }
    }

    /// Reads a config file, where braces and unknown words in braces stand for themselves; lists of arguments
    /// have no place in it.
    pub(super) fn template(&self, text: &str) -> Result<Text, String> {
        let mut pieces = Pieces::default();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let inside = &rest[at + 1..];
            let found = inside.find('}').filter(|&end| self.is_name(&inside[..end]));
            let Some(end) = found else {
                pieces.literal(&rest[..=at]);
                rest = inside;
                continue;
            };
            pieces.literal(&rest[..at]);
            pieces.0.push(self.piece(&inside[..end])?);
            rest = &inside[end + 1..];
        }
        pieces.literal(rest);
        Ok(Text(pieces.0))
    }

    /// True if a config file means a placeholder by this word.
    fn is_name(&self, word: &str) -> bool {
        self.params.contains(&word)
            || FIXED.iter().any(|(name, piece)| *name == word && !piece.is_many())
            || word.strip_prefix("template:").is_some_and(|name| self.templates.contains(&name))
            || word.strip_prefix("env:").is_some_and(is_variable)
    }

    fn piece(&self, name: &str) -> Result<Piece, String> {
        let fixed = FIXED.iter().find(|(fixed, _)| *fixed == name).map(|(_, piece)| piece.clone());
        if self.params.contains(&name) {
            return match fixed {
                None => Ok(Piece::Param(name.into())),
                Some(_) => Err(format!(
                    "'{{{name}}}' is both a parameter and derby's own; give the parameter another name"
                )),
            };
        }
        if let Some(piece) = fixed {
            return Ok(piece);
        }
        if let Some(template) = name.strip_prefix("template:") {
            return match self.templates.contains(&template) {
                true => Ok(Piece::Template(template.into())),
                false if self.templates.is_empty() => Err(format!(
                    "there is no template '{template}'; name its file as templates = {{ \"{template}\" = PATH }}"
                )),
                false => Err(hint::unknown_listed("template", template, &self.templates)),
            };
        }
        if let Some(variable) = name.strip_prefix("env:") {
            let text = || format!("'{{{name}}}' names no variable; write it as {{env:HOME}}");
            return is_variable(variable).then(|| Piece::Env(variable.into())).ok_or_else(text);
        }
        Err(self.unknown(name))
    }

    fn unknown(&self, name: &str) -> String {
        let own = FIXED.iter().map(|(name, _)| *name);
        let known: Vec<&str> = self.params.iter().copied().chain(own).collect();
        let shown = name.escape_debug();
        let near = match hint::nearest(name, &known) {
            Some(near) => format!("did you mean '{{{near}}}'?"),
            None => format!("one of {}, template:NAME, env:NAME", known.join(", ")),
        };
        format!("unknown placeholder '{{{shown}}}'; {near} A brace itself is written '{{{{'")
    }
}

/// Pieces under construction: neighboring literals are one.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn literal(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Literal(last)) => last.push_str(text),
            _ => self.0.push(Piece::Literal(text.into())),
        }
    }
}

/// True for the name of a variable of the environment.
pub(super) fn is_variable(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names<'static> {
        Names { params: vec!["lr", "opt.decay", "seed"], templates: vec!["a.yaml"] }
    }

    fn lit(text: &str) -> Piece {
        Piece::Literal(text.into())
    }

    #[test]
    fn texts() {
        let check = |text: &str, pieces: &[Piece]| {
            assert_eq!(names().text(text).unwrap().0, pieces, "{text}");
        };
        check("", &[]);
        check("plain", &[lit("plain")]);
        check("--lr={lr}", &[lit("--lr="), Piece::Param("lr".into())]);
        check("{opt.decay}{args}", &[Piece::Param("opt.decay".into()), Piece::Args]);
        check("{{{lr}}}", &[lit("{"), Piece::Param("lr".into()), lit("}")]);
        check("awk '{{print}}'", &[lit("awk '{print}'")]);
        check(
            "{template:a.yaml} {env:HOME}",
            &[Piece::Template("a.yaml".into()), lit(" "), Piece::Env("HOME".into())],
        );
    }

    #[test]
    fn problems() {
        let check = |text: &str, parts: &[&str]| {
            let problems = names().text(text).unwrap_err();
            assert_eq!(problems.len(), parts.len(), "{problems:#?}");
            for (problem, part) in problems.iter().zip(parts) {
                assert!(problem.contains(part), "{problem}");
            }
        };
        check("{lrr}", &["unknown placeholder '{lrr}'; did you mean '{lr}'?"]);
        check("{rundir}", &["did you mean '{run_dir}'?"]);
        check(
            "{print $1}",
            &["unknown placeholder '{print $1}'; one of lr, opt.decay, seed, args,"],
        );
        check("a { b", &["a lone '{'; a brace itself is written '{{'"]);
        check("a } b", &["a lone '}'; a brace itself is written '}}'"]);
        check("{a{lr}", &["a lone '{'"]);
        check("{x} {y} }", &["'{x}'", "'{y}'", "a lone '}'"]);
        check("{template:b}", &["unknown template 'b'; one of a.yaml"]);
        check("{env:}", &["'{env:}' names no variable"]);
        check("{seed}", &["'{seed}' is both a parameter and derby's own"]);
        check("a\0", &["zero byte"]);
    }

    #[test]
    fn config_files_keep_their_braces() {
        let check = |text: &str, pieces: &[Piece]| {
            assert_eq!(names().template(text).unwrap().0, pieces, "{text}");
        };
        check("{\"lr\": {lr}}", &[lit("{\"lr\": "), Piece::Param("lr".into()), lit("}")]);
        check("{{ jinja }} {x} {args} }", &[lit("{{ jinja }} {x} {args} }")]);
        check("{{lr}}", &[lit("{"), Piece::Param("lr".into()), lit("}")]);
        check("{", &[lit("{")]);
        check("o: {run_dir}", &[lit("o: "), Piece::RunDir]);
        assert!(names().template("{seed}").unwrap_err().contains("both a parameter"));
    }
}
