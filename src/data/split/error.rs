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
        "holdout = '{share}' of {} holds out none; \
         mend: a larger share, 'holdout = {{ share = {share}, exact = true }}' or 'holdout = 0'",
        counted(*rows, "row")
    )]
    EmptyHoldout {
        /// The share asked for.
        share: f64,
        /// Rows of the data.
        rows: usize,
    },
    /// Nothing is left to search on.
    #[error(
        "holdout = '{share}' of {} leaves none to search on; mend: a smaller share",
        counted(*rows, "row")
    )]
    NothingLeft {
        /// The share asked for.
        share: f64,
        /// Rows of the data.
        rows: usize,
    },
    /// Fewer rows, groups, times or distinct rows than folds.
    #[error(
        "'{k}' folds need at least {need} {what}, the {} {} {have}; \
         mend: fewer folds, a smaller holdout or more data",
        counted(*rows, "search row"),
        if *rows == 1 { "has" } else { "have" }
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
        "class '{class}' has {count} of the {}, fewer than '{k}' folds; \
         mend: fewer folds, kind = \"k\", or merge or drop the class",
        counted(*rows, "search row")
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
        "class '{class}' ({}) has none among the training rows of fold '{fold}'; \
         mend: kind = \"stratified\", fewer folds, or merge or drop the class",
        counted(*count, "search row")
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
        "{} rows in more than one fold of {place}; \
         mend: give every row of a group the same fold, or drop [data] group",
        if *count == 1 { "1 group has".into() } else { format!("{count} groups have") }
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
        "{count} of {} {} no time in the [data] time column; mend: fill or drop them",
        counted(*rows, "row"),
        if *count == 1 { "has" } else { "have" }
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

/// `1 row`, `2 rows`.
pub(super) fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let check = |error: SplitError, text: &str| {
            let said = error.to_string();
            assert!(said.contains(text), "{said}");
        };
        let few = |rows| SplitError::TooFew { k: 2, need: 2, what: "rows", have: rows, rows };
        check(few(1), "the 1 search row has 1;");
        check(few(3), "the 3 search rows have 3;");
        check(SplitError::EmptyHoldout { share: 0.2, rows: 1 }, "of 1 row holds out none");
        check(SplitError::NothingLeft { share: 0.9, rows: 1 }, "of 1 row leaves none");
        check(SplitError::MissingTime { count: 1, rows: 3 }, "1 of 3 rows has no time");
        check(SplitError::GroupsApart { count: 1, place: "x".into() }, "1 group has rows");
        let (class, fold) = (String::from("a"), String::from("0"));
        check(SplitError::ClassNotTrained { class, count: 1, fold }, "(1 search row)");
        let class = String::from("a");
        check(SplitError::RareClass { class, count: 1, rows: 1, k: 2 }, "1 of the 1 search row,");
    }
}
