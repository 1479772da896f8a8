//! The space of an init line: names and what they take, parents before children.

use super::json::{Object, shown};
use crate::domain::Value;
use crate::space::{Condition, Dimension, Kind, Space};
use serde_json::Value as Json;

/// Makes the `space` object a space.
pub(super) fn space(json: &Json) -> Result<Space, String> {
    let Json::Object(map) = json else {
        return Err(format!("'space' is '{}'; it must be an object of parameters", shown(json)));
    };
    let mut dims: Vec<Dimension> = Vec::with_capacity(map.len());
    for (name, spec) in map {
        let dim = dimension(name, spec, &dims).map_err(|text| {
            // A parent further down is the usual slip.
            let later = |parent: &&String| text.contains(&format!("waits for '{parent}'"));
            match map.keys().skip(dims.len()).find(later) {
                Some(parent) => format!("{text}; put '{parent}' before '{name}'"),
                None => text,
            }
        })?;
        dims.push(dim);
    }
    Space::new(dims).map_err(|error| format!("the space is refused: {error}"))
}

fn dimension(name: &str, spec: &Json, before: &[Dimension]) -> Result<Dimension, String> {
    let place = format!("parameter '{name}'");
    let kind_of = spec.get("type").and_then(Json::as_str).unwrap_or_default();
    let keys: &[&str] = match kind_of {
        "float" | "int" => &["type", "low", "high", "log", "step", "when"],
        "categorical" => &["type", "choices", "when"],
        _ => {
            let given =
                spec.get("type").map_or_else(|| "missing".into(), |t| format!("'{}'", shown(t)));
            return Err(format!(
                "'type' of {place} is {given}; it is one of 'float', 'int', 'categorical'"
            ));
        }
    };
    let object = Object::new(spec, &place, keys)?;
    let kind = match kind_of {
        "float" => float(&object)?,
        "int" => int(&object)?,
        _ => choices(&object, &place)?,
    };
    let when = match object.get("when") {
        None => Vec::new(),
        Some(when) => conditions(when, &place, before)?,
    };
    Ok(Dimension { id: name.into(), name: name.into(), kind, when })
}

fn float(object: &Object<'_>) -> Result<Kind, String> {
    let bound = |key| {
        object.need(key)?;
        object.number(key).map(Option::unwrap_or_default)
    };
    let (low, high) = (bound("low")?, bound("high")?);
    let log = object.flag("log")?.unwrap_or(false);
    Ok(Kind::Float { low, high, log, step: object.number("step")? })
}

fn int(object: &Object<'_>) -> Result<Kind, String> {
    let bound = |key| {
        object.need(key)?;
        object.whole(key).map(Option::unwrap_or_default)
    };
    let (low, high) = (bound("low")?, bound("high")?);
    let log = object.flag("log")?.unwrap_or(false);
    Ok(Kind::Int { low, high, log, step: object.whole("step")?.unwrap_or(1) })
}

fn choices(object: &Object<'_>, place: &str) -> Result<Kind, String> {
    let Json::Array(items) = object.need("choices")? else {
        return Err(format!("'choices' of {place} is no list; list its values"));
    };
    let values = items.iter().map(|item| value(item, &format!("'choices' of {place}")));
    Ok(Kind::Choice { values: values.collect::<Result<_, _>>()? })
}

fn value(json: &Json, place: &str) -> Result<Value, String> {
    let refused =
        || format!("{place} has '{}'; values are text, numbers, true, false or null", shown(json));
    match json {
        Json::Null => Ok(Value::None),
        Json::Bool(flag) => Ok(Value::Bool(*flag)),
        Json::String(text) => Ok(Value::Text(text.clone())),
        Json::Number(number) => {
            let float = || number.as_f64().map(Value::Float);
            number.as_i64().map(Value::Int).or_else(float).ok_or_else(refused)
        }
        Json::Array(_) | Json::Object(_) => Err(refused()),
    }
}

/// `{"kernel": ["rbf", "poly"]}`; one value may stand without the list.
fn conditions(when: &Json, place: &str, before: &[Dimension]) -> Result<Vec<Condition>, String> {
    let Json::Object(map) = when else {
        let shown = shown(when);
        return Err(format!("'when' of {place} is '{shown}'; give each parent its list of values"));
    };
    let condition = |(parent, wanted): (&String, &Json)| {
        let Some(idx) = before.iter().position(|dim| dim.id == *parent) else {
            return Err(format!("{place} waits for '{parent}', which is no parameter before it"));
        };
        let items = match wanted {
            Json::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        let coord = |item: &Json| {
            let value = value(item, &format!("'when' of {place}"))?;
            before[idx].coord(&value).ok_or_else(|| {
                format!(
                    "{place} waits for '{value}' of '{parent}', which takes {}",
                    before[idx].kind.words()
                )
            })
        };
        let any_of = items.iter().map(coord).collect::<Result<Vec<f64>, String>>()?;
        Ok(Condition { parent: idx, any_of })
    };
    map.iter().map(condition).collect()
}
