//! The parameters of one run, in the order in which the sweep file names them.

use super::{Digest, DigestBuilder, Value};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names and values of one configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(IndexMap<String, Value>);

impl Params {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets `name`, at the end if it is new.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The identity of the configuration, whatever the order of its names. A whole number and a float are
    /// different values, as they are to a family that takes both a count and a share.
    pub fn digest(&self) -> Digest {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(b.0));
        let mut digest = DigestBuilder::new("params");
        for (name, value) in sorted {
            digest.text(name);
            match value {
                Value::None => digest.text("none"),
                Value::Bool(value) => digest.text("bool").int(i64::from(*value)),
                // A count of 1 and a share of 1.0 are different values of `max_features`.
                Value::Int(value) => digest.text("int").int(*value),
                Value::Float(value) => digest.text("float").float(*value),
                Value::Text(text) => digest.text("text").text(text),
            };
        }
        digest.finish()
    }
}

impl FromIterator<(String, Value)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (name, value)) in self.0.iter().enumerate() {
            let gap = if position == 0 { "" } else { " " };
            write!(f, "{gap}{name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, Value)]) -> Params {
        pairs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect()
    }

    #[test]
    fn identity_ignores_order_and_nothing_else() {
        let one = params(&[("C", Value::Float(1.0)), ("kernel", Value::Text("rbf".into()))]);
        let two = params(&[("kernel", Value::Text("rbf".into())), ("C", Value::Float(1.0))]);
        assert_eq!(one.digest(), two.digest());
        let count = params(&[("C", Value::Int(1)), ("kernel", Value::Text("rbf".into()))]);
        assert_ne!(one.digest(), count.digest());
        let three = params(&[("C", Value::Float(1.0)), ("kernel", Value::None)]);
        assert_ne!(one.digest(), three.digest());
    }

    #[test]
    fn reads_as_a_person_would_write_it() {
        let shown = params(&[("C", Value::Float(0.5)), ("depth", Value::None)]).to_string();
        assert_eq!(shown, "C=0.5 depth=none");
    }
}
