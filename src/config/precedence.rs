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
    pub(super) fn apply_to(&self, mut file: O) -> O {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Options as they are here: optional or a list. A flag or a default would always be present in
    /// the matches, and replace what the file says.
    #[derive(clap::Args, Debug, Default, PartialEq)]
    struct Options {
        #[arg(long)]
        number: Option<u16>,
        #[arg(long, value_delimiter = ',')]
        names: Vec<String>,
        #[arg(skip)]
        only_in_the_file: Option<u16>,
    }

    fn over_file(arguments: &[&str]) -> Options {
        let command = CommandLine::<Options>::augment_args(Command::new("test"));
        let matches = command.no_binary_name(true).get_matches_from(arguments);
        let file = Options { number: Some(1), names: vec!["file".to_owned()], only_in_the_file: Some(2) };
        CommandLine::<Options>::from_arg_matches(&matches).unwrap().apply_to(file)
    }

    #[test]
    fn what_is_given_replaces_what_the_file_says_and_nothing_else() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let file = Options { number: Some(1), names: names(&["file"]), only_in_the_file: Some(2) };
        assert_eq!(over_file(&[]), file);
        assert_eq!(over_file(&["--number", "7"]), Options { number: Some(7), ..over_file(&[]) });
        assert_eq!(over_file(&["--names", "a,b", "--names", "c"]), Options { names: names(&["a", "b", "c"]), ..over_file(&[]) });
    }
}
