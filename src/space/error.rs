//! What can be wrong with a space or with a point of it.

use std::fmt;

/// Why a space or a point is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// A dimension that cannot be searched.
    #[error("dimension '{id}' {reason}")]
    Dimension {
        /// The dimension's id.
        id: String,
        /// What is wrong and how to mend it.
        reason: String,
    },
    /// Parameters or coordinates that are no point of the space; all of them.
    #[error("{}", listed(.0))]
    Point(Vec<PointProblem>),
}

/// One parameter that does not fit the space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointProblem {
    /// The parameter's name.
    pub name: String,
    /// What is wrong and how to mend it.
    pub text: String,
}

impl fmt::Display for PointProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn listed(problems: &[PointProblem]) -> String {
    let texts: Vec<&str> = problems.iter().map(|problem| problem.text.as_str()).collect();
    texts.join("; ")
}
