//! A provider on loopback that follows a script, one act a request; behind its end it takes every mail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// What every provider's yes looks like here.
const TAKEN: &str = r#"{"id": "<1@provider>", "ID": "1", "message": "Queued. Thank you."}"#;

/// What it does with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Status, further header lines, body.
    Answer(u16, &'static str, &'static str),
    /// These bytes, then the end.
    Babble(&'static str),
    /// Takes the mail and says so, then closes without having announced it.
    TakeAndClose,
    Close,
    Reset,
    Silence,
}

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The first line and the headers, names in lower case.
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.head.iter().find_map(|line| line.strip_prefix(&start))
    }
}

#[derive(Debug, Default)]
struct State {
    connections: usize,
    acts: VecDeque<Act>,
    requests: Vec<Seen>,
    taken: usize,
}

/// The running server. It ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Server {
    port: u16,
    acceptor: Option<TlsAcceptor>,
    state: Arc<Mutex<State>>,
    fell_silent: Arc<Notify>,
}

impl Server {
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        Self::encrypted(None, acts).await
    }

    pub(crate) async fn encrypted(
        acceptor: Option<TlsAcceptor>,
        acts: impl IntoIterator<Item = Act>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let state = State {
            acts: acts.into_iter().collect(),
            ..State::default()
        };
        let server = Self {
            port: listener.local_addr().expect("an address").port(),
            acceptor,
            state: Arc::new(Mutex::new(state)),
            fell_silent: Arc::default(),
        };
        tokio::spawn(server.clone().accept(listener));
        server
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.acceptor.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.state().requests.clone()
    }

    /// How many mails it has taken responsibility for.
    pub(crate) fn taken(&self) -> usize {
        self.state().taken
    }

    pub(crate) fn connections(&self) -> usize {
        self.state().connections
    }

    /// Returns once it has fallen silent.
    pub(crate) async fn silence(&self) {
        self.fell_silent.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("unpoisoned")
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            self.state().connections += 1;
            tokio::spawn(self.clone().serve(stream));
        }
    }

    async fn serve(self, mut stream: TcpStream) {
        let is_reset = match &self.acceptor {
            None => self.converse(&mut stream).await,
            Some(acceptor) => match acceptor.accept(&mut stream).await {
                Ok(mut encrypted) => self.converse(&mut encrypted).await,
                Err(_) => Some(false),
            },
        };
        if is_reset == Some(true) {
            stream.set_zero_linger().expect("a socket option");
        }
    }

    /// Until the end of the conversation; whether that is to be a hard one.
    async fn converse(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<bool> {
        let mut stream = BufReader::new(stream);
        loop {
            let seen = read_request(&mut stream).await?;
            let act = {
                let mut state = self.state();
                state.requests.push(seen);
                state.acts.pop_front().unwrap_or(Act::Answer(200, "", TAKEN))
            };
            match act {
                Act::Answer(status, fields, body) => {
                    self.state().taken += usize::from(status < 300);
                    say(&mut stream, status, fields, body).await?;
                }
                Act::TakeAndClose => {
                    self.state().taken += 1;
                    say(&mut stream, 200, "", TAKEN).await?;
                    return Some(false);
                }
                Act::Babble(text) => {
                    stream.write_all(text.as_bytes()).await.ok()?;
                    return Some(false);
                }
                Act::Close => return Some(false),
                Act::Reset => return Some(true),
                Act::Silence => {
                    self.fell_silent.notify_one();
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), status: u16, fields: &str, body: &str) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n{fields}\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<Seen> {
    let mut seen = Seen::default();
    loop {
        let mut line = String::new();
        stream
            .read_line(&mut line)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        match line.trim_end() {
            "" => break,
            line => seen.head.push(line.to_owned()),
        }
    }
    let length = seen.header("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    seen.body = String::from_utf8(body).ok()?;
    Some(seen)
}
