//! What a parameter accepts: a family's declared kinds, the words of a preprocessing setting, or anything.

use super::reader::whole;
use super::tree::{Kind, Node};
use crate::data::{PrepSetting, PrepValue};
use crate::domain::Value;
use crate::trainer::{ParamKind, ParamSpec};

/// What a parameter's values are checked against.
#[derive(Debug, Clone, Copy)]
pub(super) enum Accept {
    /// A family's parameter.
    Family(&'static ParamSpec),
    /// A setting of preprocessing.
    Prep(&'static PrepSetting),
    /// A parameter of a command or of a test function: any value.
    Free,
}

/// The type of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RangeType {
    Int,
    Float,
}

impl Accept {
    /// The value of a literal; `None` if it is not accepted.
    pub(super) fn literal(self, node: &Node) -> Option<Value> {
        match self {
            Self::Family(spec) => family(spec, node),
            Self::Prep(setting) => prep(setting, node),
            Self::Free => match &node.kind {
                Kind::Bool(value) => Some(Value::Bool(*value)),
                Kind::Null => Some(Value::None),
                Kind::Text(text) if text == "none" => Some(Value::None),
                Kind::Text(text) => Some(Value::Text(text.clone())),
                _ => plain_number(node),
            },
        }
    }

    /// The type of a range between two literals, or why there can be none.
    pub(super) fn range_type(self, low: &Node, high: &Node) -> Option<RangeType> {
        let both_int = matches!((&low.kind, &high.kind), (Kind::Int(_), Kind::Int(_)));
        let literal = if both_int { RangeType::Int } else { RangeType::Float };
        match self {
            Self::Free => Some(literal),
            Self::Prep(setting) => (setting.other == PrepValue::Any).then_some(literal),
            Self::Family(spec) => {
                let int = spec.kinds.iter().any(|kind| matches!(kind, ParamKind::Int { .. }));
                let float = spec.kinds.iter().any(|kind| matches!(kind, ParamKind::Float { .. }));
                match (int, float) {
                    (true, true) => Some(literal),
                    (true, false) => Some(RangeType::Int),
                    (false, true) => Some(RangeType::Float),
                    (false, false) => None,
                }
            }
        }
    }

    /// True if a bound of a range of that type is accepted.
    pub(super) fn bound(self, kind: RangeType, bound: f64) -> bool {
        let Self::Family(spec) = self else { return true };
        spec.kinds.iter().any(|allowed| match allowed {
            ParamKind::Int { .. } if kind == RangeType::Int => inside(allowed, bound),
            ParamKind::Float { .. } if kind == RangeType::Float => inside(allowed, bound),
            _ => false,
        })
    }

    /// What is accepted, in words: `a number above 0`, `one of rbf, linear or none`.
    pub(super) fn words(self) -> String {
        let mut parts: Vec<String> = match self {
            Self::Family(spec) => spec.kinds.iter().map(describe).collect(),
            Self::Prep(setting) => prep_words(setting),
            Self::Free => vec!["a number, a text or a boolean".into()],
        };
        let optional = match self {
            Self::Family(spec) => spec.optional,
            Self::Prep(setting) => !setting.words.is_empty(),
            Self::Free => false,
        };
        if optional {
            parts.push("none".into());
        }
        parts.join(" or ")
    }
}

fn family(spec: &ParamSpec, node: &Node) -> Option<Value> {
    let absent = match &node.kind {
        Kind::Null => true,
        Kind::Text(text) => text == "none",
        _ => false,
    };
    let word_none =
        |kind: &ParamKind| matches!(kind, ParamKind::Word(words) if words.contains(&"none"));
    if absent && !spec.kinds.iter().any(word_none) {
        return spec.optional.then_some(Value::None);
    }
    // A literal of exactly the type of a kind goes first, so that where both are allowed, 1 is a count
    // and 1.0 a share.
    let exact = spec.kinds.iter().find_map(|kind| match (kind, &node.kind) {
        (ParamKind::Float { .. }, Kind::Int(_)) | (ParamKind::Int { .. }, Kind::Float(_)) => None,
        _ => of_kind(kind, node),
    });
    exact.or_else(|| spec.kinds.iter().find_map(|kind| of_kind(kind, node)))
}

fn of_kind(kind: &ParamKind, node: &Node) -> Option<Value> {
    match kind {
        ParamKind::Float { .. } => {
            node.number().filter(|&number| inside(kind, number)).map(Value::Float)
        }
        ParamKind::Int { .. } => {
            whole(node).filter(|&number| inside(kind, number as f64)).map(Value::Int)
        }
        ParamKind::Bool => match node.kind {
            Kind::Bool(value) => Some(Value::Bool(value)),
            _ => None,
        },
        ParamKind::Word(words) => {
            node.text().filter(|text| words.contains(text)).map(|text| Value::Text(text.into()))
        }
    }
}

fn inside(kind: &ParamKind, number: f64) -> bool {
    match kind {
        ParamKind::Float { low, high, open_low } => {
            number.is_finite()
                && number <= *high
                && if *open_low { number > *low } else { number >= *low }
        }
        ParamKind::Int { low, high } => (*low as f64..=*high as f64).contains(&number),
        _ => false,
    }
}

fn describe(kind: &ParamKind) -> String {
    match kind {
        ParamKind::Float { low, high, open_low } => {
            let at_least = if *open_low { "above" } else { "of at least" };
            let low_bound = *low > f64::MIN;
            let high_bound = *high < f64::MAX;
            match (low_bound, high_bound) {
                (false, false) => "a number".into(),
                (true, false) => format!("a number {at_least} {}", short(*low)),
                (false, true) => format!("a number of at most {}", short(*high)),
                (true, true) if *open_low => {
                    format!("a number above {} and at most {}", short(*low), short(*high))
                }
                (true, true) => format!("a number from {} to {}", short(*low), short(*high)),
            }
        }
        ParamKind::Int { low, high } => match (*low, *high) {
            (low, high) if high >= 1 << 53 => format!("a whole number of at least {low}"),
            (low, high) => format!("a whole number from {low} to {high}"),
        },
        ParamKind::Bool => "true or false".into(),
        ParamKind::Word(words) => format!("one of {}", words.join(", ")),
    }
}

/// A bound as people write it: `1e12`, not `1000000000000`.
fn short(bound: f64) -> String {
    if bound.abs() >= 1e6 { format!("{bound:e}") } else { bound.to_string() }
}

fn prep(setting: &PrepSetting, node: &Node) -> Option<Value> {
    let nothing = matches!(&node.kind, Kind::Null);
    match &node.kind {
        Kind::Text(text) if setting.words.contains(&text.as_str()) => {
            Some(Value::Text(text.clone()))
        }
        Kind::Text(text) if text == "none" => (!setting.words.is_empty()).then_some(Value::None),
        Kind::Text(text) if setting.other == PrepValue::Any => Some(Value::Text(text.clone())),
        Kind::Bool(value) if setting.other == PrepValue::Flag => Some(Value::Bool(*value)),
        _ if nothing && !setting.words.is_empty() => Some(Value::None),
        _ if setting.other == PrepValue::Any => plain_number(node),
        _ => None,
    }
}

fn prep_words(setting: &PrepSetting) -> Vec<String> {
    let mut parts = Vec::new();
    if !setting.words.is_empty() {
        parts.push(format!("one of {}", setting.words.join(", ")));
    }
    match setting.other {
        PrepValue::Nothing => {}
        PrepValue::Flag => parts.push("true or false".into()),
        PrepValue::Any => parts.push("a number or a text".into()),
    }
    parts
}

/// A number without a declared type: whole ones are one value however they are written.
fn plain_number(node: &Node) -> Option<Value> {
    let number = node.number().filter(|number| number.is_finite())?;
    Some(whole(node).map_or(Value::Float(number), Value::Int))
}
