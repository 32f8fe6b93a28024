//! `onshi-mock openapi`: prints the API's description.

use anyhow::anyhow;
use jiff::Timestamp;

use crate::domain::japan;
use crate::fixtures::Fixtures;
use crate::http::openapi::{Addresses, Listener, document};

/// Options of `openapi`.
#[derive(clap::Args)]
pub struct OpenapiArgs {
    /// One listener only [default: both, told apart by the `servers` of each path]
    #[arg(long, value_name = "LISTENER")]
    listener: Option<Listener>,
}

/// Prints the document, with the addresses and errors that hold by default.
///
/// # Errors
/// None but the output's own.
#[expect(clippy::print_stdout, reason = "the document is the command's output")]
pub fn run(args: &OpenapiArgs, wall: Timestamp) -> anyhow::Result<()> {
    let (fixtures, _) = Fixtures::compiled_in(japan::civil(wall).date());
    let fixtures = fixtures.ok_or_else(|| anyhow!("the compiled-in fixtures are wrong"))?;
    println!("{:#}", document(args.listener, &Addresses::default(), &fixtures.catalogue));
    Ok(())
}
