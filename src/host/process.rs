//! This process and others: who runs it, what it used, whether another one is alive.

use super::proc_table::ProcStat;
use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Uid, User, gethostname};

/// The login name; the number where the system has no name for it.
pub fn user() -> String {
    let uid = Uid::current();
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => std::env::var("USER").unwrap_or_else(|_| uid.to_string()),
    }
}

/// The name of this machine.
pub fn hostname() -> String {
    gethostname().map_or_else(|_| "localhost".into(), |name| name.to_string_lossy().into_owned())
}

/// CPU seconds of the calling thread.
pub fn thread_cpu_seconds() -> f64 {
    cpu_seconds(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU seconds of all threads of this process.
pub fn process_cpu_seconds() -> f64 {
    cpu_seconds(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

fn cpu_seconds(clock: ClockId) -> f64 {
    // Fails only for a clock that the kernel lacks; every Linux and macOS has these two.
    clock_gettime(clock).map_or(0.0, |at| at.tv_sec() as f64 + at.tv_nsec() as f64 * 1e-9)
}

/// The most memory that this process has held at a time, in bytes.
pub fn peak_rss_bytes() -> u64 {
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss() as u64 * unit)
}

/// This process as others can recognize it: its id and when it started, in ticks since boot (0 where
/// the system does not tell).
pub fn process_identity() -> (u32, u64) {
    let pid = std::process::id();
    (pid, start_ticks(pid).unwrap_or(0))
}

/// True if the process of that id is the one that started then, and not a later one with a reused id.
pub fn pid_alive(pid: u32, start: u64) -> bool {
    if cfg!(target_os = "linux") {
        return start_ticks(pid).is_some_and(|found| start == 0 || found == start);
    }
    let target = nix::unistd::Pid::from_raw(pid as i32);
    !matches!(nix::sys::signal::kill(target, None), Err(nix::errno::Errno::ESRCH))
}

/// When it started; a zombie is as good as gone.
fn start_ticks(pid: u32) -> Option<u64> {
    ProcStat::read(pid).filter(|stat| !stat.is_zombie).map(|stat| stat.start_ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_itself() {
        let (pid, start) = process_identity();
        assert!(pid_alive(pid, start));
        assert!(!user().is_empty());
        assert!(!hostname().is_empty());
        assert!(peak_rss_bytes() > 100_000);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_reused_id_is_not_alive() {
        let (pid, start) = process_identity();
        assert!(!pid_alive(pid, start + 1));
        assert!(!pid_alive(u32::MAX - 1, 0));
    }

    #[test]
    fn cpu_time_grows_with_work() {
        let before = (thread_cpu_seconds(), process_cpu_seconds());
        let work: u64 = (0..3_000_000u64).fold(0, |sum, i| std::hint::black_box(sum ^ i));
        std::hint::black_box(work);
        assert!(thread_cpu_seconds() > before.0);
        assert!(process_cpu_seconds() > before.1);
    }
}
