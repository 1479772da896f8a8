//! Settings of preprocessing: from parameters of a run to one checked set per feature column.

use super::super::{Dataset, PREP_SETTINGS, PrepBlock, PrepChoice};
use super::error::PrepError;
use crate::domain::{Params, Value};
use indexmap::IndexMap;

/// What stands in for a missing cell; `mean` and `median` mean `mode` for categories and booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Impute {
    None,
    Mean,
    Median,
    Mode,
    Constant,
}

/// How categories become numbers; none leaves them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encode {
    None,
    OneHot,
    Ordinal,
    Target,
}

/// How numbers are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScaleMode {
    None,
    Standard,
    MinMax,
    Robust,
}

/// Which bounds numbers are clipped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outliers {
    None,
    Iqr,
    Z,
}

/// How dates become numbers; none leaves them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateMode {
    None,
    Parts,
    Number,
}

/// The settings of one column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    pub(super) impute: Impute,
    pub(super) fill: Option<Value>,
    pub(super) indicator: bool,
    pub(super) encode: Encode,
    pub(super) scale: ScaleMode,
    pub(super) outliers: Outliers,
    pub(super) dates: DateMode,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            impute: Impute::Median,
            fill: None,
            indicator: false,
            encode: Encode::OneHot,
            scale: ScaleMode::None,
            outliers: Outliers::None,
            dates: DateMode::Parts,
        }
    }
}

/// The settings that a run's parameters hold for each block, found by prefix and name.
pub fn choices(blocks: &[PrepBlock], params: &Params) -> Vec<PrepChoice> {
    let settings = |block: &PrepBlock| -> IndexMap<String, Value> {
        let found = PREP_SETTINGS.iter().filter_map(|setting| {
            let value = params.get(&format!("{}{}", block.prefix, setting.name))?;
            Some((setting.name.to_string(), value.clone()))
        });
        found.collect()
    };
    blocks
        .iter()
        .map(|block| PrepChoice { columns: block.columns.clone(), settings: settings(block) })
        .collect()
}

/// The settings of each feature column, in the order of `ds.features`.
pub(super) fn by_feature(ds: &Dataset, choices: &[PrepChoice]) -> Result<Vec<Settings>, PrepError> {
    let names: Vec<&str> =
        ds.features.iter().map(|&idx| ds.table.columns[idx].name.as_str()).collect();
    let mut named: Vec<Option<Settings>> = vec![None; names.len()];
    let mut rest: Option<Settings> = None;
    for choice in choices {
        let settings = Settings::read(&choice.settings)?;
        let Some(columns) = &choice.columns else {
            if rest.replace(settings).is_some() {
                return Err(PrepError::Twice { what: "all columns that no block names".into() });
            }
            continue;
        };
        for column in columns {
            let at = names.iter().position(|name| name == column).ok_or_else(|| {
                PrepError::NotAFeature { column: column.clone(), known: names.join(", ") }
            })?;
            if named[at].replace(settings.clone()).is_some() {
                return Err(PrepError::Twice { what: format!("column '{column}'") });
            }
        }
    }
    let rest = rest.unwrap_or_default();
    Ok(named.into_iter().map(|settings| settings.unwrap_or_else(|| rest.clone())).collect())
}

impl Settings {
    fn read(values: &IndexMap<String, Value>) -> Result<Self, PrepError> {
        let mut settings = Self::default();
        for (key, value) in values {
            let slot = settings.set(key, value);
            slot.ok_or_else(|| refused(key, value))?;
        }
        Ok(settings)
    }

    /// Takes one setting; none if it is not allowed.
    fn set(&mut self, key: &str, value: &Value) -> Option<()> {
        let word = match value {
            Value::None => "none",
            other => other.as_str().unwrap_or_default(),
        };
        match key {
            "impute" => {
                self.impute = match word {
                    "none" => Impute::None,
                    "mean" => Impute::Mean,
                    "median" => Impute::Median,
                    "mode" => Impute::Mode,
                    "constant" => Impute::Constant,
                    _ => return None,
                }
            }
            "encode" => {
                self.encode = match word {
                    "none" => Encode::None,
                    "one_hot" => Encode::OneHot,
                    "ordinal" => Encode::Ordinal,
                    "target" => Encode::Target,
                    _ => return None,
                }
            }
            "scale" => {
                self.scale = match word {
                    "none" => ScaleMode::None,
                    "standard" => ScaleMode::Standard,
                    "min_max" => ScaleMode::MinMax,
                    "robust" => ScaleMode::Robust,
                    _ => return None,
                }
            }
            "outliers" => {
                self.outliers = match word {
                    "none" => Outliers::None,
                    "iqr" => Outliers::Iqr,
                    "z" => Outliers::Z,
                    _ => return None,
                }
            }
            "dates" => {
                self.dates = match word {
                    "none" => DateMode::None,
                    "parts" => DateMode::Parts,
                    "number" => DateMode::Number,
                    _ => return None,
                }
            }
            "indicator" => {
                self.indicator = match value {
                    Value::Bool(flag) => *flag,
                    Value::None => false,
                    _ => return None,
                }
            }
            "fill" => self.fill = (*value != Value::None).then(|| value.clone()),
            _ => return None,
        }
        Some(())
    }
}

fn refused(key: &str, value: &Value) -> PrepError {
    let must = match PREP_SETTINGS.iter().find(|setting| setting.name == key) {
        Some(setting) if setting.words.is_empty() => "true or false".into(),
        Some(setting) => format!("one of {}, none", setting.words.join(", ")),
        None => {
            let names: Vec<_> = PREP_SETTINGS.iter().map(|setting| setting.name).collect();
            format!("a setting among {}", names.join(", "))
        }
    };
    PrepError::Setting { key: key.into(), value: value.to_string(), must }
}
