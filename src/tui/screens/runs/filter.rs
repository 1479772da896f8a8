//! The filter: what was typed, what of it applies, what it could become.

use super::load::Source;
use super::{Runs, Shared};
use crate::report::words;
use crate::store::filter::{Attribute, Kind};
use crate::store::{Expr, Field, FilterError};
use crate::tui::catalog::Catalog;
use crate::tui::overlay::{Completion, Prompt};

/// Completions at most.
const OFFERED: usize = 60;
const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "contains", "is undefined", "has:", "tag:"];

/// The filter of the screen.
#[derive(Debug, Default)]
pub(super) struct Filtering {
    /// What applies when nothing is being typed.
    kept: String,
    /// What is being typed.
    typing: Option<String>,
    /// The last of it that parsed.
    good: String,
    /// What the store says against it: an unknown name.
    pub(super) trouble: Option<String>,
    /// How many runs fit what applies, once that is known.
    pub(super) n_fitting: Option<u64>,
    values: Option<(Source, Vec<(String, u64)>)>,
}

impl Filtering {
    /// The filter as it was typed.
    pub(super) fn text(&self) -> &str {
        self.typing.as_deref().unwrap_or(&self.kept)
    }

    /// The filter that applies.
    pub(super) fn effective(&self) -> &str {
        if self.typing.is_some() { &self.good } else { &self.kept }
    }

    /// True while it is being typed.
    pub(super) fn is_typed(&self) -> bool {
        self.typing.is_some()
    }

    /// True if anything is left out.
    pub(super) fn is_on(&self) -> bool {
        !self.effective().trim().is_empty()
    }

    /// Another filter, as it is.
    pub(super) fn set(&mut self, text: &str) {
        *self = Self { kept: text.trim().into(), values: self.values.take(), ..Self::default() };
    }

    /// It is about to be typed.
    pub(super) fn begin(&mut self) {
        self.typing = Some(self.kept.clone());
        self.good.clone_from(&self.kept);
    }

    /// It reads like this now. A word at its end that may become a name is not looked for yet: the list would be empty
    /// at every letter of it.
    pub(super) fn type_(&mut self, text: &str, catalog: &Catalog) {
        self.trouble = None;
        if problem(text).is_none() && !may_become_a_name(text, catalog) {
            self.good = text.trim().into();
        }
        self.typing = Some(text.into());
    }

    /// It is kept.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn keep(&mut self, text: &str) -> Result<(), String> {
        let unknown = self.trouble.clone().filter(|_| self.good == text.trim());
        if let Some(problem) = problem(text).or(unknown) {
            Err(problem)
        } else {
            self.set(text);
            Ok(())
        }
    }

    /// Typing was left.
    pub(super) fn leave(&mut self) {
        self.set("");
    }

    /// What values the place of the cursor asks for.
    pub(super) fn source(&self) -> Option<Source> {
        match place(self.typing.as_deref()?) {
            Place::Value(source, _) => Some(source),
            _ => None,
        }
    }

    pub(super) fn take_values(&mut self, source: &Source, values: Vec<(String, u64)>) {
        self.values = Some((source.clone(), values));
    }
}

/// What is wrong with a filter, in one line with the place.
pub(super) fn problem(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return None;
    }
    match text.parse::<Expr>() {
        Ok(_) => None,
        Err(FilterError::Syntax { what, mend, at, .. }) => {
            Some(format!("at {}: {what}; {mend}", at + 1))
        }
        Err(other) => Some(other.to_string()),
    }
}

fn may_become_a_name(text: &str, catalog: &Catalog) -> bool {
    let word = last_word(text.trim_end());
    let before = text.trim_end().strip_suffix(word).unwrap_or_default().trim_end();
    let is_value =
        before.ends_with(['=', '<', '>', ':', '[', ',', '"']) || before.ends_with("contains");
    let begins = |name: &str| name.starts_with(word);
    !word.is_empty()
        && !is_value
        && (catalog.metrics.iter().chain(&catalog.params).any(|name| begins(name))
            || Attribute::words().any(begins)
            || KEYWORDS.iter().any(|keyword| keyword.starts_with(word)))
}

/// Where in the language a cursor stands.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    /// A condition begins with this.
    Name(String),
    /// The name of a metric or parameter begins with this.
    Has(String),
    /// A name is whole: something compares it.
    Operator,
    /// A value begins with this.
    Value(Source, String),
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || "_.-/@%+#$*?".contains(c)
}

/// The place behind a text.
fn place(before: &str) -> Place {
    let start = before
        .rfind(|c: char| !is_name_char(c))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let (head, word) = before.split_at(start);
    if let Some(key) = head.strip_suffix(':') {
        let key = last_word(key);
        return match key {
            "tag" => Place::Value(Source::TagKeys, word.into()),
            "has" => Place::Has(word.into()),
            "model" => Place::Value(Source::Field(Field::Param("model".into())), word.into()),
            key => match Attribute::parse(key) {
                Some(attribute) => {
                    Place::Value(Source::Field(Field::Attribute(attribute)), word.into())
                }
                None => Place::Name(word.into()),
            },
        };
    }
    let trimmed = head.trim_end();
    if let Some(left) = trimmed.strip_suffix('=').filter(|left| left.contains("tag:"))
        && let Some(key) = last_word(left).strip_prefix("tag:").or_else(|| {
            let key = last_word(left);
            left.strip_suffix(key)?.ends_with("tag:").then_some(key)
        })
    {
        return Place::Value(Source::TagValues(key.into()), word.into());
    }
    let operators = ["!=", "<=", ">=", "=", "<", ">"];
    let compared = operators.iter().find_map(|sign| trimmed.strip_suffix(sign)).or_else(|| {
        let listed = trimmed
            .strip_suffix(['[', ','])
            .map(|left| left.rsplit_once('[').map_or(left, |p| p.0));
        let listed = listed.map(str::trim_end).and_then(|left| left.strip_suffix("in"));
        listed.or_else(|| trimmed.strip_suffix("contains"))
    });
    if let Some(left) = compared
        && let Ok(field) = Field::parse(last_word(left.trim_end()))
    {
        return Place::Value(Source::Field(field), word.into());
    }
    let is_name = !trimmed.is_empty()
        && head.ends_with(' ')
        && word.is_empty()
        && !["and", "or", "not", "("].iter().any(|keyword| trimmed.ends_with(keyword))
        && !trimmed.contains(':')
        && problem(trimmed).is_none()
        && matches!(trimmed.parse(), Ok(Expr::Word(_)));
    if is_name { Place::Operator } else { Place::Name(word.into()) }
}

/// The last name in a text, backticks and all.
fn last_word(text: &str) -> &str {
    if let Some(rest) = text.strip_suffix('`') {
        return rest.rfind('`').map_or(text, |at| &text[at..]);
    }
    let start = text
        .rfind(|c: char| !is_name_char(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    &text[start..]
}

impl Runs {
    /// Count, error and completions of the prompt.
    pub(super) fn prompts(&self, prompt: &mut Prompt, shared: &Shared) {
        if prompt.purpose != super::settle::FILTER {
            return;
        }
        let text = prompt.line.text();
        let wrong = problem(text).or_else(|| self.filtering.trouble.clone());
        prompt.is_wrong = wrong.is_some();
        prompt.status = wrong.unwrap_or_else(|| {
            let n = self.filtering.n_fitting.unwrap_or(self.n_fitting);
            format!("[{}/{}]", words::count(n), words::count(self.n_total))
        });
        // While completions are stepped through, the list stays as it is.
        if prompt.taken.is_some() {
            return;
        }
        prompt.completions = match place(&prompt.line.before_cursor()) {
            Place::Name(word) => names(&word, &shared.catalog, false),
            Place::Has(word) => names(&word, &shared.catalog, true),
            Place::Operator => {
                ["=", "!=", "<", "<=", ">", ">=", "in [", "contains", "is undefined"]
                    .iter()
                    .map(|sign| Completion {
                        replaces: 0,
                        text: format!("{sign} "),
                        about: String::new(),
                    })
                    .collect()
            }
            Place::Value(source, word) => match &self.filtering.values {
                Some((known, values)) if *known == source => offered(&word, values),
                _ => Vec::new(),
            },
        };
    }
}

fn names(word: &str, catalog: &Catalog, only_named: bool) -> Vec<Completion> {
    if word.is_empty() {
        return Vec::new();
    }
    let metrics = catalog.metrics.iter().map(|name| (Field::Metric(name.clone()), name, "metric"));
    let params = catalog.params.iter().map(|name| (Field::Param(name.clone()), name, "parameter"));
    let mut found: Vec<(usize, Completion)> = Vec::new();
    let mut take = |name: &str, text: String, about: &str| {
        let wanted = word.strip_prefix("metrics.").or(word.strip_prefix("params.")).unwrap_or(word);
        let rank = match name.to_lowercase().find(&wanted.to_lowercase()) {
            Some(0) => 0,
            Some(_) => 1,
            None => return,
        };
        if text != word {
            let replaces = word.chars().count();
            found.push((rank, Completion { replaces, text, about: about.into() }));
        }
    };
    for (field, name, about) in metrics.chain(params) {
        // The shortest text that means it.
        let is_taken = Attribute::parse(name).is_some()
            || about == "parameter" && catalog.metrics.binary_search(name).is_ok();
        let text = if is_taken { field.to_string() } else { Field::Name(name.clone()).to_string() };
        take(name, text, about);
    }
    if !only_named {
        for name in Attribute::words() {
            take(name, keyed(name), "of the run");
        }
        for keyword in KEYWORDS {
            take(keyword, keyword.into(), "");
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.truncate(OFFERED);
    found.into_iter().map(|(_, completion)| completion).collect()
}

/// An attribute as a condition begins with it: texts are looked for by `sweep:`, numbers are compared.
fn keyed(name: &str) -> String {
    let kind = Attribute::parse(name).map(Attribute::kind);
    match kind {
        Some(Kind::Text | Kind::Prose | Kind::Status | Kind::Hash) => format!("{name}:"),
        _ => name.into(),
    }
}

fn offered(word: &str, values: &[(String, u64)]) -> Vec<Completion> {
    let wanted = word.to_lowercase();
    let fits =
        |(value, _): &&(String, u64)| value.to_lowercase().starts_with(&wanted) && value != word;
    let completion = |(value, n): &(String, u64)| Completion {
        replaces: word.chars().count(),
        text: quoted(value),
        about: words::plural(*n, "run"),
    };
    values.iter().filter(fits).take(OFFERED).map(completion).collect()
}

/// A value as the language takes it.
fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty() && value.chars().all(|c| is_name_char(c) && !"*?".contains(c));
    if is_plain {
        return value.into();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_cursor_is_known() {
        let value = |field: &str, word: &str| {
            Place::Value(Source::Field(Field::parse(field).unwrap()), word.into())
        };
        let check = |text: &str, expect: Place| assert_eq!(place(text), expect, "{text}");
        check("", Place::Name(String::new()));
        check("auc > 0.9 and ker", Place::Name("ker".into()));
        check("kernel = ", value("kernel", ""));
        check("auc > 0.9 kernel=rb", value("kernel", "rb"));
        check("kernel != r", value("kernel", "r"));
        check("params.kernel in [rbf, l", value("params.kernel", "l"));
        check("kernel in [", value("kernel", ""));
        check("`odd name` = x", value("`odd name`", "x"));
        check("sweep:bre", value("sweep", "bre"));
        check("tag:ke", Place::Value(Source::TagKeys, "ke".into()));
        check("tag:keep=y", Place::Value(Source::TagValues("keep".into()), "y".into()));
        check("auc ", Place::Operator);
        check("has:au", Place::Has("au".into()));
        check("größe = ", value("größe", ""));
    }

    #[test]
    fn a_half_typed_filter_leaves_the_last_whole_one() {
        let catalog = Catalog { metrics: vec!["auc".into()], ..Catalog::default() };
        let mut filtering = Filtering::default();
        filtering.begin();
        filtering.type_("svm", &catalog);
        filtering.type_("svm au", &catalog);
        assert_eq!(filtering.effective(), "svm");
        filtering.type_("auc > 0.9", &catalog);
        filtering.type_("auc > 0.9 and (", &catalog);
        assert_eq!(filtering.effective(), "auc > 0.9");
        assert!(filtering.keep("auc > 0.9 and (").unwrap_err().starts_with("at "));
        filtering.leave();
        assert!(!filtering.is_on());
    }
}
