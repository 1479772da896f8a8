//! The filter language of `derby runs`: one parser, two evaluators that agree.
//!
//! ```text
//! svm tag:keep                     words and key:value, side by side means and
//! auc > 0.95 and not kernel = rbf  comparisons; a comparison with a missing value is false
//! params.C in [1, 10] or started > -6h
//! name:pat* has:roc_auc note:"to do" gamma is undefined model contains forest
//! ```
//!
//! `not` binds tighter than `and`, `and` tighter than `or`. A name is an attribute of the run, else a
//! metric of it, else a parameter; `metrics.` and `params.` choose, backticks quote. A number never equals
//! a text, and a metric that is NaN is missing to comparisons. Words, `key:` and `contains` ignore the
//! case of ASCII letters. `status:stale` are runs that are marked as running and whose process is gone; `status:running`
//! has them too.

mod attribute;
mod error;
mod literal;
mod matches;
mod parse;
mod show;
pub(super) mod sql;

#[cfg(test)]
pub(super) mod agreement;

pub use attribute::{Attribute, Kind};
pub use error::FilterError;

/// What `status` is compared with for runs that are at work in name only; no run has it as its state.
pub const STALE: &str = "stale";

/// A condition on a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Both.
    And(Box<Expr>, Box<Expr>),
    /// At least one.
    Or(Box<Expr>, Box<Expr>),
    /// The opposite.
    Not(Box<Expr>),
    /// Part of the name, the model, a tag, the note, the sweep or the status.
    Word(String),
    /// `key:pattern` on a text.
    Text {
        /// Which text.
        field: Field,
        /// What it must look like.
        pattern: Pattern,
    },
    /// `tag:key` or `tag:key=pattern`.
    Tag {
        /// The tag's key, exactly.
        key: String,
        /// What its value must look like.
        value: Option<Pattern>,
    },
    /// `field op value`.
    Compare {
        /// What is compared.
        field: Field,
        /// How.
        op: Op,
        /// With what.
        value: Literal,
    },
    /// `field in [a, b]`.
    In {
        /// What is looked up.
        field: Field,
        /// Where.
        values: Vec<Literal>,
    },
    /// `field contains text`.
    Contains {
        /// Which text.
        field: Field,
        /// What is part of it.
        text: String,
    },
    /// `field is undefined`: missing, or NaN.
    Undefined(Field),
    /// `has:name`: there is such a metric or parameter, whatever its value.
    Has(String),
}

/// What a condition or a sort order looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// A property of every run.
    Attribute(Attribute),
    /// A metric's score.
    Metric(String),
    /// A parameter.
    Param(String),
    /// The metric of that name where the run has it, else the parameter.
    Name(String),
}

/// What a text must look like, whatever the case of its ASCII letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// The whole text.
    Exact(String),
    /// The whole text, with `*` for anything and `?` for one character.
    Glob(String),
    /// Part of the text.
    Part(String),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A value in a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A number, never NaN.
    Number(f64),
    /// A text.
    Text(String),
    /// A boolean.
    Bool(bool),
    /// The absent value of a parameter.
    None,
    /// So many milliseconds before now.
    Ago(i64),
    /// Milliseconds since 1970 UTC.
    Date(i64),
}

impl Op {
    /// The sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    /// Whether it holds for values in that order; without an order (NaN) only `!=` does.
    fn holds(self, order: Option<std::cmp::Ordering>) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match self {
            Self::Eq => order == Some(Equal),
            Self::Ne => order != Some(Equal),
            Self::Lt => order == Some(Less),
            Self::Le => matches!(order, Some(Less | Equal)),
            Self::Gt => order == Some(Greater),
            Self::Ge => matches!(order, Some(Greater | Equal)),
        }
    }
}

impl Expr {
    /// `status:stale`.
    pub fn stale() -> Self {
        let field = Field::Attribute(Attribute::Status);
        Self::Compare { field, op: Op::Eq, value: Literal::Text(STALE.into()) }
    }

    /// True if it asks which runs are stale.
    fn asks_for_stale(&self) -> bool {
        let mut asks = false;
        self.visit(&mut |field, values| {
            asks |= *field == Field::Attribute(Attribute::Status)
                && values.iter().any(|value| matches!(value, Literal::Text(text) if text == STALE));
        });
        asks
    }

    /// Calls `see` with every field, and the values that it is compared with.
    fn visit(&self, see: &mut dyn FnMut(&Field, &[Literal])) {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Self::Not(inner) => inner.visit(see),
            Self::Compare { field, value, .. } => see(field, std::slice::from_ref(value)),
            Self::In { field, values } => see(field, values),
            Self::Contains { field, .. } | Self::Undefined(field) => see(field, &[]),
            Self::Has(name) => see(&Field::Name(name.clone()), &[]),
            // `model:` finds nothing in a store without models, which is no mistake of the filter.
            Self::Word(_) | Self::Text { .. } | Self::Tag { .. } => {}
        }
    }
}
