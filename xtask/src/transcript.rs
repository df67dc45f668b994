//! What the command prints, recorded: the transcripts of `tests/golden/*.console`.
//!
//! ```text
//! # A remark.
//! $ npstow ls examples/data < /dev/null
//! what came to standard output
//! ! what came to standard error
//! [exit 1]
//! ```
//!
//! The command runs in the root of the checkout, without a shell: words are split at spaces,
//! `'…'` and `"…"` keep them together, `< path` is standard input. `{tmp}` is an empty folder of
//! the transcript's own. Output that looks like one of the marks is led by a backslash, and
//! `[no newline]` follows output that does not end in one.
#![forbid(unsafe_code)]

use crate::shell::{Result, command, files, read, root, shown, target, write};
use crate::test::Count;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Output, Stdio};

/// Compares every transcript with what the program prints now.
pub(crate) fn check(npstow: &Path) -> Result<Count> {
    let mut count = Count::default();
    for path in files(&root().join("tests/golden"), "console") {
        let old = read(&path)?;
        let (new, commands) = play(&path, &old, npstow)?;
        println!(
            "golden {}: {commands} commands {}",
            shown(&path),
            if old == new { "ok" } else { "DIFFER" }
        );
        if old == new {
            count.passed += 1;
        } else {
            count.failed += 1;
            println!("{}\n(cargo xtask bless accepts it)", difference(&old, &new));
        }
    }
    Ok(count)
}

/// Rewrites every transcript.
pub(crate) fn bless(npstow: &Path) -> Result {
    let paths = files(&root().join("tests/golden"), "console");
    if paths.is_empty() {
        return Err("no transcripts in tests/golden".to_owned());
    }
    let mut changed = 0;
    for path in &paths {
        let old = read(path)?;
        let (new, _) = play(path, &old, npstow)?;
        if old != new {
            println!("{}", shown(path));
            write(path, &new)?;
            changed += 1;
        }
    }
    println!("bless: {changed} of {} transcripts rewritten", paths.len());
    Ok(())
}

/// The transcript as it would be recorded now, and the number of its commands.
fn play(path: &Path, old: &str, npstow: &Path) -> Result<(String, usize)> {
    let name = path.file_stem().unwrap_or_default();
    let folder = target().join("xtask/golden").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let folder = folder.to_string_lossy().into_owned();
    let mut text = String::new();
    let mut commands = 0;
    let mut open = false;
    for line in old.lines() {
        if let Some(words) = line.strip_prefix("$ npstow") {
            let output = execute(npstow, &split(&words.replace("{tmp}", &folder))?)
                .map_err(|why| format!("{}: {line}: {why}", shown(path)))?;
            if open {
                text.push('\n');
            }
            let _ = writeln!(text, "{line}");
            record(&output, &folder, &mut text);
            commands += 1;
            open = true;
        } else if line.starts_with('#') {
            if open {
                text.push('\n');
            }
            let _ = writeln!(text, "{line}");
            open = false;
        } else if line.starts_with('$') {
            return Err(format!("{}: only npstow is run, found '{line}'", shown(path)));
        }
    }
    Ok((text, commands))
}

fn execute(npstow: &Path, words: &[String]) -> Result<Output> {
    let (words, input) = match words.iter().position(|word| word == "<") {
        Some(at) if at + 2 == words.len() => (&words[..at], Some(&words[at + 1])),
        Some(_) => return Err("'<' takes one path, at the end".to_owned()),
        None => (words, None),
    };
    let mut command = command(npstow, &[]);
    command.args(words).stdin(Stdio::null()).env("NO_COLOR", "1").env_remove("COLUMNS");
    if let Some(path) = input {
        let file = File::open(root().join(path)).map_err(|why| format!("{path}: {why}"))?;
        command.stdin(file);
    }
    command.output().map_err(|why| why.to_string())
}

/// Appends what a command said, marked.
fn record(output: &Output, folder: &str, text: &mut String) {
    for (bytes, lead) in [(&output.stdout, ""), (&output.stderr, "! ")] {
        let said = String::from_utf8_lossy(bytes).replace(folder, "{tmp}");
        for line in said.lines() {
            let marks = ['$', '#', '!', '[', '\\'];
            // An empty line stays, led so that it is not taken for the end of the output.
            let hide = lead.is_empty() && (line.is_empty() || line.starts_with(marks));
            let _ = writeln!(text, "{lead}{}{line}", if hide { "\\" } else { "" });
        }
        if !said.is_empty() && !said.ends_with('\n') {
            text.push_str("[no newline]\n");
        }
    }
    match output.status.code() {
        Some(0) => {}
        Some(code) => drop(writeln!(text, "[exit {code}]")),
        None => text.push_str("[killed]\n"),
    }
}

/// Words as a shell would split them, without its expansions.
fn split(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err("a quote is not closed".to_owned()) } else { Ok(words) }
}

/// The first lines that differ, old and new.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let part = |lines: &[&str], mark: &str| -> String {
        lines.iter().skip(same).take(8).map(|line| format!("  {mark} {line}\n")).collect()
    };
    format!("  line {}:\n{}{}", same + 1, part(&old, "-"), part(&new, "+"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(
            split(" show a.npy -s '1, 2' \"\"").unwrap(),
            ["show", "a.npy", "-s", "1, 2", ""]
        );
        assert!(split("'a").is_err());
    }

    #[test]
    #[cfg(unix)]
    fn played_again_it_is_the_same() {
        // Any program will do: the shell says what it is told.
        let old = "# Remark.\n\n$ npstow -c 'echo a; echo; echo \"\\$ b\"; echo {tmp}; echo c >&2; exit 3'\n\
            stale\n$ npstow -c 'printf \"d\"'\n";
        let path = Path::new("transcript-test.console");
        let (new, commands) = play(path, old, Path::new("/bin/sh")).unwrap();
        assert_eq!(commands, 2);
        let expected = "# Remark.\n$ npstow -c 'echo a; echo; echo \"\\$ b\"; echo {tmp}; echo c >&2; exit 3'\n\
            a\n\\\n\\$ b\n{tmp}\n! c\n[exit 3]\n\n$ npstow -c 'printf \"d\"'\nd\n[no newline]\n";
        assert_eq!(new, expected);
        assert_eq!(play(path, &new, Path::new("/bin/sh")).unwrap().0, new);
        assert!(difference(old, &new).contains("line 2"));
        assert!(play(path, "$ rm x\n", Path::new("/bin/sh")).is_err());
    }
}
