//! How fast the terminal UI is over 100,000 runs and 10,000,000 points: `cargo bench --bench tui`.
//!
//! The program runs on a real pty. Times to the screen are from the start, or from the key, to the last byte of the frame
//! as it arrives at the other end; what a store is asked for is timed in the process by the same state machine.
#![allow(clippy::print_stdout, missing_docs)]

mod big_store;

use derby::domain::PointBatch;
use derby::store::{Mode, Store};
use derby::tui::theme::Depth;
use derby::tui::{Options, Pilot, ScreenId, keymap};
use ratatui::layout::Rect;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const SIZES: [(u16, u16); 2] = [(220, 60), (100, 30)];
/// A keyboard that repeats.
const REPEAT: Duration = Duration::from_millis(40);
/// In the first row of the table as it opens.
const NEWEST: &str = "▶▢! 100000";
/// In the first row of the table sorted by `roc_auc`.
const BEST: &str = "▶▢✓  38876";
/// A filter without its last key, and how many runs it leaves.
const FILTER: &str = "/roc_auc > 0.8 and C < ";
const FITTING: &str = "of 14,393";
/// What is written while the screen is watched.
const POINTS_A_SECOND: u64 = 10_000;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let folder = big_store::folder(big_store::FULL)?;
    for size in SIZES {
        println!("\n{}×{}, times in ms{:>34} {:>9} {:>9}", size.0, size.1, "p50", "p99", "max");
        on_a_pty(&folder, size)?;
        in_process(&folder, size)?;
    }
    Ok(())
}

fn line(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    println!("{name:<44} {:>9.2} {:>9.2} {:>9.2}", at(0.5), at(0.99), at(1.0));
}

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap_or(NonZero::<u16>::MIN)
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// The program at the other end of a pty.
struct Shown {
    child: Child,
    master: File,
    bytes: Receiver<(Instant, Vec<u8>)>,
}

impl Shown {
    fn start(folder: &Path, (columns, rows): (u16, u16)) -> Result<Self, Failed> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size)?;
        let slave = File::options().read(true).write(true).open(name.to_str()?)?;
        let child = Command::new(env!("CARGO_BIN_EXE_derby"))
            .args(["--store", &folder.display().to_string()])
            .env("TERM", "xterm-256color")
            .env("DERBY_STATE", "/dev/null")
            .stdin(Stdio::from(slave.try_clone()?))
            .stdout(Stdio::from(slave.try_clone()?))
            .stderr(Stdio::from(slave))
            .spawn()?;
        let master = File::from(master);
        let mut reader = master.try_clone()?;
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, master, bytes })
    }

    /// Waits until nothing has come for `quiet`; the time of the end of every frame, and all text.
    fn read(&self, quiet: Duration) -> (Vec<Instant>, String) {
        let (mut frames, mut text) = (Vec::new(), Vec::new());
        while let Ok((at, bytes)) = self.bytes.recv_timeout(quiet) {
            text.extend_from_slice(&bytes);
            // The end of a synchronized update is the end of a frame.
            if bytes.windows(8).any(|window| window == b"\x1b[?2026l") {
                frames.push(at);
            }
        }
        (frames, String::from_utf8_lossy(&text).into_owned())
    }

    /// Takes in what is written until the screen shows a text; the time from `start` to the bytes that completed it.
    fn until(&self, screen: &mut vt100::Parser, start: Instant, text: &str) -> Result<f64, Failed> {
        loop {
            let (at, bytes) = self.bytes.recv_timeout(Duration::from_secs(10)).map_err(|_| {
                format!("'{text}' does not appear:\n{}", screen.screen().contents())
            })?;
            screen.process(&bytes);
            if screen.screen().contents().contains(text) {
                return Ok((at - start).as_secs_f64() * 1e3);
            }
        }
    }

    /// Types, and takes in all that follows.
    fn settle(&mut self, screen: &mut vt100::Parser, keys: &str) -> Result<(), Failed> {
        self.master.write_all(keys.as_bytes())?;
        while let Ok((_, bytes)) = self.bytes.recv_timeout(Duration::from_millis(300)) {
            screen.process(&bytes);
        }
        Ok(())
    }

    /// CPU seconds so far.
    fn cpu(&self) -> Result<f64, Failed> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks / rustix::param::clock_ticks_per_second() as f64)
    }

    fn rss_mb(&self) -> Result<u64, Failed> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: 0 kB");
        Ok(line.split_whitespace().nth(1).unwrap_or("0").parse::<u64>()? / 1024)
    }

    fn quit(mut self) -> Result<(), Failed> {
        self.master.write_all(b"q")?;
        self.child.wait()?;
        Ok(())
    }
}

fn on_a_pty(folder: &Path, size: (u16, u16)) -> Result<(), Failed> {
    let emulator = || vt100::Parser::new(cells(size.1), cells(size.0), 0);
    let (mut first, mut filled, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..10 {
        let start = Instant::now();
        let (shown, mut screen) = (Shown::start(folder, size)?, emulator());
        first.push(shown.until(&mut screen, start, "[1 Runs]")?);
        filled.push(shown.until(&mut screen, start, NEWEST)?);
        let (frames, _) = shown.read(Duration::from_millis(700));
        last.extend(frames.last().map(|at| (*at - start).as_secs_f64() * 1e3));
        shown.quit()?;
    }
    line("start to the first frame", first);
    line("start to the table", filled);
    line("start to the last frame (preview, columns)", last);

    let (mut shown, mut screen) = (Shown::start(folder, size)?, emulator());
    shown.until(&mut screen, Instant::now(), NEWEST)?;
    let (mut sorts, mut filters) = (Vec::new(), Vec::new());
    shown.settle(&mut screen, "")?;
    shown.settle(&mut screen, "ll")?;
    for _ in 0..20 {
        let start = Instant::now();
        shown.master.write_all(b"s")?;
        sorts.push(shown.until(&mut screen, start, BEST)?);
        shown.settle(&mut screen, "hhhhsll")?;
    }
    for _ in 0..20 {
        shown.settle(&mut screen, FILTER)?;
        let start = Instant::now();
        shown.master.write_all(b"1\r")?;
        filters.push(shown.until(&mut screen, start, FITTING)?);
        shown.settle(&mut screen, "\x1b")?;
    }
    line("key to the table sorted by a metric", sorts);
    line("key to the table filtered by metric, parameter", filters);
    shown.quit()?;

    let mut shown = Shown::start(folder, size)?;
    shown.read(Duration::from_millis(1500));
    let mut keys = Vec::new();
    for (key, n) in [(b"j", 200), (b"k", 200)] {
        for _ in 0..n {
            let pressed = Instant::now();
            shown.master.write_all(key)?;
            let Ok((at, _)) = shown.bytes.recv_timeout(Duration::from_secs(2)) else { continue };
            keys.push((at - pressed).as_secs_f64() * 1e3);
            shown.read(REPEAT);
        }
    }
    line("key to the first bytes of its frame, scrolling", keys);
    let mut pages = Vec::new();
    for _ in 0..100 {
        let pressed = Instant::now();
        shown.master.write_all(b"\x04")?;
        let (frames, _) = shown.read(REPEAT);
        let last = frames.last().map_or(f64::NAN, |at| (*at - pressed).as_secs_f64() * 1e3);
        pages.push(last);
    }
    line("half a page to its last frame (rows, preview)", pages);
    println!("{:<44} {:>9} MB", "peak memory", shown.rss_mb()?);

    let (cpu, start) = (shown.cpu()?, Instant::now());
    shown.read(Duration::from_secs(1));
    std::thread::park_timeout(Duration::from_secs(9));
    let idle = (shown.cpu()? - cpu) / start.elapsed().as_secs_f64();
    println!("{:<44} {:>9.2} % of a core", "idle", idle * 100.0);

    let (cpu, start) = (shown.cpu()?, Instant::now());
    let written = write_points(folder, Duration::from_secs(10))?;
    let busy = (shown.cpu()? - cpu) / start.elapsed().as_secs_f64();
    let rate = written as f64 / start.elapsed().as_secs_f64();
    println!(
        "{:<44} {:>9.2} % of a core",
        format!("while {rate:.0} points/s are logged"),
        busy * 100.0
    );
    shown.quit()
}

/// Logs points to the newest run in batches of a hundredth of a second, as a sweep does.
fn write_points(folder: &Path, time: Duration) -> Result<u64, Failed> {
    let mut store = Store::open(folder, Mode::ReadWrite { create: false })?;
    let (run, owner) = big_store::begin(&mut store)?;
    let (start, mut written) = (Instant::now(), 0);
    while start.elapsed() < time {
        let due = (start.elapsed().as_secs_f64() * POINTS_A_SECOND as f64) as u64;
        let mut batch = PointBatch::default();
        let series = batch.series("bench", "");
        for step in written..due {
            batch.points.push(derby::domain::SeriesPoint {
                series,
                step: step as i64,
                value: step as f64,
                ts: derby::host::now_ms(),
            });
        }
        written = due;
        store.add_points((run, 1), &owner, &batch, &[])?;
        std::thread::park_timeout(Duration::from_millis(10));
    }
    big_store::end(&mut store, run, &owner)?;
    Ok(written)
}

fn in_process(folder: &Path, (width, height): (u16, u16)) -> Result<(), Failed> {
    let options = Options {
        store: folder.into(),
        ledgers: folder.join("champions"),
        here: folder.into(),
        screen: Some(ScreenId::Runs),
        jump: None,
        theme: Some("terminal".into()),
        ascii: false,
        depth: Some(Depth::Indexed),
        read_only: true,
        mouse: true,
    };
    let area = Rect::new(0, 0, width, height);
    let mut pilot = Pilot::start(&options, area, false)?;
    let mut frames = Vec::new();
    for _ in 0..200 {
        pilot.press(&keymap::presses("j")?);
        let start = Instant::now();
        std::hint::black_box(pilot.frame());
        frames.push(ms(start));
    }
    line("drawing a frame", frames);
    Ok(())
}
