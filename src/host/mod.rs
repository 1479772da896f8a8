//! The machine: clock, user, git, file-system kind, processes, GPUs, signals. Nothing here is derby's own business.
//!
//! Everything that a test may want to hold still goes through here: [`clock`] reads `DERBY_NOW`.

mod again;
pub mod clock;
mod environment;
mod exit_watch;
mod fault;
mod file_system;
mod git;
mod gpu;
mod group;
pub mod interrupts;
mod memory;
mod nvml;
mod proc_table;
mod process;
mod ready;
mod reaper;
#[cfg(all(test, target_os = "linux"))]
mod testing;
mod usage;
mod usage_scan;

pub use again::{launch_self, rest, run_self, tail};
pub use clock::{Stopwatch, now_ms};
pub use environment::{REDACTED, redacted_args, redacted_env};
pub use exit_watch::{exit_notifier, wait_readable};
pub use fault::fault;
pub use file_system::{FsKind, fs_kind};
pub use git::{Git, git};
pub use gpu::{GpuError, GpuLease, GpuSlots, gpus};
pub use group::{
    GroupSignal, adopt_orphans, finished_cpu_seconds, group_alive, kill_marked, kill_orphans,
    signal_group,
};
pub use interrupts::{Asked, HANGUP, Interrupts, on_signals, stop_self};
pub use memory::{free_memory_mb, n_cores};
pub use process::{
    hostname, peak_rss_bytes, pid_alive, process_cpu_seconds, process_identity, thread_cpu_seconds,
    user,
};
pub use ready::{is_hung_up, ready, wait_for_hangup};
pub use reaper::{Reaper, serve_reaper};
pub use usage::{Monitor, Sample, Watch};
