//! The `usher-gateway` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    usher_gateway::cli::main()
}
