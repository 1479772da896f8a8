//! Reads a configuration against a family's parameters, filling in defaults.

use super::{ParamDefault, ParamSpec};
use crate::domain::{Params, Value};

/// A family's view of one configuration. Names that the family does not declare are a bug of ours.
#[derive(Debug, Clone, Copy)]
pub struct Args<'a> {
    params: &'a Params,
    specs: &'static [ParamSpec],
}

impl ParamDefault {
    /// The default as a value.
    pub fn value(self) -> Value {
        match self {
            Self::None => Value::None,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Float(value) => Value::Float(value),
            Self::Word(word) => Value::Text(word.into()),
        }
    }
}

impl<'a> Args<'a> {
    /// Pairs a configuration with the family's declarations.
    pub fn new(params: &'a Params, specs: &'static [ParamSpec]) -> Self {
        Self { params, specs }
    }

    /// The value of `name`, or its default.
    pub fn value(&self, name: &str) -> Value {
        if let Some(value) = self.params.get(name) {
            return value.clone();
        }
        let spec = self.specs.iter().find(|spec| spec.name == name);
        debug_assert!(spec.is_some(), "the family does not declare '{name}'");
        spec.map_or(Value::None, |spec| spec.default.value())
    }

    /// A number; NaN for a value that is none, which a checked configuration never holds here.
    pub fn float(&self, name: &str) -> f64 {
        self.value(name).as_f64().unwrap_or(f64::NAN)
    }

    /// A whole number, or none.
    pub fn optional_int(&self, name: &str) -> Option<usize> {
        self.value(name).as_i64().and_then(|value| usize::try_from(value).ok())
    }

    /// A whole number; 0 for a value that is none.
    pub fn int(&self, name: &str) -> usize {
        self.optional_int(name).unwrap_or(0)
    }

    /// A boolean; false for any other value.
    pub fn flag(&self, name: &str) -> bool {
        self.value(name) == Value::Bool(true)
    }

    /// A word; empty for any other value.
    pub fn word(&self, name: &str) -> String {
        self.value(name).as_str().unwrap_or_default().to_string()
    }
}
