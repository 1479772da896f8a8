//! Why a pipeline cannot be written as ONNX.

/// Why a pipeline cannot be written as ONNX.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OnnxError {
    /// No model.
    #[error("there is no model to write as ONNX; mend: give at least one member")]
    NoMembers,
    /// A weight that no average can have.
    #[error("member '{member}' has the weight '{weight}'; mend: finite weights above 0")]
    Weight {
        /// The member's number, from 0.
        member: usize,
        /// Its weight.
        weight: f64,
    },
    /// A column of the preprocessing is not in the schema.
    #[error("the preprocessing reads the column '{column}', which the schema lacks; mend: add it")]
    LacksColumn {
        /// The column.
        column: String,
    },
    /// A column whose type in the schema is not the one that its preprocessing reads.
    #[error(
        "the schema has the column '{column}' as '{kind}', but it was prepared as {expected}; \
         mend: the schema of the training"
    )]
    Kind {
        /// The column.
        column: String,
        /// The schema's type.
        kind: &'static str,
        /// What the preprocessing reads.
        expected: &'static str,
    },
    /// A column that an input cannot be named by.
    #[error("a column without a name cannot be an ONNX input; mend: name it and train again")]
    Unnamed,
    /// Parts that do not belong together.
    #[error("member '{member}': {what}; mend: preprocessing, model and classes of the same fit")]
    Mismatch {
        /// The member's number, from 0.
        member: usize,
        /// What differs.
        what: String,
    },
    /// A tree of more leaves than a float of 32 bits counts, or a file that the format does not allow.
    #[error("{what} is '{size}', over ONNX's '{limit}'; mend: {mend}")]
    TooLarge {
        /// What is large.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
        /// How to make it smaller.
        mend: &'static str,
    },
}
