//! The bytes between here and a mail server, with a bound on how many may come unasked.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// More than any reply or handshake needs. The protocol's reader gathers a line until it ends, so
/// without a bound a server that never ends one would fill the memory.
const MAX_UNASKED: usize = 256 * 1024;

/// How every encrypted conversation begins, and no command does.
const HANDSHAKE: u8 = 0x16;

/// A connection that breaks when the server says too much at once.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    peer: SocketAddr,
    unasked: usize,
    awaits_handshake: bool,
}

impl<S> Wire<S> {
    pub(super) const fn new(stream: S, peer: SocketAddr) -> Self {
        Self {
            stream,
            peer,
            unasked: 0,
            awaits_handshake: false,
        }
    }

    /// For a connection that will be encrypted later. Until then it is read byte by byte, so that
    /// nothing somebody slipped in behind the server's go-ahead waits in a buffer and is taken for an
    /// encrypted reply: it meets the handshake instead and breaks it.
    pub(super) const fn awaiting_handshake(stream: S, peer: SocketAddr) -> Self {
        Self {
            stream,
            peer,
            unasked: 0,
            awaits_handshake: true,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unasked > MAX_UNASKED {
            return Poll::Ready(Err(io::Error::other("the mail server's reply has no end")));
        }
        let before = buffer.filled().len();
        if self.awaits_handshake {
            let mut byte = [0];
            let mut one = ReadBuf::new(&mut byte);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut one))?;
            buffer.put_slice(one.filled());
        } else {
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        }
        self.unasked += buffer.filled().len() - before;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.unasked = 0;
        if bytes.first() == Some(&HANDSHAKE) {
            self.awaits_handshake = false;
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S> AsyncTokioStream for Wire<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
