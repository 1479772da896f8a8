//! derby on a terminal: a real pty, with an emulator at its other end.

use crate::program::{NOW, Place};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long something that must come may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running derby and its terminal.
pub(crate) struct Tty {
    pub(crate) child: Child,
    master: File,
    bytes: Receiver<Vec<u8>>,
    pub(crate) screen: vt100::Parser,
    /// Everything that was written to the terminal.
    pub(crate) raw: Vec<u8>,
}

impl Tty {
    /// Starts derby on a terminal of that size.
    pub(crate) fn start(
        place: &Place,
        args: &[&str],
        size: (u16, u16),
        env: &[(&str, &str)],
    ) -> Self {
        let (child, master) = spawn(place, args, size, env);
        let (sender, bytes) = channel();
        let mut reader = master.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(cells(size.1), cells(size.0), 0);
        Self { child, master, bytes, screen, raw: Vec::new() }
    }

    /// The screen as text.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Types.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.master.write_all(bytes).unwrap();
    }

    /// Takes in what was written until the screen shows a text.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Takes in what was written until the screen is as it should be.
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        while !is_so(&self.text()) {
            assert!(begun.elapsed() < PATIENCE, "waited for {what}; the screen:\n{}", self.text());
            self.take_in(Duration::from_millis(100));
        }
        self.text()
    }

    /// Takes in what was written, waiting for the first of it; false at the end.
    pub(crate) fn take_in(&mut self, patience: Duration) -> bool {
        match self.bytes.recv_timeout(patience) {
            Ok(bytes) => {
                self.screen.process(&bytes);
                self.raw.extend(bytes);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// Another size, as a window manager gives it.
    pub(crate) fn resize(&mut self, size: (u16, u16)) {
        set_size(&self.master, size);
        self.screen.screen_mut().set_size(cells(size.1), cells(size.0));
        self.signal("WINCH");
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// The letter of the process's state: `T` while it is stopped.
    pub(crate) fn state(&self) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        stat.rsplit(')').next().unwrap().trim().chars().next().unwrap()
    }

    /// Waits for the end, and that the terminal is in order again.
    pub(crate) fn ends(mut self) -> (ExitStatus, Self) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end; the screen:\n{}", self.text());
            self.take_in(Duration::from_millis(50));
        };
        while self.take_in(Duration::from_millis(20)) && !self.bytes_are_empty() {}
        (status, self)
    }

    /// Leaves by `q`, without an error and with the terminal in order.
    pub(crate) fn leaves(mut self) {
        self.send(b"q");
        let (status, tty) = self.ends();
        assert_eq!(status.code(), Some(0), "{}", tty.text());
        tty.assert_restored();
    }

    fn bytes_are_empty(&mut self) -> bool {
        match self.bytes.try_recv() {
            Ok(bytes) => {
                self.screen.process(&bytes);
                self.raw.extend(bytes);
                false
            }
            Err(_) => true,
        }
    }

    /// Asserts that the terminal is as a shell wants it.
    pub(crate) fn assert_restored(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was not left");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        let modes = rustix::termios::tcgetattr(&self.master).unwrap();
        assert!(modes.local_modes.contains(rustix::termios::LocalModes::ICANON), "raw mode is on");
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a process whose terminal nobody reads.
pub(crate) fn end_of(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not end");
        std::thread::yield_now();
    }
}

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap_or(NonZero::<u16>::MIN)
}

/// Starts derby on a terminal, and gives the only handle of its other end.
pub(crate) fn spawn(
    place: &Place,
    args: &[&str],
    size: (u16, u16),
    env: &[(&str, &str)],
) -> (Child, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let master = File::from(master);
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    set_size(&master, size);
    let end = || Stdio::from(slave.try_clone().unwrap());
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("derby"));
    command.env_clear().current_dir(place.path("")).args(args);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", place.path("")).env("TERM", "xterm-256color").env("DERBY_NOW", NOW);
    command.envs(env.iter().copied()).stdin(end()).stdout(end()).stderr(end());
    (command.spawn().unwrap(), master)
}

fn set_size(master: &File, (columns, rows): (u16, u16)) {
    let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(master, size).unwrap();
}
