//! What a key, a click or a command of the palette asks for: one closed list, one meaning each on every screen.

/// The screens, in the order of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScreenId {
    /// Which runs there are.
    Runs,
    /// One run: curves, parameters, folds, artifacts, log.
    Run,
    /// Two to six runs side by side.
    Compare,
    /// A sweep, live.
    Sweep,
    /// What serves, who challenges.
    Champions,
    /// The data of a sweep.
    Data,
    /// Sweep files, and starting one.
    Start,
}

impl ScreenId {
    /// All of them, in the order of their keys.
    pub const ALL: [Self; 7] = [
        Self::Runs,
        Self::Run,
        Self::Compare,
        Self::Sweep,
        Self::Champions,
        Self::Data,
        Self::Start,
    ];

    /// Its place, which is its key less one.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its name in the header.
    pub fn title(self) -> &'static str {
        match self {
            Self::Runs => "Runs",
            Self::Run => "Run",
            Self::Compare => "Compare",
            Self::Sweep => "Sweep",
            Self::Champions => "Champions",
            Self::Data => "Data",
            Self::Start => "Start",
        }
    }

    /// Its name in the header of a narrow window.
    pub fn short(self) -> &'static str {
        match self {
            Self::Compare => "Comp",
            Self::Champions => "Champ",
            other => other.title(),
        }
    }

    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Run => "run",
            Self::Compare => "compare",
            Self::Sweep => "sweep",
            Self::Champions => "champions",
            Self::Data => "data",
            Self::Start => "start",
        }
    }

    /// The screen of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|screen| screen.word() == word)
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    // Moving about.
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One column, axis or sample to the left.
    Left,
    /// One column, axis or sample to the right.
    Right,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// Half a page up.
    PageUp,
    /// Half a page down.
    PageDown,
    /// The focus to the next pane.
    NextPane,
    /// The focus to the pane before.
    PreviousPane,
    /// To another screen.
    Go(ScreenId),
    /// Opens what is selected.
    Open,
    /// Leaves what was opened, clears what was narrowed.
    Back,
    // Finding and ordering.
    /// Narrows or searches by text.
    Filter,
    /// The next hit.
    NextHit,
    /// The hit before.
    PreviousHit,
    /// Sorts by the selected column.
    Sort,
    /// Turns the order around.
    Reverse,
    /// Groups rows by something.
    Group,
    /// Only what differs, or all.
    Differing,
    /// Which columns are shown, in which order.
    Columns,
    /// Keeps the columns up to here in place, or lets go.
    Freeze,
    /// A wider column.
    Wider,
    /// A narrower column.
    Narrower,
    // Marking and editing.
    /// Marks the selected run, or takes the mark off.
    Mark,
    /// Takes all marks off.
    Unmark,
    /// Compares the marked runs.
    Compare,
    /// Edits what is selected: name, tags and note of a run, budget and ranges of a sweep.
    Edit,
    /// Adds: a point to a sweep, a run to a comparison.
    Add,
    /// Into the bin, or back.
    Bin,
    // Looking closer.
    /// The next view of the pane.
    View,
    /// One pane over the whole screen, or back.
    Zoom,
    /// Logarithmic or linear values.
    Log,
    /// The next kind of x axis: step, time since the start, clock.
    Axis,
    /// More smoothing, and around to none.
    Smooth,
    /// A shorter range.
    ZoomIn,
    /// A longer range.
    ZoomOut,
    /// The whole range.
    ZoomAll,
    /// Turns an axis around.
    Invert,
    /// Moves the lower end of a brush to here.
    BrushLow,
    /// Moves the upper end of a brush to here.
    BrushHigh,
    /// Follows what is written, or stands still.
    Follow,
    // Acting.
    /// A sweep pauses, or goes on.
    Pause,
    /// Ends a run, or a sweep.
    Stop,
    /// Asks the gate about a run, and promotes it.
    Promote,
    /// Approves a promotion that waits.
    Approve,
    /// Turns a version down.
    Reject,
    /// Goes back to an earlier champion.
    Rollback,
    /// Writes what is shown into a file.
    Write,
    /// Copies what is selected.
    Copy,
    /// Reads everything again.
    Reload,
    // The program.
    /// The keys of this screen.
    Help,
    /// A command by name.
    Palette,
    /// The next theme.
    Theme,
    /// Draws everything again.
    Redraw,
    /// Gives the terminal back to the shell for a while.
    Suspend,
    /// Ends the program.
    Quit,
}
