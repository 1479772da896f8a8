//! `derby reaper`: the process that outlives derby to kill what derby leaves behind.

use super::Exit;
use super::args::ReaperArgs;
use crate::host;

pub(super) fn run(args: &ReaperArgs) -> Exit {
    match host::serve_reaper(&args.marker) {
        0 => Exit::Done,
        _ => Exit::Failed,
    }
}
