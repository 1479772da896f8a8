//! The seven views, their names, and what their titles say.

use super::Figures;
use super::table::Table;
use crate::report::words;

/// A view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tui::screens) enum View {
    #[default]
    Coordinates,
    Slice,
    Contour,
    Scatter,
    Pareto,
    Timeline,
    Distribution,
}

impl View {
    pub(super) const ALL: [Self; 7] = [
        Self::Coordinates,
        Self::Slice,
        Self::Contour,
        Self::Scatter,
        Self::Pareto,
        Self::Timeline,
        Self::Distribution,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Coordinates => "Parallel coordinates",
            Self::Slice => "Slice",
            Self::Contour => "Contour",
            Self::Scatter => "Scatter",
            Self::Pareto => "Pareto front",
            Self::Timeline => "Timeline",
            Self::Distribution => "Distribution",
        }
    }

    /// What it shows, for the list of views.
    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Coordinates => "a line for each run through its parameters; brush ranges",
            Self::Slice => "the score by one parameter",
            Self::Contour => "the score over two parameters",
            Self::Scatter => "any two columns, colored by a third",
            Self::Pareto => "the runs that no other beats in both of two aims",
            Self::Timeline => "which run was at work when, on which job",
            Self::Distribution => {
                "the share of trials at or below each score; other sweeps beside it"
            }
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Coordinates => "parallel",
            Self::Slice => "slice",
            Self::Contour => "contour",
            Self::Scatter => "scatter",
            Self::Pareto => "pareto",
            Self::Timeline => "timeline",
            Self::Distribution => "edf",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.word() == word)
    }

    pub(super) fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// True if one run can be under a crosshair.
    pub(super) fn has_crosshair(self) -> bool {
        !matches!(self, Self::Coordinates | Self::Distribution)
    }
}

impl Figures {
    /// The right part of the title.
    pub(super) fn note(&self) -> String {
        if self.view == View::Timeline {
            return self.timeline_note();
        }
        let Some(table) = self.table() else { return String::new() };
        match self.view {
            View::Coordinates => self.coordinates_note(table),
            View::Distribution => distribution_note(table),
            _ => self.points_note(table),
        }
    }
}

fn distribution_note(table: &Table) -> String {
    let mut parts = vec![table.shown()];
    parts.extend(unscored(table));
    parts.join(" · ")
}

/// How many runs are left out for want of a score.
pub(super) fn unscored(table: &Table) -> Option<String> {
    let n = table.without_score;
    (n > 0).then(|| format!("{} without a score", words::count(n as u64)))
}
