//! One file per section: each reads its table, leaves its problems in the list, and returns what it can.

mod data;
mod limits;
mod objective;
mod preprocess;
mod pruner;
mod search;
mod split;
mod units;
mod work;

pub(super) use limits::{budget, resources};
pub(super) use objective::objectives;
pub(super) use search::{points, search};
pub(super) use work::plan;
