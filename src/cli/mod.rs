//! The commands, one file each. Exit codes: 0 done, 1 something was found wrong, 2 it could not be tried.

pub mod check;
pub mod config;
pub mod connect;
pub mod explain;
pub mod forget;
pub mod record;
pub mod rehearsal;
pub mod schema;
pub mod serve;
pub mod test;
pub mod token;

use clap::{Parser, Subcommand};
use std::io::{self, Write};

/// A SCIM 2.0 endpoint in front of an existing product.
///
/// Identity providers such as Microsoft Entra ID and Okta speak SCIM; your product
/// has a user API of its own. A mapping file says how one becomes the other, and
/// this program runs it.
///
/// A first round:
///   transom check mappings/mine.yaml          is the mapping right?
///   transom test mappings/mine.yaml           do its own tests hold?
///   transom config --default > transom.yaml   then add your target to it
///   transom token create --target mine --name entra
///   transom serve
#[derive(Debug, Parser)]
#[command(
    name = "transom",
    version,
    verbatim_doc_comment,
    after_help = "Exit codes: 0 done, 1 something was found wrong, 2 it could not be tried.\nColours are left out when NO_COLOR is set or the output is no terminal."
)]
pub struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve SCIM as transom.yaml says, until SIGTERM or Ctrl-C; says on standard error where it listens
    Serve(serve::Arguments),
    /// Say everything that is wrong with mapping files, with place and way out
    Check(check::Arguments),
    /// Show the calls that a SCIM request becomes, and the mapping line behind each field; sends nothing
    Explain(explain::Arguments),
    /// Run the tests that stand in mapping files; no product is needed
    Test(test::Arguments),
    /// Print the JSON Schema of the mapping language, for editors
    Schema(schema::Arguments),
    /// Make, list and revoke the bearer tokens of identity providers
    Token(token::Arguments),
    /// Start a target afresh: forget what the gateway holds of it, tokens aside
    Forget(forget::Arguments),
    /// Print the default transom.yaml with its documentation, or what a file comes to
    Config(config::Arguments),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Done, and all is well.
    Well,
    /// Done, and something is wrong with what was looked at.
    Wrong,
    /// It could not be tried.
    Failed,
}

impl Ended {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Ended::Well => 0,
            Ended::Wrong => 1,
            Ended::Failed => 2,
        }
    }
}

/// Why a command could not be tried: one clear line.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command. `stop` ends `serve`.
pub async fn run(program: Program, stop: impl Future<Output = ()> + Send) -> Ended {
    let mut out = io::stdout().lock();
    let ended = match &program.command {
        Command::Serve(arguments) => serve::run(arguments, stop).await,
        Command::Check(arguments) => check::run(arguments, &mut out).await,
        Command::Explain(arguments) => explain::run(arguments, &mut out).await,
        Command::Test(arguments) => test::run(arguments, &mut out).await,
        Command::Schema(arguments) => schema::run(arguments, &mut out).map(|()| Ended::Well).map_err(Failure::from),
        Command::Token(arguments) => token::run(arguments, &mut out),
        Command::Forget(arguments) => forget::run(arguments, &mut out),
        Command::Config(arguments) => config::run(arguments, &mut out).map(|()| Ended::Well).map_err(Failure::from),
    };
    ended.unwrap_or_else(|failure| {
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(io::stderr(), "transom: {failure}");
        Ended::Failed
    })
}
