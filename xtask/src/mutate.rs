//! `cargo xtask mutate`: do the tests find bugs? Each patch of `xtask/mutants/` plants one.
#![forbid(unsafe_code)]

use crate::shell::{Result, capture, check, command, files, output, root, target};
use std::path::Path;
use std::process::Command;

/// A planted bug may be an endless loop.
const SECONDS: &str = "600";

/// Applies each patch to a checkout of HEAD and expects `cargo test -p npstow` to fail there.
pub(crate) fn run() -> Result {
    let patches = files(&root().join("xtask/mutants"), "patch");
    if patches.is_empty() {
        println!("no mutants");
        return Ok(());
    }
    let tree = target().join("mutants/tree");
    discard(&tree);
    let place = tree.to_string_lossy().into_owned();
    check(&mut command("git", &["worktree", "add", "--quiet", "--detach", &place, "HEAD"]))?;
    let result = all(&tree, &patches);
    discard(&tree);
    result
}

/// What an earlier run left must not be in the way; nothing of it is missed.
fn discard(tree: &Path) {
    let place = tree.to_string_lossy();
    let _ = capture(&mut command("git", &["worktree", "remove", "--force", &place]));
    let _ = capture(&mut command("git", &["worktree", "prune"]));
}

fn all(tree: &Path, patches: &[std::path::PathBuf]) -> Result {
    let (ok, text) = capture(&mut tests(tree, &[]))?;
    if !ok {
        return Err(format!("the tests fail without any mutant:\n{text}"));
    }
    let mut survivors = Vec::new();
    for patch in patches {
        let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let patch = patch.to_string_lossy();
        output(git(tree, &["apply", "--whitespace=nowarn"]).arg(&*patch))?;
        // One that does not compile would look caught without any test having seen it.
        let (compiles, text) = capture(&mut tests(tree, &["--no-run"]))?;
        if !compiles {
            return Err(format!("mutant {name} does not compile:\n{text}"));
        }
        let (survived, _) = capture(&mut tests(tree, &[]))?;
        println!("mutant {name}: {}", if survived { "SURVIVED" } else { "caught" });
        if survived {
            survivors.push(name);
        }
        output(&mut git(tree, &["checkout", "--quiet", "--", "."]))?;
        output(&mut git(tree, &["clean", "--quiet", "-fd"]))?;
    }
    println!("mutants: {} caught, {} survived", patches.len() - survivors.len(), survivors.len());
    if survivors.is_empty() { Ok(()) } else { Err(format!("survivors: {}", survivors.join(", "))) }
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
