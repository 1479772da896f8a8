//! Why a data set cannot be cut as asked.

/// Why a data set cannot be cut as asked.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// An option is out of its range.
    #[error("'{key}' is '{value}', which must be {must}; mend: change [data] {key}")]
    Option {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// The allowed values.
        must: &'static str,
    },
    /// The holdout got no row.
    #[error(
        "holdout = '{share}' of {rows} rows holds out none; \
         mend: a larger share, 'holdout = {{ share = {share}, exact = true }}' or 'holdout = 0'"
    )]
    EmptyHoldout {
        /// The share asked for.
        share: f64,
        /// Rows of the data.
        rows: usize,
    },
    /// Nothing is left to search on.
    #[error("holdout = '{share}' of {rows} rows leaves none to search on; mend: a smaller share")]
    NothingLeft {
        /// The share asked for.
        share: f64,
        /// Rows of the data.
        rows: usize,
    },
    /// Fewer rows, groups, times or distinct rows than folds.
    #[error(
        "'{k}' folds need at least {need} {what}, the {rows} search rows have {have}; \
         mend: fewer folds, a smaller holdout or more data"
    )]
    TooFew {
        /// Folds asked for.
        k: usize,
        /// How many there must be.
        need: usize,
        /// What is too few.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// Search rows.
        rows: usize,
    },
    /// A class is too rare for stratified folds.
    #[error(
        "class '{class}' has {count} of the {rows} search rows, fewer than '{k}' folds; \
         mend: fewer folds, kind = \"k\", or merge or drop the class"
    )]
    RareClass {
        /// The class.
        class: String,
        /// Its search rows.
        count: usize,
        /// Search rows.
        rows: usize,
        /// Folds asked for.
        k: usize,
    },
    /// A class has no training row in a fold.
    #[error(
        "class '{class}' ({count} search rows) has none among the training rows of fold '{fold}'; \
         mend: kind = \"stratified\", fewer folds, or merge or drop the class"
    )]
    ClassNotTrained {
        /// The class.
        class: String,
        /// Its search rows.
        count: usize,
        /// The fold.
        fold: String,
    },
    /// A kind of folds lacks the column that it cuts by.
    #[error(
        "folds of kind '{kind}' need a {column} column; mend: set [data] {column} = \"COLUMN\""
    )]
    NoColumn {
        /// The kind.
        kind: &'static str,
        /// The role.
        column: &'static str,
    },
    /// Groups would stand on both sides.
    #[error(
        "folds of kind '{kind}'{how} would cut through the groups of [data] group; \
         mend: kind = \"group\", or drop the group column"
    )]
    CutsGroups {
        /// The kind.
        kind: &'static str,
        /// More on it.
        how: &'static str,
    },
    /// Given folds put rows of one group on both sides.
    #[error(
        "{count} groups have rows in more than one fold of {place}; \
         mend: give every row of a group the same fold, or drop [data] group"
    )]
    GroupsApart {
        /// Groups on both sides.
        count: usize,
        /// The column or file.
        place: String,
    },
    /// Repeats of a cut that has nothing to shuffle.
    #[error("repeats = '{repeats}' would repeat the same folds, since {why}; mend: repeats = 1")]
    SameRepeats {
        /// Repeats asked for.
        repeats: usize,
        /// Why they are the same.
        why: &'static str,
    },
    /// Rows without a time.
    #[error(
        "{count} of {rows} rows have no time in the [data] time column; mend: fill or drop them"
    )]
    MissingTime {
        /// Rows without one.
        count: usize,
        /// Rows of the data.
        rows: usize,
    },
    /// The fold column does not exist or is the target.
    #[error("folds.column '{name}' {why}; mend: name a column that holds each row's fold")]
    Column {
        /// The column.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// The fold file could not be read.
    #[error("folds.file '{shown}' cannot be read: {source}")]
    Read {
        /// The path as written.
        shown: String,
        /// What the system said.
        source: csv::Error,
    },
    /// The fold file has another shape.
    #[error("folds.file '{shown}'{place}: {why}")]
    File {
        /// The path as written.
        shown: String,
        /// `:LINE`, or nothing.
        place: String,
        /// What is wrong, and the mend.
        why: String,
    },
}
