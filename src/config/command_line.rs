//! Options of a command, laid over those of the file: what the command line or the environment says
//! wins.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// What the command line and the environment say.
#[derive(Clone, Debug)]
pub struct CommandLine<O> {
    pub(super) options: O,
    matches: ArgMatches,
}

impl<O: FromArgMatches> CommandLine<O> {
    /// Replaces what the file says by what was given here.
    pub(super) fn over(&self, mut file: O) -> O {
        file.update_from_arg_matches(&self.matches).expect("options were made of these matches before");
        file
    }
}

impl<O: FromArgMatches> FromArgMatches for CommandLine<O> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self { options: O::from_arg_matches(matches)?, matches: matches.clone() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<O: Args> Args for CommandLine<O> {
    fn augment_args(command: Command) -> Command {
        O::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        O::augment_args_for_update(command)
    }
}
