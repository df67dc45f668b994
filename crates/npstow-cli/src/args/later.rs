//! Definitions that are made when they are needed: every call would pay for those of all commands.
#![forbid(unsafe_code)]

use clap::builder::{Resettable, StyledStr};
use clap::error::Result;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use std::ops::Deref;

/// What the command line says to one command, whose options are defined only once it was named.
///
/// What the command is for is told before that, in the list of commands: so it stands with the
/// variant, not here.
#[derive(Debug)]
pub(crate) struct Later<T>(T);

impl<T: Args> Args for Later<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| with_its_own_words(command, T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| with_its_own_words(command, T::augment_args_for_update))
    }
}

/// Of options that several commands share, the description would take the place of the command's.
fn with_its_own_words(command: Command, define: fn(Command) -> Command) -> Command {
    let about: Resettable<StyledStr> = command.get_about().cloned().into();
    let long_about: Resettable<StyledStr> = command.get_long_about().cloned().into();
    define(command).about(about).long_about(long_about)
}

impl<T: FromArgMatches> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<()> {
        self.0.update_from_arg_matches(matches)
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<()> {
        self.0.update_from_arg_matches_mut(matches)
    }
}

impl<T> Deref for Later<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
