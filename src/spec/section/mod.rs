//! One file per section: each reads its table, leaves its problems in the list, and returns what it can.

mod by_hand;
mod command;
mod constraints;
mod data;
mod gate;
mod gpus;
mod limits;
mod objective;
mod placeholder;
mod preprocess;
mod pruner;
mod search;
mod sources;
mod split;
mod units;
mod warm_start;
mod work;

pub use by_hand::{typed_command, typed_params, typed_time};
pub use constraints::recorded_constraints;
pub(super) use gate::gate;
pub(super) use limits::{budget, resources};
pub(super) use objective::{Objectives, objectives};
pub(super) use search::{points, race, search, several};
pub(super) use warm_start::assumed;
pub(super) use work::{WorkKind, plan};
