//! Control parameters of samplers in the first line: `"options": {"auto.credit": 0}`.

use super::json::shown;
use crate::sampler::SamplerOptions;
use serde_json::Value as Json;

/// The keys, in the order in which an error lists them.
const KEYS: [&str; 8] = [
    "auto.gp",
    "auto.tpe",
    "auto.cma",
    "auto.restart",
    "auto.polish",
    "auto.credit",
    "auto.half_life",
    "auto.floor",
];

/// Sets what the object names.
pub(super) fn set(options: &mut SamplerOptions, json: &Json) -> Result<(), String> {
    let Some(object) = json.as_object() else {
        return Err(format!("'options' is '{}'; it is an object", shown(json)));
    };
    for (key, value) in object {
        let auto = &mut options.auto;
        match key.as_str() {
            "auto.gp" => auto.gp = flag(key, value)?,
            "auto.tpe" => auto.tpe = flag(key, value)?,
            "auto.cma" => auto.cma = flag(key, value)?,
            "auto.restart" => auto.restart = number(key, value, 0.0..=1.0)?,
            "auto.polish" => auto.polish = number(key, value, 0.0..=1.0)?,
            "auto.credit" => auto.credit = number(key, value, 0.0..=10.0)?,
            "auto.half_life" => auto.half_life = number(key, value, 1.0..=1e6)?,
            "auto.floor" => auto.floor = number(key, value, 0.0..=1.0)?,
            _ => return Err(format!("unknown option '{key}'; it is one of {}", KEYS.join(", "))),
        }
    }
    Ok(())
}

fn flag(key: &str, json: &Json) -> Result<bool, String> {
    json.as_bool()
        .ok_or_else(|| format!("option '{key}' is '{}'; it is true or false", shown(json)))
}

fn number(key: &str, json: &Json, range: std::ops::RangeInclusive<f64>) -> Result<f64, String> {
    json.as_f64().filter(|value| range.contains(value)).ok_or_else(|| {
        let (low, high) = (range.start(), range.end());
        format!("option '{key}' is '{}'; it is a number from {low} to {high}", shown(json))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_set_and_nothing_else() {
        let mut options = SamplerOptions::default();
        let json = serde_json::json!({ "auto.gp": false, "auto.credit": 0, "auto.half_life": 5.5 });
        set(&mut options, &json).unwrap();
        let auto = &options.auto;
        assert_eq!((auto.gp, auto.tpe, auto.credit, auto.half_life), (false, true, 0.0, 5.5));
        assert_eq!(auto.floor, SamplerOptions::default().auto.floor);
    }

    #[test]
    fn every_key_is_known_and_wrong_ones_are_named() {
        let check = |json: Json, words: &str| {
            let error = set(&mut SamplerOptions::default(), &json).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        for key in KEYS {
            check(serde_json::json!({ key: "x" }), &format!("option '{key}' is 'x'"));
        }
        check(serde_json::json!([]), "'options' is '[]'");
        check(
            serde_json::json!({ "auto.gps": true }),
            "unknown option 'auto.gps'; it is one of auto.gp,",
        );
        check(serde_json::json!({ "auto.floor": 1.5 }), "a number from 0 to 1");
    }
}
