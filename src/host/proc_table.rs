//! What `/proc` says about processes (proc(5)): one read each. Without `/proc` there are no processes.

use std::fs;

/// The fields of `/proc/PID/stat` that derby uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcStat {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) group: u32,
    pub(super) session: u32,
    /// Exited, and its parent has not asked for its status yet.
    pub(super) is_zombie: bool,
    /// CPU time in clock ticks, that of the children it waited for included.
    pub(super) cpu_ticks: u64,
    /// When it started, in ticks since boot: with the id, its identity.
    pub(super) start_ticks: u64,
    /// Pages of memory it holds; shared pages count in every process that maps them.
    pub(super) rss_pages: u64,
}

impl ProcStat {
    /// Reads one process; `None` if there is no such process.
    pub(super) fn read(pid: u32) -> Option<Self> {
        // A process may give itself any bytes as its name.
        let bytes = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(pid, &String::from_utf8_lossy(&bytes))
    }

    fn parse(pid: u32, stat: &str) -> Option<Self> {
        // The name stands in parentheses and may hold spaces and parentheses itself.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().take(22).collect();
        // Field 3 of the manual (the state) is the first one behind the name.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let id = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
        Some(Self {
            pid,
            parent: id(4)?,
            group: id(5)?,
            session: id(6)?,
            is_zombie: matches!(*fields.first()?, "Z" | "X"),
            cpu_ticks: number(14)? + number(15)? + number(16)? + number(17)?,
            start_ticks: number(22)?,
            rss_pages: number(24).unwrap_or(0),
        })
    }
}

/// The ids of all processes.
pub(super) fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// True if the environment that the process was started with has exactly this entry, `NAME=value`. A
/// zombie has no environment, and one that may not be read is as good as none.
pub(super) fn environ_has(pid: u32, entry: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
        environ.split(|byte| *byte == 0).any(|found| found == entry.as_bytes())
    })
}

/// The value of a variable in the environment that the process was started with.
pub(super) fn environ_value(pid: u32, name: &str) -> Option<String> {
    let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let prefix = format!("{name}=");
    let value =
        environ.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(prefix.as_bytes()))?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// Children of this process's main thread, to which the kernel gives orphans.
pub(super) fn main_thread_children() -> Vec<u32> {
    let own = std::process::id();
    match fs::read_to_string(format!("/proc/self/task/{own}/children")) {
        Ok(text) => text.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect(),
        // A kernel without that file: the children of all threads.
        Err(_) => pids()
            .filter(|pid| ProcStat::read(*pid).is_some_and(|stat| stat.parent == own))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_anything() {
        let tail =
            "S 1 7 9 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 555 1000 77 18446744073709551615";
        for name in ["sh", "a b", ") S 1 (", "(("] {
            let stat = ProcStat::parse(8, &format!("8 ({name}) {tail} 1 1")).unwrap();
            assert_eq!((stat.parent, stat.group, stat.session), (1, 7, 9), "{name}");
            assert_eq!((stat.cpu_ticks, stat.start_ticks, stat.rss_pages), (100, 555, 77));
            assert!(!stat.is_zombie);
        }
        assert_eq!(ProcStat::parse(8, "8 (sh) S 1"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_listed() {
        let own = std::process::id();
        assert!(pids().any(|pid| pid == own));
        let stat = ProcStat::read(own).unwrap();
        assert!(stat.rss_pages > 10 && stat.parent > 0 && !stat.is_zombie);
        let path = std::env::var("PATH").unwrap();
        assert!(environ_has(own, &format!("PATH={path}")));
        assert!(!environ_has(own, "PATH="));
        assert_eq!((environ_value(own, "PATH"), environ_value(own, "PAT")), (Some(path), None));
    }
}
