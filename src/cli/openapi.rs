//! `onshi-mock openapi`: prints the API's description.

use anyhow::anyhow;
use jiff::Timestamp;

use super::output::write_out;
use crate::domain::japan;
use crate::fixtures::Fixtures;
use crate::listener::Listener;
use crate::server::describe;

/// Options of `openapi`.
#[derive(clap::Args)]
pub struct OpenapiArgs {
    /// どちらか一方のポートだけ / One listener only [default: both, told apart by the `servers` of each path]
    #[arg(long, value_name = "LISTENER")]
    listener: Option<Listener>,
}

/// Prints the document, with the default addresses and errors.
///
/// # Errors
/// The output cannot be written.
pub fn run(args: &OpenapiArgs, wall: Timestamp) -> anyhow::Result<()> {
    let (fixtures, _) = Fixtures::compiled_in(japan::civil(wall).date());
    let fixtures = fixtures.ok_or_else(|| anyhow!("the compiled-in fixtures are wrong"))?;
    Ok(write_out(format_args!("{:#}\n", describe(args.listener, &fixtures.catalogue)))?)
}
