//! The loop: ask, run, record, tell.
//!
//! One process drives a sweep. It claims a trial for a free worker, records the claim, hands it over,
//! records the result, and then tells the sampler and records that too. Killed at any moment, the store
//! holds every finished run, and the same command goes on with exactly the missing trials; a result that
//! was recorded and not told before is told then.

mod asker;
mod drive;
mod foresight;
mod handed;
mod judge;
mod observer;
mod outside;
mod outlook;
mod pace;
mod plan;
mod progress;
mod reached;
mod scores;
mod single;
pub mod steer;
mod stop;
mod verdict;
mod warm;
mod worker;

pub use drive::{DriveError, Flags, Options, Report, drive};
pub use observer::{Event, Observer, Silent};
pub use outside::{Errand, OutsideError, Word, ask, handed_out, outside_plan, tell};
pub use pace::{Ahead, Pace};
pub use plan::{Place, Plan, PlanError, memory_mb};
pub use progress::{Best, Counts, Progress};
pub use reached::{Doing, Ended, Reached, whole};
pub use scores::{LeftOut, left_out, scores};
pub use single::{Marks, Single, SingleReport, run_single};
pub use steer::{Steer, Steering};
pub use stop::StopReason;
pub use verdict::{broken, constrained_scores, unreported, violated};
pub use warm::{Lesson, Taught, Teacher, WarmStartError};
