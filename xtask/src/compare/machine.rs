//! What a reader must know about the machine; not its name, nor any path.
#![forbid(unsafe_code)]

use super::options::Options;
use crate::shell::Result;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// Processor, memory, kernel, file systems, and the day.
pub(super) struct Machine {
    pub(super) lines: Vec<(&'static str, String)>,
    pub(super) memory_fs: String,
    pub(super) disk_fs: String,
    pub(super) date: String,
}

impl Machine {
    pub(super) fn describe(options: &Options) -> Result<Self> {
        fs::create_dir_all(&options.disk).map_err(|why| why.to_string())?;
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpu = text("/proc/cpuinfo");
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let memory = text("/proc/meminfo");
        let memory: f64 = memory
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB"))
            .and_then(|kb| kb.trim().parse().ok())
            .unwrap_or(0.0);
        let kernel = text("/proc/sys/kernel/osrelease");
        let kernel: Vec<&str> = kernel.trim().splitn(3, '.').take(2).collect();
        let pages = text("/sys/kernel/mm/transparent_hugepage/enabled");
        let pages = pages.split(['[', ']']).nth(1).unwrap_or("none").to_owned();
        let load = text("/proc/loadavg");
        let load = load.split(' ').next().unwrap_or("?").to_owned();
        let (memory_fs, disk_fs) = (file_system(&options.dir)?, file_system(&options.disk)?);
        let lines = vec![
            ("processor", cpu.map_or("?", |(_, name)| name.trim()).to_owned()),
            ("cores", cores.to_string()),
            ("memory", format!("{:.0} GiB", memory / f64::from(1 << 20))),
            ("kernel", format!("Linux {}", kernel.join("."))),
            ("transparent huge pages", pages),
            ("file system of the inputs", memory_fs.clone()),
            ("file system of the disk", disk_fs.clone()),
            ("load before the run", load),
        ];
        Ok(Self { lines, memory_fs, disk_fs, date: today() })
    }
}

impl Machine {
    /// What the processor calls itself.
    pub(super) fn processor(&self) -> &str {
        self.lines.iter().find(|(key, _)| *key == "processor").map_or("?", |(_, name)| name)
    }
}

/// The kind of file system that `path` lies on.
fn file_system(path: &Path) -> Result<String> {
    let path = fs::canonicalize(path).map_err(|why| format!("{}: {why}", path.display()))?;
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mut best = (0, "?");
    for line in mounts.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if let [_, place, kind, ..] = words[..] {
            // A later mount at the same place hides the earlier one.
            if path.starts_with(place) && place.len() >= best.0 {
                best = (place.len(), kind);
            }
        }
    }
    Ok(best.1.to_owned())
}

fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_secs());
    let (year, month, day) = civil(seconds / 86400);
    format!("{year}-{month:02}-{day:02}")
}

/// Year, month and day of the day that is `days` after 1 January 1970.
fn civil(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for len in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < len {
            break;
        }
        days -= len;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(19_783), (2024, 3, 1));
        assert_eq!(civil(20_088), (2024, 12, 31));
    }
}
