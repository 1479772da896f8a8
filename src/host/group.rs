//! Process groups and their strays: signals to all of them, orphans, what an environment entry marks.
//!
//! A run is one process group, led by the process that derby starts. What leaves the group is found by
//! the entries of its environment, which children inherit. Linux first: without `/proc` strays are not
//! found, and nothing else changes.

use super::exit_watch::{exit_notifier, wait_readable};
use super::proc_table::{ProcStat, environ_has, main_thread_children, pids};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpgrp, getsid};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Processes that a disk or a driver holds do not die at once; nobody waits longer for them.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a group is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupSignal {
    /// Please end (SIGTERM).
    Term,
    /// End (SIGKILL).
    Kill,
}

impl GroupSignal {
    fn signal(self) -> Signal {
        match self {
            Self::Term => Signal::SIGTERM,
            Self::Kill => Signal::SIGKILL,
        }
    }
}

/// Signals all processes of the group that `leader` leads or led; false if there was nobody. A leader
/// that has exited and was not waited for counts as somebody: see [`group_alive`].
pub fn signal_group(leader: u32, signal: GroupSignal) -> bool {
    // 0 would be the own group, 1 and what wraps to a negative id everybody.
    match pid(leader) {
        Some(group) if group != getpgrp() => killpg(group, signal.signal()).is_ok(),
        _ => false,
    }
}

/// True if the group has a process that has not exited. Reads all of `/proc`.
pub fn group_alive(leader: u32) -> bool {
    let is_member = |stat: ProcStat| stat.group == leader && !stat.is_zombie;
    let Some(group) = pid(leader) else { return false };
    killpg(group, None).is_ok() && pids().filter_map(ProcStat::read).any(is_member)
}

/// CPU seconds of a process that has exited and was not waited for, those of the children that it waited
/// for itself included, to 0.01 s; `None` for any other process.
#[cfg(target_os = "linux")]
pub fn finished_cpu_seconds(pid: u32) -> Option<f64> {
    let stat = ProcStat::read(pid).filter(|stat| stat.is_zombie)?;
    Some(stat.cpu_ticks as f64 / super::usage_scan::clock_ticks())
}

/// Only Linux tells.
#[cfg(not(target_os = "linux"))]
pub fn finished_cpu_seconds(_pid: u32) -> Option<f64> {
    None
}

/// Makes this process the new parent of all orphans among its descendants, so that [`kill_orphans`] finds
/// them; false where the system cannot.
#[cfg(target_os = "linux")]
pub fn adopt_orphans() -> bool {
    nix::sys::prctl::set_child_subreaper(true).is_ok()
}

/// Only Linux can.
#[cfg(not(target_os = "linux"))]
pub fn adopt_orphans() -> bool {
    false
}

/// Kills and waits for the orphans of one run that this process was given ([`adopt_orphans`]): its children
/// with the entry `DERBY_RUN_KEY=<run_marker>`, and theirs as they become orphans in turn. How many
/// were killed.
///
/// `leaders` are the children that others wait for: all runs that are going on, this one included. They
/// are left alone. Orphans of any run that ended by themselves are waited for on the way.
pub fn kill_orphans(run_marker: &str, leaders: &[u32]) -> usize {
    let entry = format!("DERBY_RUN_KEY={run_marker}");
    let end = Instant::now() + PATIENCE;
    let mut n_killed = 0;
    loop {
        let mut killed = Vec::new();
        for child in main_thread_children() {
            let Some(stat) = ProcStat::read(child) else { continue };
            if leaders.contains(&child) {
                continue;
            }
            if is_finished_orphan(&stat) {
                reap(child);
            } else if is_entry(&entry) && environ_has(child, &entry) {
                if stat.group == child {
                    signal_group(child, GroupSignal::Kill);
                }
                killed.extend(kill_one(child));
            }
        }
        n_killed += killed.len();
        for child in &killed {
            wait_for_exit(*child, end);
            reap(*child);
        }
        if killed.is_empty() || Instant::now() >= end {
            return n_killed;
        }
    }
}

/// A zombie says nothing of its environment. It is nobody's whom this program started if it is in another
/// session, or in a group that is neither the own one nor one that it leads: a child of derby has one of
/// these from its first moment.
fn is_finished_orphan(stat: &ProcStat) -> bool {
    let own_session = getsid(None).map_or(0, |session| session.as_raw() as u32);
    let own_group = getpgrp().as_raw() as u32;
    let elsewhere = stat.session != own_session && !super::reaper::is_reaper(stat.pid);
    let in_a_group = stat.group != own_group && stat.group != stat.pid;
    stat.is_zombie && (elsewhere || in_a_group)
}

/// Kills every process whose environment has exactly this entry (`DERBY_OWNER=<uuid>`), except this one,
/// and again until none is left. How many were killed. Processes whose environment this user may not read
/// are not looked at. An entry that is not `NAME=value` is nobody's.
pub fn kill_marked(entry: &str) -> usize {
    if !is_entry(entry) {
        return 0;
    }
    let end = Instant::now() + PATIENCE;
    let own = std::process::id();
    let mut all = BTreeSet::new();
    loop {
        let marked = pids().filter(|pid| *pid != own && environ_has(*pid, entry));
        let killed: Vec<u32> = marked.filter_map(|pid| kill_marked_one(pid, entry)).collect();
        for pid in &killed {
            wait_for_exit(*pid, end);
        }
        if killed.is_empty() || Instant::now() >= end {
            return all.len();
        }
        all.extend(killed);
    }
}

/// An empty entry would be found at the end of every environment.
fn is_entry(entry: &str) -> bool {
    entry.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.is_empty())
}

/// Kills a process that had the entry a moment ago, and not a later one with its id: the descriptor is
/// that of one process, whose environment is read again through it.
#[cfg(target_os = "linux")]
fn kill_marked_one(pid: u32, entry: &str) -> Option<u32> {
    let Ok(process) = exit_notifier(pid) else {
        return if environ_has(pid, entry) { kill_one(pid) } else { None };
    };
    let is_marked = environ_has(pid, entry);
    let signal = rustix::process::Signal::KILL;
    (is_marked && rustix::process::pidfd_send_signal(&process, signal).is_ok()).then_some(pid)
}

#[cfg(not(target_os = "linux"))]
fn kill_marked_one(pid: u32, _entry: &str) -> Option<u32> {
    kill_one(pid)
}

/// The id again if there was such a process and this user may kill it.
fn kill_one(target: u32) -> Option<u32> {
    kill(pid(target)?, Signal::SIGKILL).is_ok().then_some(target)
}

fn wait_for_exit(pid: u32, end: Instant) {
    if let Ok(notifier) = exit_notifier(pid) {
        wait_readable(&notifier, end.saturating_duration_since(Instant::now()));
    }
}

/// Takes the status of an exited child, if it is there.
fn reap(child: u32) {
    let Some(target) = pid(child) else { return };
    while waitpid(target, Some(WaitPidFlag::WNOHANG)) == Err(Errno::EINTR) {}
}

/// An id that means one process or group, and neither the own group nor everybody.
fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().filter(|id| *id > 1).map(Pid::from_raw)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::host::testing::{Gone, in_own_process, marker, sh, sh_with, wait_for};
    use std::os::unix::process::CommandExt;

    #[test]
    fn a_group_dies_with_its_grandchildren() {
        let mut command = sh("sh -c 'echo $$; exec sleep 1000' & wait");
        let (mut leader, grandchild) = Gone::start(command.process_group(0));
        let id = leader.id();
        assert!(signal_group(id, GroupSignal::Kill));
        leader.wait().unwrap();
        wait_for(|| grandchild.is_gone());
        wait_for(|| !signal_group(id, GroupSignal::Term));
        assert!(!group_alive(id));
    }

    #[test]
    fn a_zombie_leader_is_not_alive() {
        let mut leader = sh("exit 3").process_group(0).spawn().unwrap();
        let id = leader.id();
        wait_for_exit(id, Instant::now() + PATIENCE);
        assert!(signal_group(id, GroupSignal::Term) && !group_alive(id));
        assert_eq!(leader.wait().unwrap().code(), Some(3), "its status was left to its owner");
    }

    #[test]
    fn ids_that_mean_everybody_are_refused() {
        for id in [0, 1, u32::MAX, getpgrp().as_raw() as u32] {
            assert!(!signal_group(id, GroupSignal::Kill), "{id}");
        }
        for entry in ["", "=", "DERBY_OWNER=", "=x", "DERBY_OWNER"] {
            assert_eq!(kill_marked(entry), 0, "'{entry}'");
        }
    }

    #[test]
    fn what_left_its_group_is_found_by_its_mark() {
        let entry = format!("DERBY_OWNER={}", marker());
        let mut command = sh_with(&entry, "setsid sh -c 'echo $$; exec sleep 1000' & wait");
        let (mut leader, stray) = Gone::start(command.process_group(0));
        assert_eq!(kill_marked(&format!("{entry}-other")), 0);
        assert!(!stray.is_gone());
        signal_group(leader.id(), GroupSignal::Kill);
        leader.wait().unwrap();
        assert!(!stray.is_gone(), "it is in a session of its own");
        assert_eq!(kill_marked(&entry), 1);
        assert!(stray.is_gone());
    }

    #[test]
    fn an_ended_process_tells_its_cpu_time() {
        // The work is counted by the shell itself until the kernel has booked 30 ms.
        let work =
            "while read _ _ _ _ _ _ _ _ _ _ _ _ _ t _ </proc/$$/stat && [ $t -lt 3 ]; do :; done";
        let mut child = sh(work).spawn().unwrap();
        wait_for_exit(child.id(), Instant::now() + Duration::from_mins(1));
        let seconds = finished_cpu_seconds(child.id()).unwrap();
        assert!((0.03..60.0).contains(&seconds), "{seconds}");
        let id = child.id();
        child.wait().unwrap();
        assert_eq!(finished_cpu_seconds(id), None);
        assert_eq!(finished_cpu_seconds(std::process::id()), None, "it still runs");
    }

    /// Orphans are a matter of the whole process, so this test has one of its own.
    #[test]
    fn orphans_of_a_run_are_killed_and_waited_for() {
        in_own_process("host::group::tests::orphans_of_a_run_are_killed_and_waited_for", orphans);
    }

    fn orphans() {
        assert!(adopt_orphans());
        let (ours, theirs) = (marker(), marker());
        let start = |marker: &str| {
            let entry = format!("DERBY_RUN_KEY={marker}");
            // The leader ends at once; what it leaves behind has a session and a child of its own.
            let script = "setsid sh -c 'sleep 1000 & echo $$; wait' & exit 0";
            let (mut leader, orphan) = Gone::start(sh_with(&entry, script).process_group(0));
            leader.wait().unwrap();
            wait_for(|| ProcStat::read(orphan.pid).unwrap().parent == std::process::id());
            orphan
        };
        let (orphan, other) = (start(&ours), start(&theirs));
        let mut bystander = sh_with(&format!("DERBY_RUN_KEY={ours}"), "read x");
        let bystander = bystander.stdin(std::process::Stdio::piped());
        let mut bystander = bystander.process_group(0).spawn().unwrap();
        assert_eq!(kill_orphans(&ours, &[bystander.id(), orphan.pid]), 0, "both are excluded");
        assert!(kill_orphans(&ours, &[bystander.id()]) >= 1);
        assert_eq!(ProcStat::read(orphan.pid), None, "not even a zombie is left");
        assert!(!other.is_gone(), "another run's");
        drop(bystander.stdin.take());
        wait_for_exit(bystander.id(), Instant::now() + PATIENCE);
        // An orphan that ended by itself is waited for, a child with an owner is not.
        kill_one(other.pid);
        wait_for_exit(other.pid, Instant::now() + PATIENCE);
        assert_eq!(kill_orphans(&ours, &[]), 0);
        assert_eq!(ProcStat::read(other.pid), None);
        assert!(bystander.wait().is_ok());
        assert_eq!(
            kill_marked(&format!("DERBY_RUN_KEY={theirs}")),
            1,
            "the sleep of the other run"
        );
    }
}
