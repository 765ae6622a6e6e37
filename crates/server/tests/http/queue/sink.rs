//! A mail server that keeps its answer to a mail back until it is let.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The mail server.
pub(super) struct Sink {
    port: u16,
    open: watch::Sender<bool>,
    heard: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
}

impl Sink {
    /// One that keeps everybody waiting.
    pub(super) async fn slow() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (open, opened) = watch::channel(false);
        let (heard, taken) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (heard_here, taken_here) = (Arc::clone(&heard), Arc::clone(&taken));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let talk = converse(
                    stream,
                    opened.clone(),
                    Arc::clone(&heard_here),
                    Arc::clone(&taken_here),
                );
                tokio::spawn(talk);
            }
        });
        Self {
            port,
            open,
            heard,
            taken,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    /// Mails that have arrived whole, answered or not.
    pub(super) fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }

    /// Mails that were answered with 250.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// Answers what waits and whatever comes.
    pub(super) fn let_go(&self) {
        self.open.send(true).unwrap();
    }
}

async fn converse(
    mut stream: TcpStream,
    mut open: watch::Receiver<bool>,
    heard: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
) -> Option<()> {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let reply: &[u8] = match line.get(..4).unwrap_or(&line).to_ascii_uppercase().as_str() {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                while lines.next_line().await.ok()?? != "." {}
                heard.fetch_add(1, Ordering::SeqCst);
                open.wait_for(|open| *open).await.ok()?;
                write.write_all(b"250 ok\r\n").await.ok()?;
                taken.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            "QUIT" => return write.write_all(b"221 bye\r\n").await.ok(),
            _ => b"250 ok\r\n",
        };
        write.write_all(reply).await.ok()?;
    }
    Some(())
}
