//! Archives changed in place.
#![forbid(unsafe_code)]

use super::{Desk, run};
use std::fs;
use std::io::Write;

#[test]
fn members_come_and_go() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.numbers("x.npy");
    desk.told("convert @run @run.npz");
    assert_eq!(desk.told("add @run.npz @x.npy"), "@run.npz: x added\n");
    assert_eq!(
        desk.refused("add @run.npz @x.npy", 3),
        "@run.npz: x: exists already: the name 'x.npy'"
    );
    let json = desk.told("add --json --replace @run.npz:x @run:A000/hit");
    assert_eq!(json, "{\"path\": \"@run.npz\", \"added\": [\"x\"]}\n");
    assert_eq!(desk.told("diff @run.npz:x @run:A000/hit"), "");
    let told = desk.told("add @run.npz:B @x.npy @run:A001 @run:A000/hit");
    assert_eq!(told, "@run.npz: B/x added\n@run.npz: B/A001 added\n@run.npz: B/hit added\n");
    assert_eq!(desk.told("diff --data-only @run.npz:B/A001 @run:A001"), "");
    let told = desk.told("rm @run.npz B/A* */hit B/A001/photon");
    assert_eq!(
        told,
        "@run.npz: B/A001 removed\n@run.npz: A000/hit removed\n@run.npz: A001/hit removed\n\
         @run.npz: A002/hit removed\n@run.npz: B/hit removed\n"
    );
    assert_eq!(desk.told("mv @run.npz A001 C/A001"), "");
    assert_eq!(
        desk.told("ls --names @run.npz **/*[!0-9]*"),
        "A000\nA000/photon\nA002\nA002/photon\nx\nB\nB/x\nC\nC/A001\nC/A001/photon\n"
    );
    assert_eq!(desk.told("diff @run.npz:C/A001/photon @run:A001/photon"), "");
    let before = fs::metadata(desk.at("run.npz")).unwrap().len();
    let told = desk.told("compact @run.npz");
    let after = fs::metadata(desk.at("run.npz")).unwrap().len();
    assert_eq!(told, format!("@run.npz: {after} bytes, {before} before\n"));
    assert!(after < before);
    assert_eq!(desk.told("verify @run.npz"), "");
}

#[test]
fn what_fails_changes_nothing() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.numbers("x.npy");
    desk.told("convert @run @run.npz");
    let before = fs::read(desk.at("run.npz")).unwrap();
    for (line, code, what) in [
        ("rm @run.npz A000 zz", 3, "@run.npz: not found: anything that matches 'zz'"),
        ("mv @run.npz zz y", 3, "@run.npz: zz: not found: the name 'zz'"),
        (
            "mv @run.npz A000/hit A001/hit",
            3,
            "@run.npz: A000/hit: exists already: the name 'A001/hit.npy'",
        ),
        (
            "add @run.npz @run:A000/hit @none.npy",
            3,
            "@none.npy: opening: No such file or directory (os error 2)",
        ),
        (
            "add @run @x.npy",
            3,
            "@run: not supported: changing a folder in place: change its files, or write it anew with convert",
        ),
    ] {
        assert_eq!(desk.refused(line, code), what);
        assert_eq!(fs::read(desk.at("run.npz")).unwrap(), before);
    }
}

#[test]
fn what_an_unfinished_change_left_is_taken_away() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.told("convert @run @run.npz");
    assert_eq!(desk.told("repair @run.npz"), "@run.npz: whole, nothing to do\n");
    let before = fs::read(desk.at("run.npz")).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(desk.at("run.npz")).unwrap();
    file.write_all(b"PK\x03\x04torn").unwrap();
    let told = desk.told("repair --dry-run @run.npz");
    assert_eq!(told, "@run.npz: 8 bytes behind the archive would be cut off\n");
    let told = desk.told("repair --json @run.npz");
    assert_eq!(told, "{\"path\": \"@run.npz\", \"changed\": true, \"trimmed\": 8}\n");
    assert_eq!(fs::read(desk.at("run.npz")).unwrap(), before);
}
