//! Waits for the first of several descriptors.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Which descriptors can be read without waiting, or have lost their other end: poll(2). All are not when
/// `at_most` is over; none is waited for when a signal comes.
///
/// # Errors
/// When the kernel has no memory for it.
pub fn ready<const N: usize>(
    descriptors: [Option<BorrowedFd<'_>>; N],
    at_most: Duration,
) -> io::Result<[bool; N]> {
    let mut polled: Vec<PollFd<'_>> = descriptors
        .iter()
        .flatten()
        .map(|descriptor| PollFd::from_borrowed_fd(*descriptor, PollFlags::IN))
        .collect();
    let timeout = Timespec::try_from(at_most).ok();
    match poll(&mut polled, timeout.as_ref()) {
        Ok(_) => {}
        Err(rustix::io::Errno::INTR) => return Ok([false; N]),
        Err(error) => return Err(error.into()),
    }
    let mut events = polled.iter().map(|polled| !polled.revents().is_empty());
    Ok(descriptors.map(|descriptor| descriptor.is_some() && events.next().unwrap_or(false)))
}

/// Waits until the other end of a terminal or pipe is gone; at once if it is. What can be read is left alone.
///
/// # Errors
/// When the kernel has no memory for it.
pub fn wait_for_hangup(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    loop {
        // Without any event that is asked for, poll(2) tells of hang-ups and errors only.
        let mut polled = [PollFd::from_borrowed_fd(descriptor, PollFlags::empty())];
        match poll(&mut polled, None) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// True if the other end of a terminal or pipe is gone.
pub fn is_hung_up(descriptor: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(descriptor, PollFlags::empty())];
    poll(&mut polled, Some(&Timespec::default())).is_ok_and(|n| n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsFd;

    #[test]
    fn tells_which_one() {
        let (quiet, _held) = io::pipe().unwrap();
        let (loud, mut writer) = io::pipe().unwrap();
        let (gone, end) = io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        drop(end);
        let all = [Some(quiet.as_fd()), None, Some(loud.as_fd()), Some(gone.as_fd())];
        assert_eq!(ready(all, Duration::MAX).unwrap(), [false, false, true, true]);
        assert_eq!(ready([Some(quiet.as_fd())], Duration::ZERO).unwrap(), [false]);
    }

    #[test]
    fn a_hangup_is_none_while_the_other_end_is_held() {
        let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(!is_hung_up(near.as_fd()));
        let waits = std::thread::spawn(move || {
            wait_for_hangup(near.as_fd()).unwrap();
            is_hung_up(near.as_fd())
        });
        (&far).write_all(b"a key").unwrap();
        assert!(!waits.is_finished());
        drop(far);
        assert!(waits.join().unwrap());
    }
}
