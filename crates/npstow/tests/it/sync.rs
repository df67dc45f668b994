//! What is on the disk before what: the calls that reach the system, in their order.
//!
//! Each test runs once more in a process of its own, whose calls of the C library a shim notes. It
//! is compiled by the C compiler that Rust links with.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use super::support::counted;
use npstow::npy::{self, Appender, WriteOptions};
use npstow::{Durability, MemoryOrder};
use std::path::Path;
use std::process::Command;

/// Notes calls that concern files below the folder in `CALLS_BELOW`; a write is one of the header
/// where it begins within the first 128 bytes.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *what) {
    int fd = syscall(SYS_openat, AT_FDCWD, getenv("CALLS"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    syscall(SYS_write, fd, what, strlen(what));
    syscall(SYS_close, fd);
}

/* 0: not ours; 1: a file of ours; 2: the folder itself. */
static int ours(int fd) {
    char link[64], path[4096];
    const char *below = getenv("CALLS_BELOW");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (!below || len < 0) return 0;
    path[len] = 0;
    if (strncmp(path, below, strlen(below))) return 0;
    return path[strlen(below)] ? 1 : 2;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t len) {
    if (ours(fd)) note(lseek(fd, 0, SEEK_CUR) < 128 ? "header " : "rows ");
    return REAL(write)(fd, bytes, len);
}
int fsync(int fd) {
    if (ours(fd)) note(ours(fd) == 2 ? "folder " : "sync ");
    return REAL(fsync)(fd);
}
int fdatasync(int fd) {
    if (ours(fd)) note("sync ");
    return REAL(fdatasync)(fd);
}
int ftruncate64(int fd, off64_t len) {
    if (ours(fd)) note("cut ");
    return REAL(ftruncate64)(fd, len);
}
int rename(const char *from, const char *to) {
    note("rename ");
    return REAL(rename)(from, to);
}
"#;

/// The calls of `work` in a new folder, in the order made; `None` within that process.
fn calls(test: &str, case: &str, work: impl FnOnce(&Path)) -> Option<String> {
    if let Some(folder) = std::env::var_os("CALLS_BELOW") {
        if std::env::var("CALLS_CASE").unwrap() == case {
            work(Path::new(&folder));
        }
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let (source, shim, log) = (dir.join("shim.c"), dir.join("shim.so"), dir.join("calls"));
    let folder = dir.join("files");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(&source, SHIM).unwrap();
    let cc = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&shim, &source]).output();
    let cc = cc.unwrap();
    assert!(cc.status.success(), "{}", String::from_utf8_lossy(&cc.stderr));
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1"])
        .env("LD_PRELOAD", &shim)
        .env("CALLS", &log)
        .env("CALLS_BELOW", &folder)
        .env("CALLS_CASE", case)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    Some(std::fs::read_to_string(&log).unwrap_or_default().trim_end().to_owned())
}

const DURABILITIES: [Durability; 4] =
    [Durability::None, Durability::Replace, Durability::File, Durability::Full];

/// A header that counts rows which a power failure took is the one thing that must not be.
#[test]
fn rows_are_on_the_disk_before_the_header_counts_them() {
    for (durability, expected) in DURABILITIES.into_iter().zip([
        "rows header",
        "rows sync header",
        "rows sync header sync",
        "rows sync header sync",
    ]) {
        let test = "sync::rows_are_on_the_disk_before_the_header_counts_them";
        let made = calls(test, &format!("{durability:?}"), |folder| {
            let path = folder.join("x.npy");
            let rows = counted("<f4", &[3, 4], MemoryOrder::C);
            npy::write(&path, &rows).unwrap();
            let mut appender = Appender::open_with(&path, durability).unwrap();
            appender.push(&rows).unwrap();
            appender.finish().unwrap();
        });
        // The first "header" is the whole file that the test begins with.
        assert!(made.is_none_or(|made| made == format!("header {expected}")), "{durability:?}");
    }
}

/// The old file is there until the new one is on the disk.
#[test]
fn a_save_is_on_the_disk_before_it_replaces() {
    let test = "sync::a_save_is_on_the_disk_before_it_replaces";
    for (durability, replaced, new) in [
        (Durability::None, "header rename", "header"),
        (Durability::Replace, "header sync rename", "header"),
        (Durability::File, "header sync rename", "header sync"),
        (Durability::Full, "header sync rename folder", "header sync folder"),
    ] {
        let save = |folder: &Path| {
            let options = WriteOptions::default().durability(durability);
            let array = counted("<f4", &[3, 4], MemoryOrder::C);
            npy::write_with(folder.join("x.npy"), &array, &options).unwrap();
        };
        let made = calls(test, &format!("new {durability:?}"), save);
        // Whether a new file gets its name by a rename is up to the file system.
        assert!(made.is_none_or(|made| made.replace(" rename", "") == new), "{durability:?}");
        let made = calls(test, &format!("old {durability:?}"), |folder| {
            std::fs::write(folder.join("x.npy"), b"old").unwrap();
            save(folder);
        });
        assert!(made.is_none_or(|made| made == format!("header {replaced}")), "{durability:?}");
    }
}

/// At no moment does the header count rows that are not there.
#[test]
fn repair_counts_before_it_cuts() {
    let made = calls("sync::repair_counts_before_it_cuts", "", |folder| {
        let path = folder.join("x.npy");
        let array = counted("<f4", &[3, 4], MemoryOrder::C);
        let bytes = npy::to_bytes(&array, &WriteOptions::default()).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        npy::repair(&path).unwrap();
    });
    assert!(made.is_none_or(|made| made == "header header cut sync"));
}
