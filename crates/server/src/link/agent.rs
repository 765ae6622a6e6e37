//! The conversation with the gateway: it is told who has a share as soon as that changes, and its reports
//! are taken in. When it goes away, it is asked again; what it was told last stays in force there.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use usher_service::link::SharedLink;
use usher_sharing::wire::{Change, Desired, FrameError, FromGateway, Lines, ToGateway, decode, encode};

use super::hub::Hub;
use super::record::Recorder;
use crate::app::App;

/// How often a gateway that is away is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How often it is seen whether a session has ended here.
const LOOK: Duration = Duration::from_millis(100);
/// Looks after which the database is asked anyway: a session may have ended on another node, or by itself.
const LOOKS: u32 = 8;
/// How long the gateway may take to take a message.
const SEND_WITHIN: Duration = Duration::from_secs(5);
/// Reports come every second; a gateway that says nothing for so long is away.
const SILENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("the gateway closed its socket")]
    Closed,
    #[error("the gateway says nothing")]
    Silent,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Talks with the gateway until `stop` turns true.
pub(super) async fn follow(app: App, hub: Arc<Hub>, mut recorder: Recorder, mut stop: watch::Receiver<bool>) {
    let (Some(settings), Some(link)) = (&app.settings.link, &app.usher.link) else {
        return;
    };
    while !*stop.borrow() {
        let talk = async {
            let stream = UnixStream::connect(&settings.socket).await?;
            let conversation = Conversation {
                app: &app,
                link,
                hub: &hub,
                lines: Lines::new(),
                told: None,
                endings: 0,
            };
            conversation.hold(stream, &mut recorder).await
        };
        let lost: Lost = tokio::select! {
            ended = talk => match ended { Ok(never) => match never {}, Err(lost) => lost },
            _ = stop.changed() => break,
        };
        recorder.flush().await;
        let socket = settings.socket.display();
        if hub.agent().connected {
            tracing::warn!(%lost, %socket, "the gateway is away");
        }
        hub.note_agent(|agent| {
            agent.connected = false;
            agent.detail = Some(format!("{lost} ({socket})"));
        });
        tokio::select! {
            () = tokio::time::sleep(ASK_AGAIN) => {}
            _ = stop.changed() => {}
        }
    }
    recorder.flush().await;
}

enum Never {}

struct Conversation<'a> {
    app: &'a App,
    link: &'a SharedLink,
    hub: &'a Hub,
    lines: Lines,
    told: Option<Desired>,
    endings: u64,
}

impl Conversation<'_> {
    async fn hold(mut self, stream: UnixStream, recorder: &mut Recorder) -> Result<Never, Lost> {
        let (mut read, mut write) = stream.into_split();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut looks, mut quiet) = (0, 0_u32);
        let mut piece = vec![0; 64 * 1024];
        loop {
            tokio::select! {
                count = read.read(&mut piece) => {
                    let count = count?;
                    if count == 0 {
                        return Err(Lost::Closed);
                    }
                    quiet = 0;
                    self.lines.push(&piece[..count]);
                    while let Some(line) = self.lines.next_line()? {
                        self.hear(decode(&line)?, recorder).await;
                    }
                }
                () = self.link.bell.notified() => self.tell(&mut write).await?,
                _ = look.tick() => {
                    (looks, quiet) = (looks + 1, quiet + 1);
                    if LOOK * quiet > SILENCE {
                        return Err(Lost::Silent);
                    }
                    if looks >= LOOKS || self.endings != self.app.usher.endings() || self.told.is_none() {
                        looks = 0;
                        self.tell(&mut write).await?;
                    }
                }
            }
        }
    }

    async fn hear(&mut self, said: FromGateway, recorder: &mut Recorder) {
        match said {
            FromGateway::Hello(hello) => {
                tracing::info!(program = hello.program, "the gateway is there");
                self.hub.note_agent(|agent| {
                    agent.connected = true;
                    agent.program = Some(hello.program);
                    agent.generation = hello.generation;
                    agent.detail = None;
                });
            }
            FromGateway::Applied(applied) => self.hub.note_agent(|agent| {
                agent.generation = Some(applied.generation);
                agent.detail = None;
            }),
            FromGateway::Behind { .. } => self.told = None,
            FromGateway::Refused { generation, detail } => {
                tracing::error!(generation, detail, "the gateway refuses what it was told");
                self.hub.note_agent(|agent| agent.detail = Some(detail));
            }
            FromGateway::Neighbours(seen) => self.link.learn(&seen),
            FromGateway::Telemetry(report) => {
                if let Some((report, text)) = self.hub.note_report(*report) {
                    recorder.note(&report, &text).await;
                }
            }
        }
    }

    /// Says how everything shall be, if that has changed. While the database is away nothing is said, and
    /// what was said before holds.
    async fn tell(&mut self, write: &mut OwnedWriteHalf) -> Result<(), Lost> {
        let endings = self.app.usher.endings();
        let clients = match self.app.usher.link_clients().await {
            Ok(clients) => clients,
            Err(error) => {
                tracing::warn!(%error, "who shares the link cannot be read; the gateway keeps what it has");
                return Ok(());
            }
        };
        self.endings = endings;
        // Larger than any generation of an earlier run of this program.
        let now = u64::try_from(self.app.usher.now().micros()).unwrap_or(0);
        let generation = self
            .told
            .as_ref()
            .map_or(now, |told| now.max(told.generation() + 1));
        let next = match Desired::new(generation, self.link.policy.link.clone(), clients) {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "the gateway cannot be told who shares the link");
                return Ok(());
            }
        };
        let message = match &self.told {
            Some(told) if told.link() == next.link() && told.clients() == next.clients() => return Ok(()),
            Some(told) => ToGateway::Change(Change::between(told, &next)),
            None => ToGateway::Desired(next.clone()),
        };
        let line = encode(&message)?;
        let sent = tokio::time::timeout(SEND_WITHIN, write.write_all(&line)).await;
        sent.map_err(|_| Lost::Silent)??;
        self.told = Some(next);
        Ok(())
    }
}
