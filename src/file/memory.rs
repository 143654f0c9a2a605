//! How much memory may still be taken, before the kernel ends somebody: that of the machine, and that
//! of the control groups that this process is in.

use std::fs;
use std::path::Path;

/// Bytes. `None`: nobody says.
#[must_use]
pub fn free() -> Option<u64> {
    free_below(Path::new("/"))
}

/// Of the files below another root than `/`.
fn free_below(root: &Path) -> Option<u64> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    // cgroups(7): a line "0::/path" of version 2, "4:memory:/path" of version 1.
    let of_groups = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let version = match controllers {
            "" => &V2,
            names if names.split(',').any(|name| name == "memory") => &V1,
            _ => return None,
        };
        let mount = root.join(version.mount);
        let group = mount.join(path.trim_start_matches('/'));
        // A limit of any group above counts as well.
        let groups = group
            .ancestors()
            .take_while(|above| above.starts_with(&mount));
        groups.filter_map(|group| version.free(group)).min()
    });
    of_groups.chain(of_machine(root)).min()
}

fn of_machine(root: &Path) -> Option<u64> {
    let about = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let kilobytes = number_behind(&about, "MemAvailable:")?;
    Some(kilobytes.saturating_mul(1024))
}

/// What a version of control groups calls its files.
struct Version {
    mount: &'static str,
    limit: &'static str,
    usage: &'static str,
    /// Of `memory.stat`: pages of files, which the kernel takes back first.
    cache: &'static str,
}

const V2: Version = Version {
    mount: "sys/fs/cgroup",
    limit: "memory.max",
    usage: "memory.current",
    cache: "inactive_file",
};

const V1: Version = Version {
    mount: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    cache: "total_inactive_file",
};

impl Version {
    /// `None`: the group has no limit.
    fn free(&self, group: &Path) -> Option<u64> {
        let number = |name: &str| -> Option<u64> {
            let text = fs::read_to_string(group.join(name)).ok()?;
            text.trim().parse().ok() // "max": none
        };
        let (limit, usage) = (number(self.limit)?, number(self.usage)?);
        let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        let cache = number_behind(&stat, self.cache).unwrap_or_default();
        Some(limit.saturating_sub(usage.saturating_sub(cache)))
    }
}

/// The number in the line that begins with this word.
fn number_behind(text: &str, word: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_ascii_whitespace);
    let mut line = lines.find(|line| line.clone().next() == Some(word))?;
    line.nth(1)?.parse().ok()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_limit_counts() {
        const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:   4 kB\n");
        const IN_V2: (&str, &str) = ("proc/self/cgroup", "0::/a/b\n");
        const IN_V1: (&str, &str) = ("proc/self/cgroup", "5:cpu,memory:/a\n1:name=systemd:/x\n");
        type Files<'a> = &'a [(&'a str, &'a str)];
        let cases: &[(Files<'_>, Option<u64>)] = &[
            (&[], None),
            (&[MACHINE], Some(4096)),
            (&[MACHINE, IN_V2], Some(4096)),
            (
                &[
                    MACHINE,
                    IN_V2,
                    ("sys/fs/cgroup/a/b/memory.max", "3000\n"),
                    ("sys/fs/cgroup/a/b/memory.current", "1000\n"),
                ],
                Some(2000),
            ),
            (
                &[
                    MACHINE,
                    IN_V2,
                    ("sys/fs/cgroup/a/b/memory.max", "max\n"),
                    ("sys/fs/cgroup/a/b/memory.current", "1000\n"),
                    ("sys/fs/cgroup/a/memory.max", "1500\n"),
                    ("sys/fs/cgroup/a/memory.current", "1200\n"),
                    ("sys/fs/cgroup/a/memory.stat", "anon 7\ninactive_file 100\n"),
                ],
                Some(400),
            ),
            (
                &[
                    MACHINE,
                    IN_V2,
                    ("sys/fs/cgroup/a/b/memory.max", "99999\n"),
                    ("sys/fs/cgroup/a/b/memory.current", "1000\n"),
                ],
                Some(4096),
            ),
            (
                &[
                    IN_V1,
                    ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "3000\n"),
                    ("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "4000\n"),
                    (
                        "sys/fs/cgroup/memory/a/memory.stat",
                        "total_inactive_file 500\n",
                    ),
                ],
                Some(0),
            ),
        ];
        for (files, expected) in cases {
            let root = tempfile::tempdir().unwrap();
            for (path, content) in *files {
                let path = root.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            assert_eq!(free_below(root.path()), *expected, "{files:?}");
        }
    }

    #[test]
    fn this_machine_has_some() {
        assert!(free().is_some_and(|bytes| bytes > 1 << 20));
    }
}
