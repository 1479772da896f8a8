//! Whether a path lies on a file system whose locks a database can trust.

use std::path::Path;

/// The kind of file system that a path lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FsKind {
    /// A disk or memory of this machine.
    Local,
    /// Shared by several machines; the name of its kind.
    Network(String),
}

/// Magic numbers of statfs(2), from the kernel's `magic.h` and the file systems' own sources. 9p is how
/// virtual machines share folders of their host; its shared memory is not shared.
#[cfg(target_os = "linux")]
const NETWORK: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x00C3_6400, "Ceph"),
    (0x0102_1997, "9p"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x564C, "NCP"),
    (0x1983_0326, "BeeGFS"),
    (0xAAD7_AAEA, "PanFS"),
    (0x7461_636F, "OCFS2"),
    (0x0116_1970, "GFS2"),
    (0x2003_0528, "OrangeFS"),
    (0x786F_4256, "vboxsf"),
];

#[cfg(target_os = "linux")]
const FUSE: u32 = 0x6573_5546;

/// FUSE has one number for all; these are the network ones among them, by the type in the mount table.
#[cfg(any(target_os = "linux", test))]
const NETWORK_FUSE: &[&str] = &[
    "sshfs",
    "gluster",
    "s3",
    "gcs",
    "rclone",
    "davfs",
    "goofys",
    "juicefs",
    "ceph",
    "mfs",
    "hdfs",
    "nfs",
    "smb",
    "onedrive",
    "google-drive",
];

/// The kind of file system of `path`, or of its nearest parent that exists.
#[cfg(target_os = "linux")]
pub fn fs_kind(path: &Path) -> FsKind {
    let Some(existing) = existing(path) else { return FsKind::Local };
    let Ok(found) = nix::sys::statfs::statfs(&existing) else { return FsKind::Local };
    let magic = found.filesystem_type().0 as u32;
    if magic == FUSE {
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        return fuse_kind(&existing, &table);
    }
    NETWORK
        .iter()
        .find(|(number, _)| *number == magic)
        .map_or(FsKind::Local, |(_, name)| FsKind::Network((*name).into()))
}

/// The kind of file system; only Linux is asked.
#[cfg(not(target_os = "linux"))]
pub fn fs_kind(_path: &Path) -> FsKind {
    FsKind::Local
}

#[cfg(target_os = "linux")]
fn existing(path: &Path) -> Option<std::path::PathBuf> {
    let full = std::path::absolute(path).ok()?;
    full.ancestors().find_map(|parent| parent.canonicalize().ok())
}

/// Reads the type of the innermost mount over `path` from the text of `/proc/self/mountinfo` (proc(5)).
#[cfg(any(target_os = "linux", test))]
fn fuse_kind(path: &Path, table: &str) -> FsKind {
    let mut best: Option<(usize, &str)> = None;
    for line in table.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (left.split(' ').nth(4), right.split(' ').next()) else {
            continue;
        };
        let point = point.replace("\\040", " ");
        // Later lines cover earlier ones at the same point.
        if path.starts_with(&point) && best.is_none_or(|(length, _)| point.len() >= length) {
            best = Some((point.len(), kind));
        }
    }
    match best {
        Some((_, kind)) if NETWORK_FUSE.iter().any(|word| kind.contains(word)) => {
            FsKind::Network(kind.into())
        }
        _ => FsKind::Local,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn innermost_mount_decides() {
        let table = "22 1 8:1 / / rw - ext4 /dev/sda rw\n\
                     40 22 0:5 / /mnt/far rw shared:1 - fuse.sshfs me@host: rw\n\
                     41 22 0:6 / /mnt/usb\\040stick rw - fuseblk /dev/sdb rw\n";
        let check = |path: &str, kind: FsKind| assert_eq!(fuse_kind(Path::new(path), table), kind);
        check("/mnt/far/project/.derby", FsKind::Network("fuse.sshfs".into()));
        check("/mnt/usb stick/p", FsKind::Local);
        check("/mnt/farther", FsKind::Local);
    }

    #[test]
    fn a_folder_of_this_machine_is_local() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(fs_kind(&folder.path().join("not/there/yet")), FsKind::Local);
    }
}
