//! Samples of what runs use: one thread, one reading per interval for all of them.

use super::clock::now_ms;
use super::nvml::{GpuMeter, GpuUsage, is_visible};
use super::proc_table::{ProcStat, environ_value};
use super::usage_scan::{GroupUsage, MB, clock_ticks, network_bytes, scan};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The values of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Milliseconds since 1970 UTC.
    pub ts: i64,
    /// Names and values, always in the same order: `system.cpu_percent` since the sample before (100 is one
    /// core), `system.memory_mb` (resident; shared pages count in each process), `system.processes`,
    /// `system.disk_read_mb` and `system.disk_write_mb` (of the group since it began),
    /// `system.net_in_mb` and `system.net_out_mb` (of the whole machine since the watch began), and for every
    /// GPU that the run may see `system.gpu0_percent` and `system.gpu0_memory_mb` (of the whole GPU,
    /// whoever uses it). What cannot be read is left out. An MB is 10^6 bytes.
    pub values: Vec<(String, f64)>,
}

/// Samples groups of processes in a thread of its own, which sleeps while nobody is watched and ends with
/// this value.
#[derive(Debug)]
pub struct Monitor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    watched: BTreeMap<u64, Watched>,
    n_watches: u64,
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Samples are whole or not there, so a panic elsewhere does not spoil them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Watched {
    leader: u32,
    /// When it was sampled last, or the watch began.
    since: Instant,
    cpu: Growing,
    disk: (Growing, Growing),
    /// Of the machine when the watch began.
    network: Option<(f64, f64)>,
    /// The leader's `CUDA_VISIBLE_DEVICES`, once it was looked up.
    visible: OnceCell<Option<String>>,
    samples: Vec<Sample>,
}

/// A total over processes of which some go and take their part with them: it never falls, and grows by
/// what the others add.
#[derive(Debug, Clone, Copy, Default)]
struct Growing {
    total: f64,
    lost: f64,
}

impl Growing {
    fn starting_at(total: f64) -> Self {
        Self { total, lost: 0.0 }
    }

    /// Takes the sum over those that are there now; what was added.
    fn update(&mut self, sum: f64) -> f64 {
        let before = self.total;
        // A loss is seen as a fall only; what grew meanwhile hides as much of it.
        self.lost = self.lost.max(before - sum);
        self.total = sum + self.lost;
        self.total - before
    }
}

impl Monitor {
    /// Starts the thread. Nothing is read until somebody is watched.
    ///
    /// # Errors
    /// When the system refuses the thread.
    pub fn start(interval: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        // Without a pause between two readings the thread would do nothing else.
        let interval = interval.max(Duration::from_millis(1));
        let body = move || sample_forever(&own, interval);
        let thread = thread::Builder::new().name("monitor".into()).spawn(body)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Samples the group that `leader` leads, with its descendants, every interval. The first sample comes
    /// after one interval; where others are watched, with the reading that is nearest to it.
    pub fn watch(&self, leader: u32) -> Watch {
        let used = ProcStat::read(leader).map_or(0.0, |stat| stat.cpu_ticks as f64 / clock_ticks());
        let watched = Watched {
            leader,
            since: Instant::now(),
            cpu: Growing::starting_at(used),
            disk: Default::default(),
            network: network_bytes(),
            visible: OnceCell::new(),
            samples: Vec::new(),
        };
        let mut state = self.shared.lock();
        state.n_watches += 1;
        let id = state.n_watches;
        state.watched.insert(id, watched);
        drop(state);
        self.shared.changed.notify_all();
        Watch { shared: Arc::clone(&self.shared), id }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A group that is being watched, until this is dropped.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    id: u64,
}

impl Watch {
    /// The samples since the last call, oldest first.
    pub fn take(&self) -> Vec<Sample> {
        let mut state = self.shared.lock();
        state
            .watched
            .get_mut(&self.id)
            .map(|watched| std::mem::take(&mut watched.samples))
            .unwrap_or_default()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().watched.remove(&self.id);
    }
}

fn sample_forever(shared: &Shared, interval: Duration) {
    let gpus = GpuMeter::default();
    let mut state = shared.lock();
    loop {
        let is_idle = |state: &mut State| state.watched.is_empty() && !state.ended;
        state = shared.changed.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner);
        let due = Instant::now() + interval;
        // Until then others may come; when all have gone, the next one gets a whole interval again.
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if state.ended {
                return;
            }
            if left.is_zero() || state.watched.is_empty() {
                break;
            }
            let waited = shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let is_due = |watched: &&mut Watched| watched.since.elapsed() >= interval / 2;
        let leaders: Vec<u32> =
            state.watched.values_mut().filter(is_due).map(|watched| watched.leader).collect();
        if leaders.is_empty() {
            continue;
        }
        drop(state); // reading takes milliseconds, a GPU's driver more
        let reading = Reading {
            ts: now_ms(),
            at: Instant::now(),
            groups: scan(&leaders),
            network: network_bytes(),
            gpus: gpus.read(),
        };
        state = shared.lock();
        for watched in state.watched.values_mut() {
            watched.sample(&reading);
        }
    }
}

/// Everything that was read at one moment.
struct Reading {
    ts: i64,
    at: Instant,
    groups: BTreeMap<u32, GroupUsage>,
    network: Option<(f64, f64)>,
    gpus: Vec<GpuUsage>,
}

impl Watched {
    /// Adds a sample, if the reading is about this group and one of its processes was alive.
    fn sample(&mut self, reading: &Reading) {
        let Some(group) = reading.groups.get(&self.leader) else { return };
        let seconds = reading.at.saturating_duration_since(self.since).as_secs_f64();
        if group.n_processes == 0 || seconds <= 0.0 {
            return;
        }
        self.since = reading.at;
        let mut values = Vec::new();
        let mut put = |name: &str, value: f64| values.push((format!("system.{name}"), value));
        put("cpu_percent", 100.0 * self.cpu.update(group.cpu_seconds) / seconds);
        put("memory_mb", group.rss_bytes / MB);
        put("processes", f64::from(group.n_processes));
        if let Some((read, written)) = group.disk {
            self.disk.0.update(read);
            self.disk.1.update(written);
            put("disk_read_mb", self.disk.0.total / MB);
            put("disk_write_mb", self.disk.1.total / MB);
        }
        if let (Some(now), Some(before)) = (reading.network, self.network) {
            // An interface that went away takes its count with it.
            put("net_in_mb", (now.0 - before.0).max(0.0) / MB);
            put("net_out_mb", (now.1 - before.1).max(0.0) / MB);
        }
        if !reading.gpus.is_empty() {
            let leader = self.leader;
            let visible =
                self.visible.get_or_init(|| environ_value(leader, "CUDA_VISIBLE_DEVICES"));
            for gpu in reading.gpus.iter().filter(|gpu| is_visible(gpu, visible.as_deref())) {
                let index = gpu.index;
                gpu.percent
                    .into_iter()
                    .for_each(|value| put(&format!("gpu{index}_percent"), value));
                gpu.memory_mb
                    .into_iter()
                    .for_each(|value| put(&format!("gpu{index}_memory_mb"), value));
            }
        }
        self.samples.push(Sample { ts: reading.ts, values });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_never_fall() {
        let mut total = Growing::default();
        let check = |total: &mut Growing, sum: f64, added: f64| {
            assert_eq!(total.update(sum), added, "{sum}");
        };
        check(&mut total, 10.0, 10.0);
        check(&mut total, 4.0, 0.0); // a member with 6 went
        check(&mut total, 5.0, 1.0);
        check(&mut total, 0.0, 0.0);
        check(&mut total, 2.0, 2.0);
        assert_eq!(total.total, 13.0);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod process_tests {
    use super::*;
    use crate::host::testing::{Gone, sh, wait_for};
    use std::os::unix::process::CommandExt;

    const TINY: Duration = Duration::from_millis(20);

    fn value(sample: &Sample, name: &str) -> Option<f64> {
        sample.values.iter().find(|(found, _)| found == name).map(|(_, value)| *value)
    }

    /// Takes samples until one is as wanted.
    fn wait_for_sample(watch: &Watch, wanted: impl Fn(&Sample) -> bool) -> Sample {
        let mut found = None;
        wait_for(|| {
            found = watch.take().into_iter().find(&wanted);
            found.is_some()
        });
        found.unwrap()
    }

    #[test]
    fn a_busy_group_is_seen_with_its_strays() {
        let monitor = Monitor::start(TINY).unwrap();
        let script = "setsid sleep 1000 & echo $!; while :; do :; done";
        let (mut leader, stray) = Gone::start(sh(script).process_group(0));
        let watch = monitor.watch(leader.id());
        let sample = wait_for_sample(&watch, |sample| {
            let more =
                |name: &str, than: f64| value(sample, name).is_some_and(|value| value > than);
            more("system.cpu_percent", 1.0) && more("system.processes", 1.5)
        });
        assert!(value(&sample, "system.memory_mb").unwrap() > 0.1, "{sample:?}");
        assert!(value(&sample, "system.net_in_mb").unwrap() >= 0.0);
        assert!(sample.ts > 0);
        leader.kill().unwrap();
        drop(stray);
        leader.wait().unwrap();
    }

    #[test]
    fn groups_do_not_mix() {
        let monitor = Monitor::start(TINY).unwrap();
        let (mut one, _a) = Gone::start(sh("echo $$; exec sleep 1000").process_group(0));
        let (mut two, _b) = Gone::start(sh("sleep 1000 & echo $!; wait").process_group(0));
        let watches = [monitor.watch(one.id()), monitor.watch(two.id())];
        for (watch, expect) in watches.iter().zip([1.0, 2.0]) {
            wait_for_sample(watch, |sample| value(sample, "system.processes") == Some(expect));
        }
        for child in [&mut one, &mut two] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn who_is_gone_has_no_samples() {
        let monitor = Monitor::start(TINY).unwrap();
        let mut gone = sh("exit 0").process_group(0).spawn().unwrap();
        let gone_watch = monitor.watch(gone.id());
        gone.wait().unwrap();
        let own_watch = monitor.watch(std::process::id());
        for _ in 0..3 {
            wait_for_sample(&own_watch, |_| true);
        }
        assert_eq!(gone_watch.take(), []);
        drop(monitor);
        assert_eq!(gone_watch.take(), [], "a watch may outlive its monitor");
    }

    #[test]
    fn an_idle_monitor_ends() {
        let monitor = Monitor::start(Duration::from_hours(1)).unwrap();
        let watch = monitor.watch(std::process::id());
        drop(monitor);
        assert_eq!(watch.take(), []);
    }
}
