//! The program as its users meet it, in namespaces of its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_usher-gateway");
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether an ordinary user may have namespaces here; else says so, once for each test.
fn allowed(test: &str) -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--net", "--mount", "true"]);
    let well = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let allowed = well(&mut unshare) && well(Command::new("nft").arg("--version"));
    if !allowed {
        eprintln!("not tested: {test} (this system gives no user namespaces, or has no nft)");
    }
    allowed
}

fn network() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default()
    };
    let queues = said("tc", &["qdisc", "show"]);
    let links = said("ip", &["-o", "link", "show"]);
    let routes = said("ip", &["route", "show", "table", "all"]);
    format!(
        "{queues}\n{links}\n{routes}\n{}",
        said("nft", &["list", "ruleset"])
    )
}

/// The figures of a measurement. How near they come to their bars, which are for a quiet machine, is looked
/// at where nothing else runs: `cargo xtask lab`.
fn measured(bar: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("figures.json");
    let mut lab = Command::new(PROGRAM);
    lab.arg("lab").args(bar).arg("--json").arg(&file);
    let output = lab.output().expect("the program runs");
    let Ok(text) = fs::read_to_string(&file) else {
        panic!("no figures:\n{}", String::from_utf8_lossy(&output.stderr));
    };
    let mut report: Value = serde_json::from_str(&text).expect("JSON");
    report["schemes"][0]["figures"].take()
}

/// A gateway between two devices that lead nowhere.
struct Gateway {
    child: Child,
    folder: tempfile::TempDir,
}

impl Gateway {
    fn start(extra: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "lan = \"lan0\"\nwan = \"wan0\"\nnetworks = [\"10.0.0.0/8\"]\nsocket = {:?}\nstate = {:?}\n{extra}",
            path("socket"),
            path("state")
        );
        fs::write(folder.path().join("gateway.toml"), config).expect("a file");
        let script = "ip link add lan0 type veth peer name lan1 && ip link add wan0 type veth peer name wan1 \
                      && exec \"$0\" run --config \"$1\"";
        let mut unshare = Command::new("unshare");
        unshare.args([
            "--user",
            "--map-root-user",
            "--net",
            "--mount",
            "sh",
            "-c",
            script,
            PROGRAM,
        ]);
        unshare
            .arg(folder.path().join("gateway.toml"))
            .stderr(Stdio::null());
        let child = unshare.spawn().expect("unshare runs");
        Self { child, folder }
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("socket")
    }

    fn connect(&self) -> Server {
        let begun = Instant::now();
        loop {
            match UnixStream::connect(self.socket()) {
                Ok(stream) => return Server::new(stream),
                Err(_) if begun.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(10)),
                Err(error) => panic!("the gateway does not answer: {error}"),
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's end of the socket.
struct Server {
    stream: UnixStream,
    lines: BufReader<UnixStream>,
}

impl Server {
    fn new(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let lines = BufReader::new(stream.try_clone().expect("a second handle"));
        Self { stream, lines }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stream, "{line}").expect("the gateway listens");
    }

    /// The next thing said of this kind; `None` when the gateway hangs up.
    fn hear(&mut self, kind: &str) -> Option<Value> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line).expect("in time") == 0 {
                return None;
            }
            let said: Value = serde_json::from_str(&line).expect("JSON");
            if let Some(found) = said["say"].get(kind) {
                return Some(found.clone());
            }
        }
    }
}

fn desired(generation: u64, address: &str) -> String {
    let desired = json!({
        "generation": generation,
        "link": { "name": "test", "down": { "rated": "20M" }, "up": { "rated": "5M" } },
        "clients": [{
            "id": "00000000-0000-0000-0000-000000000001",
            "addresses": [{ "ip": address, "expires_at": 4_000_000_000_000_000_i64 }],
        }],
    });
    json!({ "v": 1, "say": { "desired": desired } }).to_string()
}

#[test]
fn a_state_is_put_in_force_and_reported_and_the_same_again_takes_no_step() {
    if !allowed("a_state_is_put_in_force_and_reported_and_the_same_again_takes_no_step") {
        return;
    }
    let gateway = Gateway::start("");
    let mut server = gateway.connect();
    assert_eq!(
        server.hear("hello").expect("a greeting")["generation"],
        Value::Null
    );
    server.say(&desired(7, "10.0.0.1"));
    let applied = server.hear("applied").expect("an answer");
    assert_eq!(applied["generation"], 7);
    assert!(applied["steps"].as_u64() > Some(5), "{applied}");
    server.say(&desired(7, "10.0.0.1"));
    assert_eq!(server.hear("applied").expect("an answer")["steps"], 0);
    let telemetry = server.hear("telemetry").expect("a report");
    assert_eq!(
        (&telemetry["generation"], &telemetry["signed_in"]),
        (&json!(7), &json!(1))
    );
    assert_eq!(telemetry["down"]["capacity"]["shaped"], json!(19_000_000));
}

#[test]
fn t47_a_server_cannot_have_an_address_outside_the_networks_shaped() {
    if !allowed("t47_a_server_cannot_have_an_address_outside_the_networks_shaped") {
        return;
    }
    let gateway = Gateway::start("");
    let mut server = gateway.connect();
    server.say(&desired(1, "192.0.2.1"));
    let refused = server.hear("refused").expect("an answer");
    assert!(
        refused["detail"].as_str().expect("a reason").contains("outside"),
        "{refused}"
    );
}

#[test]
fn r18_what_is_not_a_frame_ends_the_connection_and_nothing_else() {
    if !allowed("r18_what_is_not_a_frame_ends_the_connection_and_nothing_else") {
        return;
    }
    let gateway = Gateway::start("");
    for line in [
        "{",
        "{\"v\":2,\"say\":{}}",
        "{\"v\":1,\"say\":{\"run\":\"sh\"}}",
        "{\"v\":1,\"say\":{\"desired\":{\"generation\":-1}}}",
    ] {
        let mut server = gateway.connect();
        server.say(line);
        assert_eq!(server.hear("applied"), None, "{line}");
    }
    let mut server = gateway.connect();
    server.say(&desired(1, "10.0.0.1"));
    assert_eq!(server.hear("applied").expect("an answer")["generation"], 1);
}

#[test]
fn r18_the_program_keeps_the_right_to_administer_the_network_and_no_other() {
    if !allowed("r18_the_program_keeps_the_right_to_administer_the_network_and_no_other") {
        return;
    }
    let gateway = Gateway::start("");
    let mut server = gateway.connect();
    server.hear("hello").expect("a greeting");
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.child.id())).expect("its status");
    let of = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .expect(name);
        u64::from_str_radix(line.trim(), 16).expect("a number")
    };
    let net_admin = 1 << 12;
    for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:", "CapBnd:"] {
        assert_eq!(of(set), net_admin, "{set}");
    }
    assert!(status.contains("NoNewPrivs:\t1"));
}

#[test]
fn r18_another_user_is_turned_away() {
    if !allowed("r18_another_user_is_turned_away") || !is_root() {
        eprintln!("not tested: r18_another_user_is_turned_away (only root can become somebody else)");
        return;
    }
    let gateway = Gateway::start("");
    gateway.connect().hear("hello").expect("a greeting");
    open_to_all(gateway.folder.path());
    // Where the program was built, others may not be able to read.
    let copy = gateway.folder.path().join("usher-gateway");
    fs::copy(PROGRAM, &copy).expect("a copy");
    let mut stranger = Command::new("setpriv");
    stranger
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&copy);
    let config = gateway.folder.path().join("gateway.toml");
    let output = stranger
        .arg("status")
        .arg("--config")
        .arg(config)
        .output()
        .expect("setpriv runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("does not speak with this user"), "{said}");
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("Uid:\t0\t"))
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[test]
fn the_lab_measures_and_leaves_the_machines_network_as_it_was() {
    if !allowed("the_lab_measures_and_leaves_the_machines_network_as_it_was") {
        return;
    }
    let before = network();
    let figures = measured(&["weights", "1:2:4", "--seconds", "4"]);
    let rate = |client: u8| figures[format!("client{client}_mbit")].as_f64();
    for client in [0, 1] {
        // Twice the weight; far from what chance makes of equal shares.
        assert!(
            rate(client + 1) > rate(client).map(|rate| 1.3 * rate),
            "{figures}"
        );
    }
    assert_eq!(network(), before);
}

#[test]
fn a_killed_gateway_leaves_the_last_state_in_force_and_a_new_one_finds_it_so() {
    if !allowed("a_killed_gateway_leaves_the_last_state_in_force_and_a_new_one_finds_it_so") {
        return;
    }
    let figures = measured(&["chaos"]);
    let (alive, killed) = (
        figures["goodput_mbit"].as_f64(),
        figures["goodput_killed_mbit"].as_f64(),
    );
    assert!(killed > alive.map(|rate| rate / 2.0), "{figures}");
    assert_eq!(figures["restart_steps"], 0.0, "{figures}");
    assert!(figures["healed_ms"].as_f64() > Some(0.0), "{figures}");
    assert_eq!(figures["equal_after_down"], 1.0, "{figures}");
}

#[test]
fn t47_who_is_not_signed_in_reaches_names_and_the_portal_and_nothing_else() {
    if !allowed("t47_who_is_not_signed_in_reaches_names_and_the_portal_and_nothing_else") {
        return;
    }
    let figures = measured(&["gate"]);
    assert_eq!(figures["signed_right"], 3.0, "{figures}");
    assert_eq!(figures["stranger_right"], 3.0, "{figures}");
}

#[test]
fn bar_12_a_simulation_with_the_same_seed_says_the_same() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sharing/scenarios/w1.toml");
    let play = || {
        let mut simulate = Command::new(PROGRAM);
        simulate.arg("simulate").arg(&scenario).args(["--seed", "7"]);
        simulate.output().expect("the program runs")
    };
    let (one, other) = (play(), play());
    assert!(one.status.success(), "{}", String::from_utf8_lossy(&one.stderr));
    assert!(one.stdout.len() > 1000);
    assert_eq!(one.stdout, other.stdout);
}
