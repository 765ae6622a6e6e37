//! A mail server on loopback that follows a script: at a named moment it answers as told, closes,
//! resets or falls silent; everywhere else it behaves.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// When a script strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the final dot.
    Body,
    Noop,
    /// Any other command.
    Other,
}

/// What it does then.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Reply(&'static str),
    ReplyThenClose(&'static str),
    Close,
    /// Answers, then breaks the connection hard.
    ReplyThenReset(&'static str),
    /// Says nothing more and keeps the connection.
    Silence,
    /// Never ends its line.
    Flood,
}

/// One connection's script: acts in the order in which their moments come.
pub(crate) type Script = Vec<(Moment, Act)>;

/// Where encryption stands.
#[derive(Clone)]
pub(crate) enum Encryption {
    None,
    Offered(TlsAcceptor),
    Immediate(TlsAcceptor),
}

#[derive(Debug, Default)]
struct Seen {
    connections: usize,
    commands: Vec<String>,
    bodies: Vec<String>,
}

/// The running server. It ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    encryption: Encryption,
    seen: Arc<Mutex<Seen>>,
    fell_silent: Arc<Notify>,
}

/// How a conversation ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Reset,
    Upgrade,
}

type Acts = VecDeque<(Moment, Act)>;

impl Server {
    /// The scripts are for the first connections; those after them behave.
    pub(crate) async fn start(scripts: Vec<Script>) -> Self {
        Self::encrypted(Encryption::None, scripts).await
    }

    pub(crate) async fn encrypted(encryption: Encryption, scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        let server = Self {
            port,
            encryption,
            seen: Arc::default(),
            fell_silent: Arc::default(),
        };
        tokio::spawn(server.clone().accept(listener, VecDeque::from(scripts)));
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen().connections
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.seen().commands.clone()
    }

    /// The accepted mails as they came, dots doubled.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.seen().bodies.clone()
    }

    /// Returns once a script has fallen silent.
    pub(crate) async fn silence(&self) {
        self.fell_silent.notified().await;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("unpoisoned")
    }

    async fn accept(self, listener: TcpListener, mut scripts: VecDeque<Script>) {
        while let Ok((stream, _)) = listener.accept().await {
            self.seen().connections += 1;
            let acts = Acts::from(scripts.pop_front().unwrap_or_default());
            tokio::spawn(self.clone().serve(stream, acts));
        }
    }

    async fn serve(self, mut stream: TcpStream, mut acts: Acts) {
        let end = match &self.encryption {
            Encryption::None | Encryption::Offered(_) => self.converse(&mut stream, &mut acts, true).await,
            Encryption::Immediate(acceptor) => match acceptor.accept(&mut stream).await {
                Ok(mut encrypted) => self.converse(&mut encrypted, &mut acts, true).await,
                Err(_) => End::Closed,
            },
        };
        match (end, &self.encryption) {
            (End::Reset, _) => stream.set_zero_linger().expect("a socket option"),
            (End::Upgrade, Encryption::Offered(acceptor)) => {
                if let Ok(mut encrypted) = acceptor.accept(&mut stream).await {
                    self.converse(&mut encrypted, &mut acts, false).await;
                }
            }
            _ => {}
        }
    }

    async fn converse(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        acts: &mut Acts,
        greets: bool,
    ) -> End {
        let mut stream = BufReader::new(stream);
        match self.speak(&mut stream, acts, greets).await {
            Err(end) => end,
            Ok(never) => match never {},
        }
    }

    async fn speak<S>(
        &self,
        stream: &mut BufReader<S>,
        acts: &mut Acts,
        greets: bool,
    ) -> Result<Infallible, End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if greets {
            self.act(stream, acts, Moment::Greeting, "220 ready").await?;
        }
        loop {
            let command = read_line(stream).await?;
            self.seen().commands.push(command.clone());
            let (moment, usual) = usual(&command);
            let reply = self.act(stream, acts, moment, usual).await?;
            if moment == Moment::StartTls && reply.starts_with("220") {
                return Err(End::Upgrade);
            }
            if moment == Moment::Data && reply.starts_with("354") {
                let body = read_body(stream).await?;
                self.finish(stream, acts, body).await?;
            }
        }
    }

    /// A mail counts as taken when the script says so, whatever happens to the connection afterwards.
    async fn finish<S>(&self, stream: &mut BufReader<S>, acts: &mut Acts, body: String) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let is_taken = match acts.front() {
            Some((
                Moment::Body,
                Act::Reply(reply) | Act::ReplyThenClose(reply) | Act::ReplyThenReset(reply),
            )) => reply.starts_with("250 "),
            Some((Moment::Body, _)) => false,
            _ => true,
        };
        if is_taken {
            self.seen().bodies.push(body);
        }
        self.act(stream, acts, Moment::Body, "250 taken")
            .await
            .map(|_| ())
    }

    /// Plays the script's next act when its moment has come, and the usual reply otherwise.
    async fn act<S>(
        &self,
        stream: &mut BufReader<S>,
        acts: &mut Acts,
        moment: Moment,
        usual: &'static str,
    ) -> Result<&'static str, End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let act = match acts.front() {
            Some((due, _)) if *due == moment => acts.pop_front().map_or(Act::Close, |(_, act)| act),
            _ => Act::Reply(usual),
        };
        match act {
            Act::Reply(reply) => say(stream, reply).await.map(|()| reply),
            Act::ReplyThenClose(reply) => say(stream, reply).await.and(Err(End::Closed)),
            Act::ReplyThenReset(reply) => say(stream, reply).await.and(Err(End::Reset)),
            Act::Close => Err(End::Closed),
            Act::Silence => {
                self.fell_silent.notify_one();
                std::future::pending().await
            }
            Act::Flood => loop {
                stream.write_all(&[b'2'; 8192]).await.map_err(|_| End::Closed)?;
            },
        }
    }
}

fn usual(command: &str) -> (Moment, &'static str) {
    match command.split(' ').next().unwrap_or_default() {
        "EHLO" => (Moment::Ehlo, "250 scripted"),
        "STARTTLS" => (Moment::StartTls, "220 go ahead"),
        "AUTH" => (Moment::Auth, "235 welcome"),
        "MAIL" => (Moment::Mail, "250 sender ok"),
        "RCPT" => (Moment::Rcpt, "250 recipient ok"),
        "DATA" => (Moment::Data, "354 go ahead"),
        "NOOP" => (Moment::Noop, "250 here"),
        _ => (Moment::Other, "250 fine"),
    }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), reply: &str) -> Result<(), End> {
    stream
        .write_all(format!("{reply}\r\n").as_bytes())
        .await
        .map_err(|_| End::Closed)?;
    stream.flush().await.map_err(|_| End::Closed)
}

/// A line that does not end as the protocol says ends the conversation.
async fn read_line(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<String, End> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(_) => line.strip_suffix("\r\n").map(str::to_owned).ok_or(End::Closed),
        Err(_) => Err(End::Closed),
    }
}

async fn read_body(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<String, End> {
    let mut body = String::new();
    loop {
        let line = read_line(stream).await?;
        if line == "." {
            return Ok(body);
        }
        body.push_str(&line);
        body.push('\n');
    }
}
