//! One reading of what the machine spends on groups of processes.

use super::proc_table::{ProcStat, pids};
use std::collections::{BTreeMap, HashMap};
use std::fs;

/// Bytes in the MB of all values.
pub(super) const MB: f64 = 1e6;

/// What the processes of one group hold and have used, as far as they are alive.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct GroupUsage {
    pub(super) n_processes: u32,
    /// CPU time of the members and of the children that they waited for.
    pub(super) cpu_seconds: f64,
    /// Sum over the members; a page that several share counts in each.
    pub(super) rss_bytes: f64,
    /// Bytes read from and written to disks; `None` if no member may be asked.
    pub(super) disk: Option<(f64, f64)>,
}

/// Reads all of `/proc` once, and sums up over the members of each group that one of `leaders` leads: the
/// process group, the session, and all descendants wherever they are.
pub(super) fn scan(leaders: &[u32]) -> BTreeMap<u32, GroupUsage> {
    let stats: HashMap<u32, ProcStat> =
        pids().filter_map(ProcStat::read).map(|stat| (stat.pid, stat)).collect();
    let ticks = clock_ticks();
    let page = page_bytes();
    let mut found = BTreeMap::new();
    for stat in stats.values() {
        let Some(leader) = owner(stat, &stats, leaders) else { continue };
        let usage: &mut GroupUsage = found.entry(leader).or_default();
        // A zombie's time is not its parent's yet.
        usage.cpu_seconds += stat.cpu_ticks as f64 / ticks;
        if stat.is_zombie {
            continue;
        }
        usage.n_processes += 1;
        usage.rss_bytes += stat.rss_pages as f64 * page;
        if let Some((read, written)) = disk_bytes(stat.pid) {
            let sum = usage.disk.get_or_insert_default();
            sum.0 += read;
            sum.1 += written;
        }
    }
    found
}

/// The watched leader that a process belongs to: its own group's or session's, else its parent's.
fn owner(stat: &ProcStat, stats: &HashMap<u32, ProcStat>, leaders: &[u32]) -> Option<u32> {
    let mut stat = stat;
    // Ids may be reused between two reads, so a chain of parents need not end.
    for _ in 0..=stats.len() {
        if let Some(leader) =
            [stat.pid, stat.group, stat.session].iter().find(|id| leaders.contains(id))
        {
            return Some(*leader);
        }
        stat = stats.get(&stat.parent)?;
    }
    None
}

/// `/proc/PID/io` (proc(5)).
fn disk_bytes(pid: u32) -> Option<(f64, f64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    let field = |name: &str| -> Option<f64> {
        text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
    };
    Some((field("read_bytes:")?, field("write_bytes:")?))
}

/// Bytes that the machine has received and sent over all interfaces but the loopback since it started.
pub(super) fn network_bytes() -> Option<(f64, f64)> {
    Some(parse_network(&fs::read_to_string("/proc/net/dev").ok()?))
}

/// Reads `/proc/net/dev`: two lines of titles, then `name: 8 columns of input, 8 of output`.
fn parse_network(text: &str) -> (f64, f64) {
    let mut sum = (0.0, 0.0);
    for line in text.lines().skip(2) {
        let Some((name, columns)) = line.split_once(':') else { continue };
        let columns: Vec<&str> = columns.split_ascii_whitespace().collect();
        let bytes = |at: usize| columns.get(at)?.parse::<f64>().ok();
        if name.trim() != "lo" {
            sum.0 += bytes(0).unwrap_or(0.0);
            sum.1 += bytes(8).unwrap_or(0.0);
        }
    }
    sum
}

#[cfg(target_os = "linux")]
pub(super) fn clock_ticks() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

#[cfg(not(target_os = "linux"))]
pub(super) fn clock_ticks() -> f64 {
    100.0
}

fn page_bytes() -> f64 {
    rustix::param::page_size() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_the_interfaces() {
        let text = "Inter-|   Receive                |  Transmit\n face |bytes packets|bytes packets\n\
                    \x20   lo: 7 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n\
                    \x20 eth0: 100 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0\n  eth1:5 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n";
        assert_eq!(parse_network(text), (105.0, 32.0));
        assert_eq!(parse_network(""), (0.0, 0.0));
    }

    fn stat(pid: u32, parent: u32, group: u32, session: u32) -> ProcStat {
        ProcStat {
            pid,
            parent,
            group,
            session,
            is_zombie: false,
            cpu_ticks: 0,
            start_ticks: 0,
            rss_pages: 0,
        }
    }

    #[test]
    fn members_are_group_session_and_descendants() {
        let table = [
            stat(10, 1, 10, 1),   // the leader
            stat(11, 10, 10, 1),  // its group
            stat(12, 1, 12, 10),  // its session
            stat(13, 11, 13, 13), // a descendant on its own
            stat(14, 13, 14, 14),
            stat(20, 1, 20, 1),  // somebody else
            stat(30, 31, 30, 1), // a circle, by reused ids
            stat(31, 30, 31, 1),
        ];
        let stats: HashMap<u32, ProcStat> = table.iter().map(|stat| (stat.pid, *stat)).collect();
        let check = |pid: u32, expect: Option<u32>| {
            assert_eq!(owner(&stats[&pid], &stats, &[10]), expect, "{pid}");
        };
        for member in [10, 11, 12, 13, 14] {
            check(member, Some(10));
        }
        for other in [20, 30, 31] {
            check(other, None);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_something() {
        let own = std::process::id();
        let usage = scan(&[own])[&own];
        assert!(usage.n_processes >= 1 && usage.rss_bytes > 1e6, "{usage:?}");
        assert!(network_bytes().is_some());
    }
}
