//! Lists of runs: filtered, sorted, cut.

use super::filter::{Expr, Field};
use super::{Ranking, Store, StoreError, ids, read};
use crate::domain::RunRecord;

/// What runs are sorted by: an attribute, a metric or a parameter. [`Field::parse`] reads one.
pub type Column = Field;

/// Which runs, in which order.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only those that fit.
    pub filter: Option<Expr>,
    /// Columns and whether each descends; missing values come last either way. Ties, and runs without
    /// any sort, come newest first.
    pub sort: Vec<(Column, bool)>,
    /// Sorted by what each run's own sweep optimizes; `sort` then decides among equals only.
    pub ranking: Option<Ranking>,
    /// Runs that break a constraint of their sweep come after those that keep all, and runs that failed after both:
    /// whatever is sorted, what may be chosen is first. A ranking does so by itself.
    pub feasible_first: bool,
    /// At most so many.
    pub limit: Option<usize>,
    /// Runs in the bin too.
    pub include_deleted: bool,
    /// Runs in the bin and no others, whatever `include_deleted` says.
    pub only_deleted: bool,
}

impl Store {
    /// The runs that a query asks for.
    ///
    /// # Errors
    /// [`StoreError::Filter`] for names that no run has, or when the store cannot be read.
    pub fn runs(&self, query: &Query) -> Result<Vec<RunRecord>, StoreError> {
        self.read_at_once(|conn| read::records(conn, &ids::run_ids(conn, query)?))
    }
}
