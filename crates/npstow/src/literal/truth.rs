//! Literals against CPython: `corpus/literals.tsv`, written by `corpus/gen_dtypes.py`.
#![forbid(unsafe_code)]

use crate::{ErrorKind, Literal, LiteralOptions};

/// Where npstow refuses on purpose what CPython takes, and why.
const REFUSED: &[(&str, &str)] = &[
    ("11111111111111111111111111111111111111111111111111", "more than 128 bits"),
    ("0xffffffffffffffffffffffffffffffffffffffff", "more than 128 bits"),
    ("340282366920938463463374607431768211456", "more than 128 bits"),
    ("170141183460469231731687303715884105728", "i128 ends one below"),
    ("-170141183460469231731687303715884105729", "i128 ends one above"),
    ("'\\ud800'", "no text of UTF-8 holds a lone surrogate"),
    ("'\\N{BULLET}'", "the table of names is larger than the library"),
    ("\"\\N{LATIN SMALL LETTER A}\"", "the table of names is larger than the library"),
    ("(set)()", "literal_eval did not mean to"),
    ("...", "Ellipsis is no value of an array or a header"),
];

fn parse(text: &str) -> crate::Result<Literal> {
    Literal::parse(text, &LiteralOptions::default())
}

/// The texts of the file, with CPython's answers.
fn cases() -> impl Iterator<Item = (String, &'static str)> {
    let truth = include_str!("../../../../corpus/literals.tsv");
    truth.lines().filter(|line| !line.starts_with("# ")).map(|line| {
        let (text, answer) = line.split_once('\t').unwrap();
        let Literal::Str(text) = parse(text).unwrap() else { panic!("{line}") };
        (text, answer)
    })
}

#[test]
fn every_text_is_what_python_makes_of_it() {
    let mut differ = Vec::new();
    for (text, answer) in cases() {
        let ours = match parse(&text) {
            Ok(_) if answer == "many" => answer.to_owned(),
            Ok(value) => value.to_string(),
            Err(_) => "refused".to_owned(),
        };
        let excused = REFUSED.iter().any(|(one, _)| *one == text);
        if excused != (ours != answer) || (excused && ours != "refused") {
            differ.push(format!("{text:?}: Python {answer}, ours {ours}"));
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn what_is_printed_is_read_back() {
    for (text, _) in cases() {
        let Ok(value) = parse(&text) else { continue };
        let printed = value.to_string();
        // Python's repr of these is not a literal, or not that of the same value, either.
        if printed.contains("inf") || printed.contains('j') {
            continue;
        }
        assert_eq!(parse(&printed).unwrap().to_string(), printed, "{text}");
    }
}

#[test]
fn texts_cut_anywhere_do_no_harm() {
    for (text, _) in cases() {
        for (at, _) in text.char_indices() {
            if let Err(e) = parse(&text[..at]) {
                assert!(e.offset().is_some_and(|o| o <= at as u64), "{e}: {:?}", &text[..at]);
            }
        }
    }
}

#[test]
fn nesting_is_bounded() {
    for open in ["[", "(", "{1:", "(1,", "{(", "[-(", "set("] {
        let e = parse(&open.repeat(100_000)).unwrap_err();
        let expected = if open == "set(" { ErrorKind::Corrupt } else { ErrorKind::Limit };
        assert_eq!(e.kind(), expected, "{open}");
    }
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(parse(&nested(64)).is_ok());
    assert_eq!(parse(&nested(65)).unwrap_err().offset(), Some(64));
    let deep = LiteralOptions { depth: usize::MAX, ..LiteralOptions::default() };
    assert!(Literal::parse(&nested(200), &deep).is_ok());
    assert_eq!(Literal::parse(&nested(201), &deep).unwrap_err().kind(), ErrorKind::Limit);
}

/// Each of these took time quadratic in its length in one tokenizer or another.
#[test]
fn long_texts_are_read_in_one_pass() {
    let many = |one: &str| one.repeat((1 << 20) / one.len());
    let distinct: String = (0..100_000).map(|n| format!("{n}:{n},")).collect();
    let texts = [
        many("1"),
        many("0"),
        many("1_"),
        format!("1e{}", many("9")),
        format!("0.{}", many("3")),
        format!("'{}'", many("a")),
        format!("'{}'", many("\\n")),
        many("'a' "),
        many("''"),
        many("'''"),
        many("\\\n"),
        many("\n"),
        many("# c\n"),
        many(" "),
        many("(1"),
        format!("[{}]", many("1,")),
        format!("{{{}}}", many("'a':1,")),
        format!("{{{distinct}}}"),
        format!("{{{}}}", many("(1,2.0),")),
        format!("[{}]", many("# c\n")),
        many("é"),
        many("L "),
        format!("{{{}}}", many("1:{},")),
        format!("{{(({})):1}}", many("1,")),
        many("1+"),
        many("-"),
        format!("1{}", many(" L")),
        format!("[{}]", many("1L,")),
        format!("r'{}'", many("\\")),
    ];
    let longs = LiteralOptions { python2_longs: true, ..LiteralOptions::default() };
    for text in &texts {
        let read = [parse(text), Literal::parse(text, &longs)].map(|value| value.is_ok());
        let start: String = text.chars().take(12).collect();
        assert!(read[0] <= read[1], "{start}");
    }
}

/// As `numpy.lib.format` reads headers of versions 1 and 2.
#[test]
fn long_integers_are_read_as_numpy_does() {
    let truth = include_str!("../../../../corpus/longs.tsv");
    let mut differ = Vec::new();
    let options = LiteralOptions { python2_longs: true, ..LiteralOptions::default() };
    for line in truth.lines().filter(|line| !line.starts_with("# ")) {
        let (text, answer) = line.split_once('\t').unwrap();
        let Literal::Str(text) = parse(text).unwrap() else { panic!("{line}") };
        let ours = Literal::parse(&text, &options).map(|value| value.to_string());
        let ours = ours.as_deref().unwrap_or("refused");
        if ours != answer {
            differ.push(format!("{text:?}: NumPy {answer}, ours {ours}"));
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn long_integers_of_python_2() {
    let options = LiteralOptions { python2_longs: true, ..LiteralOptions::default() };
    let read = |text: &str| Literal::parse(text, &options).map(|value| value.to_string());
    for (text, value) in [
        ("(3L, 0x1FL, 5 L)", "(3, 31, 5)"),
        ("{'shape': (2L,), 'descr': '<f4'}", "{'shape': (2,), 'descr': '<f4'}"),
        ("-3L", "-3"),
        ("3 L L", "3"),
        ("1.5L", "1.5"),
    ] {
        assert_eq!(read(text).unwrap(), value);
        assert!(parse(text).is_err());
    }
    for text in ["3l", "3LL", "L", "3L5", "[3\nL]", "3L'a'", "01L"] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn errors_say_what_and_where() {
    for (text, error) in [
        ("", "at byte 0: expected a Python literal, found the end of the text"),
        ("[1, 2", "at byte 5: expected ',' or ']', found the end of the text"),
        ("{'a': b'é'}", "at byte 8: expected ASCII characters in bytes, found é"),
        ("[1, 007]", "at byte 4: expected an integer without leading zeros, found 007]"),
        ("1 2", "at byte 2: expected the end of the text after the value, found 2"),
        ("'\\N{BULLET}'", "at byte 1: not supported: characters by name, \\N{BULLET}'"),
        ("'\\ud800'", "at byte 1: not supported: the lone surrogate \\ud800"),
        ("a\0", "at byte 1: expected a Python literal, found a NUL byte"),
        ("[{[]: 1}]", "at byte 1: expected keys that Python can hash, found a list, dict or set"),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), error);
    }
    let e = parse("170141183460469231731687303715884105728").unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
    assert!(e.what().contains("170141183460469231731687303715884105728"), "{e}");
}

#[test]
fn what_no_literal_spells_is_printed_as_python_does() {
    for (value, text) in [
        (Literal::Set(vec![]), "set()"),
        (Literal::Float(f64::NAN), "nan"),
        (Literal::Float(f64::NEG_INFINITY), "-inf"),
        (Literal::Complex(f64::NAN, -0.0), "(nan-0j)"),
        (Literal::Complex(0.0, f64::NAN), "nanj"),
        (Literal::Bytes((0..=255).step_by(51).collect()), "b'\\x003f\\x99\\xcc\\xff'"),
        (Literal::Bytes(b"'\"".to_vec()), "b'\\'\"'"),
    ] {
        assert_eq!(value.to_string(), text);
    }
}
