//! The process of a trial: carries it out, says what a judge must know, and writes the result.

use super::wire::{Line, Point, TrialOrder, points_of, shortened, write_result};
use crate::domain::{MetricPoint, PointBatch, Summary};
use crate::executor::{Assignment, Control, Ears, Work, pool};
use crate::host;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::AtomicIsize;
use std::sync::{Arc, Mutex, PoisonError};

/// Tells everything to the process that judges.
struct Teller(Mutex<Box<dyn Write + Send>>);

impl Teller {
    fn say(&self, line: &Line) {
        // Without anybody who reads there is nobody to judge either: the process is about to be killed.
        let _ = line.encode().and_then(|bytes| {
            let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            out.write_all(&bytes)?;
            out.flush()
        });
    }
}

impl Ears for Teller {
    fn hear(&self, _: &Assignment, batch: PointBatch, summaries: Vec<(String, Summary)>) {
        let summaries = shortened(&summaries);
        self.say(&Line::Report { points: points_of(&batch), summaries });
    }

    /// The other process judges, and stops this one.
    fn judge(&self, _: &Assignment, context: &str, step: i64, value: f64) -> Option<String> {
        self.say(&Line::Judge { context: context.into(), step, value: value.into() });
        None
    }

    fn part(&self, part: usize, values: &[MetricPoint]) {
        self.say(&Line::Part { part, values: values.iter().map(Point::from).collect() });
    }

    fn is_impatient(&self) -> bool {
        true
    }
}

/// Carries out the trial of an order, says on `out` what must be judged, and writes what came of it to `result`.
///
/// # Errors
/// When there is no thread, or the result cannot be written: the machine's fault, not the trial's.
pub fn carry_out_order(
    work: &dyn Work,
    order: &TrialOrder,
    out: Box<dyn Write + Send>,
    result: &Path,
) -> io::Result<()> {
    let assignment = order.assignment();
    let control = Control::new(None, Arc::new(AtomicIsize::new(order.helpers as isize)));
    let control = control.heard_by(&assignment, Arc::new(Teller(Mutex::new(out))));
    let execution = pool::once(work, &assignment, &control)?;
    host::fault(&format!("isolated attempt {}", order.attempt));
    write_result(&execution, result)
}
