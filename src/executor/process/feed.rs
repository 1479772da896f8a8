//! Takes in what a running process says: the record of its output, its metrics, and handing them over.

use super::Passing;
use super::system::System;
use super::watch::Listener;
use crate::domain::{MetricPoint, PointBatch, Summary};
use crate::executor::Control;
use crate::host;
use crate::protocol::{Intake, Lines, LogEnd, MetricFile, OutputLog, Stream};
use std::io;
use std::time::{Duration, Instant};

/// Points that are handed over at once.
const BATCH: usize = 4096;
/// Points wait no longer than this for others.
const PATIENCE: Duration = Duration::from_millis(200);
/// Files that grow are looked at so often.
const LOOK: Duration = Duration::from_millis(250);
/// Lines of output wait no longer than this for the disk.
const FLUSH: Duration = Duration::from_secs(1);
/// Bytes of a line that are remembered for a reason.
const REMEMBERED: usize = 1024;

/// What a feed begins with.
pub(super) struct Sources {
    /// Lines to metrics.
    pub(super) intake: Intake,
    /// Files that grow.
    pub(super) files: Vec<MetricFile>,
    /// The record of the output.
    pub(super) log: OutputLog,
    /// Samples of the machine.
    pub(super) system: System,
}

/// What one process says.
pub(super) struct Feed<'a> {
    control: &'a Control,
    passing: Option<&'a Passing>,
    sources: Sources,
    out: Lines,
    err: Lines,
    said: Said,
    /// Values, where nobody listens.
    points: Vec<MetricPoint>,
    waiting_since: Option<Instant>,
    next_look: Instant,
    next_flush: Instant,
    heard: Instant,
    is_stopped: bool,
}

/// What is remembered of the output.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Lines of output.
    pub(super) n_lines: u64,
    /// The last one of stderr that is not blank.
    pub(super) last_error: Vec<u8>,
    /// The last one that is not blank.
    pub(super) last_line: Vec<u8>,
    /// Why a file of metrics could not be read.
    pub(super) unreadable: Option<io::Error>,
}

impl Said {
    fn line(&mut self, stream: Stream, line: &[u8]) {
        self.n_lines += 1;
        if line.trim_ascii().is_empty() {
            return;
        }
        let kept = &line[..line.len().min(REMEMBERED)];
        let remember = |place: &mut Vec<u8>| {
            place.clear();
            place.extend_from_slice(kept);
        };
        remember(&mut self.last_line);
        if stream == Stream::Err {
            remember(&mut self.last_error);
        }
    }
}

/// What a feed ends with.
pub(super) struct Fed {
    /// One summary a metric, those of the machine last.
    pub(super) summaries: Vec<(String, Summary)>,
    /// How many of them are the script's own.
    pub(super) n_own: usize,
    /// Values, where nobody listened.
    pub(super) points: Vec<MetricPoint>,
    /// What is remembered of the output.
    pub(super) said: Said,
    /// The end of the record of the output.
    pub(super) log: LogEnd,
}

impl<'a> Feed<'a> {
    /// A feed whose values go to `control`.
    pub(super) fn new(
        control: &'a Control,
        sources: Sources,
        passing: Option<&'a Passing>,
    ) -> Self {
        let now = Instant::now();
        Self {
            control,
            passing,
            sources,
            out: Lines::new(),
            err: Lines::new(),
            said: Said::default(),
            points: Vec::new(),
            waiting_since: None,
            next_look: now + LOOK,
            next_flush: now + FLUSH,
            heard: now,
            is_stopped: false,
        }
    }

    /// Takes in the last line of a stream that has ended, if it had no newline.
    fn end_of(&mut self, stream: Stream) {
        let ts = host::now_ms();
        let (lines, said, sources) = match stream {
            Stream::Out => (&mut self.out, &mut self.said, &mut self.sources),
            Stream::Err => (&mut self.err, &mut self.said, &mut self.sources),
        };
        lines.finish(|line, is_whole| {
            said.line(stream, line);
            sources.log.line(stream, line, is_whole);
            sources.intake.output_line(stream, line, ts);
        });
    }

    /// Reads what is new in a file of metrics; true if something was.
    fn look_at(&mut self, place: usize, ts: i64) -> bool {
        let Sources { files, intake, .. } = &mut self.sources;
        files[place].poll(intake, ts).unwrap_or_else(|error| {
            self.said.unreadable = Some(error);
            false
        })
    }

    /// Records a value that no line has told.
    pub(super) fn value(&mut self, metric: &str, value: f64) {
        self.sources.intake.value(metric, "", None, value, host::now_ms());
    }

    /// Takes in the last lines and the rest of the files.
    pub(super) fn end(&mut self) {
        self.end_of(Stream::Out);
        self.end_of(Stream::Err);
        let ts = host::now_ms();
        for place in 0..self.sources.files.len() {
            while self.look_at(place, ts) {
                self.settle(BATCH);
            }
            self.sources.files[place].finish(&mut self.sources.intake, ts);
        }
        self.settle(BATCH);
    }

    /// Hands over what is left.
    pub(super) fn close(mut self) -> Fed {
        self.settle(1);
        self.hand_over();
        let own = self.sources.intake.summaries();
        let n_own = own.len();
        let summaries = own.into_iter().chain(self.sources.system.summaries()).collect();
        Fed {
            summaries,
            n_own,
            points: self.points,
            said: self.said,
            log: self.sources.log.close(),
        }
    }

    /// Has new values judged, and hands points over once that many wait.
    fn settle(&mut self, batch: usize) {
        for (context, step, value) in self.sources.intake.take_judged() {
            if !self.is_stopped && !self.control.judge(&context, step, value) {
                self.is_stopped = true;
            }
        }
        let n_waiting = self.sources.intake.n_waiting();
        if n_waiting >= batch {
            self.hand_over();
        } else if n_waiting > 0 && self.waiting_since.is_none() {
            self.waiting_since = Some(Instant::now());
        }
    }

    fn hand_over(&mut self) {
        self.waiting_since = None;
        let mut batch = self.sources.intake.take();
        self.sources.system.take(|point| batch.push(point));
        if batch.is_empty() {
            return;
        }
        if self.control.is_heard() {
            let mut summaries = self.sources.intake.summaries();
            summaries.extend(self.sources.system.summaries());
            self.control.report(batch, summaries);
        } else {
            self.points.extend(points_of(&batch));
        }
    }
}

impl Listener for Feed<'_> {
    fn bytes(&mut self, stream: Stream, bytes: &[u8]) {
        let ts = host::now_ms();
        self.heard = Instant::now();
        if let Some(passing) = self.passing {
            passing(stream, bytes);
        }
        let (lines, said, sources) = match stream {
            Stream::Out => (&mut self.out, &mut self.said, &mut self.sources),
            Stream::Err => (&mut self.err, &mut self.said, &mut self.sources),
        };
        lines.feed(bytes, |line, is_whole| {
            said.line(stream, line);
            sources.log.line(stream, line, is_whole);
            sources.intake.output_line(stream, line, ts);
        });
        self.settle(BATCH);
    }

    /// Looks at files, hands points over, writes output to the disk.
    fn tick(&mut self, now: Instant) {
        if now >= self.next_look {
            self.next_look = now + LOOK;
            let ts = host::now_ms();
            for place in 0..self.sources.files.len() {
                if self.look_at(place, ts) {
                    self.heard = now;
                    // There may be more than one look takes in.
                    self.next_look = now;
                }
            }
            self.settle(BATCH);
        }
        if self.waiting_since.is_some_and(|since| now >= since + PATIENCE) {
            self.hand_over();
        }
        if now >= self.next_flush {
            self.next_flush = now + FLUSH;
            self.sources.log.flush();
        }
    }

    fn due(&self) -> Instant {
        let flush = self.next_flush.min(self.next_look);
        self.waiting_since.map_or(flush, |since| flush.min(since + PATIENCE))
    }

    fn heard(&self) -> Instant {
        self.heard
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped
    }
}

fn points_of(batch: &PointBatch) -> impl Iterator<Item = MetricPoint> {
    batch.points.iter().map(|point| {
        let key = &batch.series[point.series as usize];
        MetricPoint {
            metric: key.metric.clone(),
            context: key.context.clone(),
            step: point.step,
            value: point.value,
            ts: point.ts,
        }
    })
}
