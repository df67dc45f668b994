//! Many arrays in a file or a folder.
#![forbid(unsafe_code)]

use super::{Desk, fed, run};
use npstow::{Array, MemoryOrder, npy};
use std::fs;

#[test]
fn patterns_choose_what_is_listed() {
    let desk = Desk::new();
    run(&desk.at("run"));
    assert_eq!(desk.told("ls --names @run A*1/**"), "A001/photon\nA001/hit\n");
    assert_eq!(desk.told("ls --names @run:A002 h*"), "A002/hit\n");
    assert_eq!(desk.told("ls --names @run */[!p]*,x A001"), "A001\n");
    let text = desk.told("ls @run A00[01]/hit");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("A001/hit  array  <f4    (2, 2)  C"), "{text}");
    let json = desk.told("ls --json @run **/hit");
    assert_eq!(json.matches("\"kind\": \"array\"").count(), 3, "{json}");
    assert_eq!(
        desk.refused("ls @run x* y", 3),
        "@run: not found: anything that matches 'x*' or 'y'"
    );
}

#[test]
fn every_format_becomes_every_other() {
    let desk = Desk::new();
    run(&desk.at("run"));
    let digest = desk.told("digest @run");
    assert_eq!(digest.lines().count(), 6);
    for line in [
        "convert @run @a.npz",
        "convert @a.npz @b/ --profile npfold",
        "convert @b @c.npz --byte-order big",
        "convert @c.npz @d --durability full",
        "convert @d @e --to npz",
        "convert @d @f --order F --byte-order big --format-version 3.0",
    ] {
        assert_eq!(desk.told(line), "");
        let target = line.split(' ').nth(2).unwrap().trim_end_matches('/');
        assert_eq!(desk.told(&format!("digest {target}")), digest, "{line}");
    }
    assert!(desk.told("ls --json @c.npz").contains("\">f4\""));
    // In place, and from one place in a file.
    assert_eq!(desk.told("convert @a.npz @a.npz"), "");
    assert_eq!(desk.told("digest @a.npz"), digest);
    desk.told("convert @a.npz:A001 @one");
    assert_eq!(desk.told("ls --names @one"), "photon\nhit\n");
    let json = desk.told("convert --json @a.npz:A001/hit @hit.npy");
    assert_eq!(json, "{\"path\": \"@hit.npy\", \"format\": \"npy\", \"nbytes\": 144}\n");
    // What has no name gets that of its place.
    for (source, name) in [("@hit.npy", "hit"), ("@run:A000/photon", "photon")] {
        desk.told(&format!("convert {source} @named.npz"));
        assert_eq!(desk.told("ls --names @named.npz"), format!("{name}\n"));
        desk.told(&format!("convert {source} @named"));
        assert_eq!(desk.told("ls --names @named"), format!("{name}\n"));
    }
}

#[test]
fn archives_pass_through_pipes() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.told("convert @run @run.npz");
    let piped = desk.say("convert @run - --to npz");
    assert_eq!(piped.stdout, fs::read(desk.at("run.npz")).unwrap());
    let named = ["convert", "-", &desk.typed("out.npz")];
    assert_eq!(fed(&named, &piped.stdout).status.code(), Some(0));
    assert_eq!(desk.told("diff @out.npz @run.npz"), "");
    let bare = fed(
        &["convert", "-", "-", "--to", "npz"],
        &npy::to_bytes(&Array::from_vec(vec![1u8]), &Default::default()).unwrap(),
    );
    fs::write(desk.at("bare.npz"), bare.stdout).unwrap();
    assert_eq!(desk.told("ls --names @bare.npz"), "arr_0\n");
}

#[test]
fn options_are_refused_where_they_have_no_use() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.numbers("x.npy");
    for (line, what) in [
        (
            "convert @x.npy @y.npy --compress",
            "@y.npy: not supported: compression in the format npy",
        ),
        ("convert @run @y --compress=3", "@y: not supported: compression in the format folder"),
        (
            "convert @run @y.npz --profile npfold",
            "@y.npz: not supported: a profile of folders in the format npz",
        ),
        (
            "convert @x.npy @y.npy --profile native",
            "@y.npy: not supported: a profile of folders in the format npy",
        ),
        (
            "convert @run @y --profile npfold --order F",
            "@y: not supported: orders and versions of NPY, for NPFold",
        ),
        (
            "convert @run @y.npz --libver latest",
            "@y.npz: not supported: a form or a storage of HDF5 in the format npz",
        ),
        ("convert @run - --to folder", "-: not supported: writing a folder to a stream"),
    ] {
        assert_eq!(desk.refused(line, 3), what);
        assert!(!desk.at("y").exists() && !desk.at("y.npz").exists());
    }
    let line = desk.refused("convert @run @y.npy", 2);
    assert_eq!(line, "@run: a .npy file holds one array: name one, as in run.npz:photon");
    let line = desk.refused("convert @x.npy @y.npy --compress=13", 2);
    assert!(line.starts_with("invalid value '13'"), "{line}");
}

#[test]
fn what_cannot_be_read_leaves_the_target_alone() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.numbers("old.npy");
    desk.told("convert @run @old.npz");
    let before = fs::read(desk.at("old.npz")).unwrap();
    let path = desk.at("run/A001/hit.npy");
    let length = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
    for command in ["convert @run @old.npz", "concat @old.npz @run:A000 @run:A001"] {
        let line = desk.refused(command, 1);
        let what = "@run: A001/hit: at byte 128: expected 16 bytes of data, found the end after 15";
        assert_eq!(line, what);
    }
    assert_eq!(fs::read(desk.at("old.npz")).unwrap(), before);
}

#[test]
fn diff_tells_what_and_how_much() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.told("convert @run @same");
    assert_eq!(desk.told("diff @run @same"), "");
    let json = desk.told("diff --json @run @same");
    let expected = "{\"left\": \"@run\", \"right\": \"@same\", \"same\": true, \"compared\": 6, \
                    \"differences\": [], \"unread\": []}\n";
    assert_eq!(json, expected);
    // Another place of the same file, and one array of another format.
    let found = desk.say("diff @run:A000 @same:A001");
    assert_eq!(found.status.code(), Some(1));
    let text = String::from_utf8(found.stdout).unwrap().replace(&desk.typed(""), "@");
    assert_eq!(
        text,
        "@run:A000: metadata 't': '0.5' and '1.5'\nphoton: shape (4, 2) and (5, 2)\n\
         hit: shape (1, 2) and (2, 2)\n"
    );
    let mut hit = npy::read(desk.at("run/A001/hit.npy")).unwrap().to_vec::<f32>().unwrap();
    hit[2] += 0.25;
    let array = Array::from_vec_shape(hit, &[2, 2]).unwrap().to_contiguous(MemoryOrder::F).unwrap();
    npy::write(desk.at("hit.npy"), &array).unwrap();
    let found = desk.say("diff @run:A001/hit @hit.npy");
    let text = String::from_utf8(found.stdout).unwrap();
    assert!(
        text.ends_with(
            "run:A001/hit: 1 of 4 values differ, first at (1, 0): 102.0 and 102.25; largest difference \
             0.25 at (1, 0), largest relative 0.0024449877750611247\n"
        ),
        "{text}"
    );
    assert_eq!(desk.told("diff @run:A001/hit @hit.npy --atol 0.25"), "");
    assert_eq!(desk.told("diff @run:A001/hit @hit.npy --rtol 0.01"), "");
    let found = desk.say("diff --json @run:A001/hit @hit.npy");
    assert_eq!(found.status.code(), Some(1));
    let json = String::from_utf8(found.stdout).unwrap();
    let expected = "{\"name\": \"\", \"what\": \"values\", \"left\": \"102.0\", \"right\": \"102.25\", \
                    \"count\": 1, \"total\": 4, \"first\": [1, 0], \"field\": \"\", \"largest\": 0.25, \
                    \"largest_at\": [1, 0], \"relative\": 0.0024449877750611247}";
    assert!(json.contains(expected), "{json}");
}

#[test]
fn diff_tells_nan_notes_and_what_it_cannot_read() {
    let desk = Desk::new();
    npy::write(desk.at("nan.npy"), &Array::from_vec(vec![f64::NAN])).unwrap();
    assert_eq!(desk.told("diff @nan.npy @nan.npy"), "");
    assert_eq!(desk.say("diff --strict-nan @nan.npy @nan.npy").status.code(), Some(1));
    run(&desk.at("run"));
    desk.told("convert @run @bare");
    fs::remove_file(desk.at("bare/A001/NPFold_meta.txt")).unwrap();
    let found = desk.say("diff @run @bare");
    let text = String::from_utf8(found.stdout).unwrap();
    assert!(text.starts_with("A001: metadata 'creator': 'sim' and none\n"), "{text}");
    assert_eq!(desk.told("diff --data-only @run @bare"), "");
    assert!(desk.refused("diff --rtol=-1 @run @bare", 2).contains("a tolerance rtol of -1"));
    // What is damaged is told, and the rest is compared all the same.
    let path = desk.at("bare/A000/hit.npy");
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(130).unwrap();
    let found = desk.say("diff --data-only @run @bare");
    assert_eq!(found.status.code(), Some(1));
    let text = String::from_utf8(found.stderr).unwrap();
    assert!(text.contains("bare: A000/hit: at byte 128: expected 8 bytes of data"), "{text}");
    let found = desk.say("diff --data-only --json @run @bare");
    let text = String::from_utf8(found.stdout).unwrap();
    assert!(text.contains("\"unread\": [{\"kind\": \"corrupt\", \"name\": \"A000/hit\""), "{text}");
    assert!(text.contains("\"same\": false"), "{text}");
}

#[test]
fn rows_are_joined_across_files() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.told("convert @run @run.npz");
    let json = desk.told("concat --json @all.npy @run:A*/hit @run.npz:A000/hit");
    assert_eq!(
        json,
        "{\"path\": \"@all.npy\", \"format\": \"npy\", \"nbytes\": 184, \"joined\": 4}\n"
    );
    let all = npy::read(desk.at("all.npy")).unwrap();
    assert_eq!(all.shape(), [7, 2]);
    let first: Vec<f32> = all.to_vec::<f32>().unwrap().into_iter().step_by(2).collect();
    assert_eq!(first, [0.0, 100.0, 102.0, 200.0, 202.0, 204.0, 0.0]);
    // Whole groups, with their notes by policy.
    for (policy, meta) in [
        ("first", Some("creator:sim\nt:0.5\n")),
        ("join", Some("creator:sim\nt:0.5\nt:1.5\nt:2.5\n")),
        ("drop", None),
    ] {
        assert_eq!(desk.told(&format!("concat --notes {policy} @all @run:A*")), "");
        let json = desk.told("counts --json @all");
        assert!(json.contains("\"totals\": {\"photon\": 15, \"hit\": 6}"), "{json}");
        let text = fs::read_to_string(desk.at("all/NPFold_meta.txt")).ok();
        assert_eq!(text.as_deref(), meta, "{policy}");
    }
    // The target may be among the sources.
    desk.told("concat @all.npy @all.npy @all.npy");
    assert_eq!(npy::open(desk.at("all.npy")).unwrap().shape(), [14, 2]);
}

#[test]
fn groups_that_do_not_fit_are_named() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.numbers("x.npy");
    let line = desk.refused("concat @y.npy @x.npy @run:A000/hit", 1);
    assert_eq!(line, "@run: A000/hit: expected dtype <i4, found dtype <f4");
    fs::remove_file(desk.at("run/A001/hit.npy")).unwrap();
    let index = desk.at("run/A001/NPFold_index.txt");
    fs::write(index, "photon.npy\n").unwrap();
    let line = desk.refused("concat @y @run:A*", 1);
    assert_eq!(line, "@run:A001: expected the array 'hit', which '@run:A000' has, found none");
    assert_eq!(desk.told("concat --missing skip @y @run:A*"), "");
    let json = desk.told("counts --json @y hit,photon");
    assert!(json.contains("\"totals\": {\"hit\": 4, \"photon\": 15}"), "{json}");
    let line = desk.refused("concat @y @run:B*", 3);
    assert_eq!(line, "@run: not found: anything that matches 'B*'");
    let line = desk.refused("concat @y @run:A000 @run:A999", 3);
    assert_eq!(line, "@run: not found: the name 'A999'");
}

#[test]
fn counts_and_metadata_of_every_group() {
    let desk = Desk::new();
    run(&desk.at("run"));
    assert_eq!(
        desk.told("counts @run"),
        "GROUP  photon  hit\nA000        4    1\nA001        5    2\nA002        6    3\ntotal      15    6\n"
    );
    assert_eq!(
        desk.told("counts @run h* --meta t,creator"),
        "GROUP  hit\nA000     1\nA001     2\nA002     3\ntotal    6\n\n\
         NAME  t    creator\nA000  0.5  sim\nA001  1.5  sim\nA002  2.5  sim\n"
    );
    let json = desk.told("counts --json @run:A001 hit --meta t");
    assert_eq!(
        json,
        "{\"path\": \"@run:A001\", \"groups\": [{\"name\": \"\", \"counts\": {\"hit\": 2}}], \
         \"totals\": {\"hit\": 2}, \"metadata\": [{\"name\": \"\", \"values\": {\"t\": \"1.5\"}}]}\n"
    );
    assert_eq!(desk.refused("counts @run x,y*", 3), "@run: not found: an array of the name 'x,y*'");
}

#[test]
fn a_survey_tries_every_format() {
    let desk = Desk::new();
    run(&desk.at("run"));
    desk.numbers("x.npy");
    fs::create_dir(desk.at("tmp")).unwrap();
    let text = desk.told("survey @run --dir @tmp");
    let firsts: Vec<&str> = text.lines().map(|line| line.split("  ").next().unwrap()).collect();
    let labels = ["FORMAT", "npz", "npz --compress=1", "npz --compress=6", "folder"];
    assert_eq!(firsts[..5], labels, "{text}");
    assert!(text.contains("\nnpy: holds one array alone\n"), "{text}");
    assert!(text.contains("\nMany arrays: "), "{text}");
    let json = desk.told("survey --json @x.npy --dir @tmp");
    assert!(json.starts_with("{\"path\": \"@x.npy\", \"arrays\": 1, \"nbytes\": 24, "), "{json}");
    assert_eq!(json.matches("\"same\": true").count(), 7, "{json}");
    assert!(json.contains("One array: npy can be mapped"), "{json}");
    assert_eq!(fs::read_dir(desk.at("tmp")).unwrap().count(), 0);
    // What a format refuses is told, and the others are tried all the same.
    fs::write(desk.at("run/extra.txt"), "x").unwrap();
    desk.told("survey @run:A000");
    let line = desk.refused("survey @run --dir @none", 3);
    assert!(line.contains("none/npstow-survey-"), "{line}");
    let length = fs::metadata(desk.at("x.npy")).unwrap().len();
    fs::OpenOptions::new().write(true).open(desk.at("x.npy")).unwrap().set_len(length - 1).unwrap();
    let line = desk.refused("survey @x.npy --dir @tmp", 1);
    assert!(line.starts_with("@x.npy: at byte 128: expected 24 bytes"), "{line}");
    assert_eq!(fs::read_dir(desk.at("tmp")).unwrap().count(), 0);
}
