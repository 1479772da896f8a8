//! The point that a configuration of an earlier sweep is in the space of this one.

use crate::domain::{Params, Value};
use crate::space::{Dimension, Point, Space};
use crate::spec::{Sweep, Work};
use crate::trainer;
use std::collections::BTreeMap;

/// Why a configuration has no place here.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Misfit {
    /// The dimension of that id cannot have this value.
    Outside { id: String, value: Value },
    /// The configuration says nothing of the dimension of that id.
    Unknown { id: String },
}

/// Where a value comes from that the configuration does not say.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Assumed(Value),
    Default(Value),
    Only(Value),
}

/// The way into the space of a sweep.
pub(super) struct Map<'a> {
    space: &'a Space,
    assume: BTreeMap<&'a str, &'a Value>,
    has_families: bool,
}

impl<'a> Map<'a> {
    pub(super) fn new(spec: &'a Sweep) -> Self {
        let assume = spec.search.warm_start.iter().flat_map(|warm| &warm.assume);
        Self {
            space: &spec.space,
            assume: assume.map(|(id, value)| (id.as_str(), value)).collect(),
            has_families: matches!(spec.work, Work::Models(_)),
        }
    }

    /// The point of a configuration. `filled` gets what was not said, by the dimension's id.
    pub(super) fn point(
        &self,
        params: &Params,
        filled: &mut BTreeMap<String, Source>,
    ) -> Result<Point, Misfit> {
        let mut coords: Vec<Option<f64>> = Vec::with_capacity(self.space.len());
        let mut used = BTreeMap::new();
        for (idx, dim) in self.space.dims().iter().enumerate() {
            if !self.space.is_active(idx, &coords) {
                coords.push(None);
                continue;
            }
            let value = if let Some(value) = params.get(&dim.name) {
                value.clone()
            } else {
                let unknown = || Misfit::Unknown { id: dim.id.clone() };
                let source = self.unsaid(dim, params).ok_or_else(unknown)?;
                let (Source::Assumed(value) | Source::Default(value) | Source::Only(value)) =
                    source.clone();
                used.insert(dim.id.clone(), source);
                value
            };
            match dim.coord(&value) {
                Some(coord) => coords.push(Some(coord)),
                None => return Err(Misfit::Outside { id: dim.id.clone(), value }),
            }
        }
        filled.append(&mut used);
        Ok(Point(coords))
    }

    /// The value that a configuration had without saying so.
    fn unsaid(&self, dim: &Dimension, params: &Params) -> Option<Source> {
        if let Some(&value) = self.assume.get(dim.id.as_str()) {
            return Some(Source::Assumed(value.clone()));
        }
        let family = params.get("model").and_then(Value::as_str).filter(|_| self.has_families);
        if let Some(family) = family
            && dim.id == format!("{family}.{}", dim.name)
            && let Some(family) = trainer::family(family)
            && let Some(param) = family.params().iter().find(|param| param.name == dim.name)
        {
            return Some(Source::Default(param.default.value()));
        }
        dim.is_constant().then(|| Source::Only(dim.value(dim.value_at(0.5))))
    }
}
