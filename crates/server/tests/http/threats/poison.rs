//! T42, T43: mail that hangs or always fails, against a mail server that does that to it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Answer, TestServer, text, until};

/// A mail server that never answers for one kind of domain and always puts off another.
#[derive(Clone, Default)]
struct Mx {
    is_mute: bool,
    hanging: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Mx {
    async fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(self.clone().converse(stream));
            }
        });
        format!("smtp://127.0.0.1:{port}?tls=none")
    }

    async fn converse(self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        if self.is_mute {
            self.hang().await;
        }
        let mut recipient = String::new();
        let mut reply = "220 here";
        loop {
            stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
            let mut line = String::new();
            stream
                .read_line(&mut line)
                .await
                .ok()
                .filter(|count| *count > 0)?;
            reply = "250 fine";
            if line.starts_with("RCPT") {
                recipient = line.split(['<', '>']).nth(1)?.to_owned();
                if recipient.contains("@tarpit") {
                    self.hang().await;
                }
                if recipient.contains("@later") {
                    self.refused.fetch_add(1, Ordering::SeqCst);
                    reply = "450 4.2.0 later";
                }
            }
            if line.starts_with("DATA") {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                while line != ".\r\n" {
                    line.clear();
                    stream
                        .read_line(&mut line)
                        .await
                        .ok()
                        .filter(|count| *count > 0)?;
                }
                self.taken.lock().unwrap().push(std::mem::take(&mut recipient));
            }
        }
    }

    async fn hang(&self) {
        self.hanging.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }

    fn hanging(&self) -> usize {
        self.hanging.load(Ordering::SeqCst)
    }

    fn taken(&self) -> usize {
        self.taken.lock().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t42_good_mails_leave_while_poisoned_ones_hang_or_fail() {
    let mx = Mx::default();
    let url = mx.clone().start().await;
    let server =
        TestServer::with(&[("USHER_MAIL__TRANSPORT", "smtp"), ("USHER_MAIL__SMTP__URL", &url)]).await;
    for number in 0..12 {
        server.register(&format!("one@tarpit{number}.example")).await;
        server.register(&format!("one{number}@later.example")).await;
    }
    until("more hang than there are places for the swift", async || {
        mx.hanging() > 4 && mx.refused.load(Ordering::SeqCst) > 4
    })
    .await;
    for number in 0..8 {
        server.register(&format!("good{number}@example.com")).await;
    }
    // Written down a moment after the mail server has taken them.
    until("the good ones have left", async || {
        server.usher.outbox_status().await.unwrap().count("sent") == 8
    })
    .await;
    assert_eq!(mx.taken(), 8);
    let status = server.usher.outbox_status().await.unwrap();
    assert!(status.count("leased") > 0, "those that hang still do");
}

#[tokio::test(flavor = "multi_thread")]
async fn t43_a_mute_mail_server_leaves_registration_and_everything_else_as_they_are() {
    let mx = Mx {
        is_mute: true,
        ..Mx::default()
    };
    let url = mx.clone().start().await;
    let server =
        TestServer::with(&[("USHER_MAIL__TRANSPORT", "smtp"), ("USHER_MAIL__SMTP__URL", &url)]).await;
    for number in 0..20 {
        let registered = server.register(&format!("one{number}@example{number}.com")).await;
        let handle = text(&registered["registration"]["handle"]);
        let seen = server
            .get("/auth/registration")
            .header("registration-handle", handle);
        let seen = seen.send().await.unwrap().expect(reqwest::StatusCode::OK).await;
        assert_eq!(seen["mail"], "queued");
    }
    until("mails hang", async || mx.hanging() > 4).await;
    assert_eq!(mx.taken(), 0);
    server.login("one0@example0.com").await;
}
