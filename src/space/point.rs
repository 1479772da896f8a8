//! A point of a space in internal form.

use serde::{Deserialize, Serialize};

/// One coordinate per dimension; `None` where the dimension is inactive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Point(pub Vec<Option<f64>>);
