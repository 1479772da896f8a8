//! Scores in JSON: numbers that JSON has no word for are written as `"nan"`, `"inf"`, `"-inf"`.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Score {
    Number(f64),
    Word(String),
}

pub(super) fn serialize<S: Serializer>(
    scores: &IndexMap<String, f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let word = |value: f64| {
        if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        }
    };
    serializer.collect_map(scores.iter().map(|(name, &value)| {
        let score =
            if value.is_finite() { Score::Number(value) } else { Score::Word(word(value).into()) };
        (name, score)
    }))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, f64>, D::Error> {
    let read = IndexMap::<String, Score>::deserialize(deserializer)?;
    let number = |score: Score| match score {
        Score::Number(value) => Ok(value),
        Score::Word(word) => match word.as_str() {
            "nan" => Ok(f64::NAN),
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            _ => Err(D::Error::custom(format!("'{word}' is no score"))),
        },
    };
    read.into_iter().map(|(name, score)| Ok((name, number(score)?))).collect()
}
