//! From a sign-in to a share: which device it was, and whose it is now.

use std::net::IpAddr;

use usher_accounts::id::SessionId;
use usher_accounts::time::Timestamp;
use usher_store::Tx;
use usher_store::link::devices::{self, NewDevice};
use usher_store::sessions::{Owner, Signed};

use crate::client::Client;
use crate::{Trouble, Usher};

/// The device a request comes from, as far as the link knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// Not in a network of the link, or the link is off.
    Elsewhere,
    /// It could have a share and has none.
    Waiting,
    /// It has a share, by this session.
    Sharing,
}

impl Usher {
    /// The name of the device a client signs in on, where the link is to know it. Only the other end of the
    /// connection counts: what a header says about it could be anybody's address.
    pub(crate) async fn device_of(&self, client: &Client) -> Option<(IpAddr, String)> {
        let link = self.link.as_ref()?;
        let ip = client.peer.filter(|ip| link.policy.serves(*ip))?;
        let device = link.device_soon_at(ip).await;
        if device.is_none() {
            tracing::warn!(%ip, "no share: the gateway has not seen the hardware address of the device");
        }
        Some((ip, device?))
    }

    /// Gives a device to a session that starts on it. People without an account have no share.
    pub(crate) async fn bind_device(
        &self,
        tx: &mut Tx,
        owner: Owner,
        session: SessionId,
        device: Option<&(IpAddr, String)>,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let (Owner::Account(account), Some((ip, device))) = (owner, device) else {
            return Ok(());
        };
        let new = NewDevice {
            device: device.clone(),
            account,
            session,
            ip: ip.to_string(),
        };
        devices::bind(tx, &new, now).await?;
        Ok(())
    }

    /// What the link knows about the device of a request.
    pub async fn here(&self, caller: &Signed, client: &Client) -> Result<Here, Trouble> {
        let Some((link, device)) = self.known_device(client) else {
            return Ok(Here::Elsewhere);
        };
        let since = link.idle_since(self.now());
        let bound = devices::of_session(&self.db, caller.id, since).await?;
        Ok(if device.is_some_and(|device| bound.contains(&device)) {
            Here::Sharing
        } else {
            Here::Waiting
        })
    }

    /// Whether the address a request comes from has a share, whoever's it is.
    pub async fn has_share(&self, client: &Client) -> Result<bool, Trouble> {
        let Some(ip) = client.peer else {
            return Ok(false);
        };
        let clients = self.link_clients().await?;
        let mut addresses = clients.iter().flat_map(|client| &client.addresses);
        Ok(addresses.any(|address| address.ip == ip))
    }

    /// Wakes the device of a session that had fallen idle; false when the session began on another device,
    /// and only signing in can help.
    pub async fn resume(&self, caller: &Signed, client: &Client) -> Result<bool, Trouble> {
        let (Some((link, Some(device))), Some(ip)) = (self.known_device(client), client.peer) else {
            return Ok(false);
        };
        let mut tx = self.db.begin().await?;
        let mine = devices::resume(&mut tx, caller.id, &device, &ip.to_string(), self.now()).await?;
        tx.commit().await?;
        link.bell.notify_one();
        Ok(mine)
    }

    fn known_device(&self, client: &Client) -> Option<(&super::SharedLink, Option<String>)> {
        let link = self.link.as_ref()?;
        let ip = client.peer.filter(|ip| link.policy.serves(*ip))?;
        Some((link, link.device_at(ip)))
    }
}
