//! JSON read strictly: no key twice, and every complaint names the place.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};
use std::fmt;

/// Any JSON in which no object has a key twice.
struct Strict(Json);

/// Reads one line.
pub(super) fn parse(line: &str) -> Result<Json, String> {
    if line.trim().is_empty() {
        return Err("the line is empty; send one JSON object a line".into());
    }
    let parsed: Result<Strict, _> = serde_json::from_str(line);
    parsed.map(|strict| strict.0).map_err(|error| {
        let text = error.to_string();
        if ["NaN", "Infinity"].iter().any(|word| line.contains(word)) {
            return format!("the line is no JSON ({text}): JSON has no 'NaN' and no 'Infinity'; tell such a trial with the state 'failed'");
        }
        format!("the line is no JSON ({text}); send one JSON object a line")
    })
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Strict)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(de::Error::custom(format!("the key '{key}' stands twice")));
            }
            let Strict(value) = map.next_value()?;
            object.insert(key, value);
        }
        Ok(Json::Object(object))
    }
}

/// An object and where it stands. Keys that are there with `null` count as missing.
pub(super) struct Object<'a> {
    place: String,
    map: &'a Map<String, Json>,
}

impl<'a> Object<'a> {
    /// An object with no other keys than these.
    pub(super) fn new(json: &'a Json, place: &str, keys: &[&str]) -> Result<Self, String> {
        let Json::Object(map) = json else {
            let shown = shown(json);
            return Err(format!("{place} is '{shown}'; it must be an object with {}", list(keys)));
        };
        if let Some(key) = map.keys().find(|key| !keys.contains(&key.as_str())) {
            return Err(format!("{place} has the unknown key '{key}'; it takes {}", list(keys)));
        }
        Ok(Self { place: place.into(), map })
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Json> {
        self.map.get(key).filter(|json| !json.is_null())
    }

    pub(super) fn need(&self, key: &str) -> Result<&'a Json, String> {
        self.get(key).ok_or_else(|| format!("{} has no '{key}'; add it", self.place))
    }

    fn wrong(&self, key: &str, json: &Json, wanted: &str) -> String {
        format!("'{key}' of {} is '{}'; it must be {wanted}", self.place, shown(json))
    }

    /// What `read` makes of the value, or that it must be `wanted`.
    pub(super) fn read<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl Fn(&'a Json) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(json) = self.get(key) else { return Ok(None) };
        read(json).map(Some).ok_or_else(|| self.wrong(key, json, wanted))
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, String> {
        self.read(key, "a finite number", Json::as_f64)
    }

    pub(super) fn whole(&self, key: &str) -> Result<Option<i64>, String> {
        self.read(key, "a whole number within ±2^53", whole)
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, String> {
        self.read(key, "true or false", Json::as_bool)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, String> {
        self.read(key, "text", Json::as_str)
    }
}

/// A whole number, also one that is written with a fraction of zero.
pub(super) fn whole(json: &Json) -> Option<i64> {
    let exact = |x: f64| x.fract() == 0.0 && x.abs() <= (1i64 << 53) as f64;
    json.as_i64().or_else(|| json.as_f64().filter(|x| exact(*x)).map(|x| x as i64))
}

/// A value in a message: JSON, cut where it is long.
pub(super) fn shown(json: &Json) -> String {
    const MOST: usize = 60;
    let text = json.as_str().map_or_else(|| json.to_string(), ToString::to_string);
    if text.chars().count() <= MOST {
        return text;
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}…")
}

fn list(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("'{key}'")).collect();
    quoted.join(", ")
}
