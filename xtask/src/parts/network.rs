//! What the gateway's tests run in: namespaces of their own, and the programs that furnish them.

use std::process::Command;

use super::{Part, install, not_installed};
use crate::command;

/// Program, and the Debian package that has it.
const PROGRAMS: &[(&str, &str)] = &[
    ("unshare", "util-linux"),
    ("ip", "iproute2"),
    ("tc", "iproute2"),
    ("nft", "nftables"),
];

/// Looks whether an ordinary user may have a network here and programs to build it with.
pub(super) fn find() -> Part<String> {
    for (program, package) in PROGRAMS {
        let found = || {
            ["/usr/sbin", "/sbin"].iter().any(|folder| {
                command::find(program).is_some() || std::path::Path::new(folder).join(program).is_file()
            })
        };
        if !(found() || (install(package) && found())) {
            return Err(not_installed(package));
        }
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--net", "--mount", "true"]);
    match command::output_of(&mut unshare) {
        Ok(_) => Ok("own network namespaces".to_owned()),
        Err(_) => Err("this system gives no user namespaces".to_owned()),
    }
}
