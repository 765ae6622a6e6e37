//! The least an axum program can do, in a process of its own: the yardstick for the hot path.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::routing::get;
use clap::Args;

use crate::client;
use crate::client::http::Connection;

const START_LIMIT: Duration = Duration::from_secs(10);

/// Where to listen.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(long)]
    listen: SocketAddr,
}

/// Serves one sentence until the process is ended.
pub(crate) fn serve(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(options.listen)
            .await
            .context("cannot listen")?;
        let app = Router::new().route("/", get(async || "Hello, world!"));
        axum::serve(listener, app).await.context("the server broke down")
    })
}

/// The running program; it ends with its value.
pub(super) struct Hello {
    pub(super) address: SocketAddr,
    server: Child,
}

impl Hello {
    pub(super) fn start() -> Result<Self> {
        let address = client::free_address()?;
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut command = Command::new(program);
        command
            .args(["hello", "--listen", &address.to_string()])
            .stdin(Stdio::null());
        let hello = Self {
            address,
            server: command.spawn().context("cannot start the bare program")?,
        };
        let deadline = Instant::now() + START_LIMIT;
        while Connection::open(address).is_err() {
            if Instant::now() > deadline {
                bail!("the bare program does not answer");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(hello)
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
