//! Parameters of trees, checked against the fold.

use super::Growth;
use crate::domain::Value;
use crate::trainer::{Args, FitError, Fold, ParamDefault, ParamKind, ParamSpec};

/// Declarations that the tree and the forest share.
pub(in crate::trainer) mod params {
    use super::{ParamDefault, ParamKind, ParamSpec};

    const fn optional(
        name: &'static str,
        kinds: &'static [ParamKind],
        about: &'static str,
    ) -> ParamSpec {
        ParamSpec { name, kinds, optional: true, default: ParamDefault::None, about }
    }

    const fn word(
        name: &'static str,
        kinds: &'static [ParamKind],
        about: &'static str,
    ) -> ParamSpec {
        ParamSpec { name, kinds, optional: false, default: ParamDefault::Word("auto"), about }
    }

    const fn int(
        name: &'static str,
        kinds: &'static [ParamKind],
        default: i64,
        about: &'static str,
    ) -> ParamSpec {
        ParamSpec { name, kinds, optional: false, default: ParamDefault::Int(default), about }
    }

    const ROWS: i64 = 1_000_000_000;

    /// What a split is judged by.
    pub(in crate::trainer) const CRITERION: ParamSpec = word(
        "criterion",
        &[ParamKind::Word(&["auto", "gini", "entropy", "squared_error"])],
        "what a split lowers; auto: gini for classes, squared_error for numbers",
    );
    /// The depth limit.
    pub(in crate::trainer) const MAX_DEPTH: ParamSpec = optional(
        "max_depth",
        &[ParamKind::Int { low: 1, high: ROWS }],
        "splits from the root to a leaf at most",
    );
    /// The size limit of a node.
    pub(in crate::trainer) const MIN_SAMPLES_SPLIT: ParamSpec = int(
        "min_samples_split",
        &[ParamKind::Int { low: 2, high: ROWS }],
        2,
        "rows that a node needs to be split",
    );
    /// The size limit of a child.
    pub(in crate::trainer) const MIN_SAMPLES_LEAF: ParamSpec = int(
        "min_samples_leaf",
        &[ParamKind::Int { low: 1, high: ROWS }],
        1,
        "rows that each side of a split needs",
    );
    /// The draw of features, all of them unless given.
    pub(in crate::trainer) const MAX_FEATURES: ParamSpec = optional(
        "max_features",
        &[
            ParamKind::Word(&["sqrt", "log2"]),
            ParamKind::Int { low: 1, high: ROWS },
            ParamKind::Float { low: 0.0, high: 1.0, open_low: true },
        ],
        "features drawn at each node: all (none), a word, a count (3) or a share (0.3, 1.0)",
    );
    /// The draw of features, by task unless given.
    pub(in crate::trainer) const MAX_FEATURES_AUTO: ParamSpec = ParamSpec {
        optional: true,
        ..word(
            "max_features",
            &[
                ParamKind::Word(&["auto", "sqrt", "log2"]),
                ParamKind::Int { low: 1, high: ROWS },
                ParamKind::Float { low: 0.0, high: 1.0, open_low: true },
            ],
            "features drawn at each node, as in decision_tree; auto: sqrt for classes, all for numbers",
        )
    };
    /// The price of a leaf.
    pub(in crate::trainer) const CCP_ALPHA: ParamSpec = ParamSpec {
        name: "ccp_alpha",
        kinds: &[ParamKind::Float { low: 0.0, high: 1e300, open_low: false }],
        optional: false,
        default: ParamDefault::Float(0.0),
        about: "price of a leaf in minimal cost-complexity pruning; 0 prunes nothing",
    };
    /// Weights of classes.
    pub(in crate::trainer) const CLASS_WEIGHT: ParamSpec = optional(
        "class_weight",
        &[ParamKind::Word(&["balanced"])],
        "balanced: every class counts the same; only for classes",
    );
}

/// Checked parameters of a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::trainer) struct CartOptions {
    /// When growing ends.
    pub(in crate::trainer) growth: Growth,
    /// True if classes are weighted against their frequency.
    pub(in crate::trainer) balanced: bool,
}

impl CartOptions {
    /// Reads the shared parameters.
    ///
    /// # Errors
    /// When a word does not suit the task or a count is more than the fold has.
    pub(in crate::trainer) fn new(args: &Args<'_>, fold: &Fold) -> Result<Self, FitError> {
        let classes = fold.task().is_classification();
        if fold.x.is_empty() {
            return Err(FitError::Unsuitable(
                "a tree needs at least one row and one feature".into(),
            ));
        }
        let entropy = match (args.word("criterion").as_str(), classes) {
            ("auto", _) | ("gini", true) | ("squared_error", false) => false,
            ("entropy", true) => true,
            (word, true) => {
                return Err(mismatch("criterion", word, "classes", "'gini' or 'entropy'"));
            }
            (word, false) => return Err(mismatch("criterion", word, "numbers", "'squared_error'")),
        };
        let balanced = args.word("class_weight") == "balanced";
        if balanced && !classes {
            return Err(mismatch("class_weight", "balanced", "numbers", "'none'"));
        }
        let n_candidates = n_candidates(&args.value("max_features"), fold.x.ncols(), classes)?;
        let growth = Growth {
            max_depth: args.optional_int("max_depth").unwrap_or(usize::MAX),
            min_samples_split: args.int("min_samples_split"),
            min_samples_leaf: args.int("min_samples_leaf").max(1),
            n_candidates,
            shuffled: n_candidates < fold.x.ncols(),
            ccp_alpha: args.float("ccp_alpha"),
            entropy,
        };
        Ok(Self { growth, balanced })
    }
}

fn mismatch(name: &str, word: &str, labels: &str, mend: &str) -> FitError {
    FitError::Unsuitable(format!(
        "{name} '{word}' does not suit a target of {labels}; mend: {name} {mend}"
    ))
}

/// Features a node, rounded down and at least one, as in scikit-learn.
fn n_candidates(value: &Value, n: usize, classes: bool) -> Result<usize, FitError> {
    let wanted = match value {
        Value::None => n,
        Value::Text(word) => match word.as_str() {
            "sqrt" => n.isqrt(),
            "log2" => n.ilog2() as usize,
            "auto" if classes => n.isqrt(),
            "auto" => n,
            _ => return Err(refused(value, n)),
        },
        Value::Int(count) => usize::try_from(*count).unwrap_or(usize::MAX),
        Value::Float(share) if *share > 0.0 && *share <= 1.0 => (share * n as f64) as usize,
        Value::Float(_) | Value::Bool(_) => return Err(refused(value, n)),
    };
    if wanted > n { Err(refused(value, n)) } else { Ok(wanted.max(1)) }
}

fn refused(value: &Value, n: usize) -> FitError {
    FitError::Unsuitable(format!(
        "max_features '{value}' does not suit the {n} features after preprocessing; \
         mend: at most {n}, a share in (0, 1], 'sqrt', 'log2' or 'none'"
    ))
}
