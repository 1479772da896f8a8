//! A small process that outlives this one: when this one dies, it kills the runs that are left.
//!
//! The two hold the ends of a socket. Nobody else has this process's end, so the kernel closes it at
//! whatever death, `kill -9` included, and the reaper reads the end of file. `bye` before it sends the
//! reaper home.

use super::group::kill_marked;
use super::interrupts::block_signals;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

/// What this process says before it goes.
const BYE: &[u8] = b"bye";
/// What the reaper says when no signal reaches it any more.
const READY: &[u8] = b"r";
/// A machine that needs longer to start a process, or to end one, has other troubles.
const PATIENCE: Duration = Duration::from_secs(10);
/// Scans in a row that find nobody, and the time between them: a child between fork and exec has not
/// got its mark yet, and its parent may be dead by then.
const N_QUIET: usize = 3;
const PAUSE: Duration = Duration::from_millis(50);

/// Reapers of this process that nobody has waited for.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Whether the process is a reaper of this one, which waits for it itself.
pub(super) fn is_reaper(pid: u32) -> bool {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).contains(&pid)
}

/// The tie to the reaper process. Dropped, or the process dead: the reaper kills what has the mark.
#[derive(Debug)]
pub struct Reaper {
    link: UnixStream,
    child: Child,
}

impl Reaper {
    /// Starts this program again as the reaper of all processes with `DERBY_OWNER=<owner_marker>`. From
    /// here on they do not survive this process.
    ///
    /// # Errors
    /// When the process cannot be started, or does not come up.
    pub fn start(owner_marker: &str) -> io::Result<Self> {
        // The kernel's own link leads to this program even if its file was replaced meanwhile.
        let own = Path::new("/proc/self/exe");
        let program = if own.exists() { PathBuf::from(own) } else { std::env::current_exe()? };
        let mut command = Command::new(program);
        // Under its own name `pkill -f derby` would hit it together with the one that it watches.
        command.arg0("reaper").args(["reaper", owner_marker]);
        Self::launch(&mut command)
    }

    fn launch(command: &mut Command) -> io::Result<Self> {
        let (link, other) = UnixStream::pair()?;
        // Without variables: inside of another derby's run it would have that one's mark, and die with
        // the run whose processes it is there to kill.
        command.env_clear();
        if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command.current_dir("/").stdin(Stdio::from(OwnedFd::from(other)));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn()?;
        // The command holds the other end, which must be the reaper's alone.
        command.stdin(Stdio::null());
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(child.id());
        let mut reaper = Self { link, child };
        reaper.link.set_read_timeout(Some(PATIENCE))?;
        let mut ready = [0; READY.len()];
        reaper.link.read_exact(&mut ready).map_err(|error| {
            let text = format!("the process that cleans up after this one did not start: {error}");
            io::Error::new(error.kind(), text)
        })?;
        Ok(reaper)
    }

    /// Sends the reaper home: nothing is killed.
    pub fn dismiss(mut self) {
        // It may have been killed already; then there is nobody to say it to.
        let _ = self.link.write_all(BYE);
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        // The reaper's end closes when it has done its work, and the read ends with it.
        let _ = self.link.shutdown(std::net::Shutdown::Write);
        let _ = self.link.read(&mut [0]);
        if let Ok(None) = self.child.try_wait() {
            // Its end closes a moment before it can be waited for.
            if let Ok(notifier) = super::exit_notifier(self.child.id()) {
                super::wait_readable(&notifier, Duration::from_secs(1));
            }
            let _ = self.child.try_wait();
        }
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.child.id());
    }
}

/// The reaper itself: waits for the end of standard input and then kills every process with
/// `DERBY_OWNER=<owner_marker>`, unless it was told goodbye. The exit code.
pub fn serve_reaper(owner_marker: &str) -> u8 {
    block_signals();
    // Fails only for the leader of a group, which nobody's Ctrl-C reaches either.
    let _ = nix::unistd::setsid();
    let _ = fs::write("/proc/self/comm", "reaper");
    let Ok(link) = io::stdin().as_fd().try_clone_to_owned() else { return 1 };
    if read_goodbye(File::from(link)) {
        return 0;
    }
    let entry = format!("DERBY_OWNER={owner_marker}");
    let end = Instant::now() + PATIENCE;
    let mut n_quiet = 0;
    while n_quiet < N_QUIET && Instant::now() < end {
        if n_quiet > 0 {
            park_timeout(PAUSE);
        }
        n_quiet = if kill_marked(&entry) == 0 { n_quiet + 1 } else { 1 };
    }
    0
}

/// Reads until goodbye (true), or the end of the file or the connection (false).
fn read_goodbye(mut link: File) -> bool {
    // Whoever gave a pipe instead of a socket is not told.
    let _ = link.write_all(READY);
    let mut heard = Vec::new();
    let mut bytes = [0; 16];
    loop {
        match link.read(&mut bytes) {
            Ok(0) => return false,
            Ok(n) => heard.extend_from_slice(&bytes[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
        if heard.starts_with(BYE) {
            return true;
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::host::testing::{Gone, again, in_own_process, marker, sh_with, wait_for};
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    const SERVE: &str = "host::reaper::tests::serves_others";
    const DIE: &str = "host::reaper::tests::dies_with_a_run";

    /// The test binary as the reaper, since `start` would run all tests instead.
    fn reaper(marker: &str) -> Reaper {
        let test = again(SERVE);
        let mut command = Command::new("env"); // `launch` clears the environment
        for (name, value) in test.get_envs() {
            command.arg(format!("{}={}", name.display(), value.unwrap().display()));
        }
        command.arg(format!("MARK={marker}")).arg(test.get_program()).args(test.get_args());
        Reaper::launch(&mut command).unwrap()
    }

    fn run(marker: &str) -> Gone {
        let entry = format!("DERBY_OWNER={marker}");
        // Nobody waits for the shell: its process is adopted, and what it started goes on.
        let (mut child, run) =
            Gone::start(&mut sh_with(&entry, "setsid sh -c 'echo $$; exec sleep 1000' &"));
        child.wait().unwrap();
        run
    }

    /// Not a test of its own: what `reaper` starts.
    #[test]
    fn serves_others() {
        let Ok(marker) = std::env::var("MARK") else { return };
        in_own_process(SERVE, || assert_eq!(serve_reaper(&marker), 0));
    }

    #[test]
    fn dropped_it_kills() {
        let marker = marker();
        let reaper = reaper(&marker);
        let (run, other) = (run(&marker), run(&format!("{marker}-other")));
        assert!(is_reaper(reaper.child.id()));
        let id = reaper.child.id();
        drop(reaper);
        wait_for(|| run.is_gone());
        assert!(!other.is_gone() && !is_reaper(id));
        assert_eq!(kill_marked(&format!("DERBY_OWNER={marker}-other")), 1);
    }

    #[test]
    fn dismissed_it_does_not() {
        let marker = marker();
        let (reaper, run) = (reaper(&marker), run(&marker));
        let id = reaper.child.id();
        reaper.dismiss();
        assert!(!super::super::pid_alive(id, 0), "it has gone");
        assert!(!run.is_gone());
        assert_eq!(kill_marked(&format!("DERBY_OWNER={marker}")), 1);
    }

    /// Not a test of its own: the body of the next one.
    #[test]
    fn dies_with_a_run() {
        let Ok(marker) = std::env::var("MARK") else { return };
        in_own_process(DIE, || {
            let _reaper = reaper(&marker);
            let run = run(&marker);
            fs::write(std::env::var("TOLD").unwrap(), run.pid.to_string()).unwrap();
            kill(Pid::this(), Signal::SIGKILL).unwrap();
        });
    }

    #[test]
    fn a_killed_owner_is_avenged() {
        let (marker, folder) = (marker(), tempfile::tempdir().unwrap());
        let told = folder.path().join("pid");
        let output = again(DIE).env("MARK", &marker).env("TOLD", &told).output().unwrap();
        assert!(!output.status.success());
        let pid: u32 = fs::read_to_string(told).unwrap().parse().unwrap();
        wait_for(|| !super::super::pid_alive(pid, 0));
    }
}
