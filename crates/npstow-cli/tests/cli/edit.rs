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

#[test]
fn notes_go_with_what_is_added() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.told("convert @run:A000 @run.npz");
    desk.told("meta set @run:A000/hit unit mm");
    desk.told("add @run.npz:B @run:A001 @run:A000/hit");
    assert_eq!(desk.told("meta get @run.npz:B/A001"), "creator:sim\nt:1.5\n");
    assert_eq!(desk.told("meta get @run.npz:B/hit unit"), "mm\n");
    assert_eq!(desk.told("diff @run.npz:B/A001 @run:A001"), "");
    desk.told("add --replace @run.npz:B/hit @run:A001/hit");
    assert_eq!(desk.told("meta get @run.npz:B/hit"), "");
    desk.told("rm @run.npz B");
    desk.told("compact @run.npz");
    desk.told("convert @run:A000 @other.npz");
    assert_eq!(desk.told("diff --data-only @run.npz @other.npz"), "");
}

#[test]
fn metadata_are_read_and_changed_in_place() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.told("convert @run @run.npz");
    for file in ["@run", "@run.npz"] {
        let at = |line: &str| line.replace('%', file);
        assert_eq!(desk.told(&at("meta get %")), "");
        assert_eq!(desk.told(&at("meta get %:A001")), "creator:sim\nt:1.5\n");
        assert_eq!(desk.told(&at("meta get %:A001 none|t")), "1.5\n");
        assert_eq!(desk.told(&at("meta set %:A001 t -2.5")), "");
        assert_eq!(desk.told(&at("meta set %:A001/hit unit mm --durability full")), "");
        assert_eq!(desk.told(&at("meta set % run 7")), "");
        assert_eq!(desk.told(&at("meta rm %:A001 creator")), "");
        assert_eq!(desk.told(&at("meta get %:A001")), "t:-2.5\n");
        let expected = "{\"path\": \"%:A001/hit\", \"meta\": {\"unit\": \"mm\"}, \"lines\": [], \
                        \"names\": [], \"labels\": []}\n";
        assert_eq!(desk.told(&at("meta get --json %:A001/hit")), at(expected));
        assert_eq!(desk.told(&at("meta get --json % run")), "\"7\"\n");
        for (line, code, what) in [
            ("meta get % x", 3, "%: not found: the key 'x' in the metadata"),
            ("meta rm %:A001 t x", 3, "%: A001: not found: the key 'x' in the metadata"),
            ("meta set %:A009 k v", 3, "%: not found: the name 'A009'"),
            (
                "meta set %:A001 k:x v",
                2,
                "%: A001: the key 'k:x' of metadata: empty, or with ':', '|' or a line end",
            ),
        ] {
            assert_eq!(desk.refused(&at(line), code), at(what));
        }
        assert_eq!(desk.told(&at("meta get %:A001 t")), "-2.5\n");
    }
    assert_eq!(desk.told("diff @run @run.npz"), "");
    desk.numbers("x.npy");
    let line = desk.refused("meta set @x.npy k v", 3);
    assert_eq!(line, "@x.npy: not supported: metadata, names and labels in the format npy");
    // A file of one array has no place for them, which is told.
    let said = desk.say("convert @run:A001/hit @hit.npy");
    assert_eq!(said.status.code(), Some(0));
    let text = String::from_utf8(said.stderr).unwrap();
    assert!(
        text.ends_with(
            "hit.npy: left out: metadata, names or labels, which .npy has no place for\n"
        )
    );
    assert_eq!(desk.told("convert -q @run:A001/hit @hit.npy"), "");
}

#[test]
fn what_is_whole_is_salvaged() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.told("convert @run @run.npz");
    let told = desk.told("salvage @run.npz");
    assert!(told.ends_with("@run.npz: 9 of 9 members can be saved\n"), "{told}");
    let bytes = fs::read(desk.at("run.npz")).unwrap();
    fs::write(desk.at("torn.npz"), &bytes[..1100]).unwrap();
    assert_eq!(desk.say("ls @torn.npz").status.code(), Some(1));
    let said = desk.say("salvage @torn.npz @saved.npz");
    assert_eq!(said.status.code(), Some(1));
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.contains("cut off after"), "{text}");
    assert_eq!(desk.told("diff --data-only @saved.npz:A000 @run:A000"), "");
    let said = desk.say("salvage --json @torn.npz");
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(
        text.contains(
            "{\"name\": \"A000/hit\", \"offset\": 224, \"nbytes\": 136, \"state\": \"whole\""
        ),
        "{text}"
    );
    assert!(text.contains("\"state\": \"cut\""), "{text}");
    desk.told("rm @run.npz A001/hit");
    let told = desk.told("salvage @run.npz @saved.npz");
    assert!(told.contains("whole; removed, the directory does not list it\n"), "{told}");
    assert!(told.ends_with("@run.npz: 8 of 9 members saved, 1 removed\n"), "{told}");
    assert_eq!(desk.told("diff @saved.npz @run.npz"), "");
    let told = desk.told("salvage --removed @run.npz @saved.npz");
    assert!(told.ends_with("@run.npz: 9 of 9 members saved\n"), "{told}");
    assert_eq!(desk.told("diff @saved.npz:A001/hit @run:A001/hit"), "");
    let mut bytes = fs::read(desk.at("run.npz")).unwrap();
    bytes[0] = 0;
    fs::write(desk.at("torn.npz"), bytes).unwrap();
    let said = desk.say("salvage @torn.npz");
    assert_eq!(said.status.code(), Some(1));
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.contains("lost: expected the header of a member"), "{text}");
    assert!(text.ends_with("torn.npz: 7 of 9 members can be saved, 1 removed\n"), "{text}");
    let line = desk.refused("salvage @torn.npz @torn.npz", 2);
    assert_eq!(line, "@torn.npz: what is salvaged goes into another file");
    fs::write(desk.at("nothing.npz"), b"nothing").unwrap();
    let said = desk.say("salvage @nothing.npz");
    assert_eq!(said.status.code(), Some(1));
    assert!(said.stdout.ends_with(b"nothing.npz: 0 of 0 members can be saved\n"));
}

#[test]
fn a_name_that_is_there_is_no_pattern() {
    let desk = Desk::new();
    let tree = ["a[0]", "a0", "b*", "bb"].into_iter().fold(npstow::Tree::new(), |tree, name| {
        tree.with(name, npstow::Array::from_vec(vec![1u8])).unwrap()
    });
    npstow::save(desk.at("w.npz"), &tree).unwrap();
    desk.told("rm @w.npz a[0]");
    desk.told("rm @w.npz b*");
    assert_eq!(desk.told("ls --names @w.npz"), "a0\nbb\n");
    desk.told("rm @w.npz b*");
    assert_eq!(desk.told("ls --names @w.npz"), "a0\n");
    assert_eq!(desk.say("rm @w.npz /").status.code(), Some(3));
    assert_eq!(desk.told("ls --names @w.npz"), "a0\n");
}

#[test]
fn what_is_meant_is_said_where_something_else_was_typed() {
    let desk = Desk::new();
    let tree = npstow::Tree::new().with("a", npstow::Array::from_vec(vec![1u8])).unwrap();
    npstow::save(desk.at("p.npz"), &tree).unwrap();
    let line = "the name of an array in it, as in run.npz:photon, found none";
    assert_eq!(desk.refused("show @p.npz", 1), format!("@p.npz: expected {line}"));
    let line = "adding rows within another file: write it anew, and replace it (add --replace)";
    let told = desk.refused("append @p.npz:a @p.npz:a", 3);
    assert_eq!(told, format!("@p.npz: a: not supported: {line}"));
    // A link to a pipe that has no path.
    #[cfg(target_os = "linux")]
    assert_eq!(desk.say("convert @p.npz /dev/stdout --to npz").stdout[..4], *b"PK\x03\x04");
}

#[test]
fn one_odd_member_hides_no_other() {
    let desk = Desk::new();
    let one = |value: u8| npstow::Array::from_vec(vec![value]);
    let tree = npstow::Tree::new().with("a", one(1)).unwrap().with("b", one(2)).unwrap();
    npstow::save(desk.at("p.npz"), &tree).unwrap();
    let mut bytes = fs::read(desk.at("p.npz")).unwrap();
    // As if the first one were encrypted.
    let central = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[6] |= 1;
    bytes[central + 8] |= 1;
    fs::write(desk.at("p.npz"), &bytes).unwrap();
    let found = desk.say("ls @p.npz");
    let text = String::from_utf8(found.stdout).unwrap();
    assert_eq!(found.status.code(), Some(3));
    assert!(text.contains("not supported: an encrypted member\nb "), "{text}");
    let error = String::from_utf8(found.stderr).unwrap();
    let line = format!("a: at byte {central}: not supported: an encrypted member\n");
    assert!(error.ends_with(&line), "{error}");
    let text = String::from_utf8(desk.say("ls --json @p.npz").stdout).unwrap();
    assert!(text.contains("\"error\": \"not supported: an encrypted member\""), "{text}");
    let hashed = desk.say("digest @p.npz");
    assert_eq!(hashed.status.code(), Some(3));
    assert!(String::from_utf8(hashed.stdout).unwrap().ends_with("  b\n"));
    assert!(String::from_utf8(hashed.stderr).unwrap().ends_with(&line));
    let text = String::from_utf8(desk.say("digest --json @p.npz").stdout).unwrap();
    let item =
        "{\"name\": \"a\", \"error\": \"not supported: an encrypted member\"}, {\"name\": \"b\", ";
    assert!(text.contains(item), "{text}");
    // What is damaged outweighs what cannot be read: the second one has another checksum.
    bytes[central - 1] ^= 1;
    fs::write(desk.at("q.npz"), &bytes).unwrap();
    assert_eq!(desk.say("digest @q.npz").status.code(), Some(1));
    assert_eq!(desk.say("verify @q.npz").status.code(), Some(1));
    // Where there is nothing else it is the answer.
    assert!(desk.refused("ls @p.npz:a", 3).ends_with("not supported: an encrypted member"));
}

#[test]
fn odd_names_are_listed_shown_renamed_and_never_written() {
    let desk = Desk::new();
    let one = |value: u8| npstow::Array::from_vec(vec![value]);
    let mut tree = npstow::Tree::new();
    for (value, name) in (1..).zip(["a/b", "_entry/data", "a/_/c", "__/x"]) {
        tree.insert(name, one(value)).unwrap();
    }
    npstow::save(desk.at("p.npz"), &tree).unwrap();
    let mut bytes = fs::read(desk.at("p.npz")).unwrap();
    for (old, new) in [("_entry/data.npy", "/entry"), ("a/_/c.npy", "a//"), ("__/x.npy", "..")] {
        for at in 0..bytes.len() - old.len() {
            if bytes[at..].starts_with(old.as_bytes()) {
                bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
            }
        }
    }
    fs::write(desk.at("p.npz"), &bytes).unwrap();
    assert_eq!(desk.told("ls --names @p.npz"), "a\na/b\na///c\n/entry/data\n../x\n");
    assert_eq!(desk.told("ls --names @p.npz /entry/data"), "/entry/data\n");
    assert!(desk.told("show @p.npz /entry/data").ends_with("\n[2]\n"));
    assert!(desk.told("show @p.npz:/entry/data").ends_with("\n[2]\n"));
    assert!(desk.told("show @p.npz:../x").ends_with("\n[4]\n"));
    assert!(desk.told("show @p.npz:/a/b").ends_with("\n[1]\n"));
    desk.told("convert @p.npz:/entry/data @data.npy");
    let line = "a///c: not supported: the name 'a///c' in a tree (it can be read by itself)";
    assert_eq!(desk.refused("convert @p.npz @folder/", 3), format!("@p.npz: {line}"));
    assert!(!desk.at("folder").exists());
    desk.told("mv @p.npz /entry/data entry");
    desk.told("rm @p.npz a");
    assert_eq!(desk.told("ls --names @p.npz"), "a///c\n../x\nentry\n");
    desk.told("rm @p.npz ** ../x");
    assert_eq!(desk.told("ls --names @p.npz"), "");
}
