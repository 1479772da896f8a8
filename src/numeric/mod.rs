//! Numbers: random streams, statistics, linear algebra, round ticks, and the door to argmin.
//!
//! Nothing here knows of runs, data files or models.

mod binomial_draw;
mod distributions;
mod lbfgs;
mod linalg;
mod moderated;
mod pareto;
mod ranks;
mod rng;
mod signed_rank;
mod stats;
pub mod ticks;

pub use distributions::{
    binomial_cdf, binomial_pmf, normal_cdf, normal_quantile, share_upper, student_t_cdf,
    student_t_quantile,
};
pub use lbfgs::{Ended, Evaluate, Iterate, LbfgsOptions, Minimum, lbfgs};
pub use linalg::{Eigen, Factor, Triangle, symmetric_eigen};
pub use moderated::VariancePrior;
pub use pareto::{
    Losses, crowding_distances, das_dennis, dominates, front, hypervolume, non_domination_ranks,
};
pub use ranks::{dot, spearman, unit_ranks};
pub use rng::Rng;
pub use signed_rank::{Alternative, signed_rank};
pub use stats::{mean, quantile_sorted, sample_sd};
