//! The socket: who may speak, and what they say. There is no other way in.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::unistd::{User, getuid};
use rustix::net::sockopt::socket_peercred;
use usher_sharing::wire::{Lines, ToGateway, decode};

use super::peers::Peer;
use crate::config::Config;

/// More have no reason to be connected at a time.
const MOST: usize = 8;
/// A peer that does not read is cut off.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) enum Heard {
    Came(Peer),
    Said(u64, Box<ToGateway>),
    Went(u64),
    /// A ping came back after so long.
    Trip(Duration),
}

/// A bound socket and who may speak on it.
pub(super) struct Door {
    listener: UnixListener,
    allowed: Vec<u32>,
}

/// The socket of a gateway, for those who may speak with it.
pub(super) fn bind(config: &Config) -> Result<Door> {
    let names = config.user.iter().chain(&config.server_user);
    let allowed = names.map(|name| user(name)).collect::<Result<_>>()?;
    bind_for(&config.socket, allowed)
}

/// A socket for root, this program's own user and these.
pub(super) fn bind_for(path: &Path, mut allowed: Vec<u32>) -> Result<Door> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let listener = listen_at(path)?;
    allowed.extend([0, getuid().as_raw()]);
    // Anybody may knock; the kernel says who it is, and that decides.
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(Door { listener, allowed })
}

/// A socket of this name, also where one was left behind by a program that was killed.
pub(crate) fn listen_at(path: &Path) -> Result<UnixListener> {
    if UnixStream::connect(path).is_ok() {
        anyhow::bail!("{}: another gateway is at work", path.display());
    }
    let _ = fs::remove_file(path);
    UnixListener::bind(path).with_context(|| path.display().to_string())
}

/// The number of a user, by name or number.
pub(super) fn user(name: &str) -> Result<u32> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let found = User::from_name(name).with_context(|| format!("user {name}"))?;
    Ok(found
        .with_context(|| format!("there is no user {name}"))?
        .uid
        .as_raw())
}

pub(super) fn listen(door: Door, said: Sender<Heard>) {
    thread::spawn(move || {
        let open = Arc::new(AtomicUsize::new(0));
        let streams = (1..).zip(door.listener.incoming());
        for (number, stream) in streams.filter_map(|(number, stream)| Some((number, stream.ok()?))) {
            if let Err(why) = admit(&stream, &door.allowed, open.load(Ordering::Relaxed)) {
                tracing::warn!(why, "somebody was turned away");
                continue;
            }
            let (said, open) = (said.clone(), Arc::clone(&open));
            open.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || {
                if let Err(error) = serve(number, &stream, &said) {
                    tracing::warn!(%error, "a connection ended");
                }
                let _ = stream.shutdown(std::net::Shutdown::Both);
                open.fetch_sub(1, Ordering::Relaxed);
                // When nobody listens any more, the program ends.
                let _ = said.send(Heard::Went(number));
            });
        }
    });
}

fn admit(stream: &UnixStream, allowed: &[u32], open: usize) -> Result<(), &'static str> {
    let peer = socket_peercred(stream).map_err(|_| "it is not known who that is")?;
    if !allowed.contains(&peer.uid.as_raw()) {
        return Err("this user may not speak here");
    }
    if open >= MOST {
        return Err("too many are connected");
    }
    Ok(())
}

fn serve(number: u64, stream: &UnixStream, said: &Sender<Heard>) -> Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let peer = Peer {
        number,
        stream: stream.try_clone()?,
    };
    said.send(Heard::Came(peer)).ok().context("the program ends")?;
    let (mut lines, mut buffer) = (Lines::new(), vec![0; 1 << 16]);
    let mut reader = stream;
    loop {
        let length = reader.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        lines.push(&buffer[..length]);
        while let Some(line) = lines.next_line()? {
            let what = Box::new(decode(&line)?);
            said.send(Heard::Said(number, what))
                .ok()
                .context("the program ends")?;
        }
    }
}
