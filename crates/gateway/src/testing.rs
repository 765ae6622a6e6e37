//! Tests that need a kernel to themselves run again inside user and network namespaces of their own.

use std::process::Command;

const INSIDE: &str = "USHER_TEST_INSIDE";

/// Runs the body in fresh namespaces; `name` is the full name of the test that calls.
pub(crate) fn in_namespace(name: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    if !allowed() {
        eprintln!("not tested: {name} (this system gives no user namespaces, or has no nft)");
        return;
    }
    let test = std::env::current_exe().expect("the test program");
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--mount"])
        .arg(test)
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("1 passed"), "{name} was not found:\n{said}");
}

/// Whether an ordinary user may have namespaces here, and there is what the tests fill them with.
fn allowed() -> bool {
    let well = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    };
    let namespaces = ["--user", "--map-root-user", "--net", "--mount", "true"];
    well("unshare", &namespaces) && well("nft", &["--version"]) && well("ip", &["-V"])
}

/// Runs a program of iproute2 and returns what it said.
pub(crate) fn run(program: &str, arguments: &str) -> String {
    let mut command = Command::new(program);
    let output = command
        .args(arguments.split_whitespace())
        .output()
        .expect(program);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments}: {complained}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
