//! Watches a running process: reads what it says, stops it where it must, and ends what it leaves behind.

use super::ending::Halt;
use crate::executor::{Control, Exit};
use crate::host::{self, GroupSignal};
use crate::protocol::Stream;
use std::collections::BTreeSet;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes that are read at once: what a pipe holds.
const CHUNK: usize = 64 * 1024;
/// Processes that outlive the one that was started have so long after SIGTERM.
const STRAYS: Duration = Duration::from_millis(500);
/// Between two looks where the kernel tells nothing.
const LOOK: Duration = Duration::from_millis(10);
/// Chunks that are read of what a dead process has left in its pipes.
const MAX_LEFT: usize = 1024;

/// Who hears what a process says.
pub(in crate::executor) trait Listener {
    /// Takes in bytes of a stream.
    fn bytes(&mut self, stream: Stream, bytes: &[u8]);
    /// Does what is due.
    fn tick(&mut self, now: Instant);
    /// When [`tick`](Self::tick) has something to do.
    fn due(&self) -> Instant;
    /// When the process last said something.
    fn heard(&self) -> Instant;
    /// True once what it said makes the trial hopeless.
    fn is_stopped(&self) -> bool;
    /// True once it only puts its results away: SIGTERM would take them, so that it is let be until SIGKILL is due.
    fn is_at_its_end(&self) -> bool {
        false
    }
}

/// How a process is watched.
pub(in crate::executor) struct Limits<'a> {
    /// Between SIGTERM and SIGKILL.
    pub(in crate::executor) grace: Duration,
    /// It may say nothing for so long.
    pub(in crate::executor) silence: Option<Duration>,
    /// What `DERBY_RUN_KEY` is in every process of the run.
    pub(in crate::executor) run_key: &'a str,
    /// Every process that is watched.
    pub(in crate::executor) leaders: &'a Leaders,
}

/// The processes that somebody watches and waits for.
#[derive(Debug, Default)]
pub(in crate::executor) struct Leaders(Mutex<BTreeSet<u32>>);

impl Leaders {
    fn all(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn others(&self, own: u32) -> Vec<u32> {
        self.all().iter().copied().filter(|pid| *pid != own).collect()
    }
}

/// How it ended.
pub(in crate::executor) struct Watched {
    /// The status of the process that was started.
    pub(in crate::executor) exit: Exit,
    /// Why it was stopped, if it was.
    pub(in crate::executor) halt: Option<Halt>,
    /// CPU seconds of it and of the children that it waited for.
    pub(in crate::executor) cpu_seconds: f64,
}

/// Watches a process until nothing of it is left.
pub(in crate::executor) fn watch(
    mut child: Child,
    feed: &mut dyn Listener,
    control: &Control,
    limits: &Limits<'_>,
) -> io::Result<Watched> {
    limits.leaders.all().insert(child.id());
    let watched = watch_listed(&mut child, feed, control, limits);
    limits.leaders.all().remove(&child.id());
    watched
}

fn watch_listed(
    child: &mut Child,
    feed: &mut dyn Listener,
    control: &Control,
    limits: &Limits<'_>,
) -> io::Result<Watched> {
    let mut streams = Streams::of(child);
    let mut watcher = Watcher { pid: child.id(), control, limits, halt: None, killed: false };
    let ended = watcher.until_exit(child, &mut streams, feed);
    if ended.is_err() {
        // Nothing may run on unwatched.
        host::signal_group(watcher.pid, GroupSignal::Kill);
    }
    let cpu_seconds = host::finished_cpu_seconds(child.id()).unwrap_or(0.0);
    let status = child.wait()?;
    watcher.end_strays(&mut streams, feed)?;
    ended?;
    Ok(Watched { exit: exit_of(status), halt: watcher.halt.map(|(halt, _)| halt), cpu_seconds })
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}

/// The two pipes, while they are open.
struct Streams {
    out: Option<PipeReader>,
    err: Option<PipeReader>,
    buffer: Vec<u8>,
}

impl Streams {
    fn of(child: &mut Child) -> Self {
        let out = child.stdout.take().map(|pipe| PipeReader::from(OwnedFd::from(pipe)));
        let err = child.stderr.take().map(|pipe| PipeReader::from(OwnedFd::from(pipe)));
        Self { out, err, buffer: vec![0; CHUNK] }
    }

    fn is_open(&self) -> bool {
        self.out.is_some() || self.err.is_some()
    }

    /// Waits for bytes or for `also`, and reads one chunk of each pipe that has some: neither starves the other.
    /// Tells whether anything was read or ended, and whether `also` is ready.
    fn read(
        &mut self,
        also: Option<&OwnedFd>,
        at_most: Duration,
        feed: &mut dyn Listener,
    ) -> io::Result<(bool, bool)> {
        let out = self.out.as_ref().map(AsFd::as_fd);
        let err = self.err.as_ref().map(AsFd::as_fd);
        let [out, err, also] = host::ready([out, err, also.map(AsFd::as_fd)], at_most)?;
        if out {
            chunk(&mut self.out, Stream::Out, &mut self.buffer, feed);
        }
        if err {
            chunk(&mut self.err, Stream::Err, &mut self.buffer, feed);
        }
        Ok((out || err, also))
    }
}

/// Reads what a pipe that is ready has: a read of one never waits.
fn chunk(
    pipe: &mut Option<PipeReader>,
    stream: Stream,
    buffer: &mut [u8],
    feed: &mut dyn Listener,
) {
    let Some(open) = pipe else { return };
    match open.read(buffer) {
        Ok(n) if n > 0 => feed.bytes(stream, &buffer[..n]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        // The end; a pipe has no other error.
        _ => *pipe = None,
    }
}

struct Watcher<'a> {
    pid: u32,
    control: &'a Control,
    limits: &'a Limits<'a>,
    /// Why it is stopped, and when SIGKILL follows.
    halt: Option<(Halt, Instant)>,
    killed: bool,
}

impl Watcher<'_> {
    /// Reads on until the process has exited; it is not waited for yet.
    fn until_exit(
        &mut self,
        child: &mut Child,
        streams: &mut Streams,
        feed: &mut dyn Listener,
    ) -> io::Result<()> {
        let notifier = host::exit_notifier(self.pid).ok();
        loop {
            let mut patience = self.next(feed).saturating_duration_since(Instant::now());
            if notifier.is_none() {
                patience = patience.min(LOOK);
            }
            let (_, has_exited) = streams.read(notifier.as_ref(), patience, feed)?;
            if has_exited || (notifier.is_none() && child.try_wait()?.is_some()) {
                return Ok(());
            }
            let now = Instant::now();
            self.stop_if_due(now, feed);
            feed.tick(now);
        }
    }

    /// When something is due.
    fn next(&self, feed: &dyn Listener) -> Instant {
        let mut next = feed.due();
        match self.halt {
            Some((_, kill)) if !self.killed => next = next.min(kill),
            Some(_) => {}
            None => {
                let silence = self.limits.silence.and_then(|limit| feed.heard().checked_add(limit));
                let limits = [self.control.deadline(), silence];
                next = limits.into_iter().flatten().fold(next, Instant::min);
            }
        }
        next
    }

    /// SIGTERM to the group when the run must stop, SIGKILL when its grace is over.
    fn stop_if_due(&mut self, now: Instant, feed: &dyn Listener) {
        match self.halt {
            None => {
                let silent =
                    self.limits.silence.filter(|limit| now.duration_since(feed.heard()) >= *limit);
                let halt = if feed.is_stopped() || self.control.stopped() {
                    Halt::Control
                } else if let Some(limit) = silent {
                    Halt::Silence(limit)
                } else {
                    return;
                };
                let far = now + Duration::from_hours(24 * 365);
                let kill = now.checked_add(self.limits.grace).unwrap_or(far);
                self.halt = Some((halt, kill));
                if !feed.is_at_its_end() {
                    host::signal_group(self.pid, GroupSignal::Term);
                }
            }
            Some((_, kill)) if now >= kill && !self.killed => {
                self.killed = true;
                host::signal_group(self.pid, GroupSignal::Kill);
            }
            Some(_) => {}
        }
    }

    /// Ends what the process has left behind, and reads what is left in its pipes.
    fn end_strays(&self, streams: &mut Streams, feed: &mut dyn Listener) -> io::Result<()> {
        let strays = STRAYS.min(self.limits.grace);
        if !self.killed && host::signal_group(self.pid, GroupSignal::Term) {
            self.until_gone(strays, streams, feed)?;
        }
        if host::signal_group(self.pid, GroupSignal::Kill) {
            // What still writes would write into files that are being kept.
            self.until_gone(STRAYS, streams, feed)?;
        }
        host::kill_orphans(self.limits.run_key, &self.limits.leaders.others(self.pid));
        for _ in 0..MAX_LEFT {
            if !streams.is_open() || !streams.read(None, Duration::ZERO, feed)?.0 {
                break;
            }
        }
        Ok(())
    }

    /// Reads on until nobody of the group is alive, at most so long.
    fn until_gone(
        &self,
        at_most: Duration,
        streams: &mut Streams,
        feed: &mut dyn Listener,
    ) -> io::Result<()> {
        let end = Instant::now() + at_most;
        while host::group_alive(self.pid) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            streams.read(None, left.min(LOOK), feed)?;
            feed.tick(Instant::now());
        }
        Ok(())
    }
}
