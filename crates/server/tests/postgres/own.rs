//! A PostgreSQL server of the test's own, which it may stop and start.

use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server with its data in a temporary folder. It is not yet started.
pub(crate) struct Own {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    owner: Option<(u32, u32)>,
    settings: Vec<String>,
    running: Option<Child>,
}

impl Own {
    /// Makes one; `None`, and a line that says so, where the server's programs are missing.
    pub(crate) fn create() -> Option<Self> {
        let Some(programs) = programs() else {
            say_not_tested();
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let owner = (id("-u", &[]) == Some(0))
            .then(|| (id("-u", &["postgres"]).unwrap(), id("-g", &["postgres"]).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = Self {
            programs,
            folder,
            port: listener.local_addr().unwrap().port(),
            owner,
            settings: Vec::new(),
            running: None,
        };
        own.give(own.folder.path());
        let mut initdb = own.program("initdb");
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        ]);
        let made = initdb.arg("--pgdata").arg(own.data()).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        Some(own)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// `postgres://…` by this name of the host, with these parameters.
    pub(crate) fn url(&self, host: &str, parameters: &str) -> String {
        format!("postgres://postgres@{host}:{}/postgres?{parameters}", self.port)
    }

    /// Sets something for the next start.
    pub(crate) fn set(&mut self, setting: &str) {
        self.settings.push(setting.to_owned());
    }

    /// Writes a file that only the server can read.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.data().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        self.give(&path);
        path
    }

    pub(crate) fn start(&mut self) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let mut server = self.program("postgres");
        server
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.folder.path());
        server.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        server.args(["-c", "fsync=off"]);
        for setting in &self.settings {
            server.args(["-c", setting]);
        }
        server.stdout(log.try_clone().unwrap()).stderr(log);
        self.running = Some(server.spawn().unwrap());
        let begun = Instant::now();
        loop {
            let mut ready = self.program("pg_isready");
            ready.args(["--quiet", "--host=127.0.0.1", "--port", &self.port.to_string()]);
            if ready.status().unwrap().success() {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "PostgreSQL does not start"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// As when somebody pulls the plug of the program: no goodbye to anybody.
    pub(crate) fn stop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"])
            .arg(self.data());
        if !stop.status().is_ok_and(|status| status.success()) {
            running.kill().ok();
        }
        running.wait().ok();
    }

    fn program(&self, name: &str) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn give(&self, path: &Path) {
        if let Some((user, group)) = self.owner {
            std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A number of a user: one's own, or of a name.
fn id(option: &str, name: &[&str]) -> Option<u32> {
    let answer = Command::new("id").arg(option).args(name).output().ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}

/// The folder with the server's programs: on the path, or the newest of Debian's.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<_> = versions.flatten().map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| {
        let name = path.file_name()?.to_str()?;
        name.parse::<u32>().ok()
    });
    folders.extend(versions.into_iter().rev().map(|version| version.join("bin")));
    folders.into_iter().find(|folder| {
        let needed = ["initdb", "postgres", "pg_ctl", "pg_isready"];
        needed.iter().all(|name| folder.join(name).is_file())
    })
}

/// Past the capture of the test harness: a promise that was not checked is never passed over in silence.
fn say_not_tested() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let line = b"not tested on a PostgreSQL server of its own: initdb and postgres are not installed\n";
        drop(std::io::stderr().write_all(line));
    });
}
