//! The end of a process as a file descriptor that a loop can poll.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// A descriptor that becomes readable when the process exits, before anybody waits for it (`pidfd_open(2)`).
///
/// # Errors
/// When there is no such process, or the kernel is older than 5.3.
#[cfg(target_os = "linux")]
pub fn exit_notifier(pid: u32) -> io::Result<OwnedFd> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// Only Linux has such descriptors: poll for the exit instead.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn exit_notifier(_pid: u32) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Waits until `descriptor` is readable, or its other end is gone; false if that takes longer than
/// `at_most`.
pub fn wait_readable(descriptor: impl AsFd, at_most: Duration) -> bool {
    let end = Instant::now() + at_most;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).ok();
        let mut polled = [PollFd::new(&descriptor, PollFlags::IN)];
        match poll(&mut polled, timeout.as_ref()) {
            Ok(0) => return false,
            Ok(_) => return true,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn the_end_of_a_process_can_be_polled() {
        let mut child =
            Command::new("sh").args(["-c", "read x"]).stdin(Stdio::piped()).spawn().unwrap();
        let notifier = exit_notifier(child.id()).unwrap();
        assert!(!wait_readable(&notifier, Duration::ZERO), "it waits for a line");
        child.stdin.take().unwrap().write_all(b"x\n").unwrap();
        assert!(wait_readable(&notifier, Duration::from_mins(1)));
        assert_eq!(child.wait().unwrap().code(), Some(0), "its status is still there");
    }

    #[test]
    fn nobody_has_no_notifier() {
        assert!(exit_notifier(0).is_err() && exit_notifier(u32::MAX).is_err());
    }
}
