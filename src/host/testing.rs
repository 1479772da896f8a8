//! Real processes for the tests of this folder.

use super::proc_table::ProcStat;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A wait that takes this long has gone wrong.
const DEADLINE: Duration = Duration::from_mins(1);

/// Waits for what another process brings about.
pub(super) fn wait_for(mut what: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !what() {
        assert!(Instant::now() < end, "waited in vain");
        std::thread::yield_now();
    }
}

/// A text that no other test uses.
pub(super) fn marker() -> String {
    uuid::Uuid::now_v7().to_string()
}

pub(super) fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::null());
    command
}

/// One with an entry `NAME=value` in its environment.
pub(super) fn sh_with(entry: &str, script: &str) -> Command {
    let mut command = sh(script);
    let (name, value) = entry.split_once('=').unwrap();
    command.env(name, value);
    command
}

/// A process that a script has told of, to be found again; killed at the end of its test.
pub(super) struct Gone {
    pub(super) pid: u32,
    start: u64,
}

impl Gone {
    /// Starts a command whose first line of output is the id of the process in question.
    pub(super) fn start(command: &mut Command) -> (Child, Self) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let pid = line.trim().parse().unwrap();
        let start = ProcStat::read(pid).unwrap().start_ticks;
        (child, Self { pid, start })
    }

    pub(super) fn is_gone(&self) -> bool {
        !crate::host::pid_alive(self.pid, self.start)
    }
}

/// A test that fails leaves nothing behind.
impl Drop for Gone {
    fn drop(&mut self) {
        if !self.is_gone() {
            let _ = kill(Pid::from_raw(self.pid as i32), Signal::SIGKILL);
        }
    }
}

/// Which test this is, in a process of its own.
const BODY: &str = "DERBY_TEST_BODY";

/// Runs the body of the test of that full name in a process of its own: the test starts its own binary
/// with only itself in it.
pub(super) fn in_own_process(name: &str, body: impl FnOnce()) {
    if std::env::var(BODY).is_ok_and(|found| found == name) {
        return body();
    }
    let output = again(name).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "{text}");
}

/// This test binary with one test, whose body then runs.
pub(super) fn again(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(BODY, name);
    command
}
