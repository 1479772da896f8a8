//! The reaper as derby starts it: no signal reaches it, and it kills what has its mark.
#![cfg(target_os = "linux")]

use crate::crash::{send, wait_for};
use derby::host::{pid_alive, wait_readable};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getsid};
use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts a reaper that has said that it is up.
fn reaper(marker: &str) -> (Child, UnixStream) {
    let (mut link, other) = UnixStream::pair().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_derby"));
    command.args(["reaper", marker]).env_clear().current_dir("/");
    command.stdin(Stdio::from(OwnedFd::from(other))).stdout(Stdio::null());
    let child = command.spawn().unwrap();
    drop(command);
    link.read_exact(&mut [0]).unwrap();
    (child, link)
}

/// A process with the mark, and in a session of its own.
fn marked(marker: &str) -> Child {
    let mut command = Command::new("setsid");
    command.args(["sleep", "1000"]).env("DERBY_OWNER", marker).stdin(Stdio::null());
    let child = command.spawn().unwrap();
    let name = format!("/proc/{}/comm", child.id());
    wait_for(|| fs::read_to_string(&name).is_ok_and(|name| name == "sleep\n"));
    child
}

#[test]
fn no_signal_keeps_it_from_its_work() {
    let marker = format!("mark-{}-signals", std::process::id());
    let mut run = marked(&marker);
    let (mut child, link) = reaper(&marker);
    let own = Pid::from_raw(child.id() as i32);
    assert_eq!(getsid(Some(own)).unwrap(), own, "a terminal's signals go to another session");
    assert_eq!(fs::read_to_string(format!("/proc/{own}/comm")).unwrap(), "reaper\n");
    for signal in [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGPIPE,
        Signal::SIGTSTP,
    ] {
        send(&child, signal);
    }
    assert!(pid_alive(child.id(), 0) && run.try_wait().unwrap().is_none());
    drop(link);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(run.try_wait().unwrap().is_some(), "killed before the reaper went");
}

#[test]
fn goodbye_sends_it_home() {
    let marker = format!("mark-{}-bye", std::process::id());
    let mut run = marked(&marker);
    let (mut child, mut link) = reaper(&marker);
    assert!(!wait_readable(&link, Duration::ZERO));
    link.write_all(b"bye").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(run.try_wait().unwrap().is_none(), "nothing was killed");
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn it_starts_at_once() {
    let began = Instant::now();
    let n = 20;
    for _ in 0..n {
        let (mut child, mut link) = reaper("nobody");
        link.write_all(b"bye").unwrap();
        child.wait().unwrap();
    }
    let each = began.elapsed() / n;
    // A bound for a loaded machine; on an idle one it is a few milliseconds.
    assert!(each < Duration::from_millis(500), "{each:?}");
    println!("start, ready, goodbye: {each:?}");
}
