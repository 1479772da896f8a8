//! Which GPUs there are, and who of several runs gets which.

use super::exit_watch::{exit_notifier, wait_readable};
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How CUDA is told which devices a process may see.
const VARIABLE: &str = "CUDA_VISIBLE_DEVICES";
/// A driver in trouble can hold its own tool for minutes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The ids of the GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` takes them: what that variable
/// names if it is set, else the indices that `nvidia-smi` lists. Asked once.
pub fn gpus() -> Vec<String> {
    static GPUS: OnceLock<Vec<String>> = OnceLock::new();
    GPUS.get_or_init(|| match std::env::var(VARIABLE) {
        Ok(text) => visible_devices(&text),
        Err(_) => nvidia_smi().map_or_else(Vec::new, |text| listed_indices(&text)),
    })
    .clone()
}

/// Reads `CUDA_VISIBLE_DEVICES`: indices, UUIDs and MIG ids, as they are. As in CUDA, a negative index
/// hides itself and all behind it.
fn visible_devices(text: &str) -> Vec<String> {
    let ids = text.split(',').map(str::trim).take_while(|id| !id.starts_with('-'));
    let mut found: Vec<String> = Vec::new();
    for id in ids.filter(|id| !id.is_empty() && *id != "NoDevFiles") {
        if !found.iter().any(|known| known == id) {
            found.push(id.to_string());
        }
    }
    found
}

/// Reads one index a line; whatever else the tool says is no device.
fn listed_indices(text: &str) -> Vec<String> {
    let is_index = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    text.lines().map(str::trim).filter(is_index).map(ToString::to_string).collect()
}

fn nvidia_smi() -> Option<String> {
    let mut child = Command::new("nvidia-smi")
        .args(["--query-gpu=index", "--format=csv,noheader"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // Its few bytes fit into the pipe, so nobody has to read them for it to end.
    if exit_notifier(child.id()).is_ok_and(|notifier| !wait_readable(&notifier, PATIENCE)) {
        child.kill().ok();
    }
    let mut text = String::new();
    let read = child.stdout.take()?.read_to_string(&mut text);
    let succeeded = child.wait().is_ok_and(|status| status.success());
    (succeeded && read.is_ok()).then_some(text)
}

/// Why GPUs cannot be shared out as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GpuError {
    /// More than there are.
    #[error(
        "GPUs per run: {wanted}; GPUs there are: {found}{}; lower 'gpus', or name more devices",
        in_parentheses(.ids)
    )]
    TooFew {
        /// GPUs of one run.
        wanted: usize,
        /// GPUs in all.
        found: usize,
        /// Their ids.
        ids: Vec<String>,
    },
    /// Neither a whole number nor a share.
    #[error(
        "'{0}' is no number of GPUs for a run: write a whole number, or a share below 1 (0.5: two runs \
         on one GPU)"
    )]
    BadNumber(f64),
}

fn in_parentheses(ids: &[String]) -> String {
    if ids.is_empty() { String::new() } else { format!(" ({})", ids.join(", ")) }
}

/// Hands GPUs to runs; clones share the same devices.
#[derive(Debug, Clone)]
pub struct GpuSlots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ids: Vec<String>,
    devices_per_run: usize,
    runs_per_device: usize,
    /// Runs on each device.
    loads: Mutex<Vec<usize>>,
}

impl Shared {
    fn loads(&self) -> MutexGuard<'_, Vec<usize>> {
        // Counters are right after every step, so a panic elsewhere does not spoil them.
        self.loads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GpuSlots {
    /// Shares out `ids`: a whole `per_run` gives every run that many devices of its own, a share below 1
    /// puts `⌊1/per_run⌋` runs on one device.
    ///
    /// # Errors
    /// When one run asks for more devices than there are, or `per_run` is no such number.
    pub fn new(ids: Vec<String>, per_run: f64) -> Result<Self, GpuError> {
        let is_share = per_run > 0.0 && per_run < 1.0;
        let is_count = per_run >= 1.0 && per_run.fract() == 0.0 && per_run.is_finite();
        if !is_share && !is_count {
            return Err(GpuError::BadNumber(per_run));
        }
        // A third that was written as 0.3333333333 is three runs, not 3.0000000003.
        let runs_per_device = if is_share { (1.0 / per_run + 1e-9).floor() as usize } else { 1 };
        let devices_per_run = if is_share { 1 } else { per_run as usize };
        if devices_per_run > ids.len() {
            return Err(GpuError::TooFew { wanted: devices_per_run, found: ids.len(), ids });
        }
        let loads = Mutex::new(vec![0; ids.len()]);
        Ok(Self(Arc::new(Shared { ids, devices_per_run, runs_per_device, loads })))
    }

    /// How many runs can have their GPUs at a time.
    pub fn n_slots(&self) -> usize {
        (self.0.ids.len() / self.0.devices_per_run).saturating_mul(self.0.runs_per_device)
    }

    /// GPUs for one run, the least loaded first; `None` if too few are free.
    pub fn take(&self) -> Option<GpuLease> {
        let mut loads = self.0.loads();
        let mut free: Vec<usize> =
            (0..loads.len()).filter(|device| loads[*device] < self.0.runs_per_device).collect();
        free.sort_by_key(|device| loads[*device]);
        let mut devices = free.get(..self.0.devices_per_run)?.to_vec();
        devices.sort_unstable();
        for device in &devices {
            loads[*device] += 1;
        }
        let ids: Vec<&str> = devices.iter().map(|device| self.0.ids[*device].as_str()).collect();
        Some(GpuLease { visible: ids.join(","), shared: Arc::clone(&self.0), devices })
    }
}

/// The GPUs of one run; they are free again when this is dropped.
#[derive(Debug)]
pub struct GpuLease {
    shared: Arc<Shared>,
    devices: Vec<usize>,
    visible: String,
}

impl GpuLease {
    /// The value for `CUDA_VISIBLE_DEVICES`.
    pub fn visible(&self) -> &str {
        &self.visible
    }
}

impl Drop for GpuLease {
    fn drop(&mut self) {
        let mut loads = self.shared.loads();
        for device in &self.devices {
            loads[*device] -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(n: usize) -> Vec<String> {
        (0..n).map(|id| id.to_string()).collect()
    }

    #[test]
    fn reads_the_variable_of_cuda() {
        let check =
            |text: &str, expect: &[&str]| assert_eq!(visible_devices(text), expect, "{text}");
        check("0,1", &["0", "1"]);
        check(" 3 , 0,", &["3", "0"]);
        check("GPU-8932f937,MIG-a1/2/0", &["GPU-8932f937", "MIG-a1/2/0"]);
        check("", &[]);
        check("-1", &[]);
        check("0,-1,1", &["0"]);
        check("1,1,0", &["1", "0"]);
        check("NoDevFiles", &[]);
    }

    #[test]
    fn reads_the_list_of_the_driver() {
        let check =
            |text: &str, expect: &[&str]| assert_eq!(listed_indices(text), expect, "{text}");
        check("0\n1\n", &["0", "1"]);
        check("No devices were found\n", &[]);
        check("", &[]);
    }

    #[test]
    fn whole_devices_belong_to_one_run() {
        let slots = GpuSlots::new(ids(5), 2.0).unwrap();
        assert_eq!(slots.n_slots(), 2);
        let (a, b) = (slots.take().unwrap(), slots.take().unwrap());
        assert_eq!((a.visible(), b.visible()), ("0,1", "2,3"));
        assert!(slots.take().is_none());
        drop(a);
        assert_eq!(slots.take().unwrap().visible(), "0,1");
    }

    #[test]
    fn shares_are_spread_before_they_are_stacked() {
        let check = |share: f64, n_slots: usize, order: &[&str]| {
            let slots = GpuSlots::new(ids(2), share).unwrap();
            assert_eq!(slots.n_slots(), n_slots, "{share}");
            let leases: Vec<GpuLease> = std::iter::from_fn(|| slots.take()).collect();
            let seen: Vec<&str> = leases.iter().map(GpuLease::visible).collect();
            assert_eq!(seen, order, "{share}");
        };
        check(0.5, 4, &["0", "1", "0", "1"]);
        check(0.333_333_333_3, 6, &["0", "1", "0", "1", "0", "1"]);
        check(0.7, 2, &["0", "1"]);
    }

    #[test]
    fn freed_devices_are_taken_first() {
        let slots = GpuSlots::new(ids(2), 0.5).unwrap();
        let mut leases: Vec<GpuLease> = (0..4).filter_map(|_| slots.take()).collect();
        leases.remove(1);
        assert_eq!(slots.take().unwrap().visible(), "1");
    }

    #[test]
    fn what_cannot_be_had_is_said() {
        let check = |n: usize, per_run: f64, expect: &str| {
            let text = GpuSlots::new(ids(n), per_run).unwrap_err().to_string();
            assert!(text.contains(expect), "{text}");
        };
        check(2, 4.0, "GPUs per run: 4; GPUs there are: 2 (0, 1); lower 'gpus'");
        check(0, 1.0, "GPUs per run: 1; GPUs there are: 0; ");
        check(0, 0.5, "GPUs there are: 0; ");
        check(2, 1.5, "'1.5' is no number");
        check(2, 0.0, "'0' is no number");
        check(2, -1.0, "'-1' is no number");
        check(2, f64::NAN, "'NaN' is no number");
        check(2, f64::INFINITY, "'inf' is no number");
    }

    #[test]
    fn threads_never_share_a_whole_device() {
        let slots = GpuSlots::new(ids(3), 1.0).unwrap();
        let in_use = Mutex::new(std::collections::BTreeSet::new());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let Some(lease) = slots.take() else { continue };
                        assert!(in_use.lock().unwrap().insert(lease.visible().to_string()));
                        assert!(in_use.lock().unwrap().remove(lease.visible()));
                    }
                });
            }
        });
        assert_eq!(std::iter::from_fn(|| slots.take().map(std::mem::forget)).count(), 3);
    }
}
