//! Names of models and aliases, and references to a version: `MODEL@ALIAS`, `MODEL/3`.

use std::fmt;

/// The alias of the version that is in use. Only promotions and rollbacks move it.
pub const CHAMPION: &str = "champion";
/// The alias of the version that is to replace the champion.
pub const CHALLENGER: &str = "challenger";

const MAX_BYTES: usize = 120;
const MARKS: &str = "-_.+=(), ";

/// The name of a registered model, which is a file name too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelName(String);

/// Why a name or a reference is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Unfit for a file name, or for a reference.
    #[error(
        "'{name}' cannot name a registered model: {why}; choose another name with `model = \"…\"` in the sweep file"
    )]
    Model {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// No alias.
    #[error(
        "'{0}' cannot be an alias; write a letter and then letters, digits, '-' or '_', 64 at most"
    )]
    Alias(String),
    /// No version.
    #[error("'{0}' is no version; versions are whole numbers from 1: MODEL/3")]
    Version(String),
}

impl ModelName {
    /// Checks a name: letters, digits, spaces and `-_.+=(),`, and nothing that would be hidden, cut or taken for an
    /// option.
    ///
    /// # Errors
    /// When it is unfit for a file name or a reference.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let wrong =
            |why: &str| Err(NameError::Model { name: shortened(name), why: why.to_string() });
        let stranger = name.chars().find(|c| !c.is_alphanumeric() && !MARKS.contains(*c));
        if name.is_empty() {
            return wrong("it is empty");
        }
        if let Some(c) = stranger {
            return wrong(&format!(
                "{c:?} is not allowed (letters, digits, spaces and '-_.+=(),')"
            ));
        }
        if name.len() > MAX_BYTES {
            return wrong(&format!("it has {} bytes, at most {MAX_BYTES}", name.len()));
        }
        if name.starts_with(['.', '-', ' ']) {
            return wrong("it begins with '.', '-' or a space");
        }
        if name.ends_with(['.', ' ']) {
            return wrong("it ends with '.' or a space");
        }
        if name.to_ascii_lowercase().ends_with(".jsonl") {
            return wrong("it ends with '.jsonl', as ledgers do");
        }
        Ok(Self(name.to_string()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which version of a model is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `MODEL@ALIAS`
    Alias(String),
    /// `MODEL/3`
    Version(u64),
}

/// A version of a registered model, as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The model.
    pub model: ModelName,
    /// Which of its versions.
    pub target: Target,
}

impl Reference {
    /// Reads `MODEL@ALIAS` or `MODEL/3`; none for what has another form: a run, a path, a model alone.
    ///
    /// # Errors
    /// When it has the form, but the model's name, the alias or the version cannot be one.
    pub fn parse(text: &str) -> Result<Option<Self>, NameError> {
        if text.starts_with(['.', '/', '~']) {
            return Ok(None);
        }
        if let Some((model, alias)) = text.rsplit_once('@') {
            check_alias(alias)?;
            let target = Target::Alias(alias.to_string());
            return Ok(Some(Self { model: ModelName::parse(model)?, target }));
        }
        let Some((model, number)) = text.rsplit_once('/') else { return Ok(None) };
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) || model.contains('/') {
            return Ok(None);
        }
        let version = number.parse().ok().filter(|version| *version > 0);
        let version = version.ok_or_else(|| NameError::Version(number.to_string()))?;
        Ok(Some(Self { model: ModelName::parse(model)?, target: Target::Version(version) }))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Alias(alias) => write!(f, "{}@{alias}", self.model),
            Target::Version(version) => write!(f, "{}/{version}", self.model),
        }
    }
}

/// Checks the name of an alias.
///
/// # Errors
/// When it could be taken for something else.
pub fn check_alias(name: &str) -> Result<(), NameError> {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    let rest = chars.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if first && rest && name.len() <= 64 {
        return Ok(());
    }
    Err(NameError::Alias(shortened(name)))
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_names_are_file_names() {
        let check = |name: &str, fits: bool| {
            assert_eq!(ModelName::parse(name).is_ok(), fits, "{name:?}");
        };
        for name in ["penguins", "breast-cancer", "my sweep (v2)", "été", "a.b", "12"] {
            check(name, true);
        }
        for name in ["", ".", "..", "../x", "a/b", "a\\b", "a@b", "-rf", "a\nb", "a\0b", "x "] {
            check(name, false);
        }
        check("x.jsonl", false);
        check("x.", false);
        check("a:b", false);
        check(&"x".repeat(MAX_BYTES), true);
        check(&"x".repeat(MAX_BYTES + 1), false);
        check("a\u{202e}b", false);
    }

    #[test]
    fn references_read_as_they_are_written() {
        let check = |text: &str, form: bool| {
            let read = Reference::parse(text).unwrap();
            assert_eq!(read.is_some(), form, "{text}");
            if let Some(reference) = read {
                assert_eq!(reference.to_string(), text);
            }
        };
        for text in ["penguins@champion", "penguins/3", "my sweep@prod-eu"] {
            check(text, true);
        }
        for text in ["12", "penguins", "./bundle", "/tmp/3", "a/b/3", "out/model", "~/3", "out/"] {
            check(text, false);
        }
        for text in ["penguins@", "penguins@3", "@champion", "penguins/0", "x.jsonl/3", "a/b@c"] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
        assert!(Reference::parse("m/99999999999999999999").is_err());
    }
}
