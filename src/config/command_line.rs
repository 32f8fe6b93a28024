//! The merge of the options of a command with those of the configuration file. The command line
//! and the environment take precedence.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// The options from the command line and the environment.
#[derive(Clone, Debug)]
pub struct CommandLine<O> {
    pub(super) options: O,
    matches: ArgMatches,
}

impl<O: FromArgMatches> CommandLine<O> {
    /// Overrides the options of the file.
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
