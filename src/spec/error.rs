//! What can be wrong with a sweep file: that it cannot be read, or a list of problems with their places.

use std::fmt;

/// Why there is no sweep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The file could not be read at all.
    #[error("{0}")]
    File(String),
    /// The file was read and does not check; all of its problems.
    #[error("{}", listed(.file, .problems))]
    Problems {
        /// The file as the user named it.
        file: String,
        /// In the order of the file; those of extended files and of flags behind them.
        problems: Vec<Problem>,
    },
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, or the flag, where it stands.
    pub file: String,
    /// Line from 1; 0 for a flag.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// What is wrong and how to mend it, in one line.
    pub text: String,
    /// The section, and the parameter where there is one: `[models.svm] C`; may be empty.
    pub place: String,
}

impl Problem {
    /// `14:7`, with the file before it if it is not the one that is checked; for a flag, the flag.
    fn position(&self, main: &str) -> String {
        if self.line == 0 {
            self.file.clone()
        } else if self.file == main {
            format!("{}:{}", self.line, self.column)
        } else {
            format!("{}:{}:{}", self.file, self.line, self.column)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position(""), self.text)?;
        if self.place.is_empty() { Ok(()) } else { write!(f, " {}", self.place) }
    }
}

/// Longer texts do not push the places of the others to the right.
const WIDEST: usize = 60;

fn listed(file: &str, problems: &[Problem]) -> String {
    let positions: Vec<String> = problems.iter().map(|problem| problem.position(file)).collect();
    let first = positions.iter().map(|position| position.chars().count()).max().unwrap_or(0);
    let lengths = problems.iter().map(|problem| problem.text.chars().count());
    let second = lengths.filter(|&length| length <= WIDEST).max().unwrap_or(0);
    let noun = if problems.len() == 1 { "problem" } else { "problems" };
    let mut out = format!("{} {noun} in {file}", problems.len());
    for (problem, position) in problems.iter().zip(positions) {
        let line = format!("  {position:first$}  {:second$}  {}", problem.text, problem.place);
        out.push('\n');
        out.push_str(line.trim_end());
    }
    out
}
