//! `cargo xtask mutate`: do the tests find bugs? Each patch of `xtask/mutants/` plants one.
#![forbid(unsafe_code)]

use crate::shell::{Result, capture, check, command, files, output, root, target};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A planted bug may be an endless loop.
const SECONDS: &str = "600";

/// Applies patches (without names: all) to a checkout of HEAD, one at a time, and expects
/// `cargo test -p npstow` to fail there.
pub(crate) fn run(names: &[&str]) -> Result {
    let patches = chosen(files(&root().join("xtask/mutants"), "patch"), names)?;
    let tree = target().join("mutants/tree");
    discard(&tree);
    let place = tree.to_string_lossy().into_owned();
    check(&mut command("git", &["worktree", "add", "--quiet", "--detach", &place, "HEAD"]))?;
    let result = all(&tree, &patches);
    discard(&tree);
    result
}

/// `cargo xtask planted`: is any of the bugs in the code itself? Where someone tried one by hand it
/// is soon committed along with other changes. Cheap, and it tells which patches are to be made
/// again.
pub(crate) fn planted() -> Result {
    let patches = files(&root().join("xtask/mutants"), "patch");
    let (mut planted, mut stale) = (Vec::new(), Vec::new());
    for patch in &patches {
        let applies = |words: &[&str]| capture(command("git", words).arg(patch));
        if applies(&["apply", "--check", "--reverse"])?.0 {
            planted.push(name(patch));
        } else if !applies(&["apply", "--check"])?.0 {
            stale.push(name(patch));
        }
    }
    println!("planted: {} bugs, {} of them in the code", patches.len(), planted.len());
    if !stale.is_empty() {
        println!("planted: no longer apply: {}", stale.join(", "));
    }
    if planted.is_empty() { Ok(()) } else { Err(format!("planted: {}", planted.join(", "))) }
}

/// The patches of these names, in the order of the patches; all of them where there are no names.
fn chosen(patches: Vec<PathBuf>, names: &[&str]) -> Result<Vec<PathBuf>> {
    if let Some(unknown) = names.iter().find(|n| !patches.iter().any(|patch| name(patch) == **n)) {
        let all = patches.iter().map(|patch| name(patch)).collect::<Vec<_>>().join(", ");
        return Err(format!("no mutant '{unknown}'; there are {all}"));
    }
    let wanted = |patch: &PathBuf| names.is_empty() || names.contains(&name(patch).as_str());
    Ok(patches.into_iter().filter(wanted).collect())
}

fn name(patch: &Path) -> String {
    patch.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// What an earlier run left must not be in the way; nothing of it is missed.
fn discard(tree: &Path) {
    let place = tree.to_string_lossy();
    let _ = capture(&mut command("git", &["worktree", "remove", "--force", &place]));
    let _ = capture(&mut command("git", &["worktree", "prune"]));
}

fn all(tree: &Path, patches: &[PathBuf]) -> Result {
    let (ok, text) = capture(&mut tests(tree, &[]))?;
    if !ok {
        return Err(format!("the tests fail without any mutant:\n{text}"));
    }
    let mut faults = Vec::new();
    for patch in patches {
        let name = name(patch);
        let verdict = one(tree, patch)?;
        println!("mutant {name}: {verdict}");
        if !verdict.starts_with("caught") {
            faults.push(name);
        }
        output(&mut git(tree, &["checkout", "--quiet", "--", "."]))?;
        output(&mut git(tree, &["clean", "--quiet", "-fd"]))?;
    }
    println!("mutants: {} caught, {} not", patches.len() - faults.len(), faults.len());
    if faults.is_empty() { Ok(()) } else { Err(format!("not caught: {}", faults.join(", "))) }
}

/// What becomes of one mutant.
fn one(tree: &Path, patch: &Path) -> Result<String> {
    let patch = patch.to_string_lossy();
    let (applies, text) = capture(git(tree, &["apply", "--whitespace=nowarn"]).arg(&*patch))?;
    if !applies {
        return Ok(format!("DOES NOT APPLY, the code has moved on\n{text}"));
    }
    // One that does not compile would look caught without any test having seen it.
    let (compiles, text) = capture(&mut tests(tree, &["--no-run"]))?;
    if !compiles {
        return Ok(format!("DOES NOT COMPILE\n{text}"));
    }
    let (survived, text) = capture(&mut tests(tree, &[]))?;
    Ok(if survived { "SURVIVED".to_owned() } else { format!("caught by {}", failed(&text)) })
}

/// The test that failed first, to tell a bug found from one that merely stopped everything.
fn failed(text: &str) -> &str {
    text.lines()
        .find_map(|line| line.strip_suffix(" --- FAILED"))
        .unwrap_or("no test by name (a panic of another thread, or too long a time)")
}

fn git(tree: &Path, words: &[&str]) -> Command {
    let mut git = command("git", words);
    git.current_dir(tree);
    git
}

/// The library's tests in `tree`, with one target folder for all mutants.
fn tests(tree: &Path, more: &[&str]) -> Command {
    let mut timeout = command("timeout", &["--kill-after=10", SECONDS, "cargo", "test", "--quiet"]);
    timeout.args(["-p", "npstow", "--all-features"]).args(more).current_dir(tree);
    timeout.env("CARGO_TARGET_DIR", target().join("mutants/target"));
    timeout.env_remove("CARGO_MANIFEST_DIR");
    timeout
}

#[cfg(test)]
mod tests {
    use super::{PathBuf, chosen, failed};

    #[test]
    fn names_choose_patches() {
        let patches = || ["a/x.patch", "a/y.patch", "a/z.patch"].map(PathBuf::from).to_vec();
        assert_eq!(chosen(patches(), &[]).unwrap(), patches());
        assert_eq!(
            chosen(patches(), &["z", "x"]).unwrap(),
            ["a/x.patch", "a/z.patch"].map(PathBuf::from)
        );
        assert_eq!(chosen(patches(), &["w"]).unwrap_err(), "no mutant 'w'; there are x, y, z");
    }

    #[test]
    fn the_first_failure_is_named() {
        assert_eq!(failed("...\na::b --- FAILED\n..\nc --- FAILED\n"), "a::b");
        assert!(failed("thread 'x' has overflowed its stack").starts_with("no test"));
    }
}
