//! The machine: clock, user, git, file-system kind, CPU time, signals. Nothing here is derby's own business.
//!
//! Everything that a test may want to hold still goes through here: [`clock`] reads `DERBY_NOW`.

pub mod clock;
mod environment;
mod fault;
mod file_system;
mod git;
pub mod interrupts;
mod memory;
mod process;

pub use clock::{Stopwatch, now_ms};
pub use environment::{REDACTED, redacted_args, redacted_env};
pub use fault::fault;
pub use file_system::{FsKind, fs_kind};
pub use git::{Git, git};
pub use interrupts::Interrupts;
pub use memory::{free_memory_mb, n_cores};
pub use process::{
    hostname, peak_rss_bytes, pid_alive, process_cpu_seconds, process_identity, thread_cpu_seconds,
    user,
};
