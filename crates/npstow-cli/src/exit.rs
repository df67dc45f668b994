//! How the program ends: the one table of exit codes, and errors as one line.
#![forbid(unsafe_code)]

use crate::render::harmless;
use npstow::{Error, ErrorKind};
use std::io::{self, Write};

/// What an exit code means to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done.
    Done = 0,
    /// The data differ or are invalid.
    Invalid = 1,
    /// The command makes no sense.
    Usage = 2,
    /// Something could not be read or written.
    Failed = 3,
}

/// The table: by who has to act.
impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Corrupt | ErrorKind::Limit | ErrorKind::Mismatch => Self::Invalid,
            ErrorKind::Invalid => Self::Usage,
            ErrorKind::Io | ErrorKind::Unsupported | ErrorKind::NotFound | ErrorKind::Exists => {
                Self::Failed
            }
            // Kinds to come; the test says when one is missing above.
            _ => Self::Failed,
        }
    }
}

impl Exit {
    /// Of several, the one that counts: invalid data outweigh what could not be read.
    pub(crate) fn worst(all: impl Iterator<Item = Self>) -> Self {
        let weight = |exit: &Self| {
            [Self::Done, Self::Usage, Self::Failed, Self::Invalid].iter().position(|e| e == exit)
        };
        all.max_by_key(weight).unwrap_or(Self::Done)
    }
}

/// Why a command did not get to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The words make no sense, or ask for help.
    Usage(clap::Error),
    /// The library refused.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Tells the user what went wrong and says how to exit.
pub(crate) fn report(done: Result<Exit, Failure>) -> Exit {
    match done {
        Ok(exit) => exit,
        Err(Failure::Usage(error)) => usage(&error),
        Err(Failure::Error(error)) => {
            complain(&error.to_string());
            error.kind().into()
        }
    }
}

/// One line on standard error.
pub(crate) fn complain(what: &str) {
    say(&format!("npstow: {}\n", harmless(what)));
}

/// All in one write, so that lines of processes side by side stay whole.
fn say(text: &str) {
    // Nobody is left to tell that standard error is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}

fn usage(error: &clap::Error) -> Exit {
    use clap::error::ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
    };
    match error.kind() {
        DisplayHelp | DisplayVersion => {
            let _ = write!(io::stdout(), "{error}");
            Exit::Done
        }
        DisplayHelpOnMissingArgumentOrSubcommand => {
            say(&error.to_string());
            Exit::Usage
        }
        _ => {
            complain(&one_line(&error.to_string()));
            Exit::Usage
        }
    }
}

/// The gist of clap's several paragraphs.
fn one_line(text: &str) -> String {
    let said = text.split("\n\n").filter(|part| {
        let part = part.trim_start();
        !part.starts_with("Usage:") && !part.starts_with("For more information")
    });
    let parts: Vec<String> = said
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|part| !part.is_empty())
        .collect();
    let line = parts.join("; ");
    format!("{} (see npstow --help)", line.strip_prefix("error: ").unwrap_or(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_code() {
        let made = [
            (Error::io("x", io::Error::other("y")), Exit::Failed),
            (Error::corrupt("x", "y"), Exit::Invalid),
            (Error::unsupported("x"), Exit::Failed),
            (Error::limit("x", 1, 2), Exit::Invalid),
            (Error::mismatch("x", "y"), Exit::Invalid),
            (Error::not_found("x"), Exit::Failed),
            (Error::exists("x"), Exit::Failed),
            (Error::invalid("x"), Exit::Usage),
        ];
        for (error, exit) in made {
            assert_eq!(Exit::from(error.kind()), exit, "{error}");
        }
        // As many as `ErrorKind` has: a new one must be added to the table.
        let source = include_str!("../../npstow/src/error.rs");
        let kinds =
            source.split_once("pub enum ErrorKind {").and_then(|(_, s)| s.split_once("\n}"));
        let kinds = kinds.map_or(0, |(kinds, _)| {
            kinds
                .lines()
                .filter(|line| line.trim_end().ends_with(',') && !line.contains("//"))
                .count()
        });
        assert_eq!(kinds, 8);
    }

    #[test]
    fn a_pipe_that_data_cannot_leave_by_is_a_failure() {
        let closed = Error::io("writing", io::ErrorKind::BrokenPipe.into());
        assert_eq!(report(Err(closed.into())), Exit::Failed);
    }

    #[test]
    fn usage_errors_are_one_line() {
        let text = "error: unexpected argument '--jsn' found\n\n  tip: a similar argument exists: \
                    '--json'\n\nUsage: npstow ls <PATH>\n\nFor more information, try '--help'.\n";
        assert_eq!(
            one_line(text),
            "unexpected argument '--jsn' found; tip: a similar argument exists: '--json' \
             (see npstow --help)"
        );
    }
}
