//! A broker as the commands see it: whether it lets us in, and what they do to its queues.

use std::time::Duration;

use amqprs::channel::QueueDeleteArguments;
use amqprs::connection::{Connection, OpenConnectionArguments};
use anyhow::{Context, Result};

const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a broker on this loopback port takes the user that a fresh one has.
pub(crate) fn lets_guest_in(port: u16) -> bool {
    at_once(async { connect(port).await.map(drop) }).is_ok()
}

/// Deletes a queue with everything in it.
pub(crate) fn delete_queue(port: u16, queue: &str) -> Result<()> {
    at_once(async {
        let connection = connect(port).await?;
        let channel = connection.open_channel(None).await?;
        channel.queue_delete(QueueDeleteArguments::new(queue)).await?;
        channel.close().await?;
        Ok(connection.close().await?)
    })
}

async fn connect(port: u16) -> Result<Connection> {
    let arguments = OpenConnectionArguments::new("127.0.0.1", port, "guest", "guest");
    Ok(Connection::open(&arguments).await?)
}

fn at_once<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start")?.block_on(async {
        tokio::time::timeout(PATIENCE, work)
            .await
            .context("the broker is silent")?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_up_or_is_not_there_is_no_broker() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let hangs_up = std::thread::spawn(move || drop(listener.accept()));
        assert!(!lets_guest_in(port));
        hangs_up.join().unwrap();
        assert!(!lets_guest_in(port));
    }
}
