//! What the process of a trial says, turned into calls of the trial's controls.

use super::wire::{Line, batch_of, lengthened};
use crate::domain::{MetricPoint, PointBatch, Summary};
use crate::executor::Control;
use crate::executor::process::system::System;
use crate::executor::process::watch::Listener;
use crate::protocol::Stream;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Samples of the machine wait no longer than this.
const PATIENCE: Duration = Duration::from_millis(500);
/// Bytes of a line of stderr that are remembered.
const REMEMBERED: usize = 1024;

/// Hears one process.
pub(super) struct Hearing<'a> {
    control: &'a Control,
    /// The trial's parts that have ended, with their values.
    parts: BTreeMap<usize, Vec<MetricPoint>>,
    n_parts: usize,
    system: System,
    /// Live values and samples, where nobody listens.
    points: Vec<MetricPoint>,
    out: Vec<u8>,
    err: Vec<u8>,
    last_error: Vec<u8>,
    next_samples: Instant,
    heard: Instant,
    is_stopped: bool,
}

/// What is left of it.
pub(super) struct Heard {
    /// Values of the parts that had ended, if the trial was stopped after one and had others before it.
    pub(super) stopped_after: Option<Vec<MetricPoint>>,
    /// Live values and samples, where nobody listened.
    pub(super) points: Vec<MetricPoint>,
    /// One summary a series of samples.
    pub(super) summaries: Vec<(String, Summary)>,
    /// The last line of stderr that is not blank.
    pub(super) last_error: Vec<u8>,
}

impl<'a> Hearing<'a> {
    /// Of a trial with that many parts.
    pub(super) fn new(control: &'a Control, n_parts: usize, system: System) -> Self {
        let now = Instant::now();
        Self {
            control,
            parts: BTreeMap::new(),
            n_parts,
            system,
            points: Vec::new(),
            out: Vec::new(),
            err: Vec::new(),
            last_error: Vec::new(),
            next_samples: now + PATIENCE,
            heard: now,
            is_stopped: false,
        }
    }

    fn line(&mut self, line: Line) {
        // What it did beyond the part after which it is stopped, it would not have done in this process.
        if self.is_stopped {
            return;
        }
        match line {
            Line::Part { part, values } => {
                self.parts.insert(part, values.into_iter().map(MetricPoint::from).collect());
            }
            Line::Judge { context, step, value } => {
                let goes_on = self.control.judge(&context, step, value.into());
                // After its last part a trial is done, whatever is thought of it.
                self.is_stopped = !goes_on && self.parts.len() < self.n_parts;
            }
            Line::Report { points, summaries } => {
                if self.control.is_heard() {
                    self.control.report(batch_of(points), lengthened(summaries));
                } else {
                    self.points.extend(points.into_iter().map(MetricPoint::from));
                }
            }
        }
    }

    fn samples(&mut self) {
        let mut batch = PointBatch::default();
        let mut points = Vec::new();
        self.system.take(|point| points.push(point.clone()));
        if !self.control.is_heard() {
            self.points.append(&mut points);
        } else if !points.is_empty() {
            for point in &points {
                batch.push(point);
            }
            self.control.report(batch, self.system.summaries().collect());
        }
    }

    /// Takes in what is left.
    pub(super) fn close(mut self) -> Heard {
        self.bytes(Stream::Err, b"\n");
        self.samples();
        let summaries = self.system.summaries().collect();
        let parts = self.parts.into_values().flatten();
        let stopped_after = self.is_stopped.then(|| parts.collect());
        Heard { stopped_after, points: self.points, summaries, last_error: self.last_error }
    }
}

impl Listener for Hearing<'_> {
    fn bytes(&mut self, stream: Stream, bytes: &[u8]) {
        self.heard = Instant::now();
        match stream {
            Stream::Out => {
                self.out.extend_from_slice(bytes);
                let Some(end) = self.out.iter().rposition(|byte| *byte == b'\n') else { return };
                let rest = self.out.split_off(end + 1);
                let whole = std::mem::replace(&mut self.out, rest);
                for line in whole.split(|byte| *byte == b'\n').filter_map(Line::decode) {
                    self.line(line);
                }
            }
            Stream::Err => {
                for byte in bytes {
                    if *byte != b'\n' {
                        if self.err.len() < REMEMBERED {
                            self.err.push(*byte);
                        }
                    } else if self.err.trim_ascii().is_empty() {
                        self.err.clear();
                    } else {
                        self.last_error = std::mem::take(&mut self.err);
                    }
                }
            }
        }
    }

    fn tick(&mut self, now: Instant) {
        if now >= self.next_samples {
            self.next_samples = now + PATIENCE;
            self.samples();
        }
    }

    fn due(&self) -> Instant {
        self.next_samples
    }

    fn heard(&self) -> Instant {
        self.heard
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    fn is_at_its_end(&self) -> bool {
        !self.is_stopped && self.parts.len() == self.n_parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Outcome, Params, RunId};
    use crate::executor::process::system::System;
    use crate::executor::{Assignment, Ears};
    use std::sync::{Arc, Mutex};

    /// Finds a value of 0 hopeless.
    #[derive(Default)]
    struct Strict(Mutex<Vec<f64>>);

    impl Ears for Strict {
        fn hear(&self, _: &Assignment, batch: PointBatch, _: Vec<(String, Summary)>) {
            self.0.lock().unwrap().extend(batch.points.iter().map(|point| point.value));
        }

        fn judge(&self, _: &Assignment, _: &str, _: i64, value: f64) -> Option<String> {
            self.0.lock().unwrap().push(value);
            (value == 0.0).then(|| "hopeless".to_string())
        }
    }

    fn part(part: usize, value: f64) -> Vec<u8> {
        let (metric, context) = ("loss".to_string(), format!("fold={part}"));
        let point = MetricPoint { metric, context: context.clone(), step: 0, value, ts: 0 };
        let lines = [
            Line::Part { part, values: vec![(&point).into()] },
            Line::Judge { context, step: 0, value: value.into() },
        ];
        lines.iter().flat_map(|line| line.encode().unwrap()).collect()
    }

    /// What is judged of these parts, and what is left of them if the trial is stopped.
    fn check(values: &[f64], judged: &[f64], left: Option<&[f64]>) {
        let params = Params::default();
        let assignment =
            Assignment { run: RunId(1), trial: 0, attempt: 1, params, seed: 0, replicate: 0 };
        let ears = Arc::new(Strict::default());
        let control = Control::free().heard_by(&assignment, Arc::clone(&ears) as Arc<dyn Ears>);
        let mut hearing = Hearing::new(&control, 3, System::new(None));
        let said: Vec<u8> =
            values.iter().enumerate().flat_map(|(n, value)| part(n, *value)).collect();
        for bytes in said.chunks(7) {
            hearing.bytes(Stream::Out, bytes);
        }
        assert_eq!(hearing.is_stopped(), left.is_some());
        assert_eq!(hearing.is_at_its_end(), left.is_none() && values.len() == 3);
        assert_eq!(*ears.0.lock().unwrap(), judged);
        let kept = hearing.close().stopped_after;
        let kept: Option<Vec<f64>> =
            kept.map(|points| points.iter().map(|point| point.value).collect());
        assert_eq!(kept.as_deref(), left);
        if left.is_some() {
            let reason = "hopeless".into();
            assert_eq!(control.stopped_outcome(), Outcome::Pruned { reason });
        }
    }

    #[test]
    fn a_hopeless_trial_keeps_what_it_had_and_nothing_after() {
        check(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], None);
        check(&[1.0, 0.0, 3.0], &[1.0, 0.0], Some(&[1.0, 0.0]));
        check(&[1.0, 2.0, 0.0], &[1.0, 2.0, 0.0], None);
        check(&[1.0, 2.0], &[1.0, 2.0], None);
    }

    #[test]
    fn the_last_line_of_stderr_is_remembered() {
        let control = Control::free();
        let mut hearing = Hearing::new(&control, 1, System::new(None));
        for bytes in ["one\ntw", "o\n\n  \n", "thr", "ee"] {
            hearing.bytes(Stream::Err, bytes.as_bytes());
        }
        hearing.bytes(Stream::Out, b"something else\n");
        assert_eq!(hearing.close().last_error, b"three");
    }
}
