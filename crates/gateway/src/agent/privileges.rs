//! After the start the program may administer the network, and nothing else.

use anyhow::{Context, Result};
use rustix::process::{Gid, Uid, getuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities, set_keep_capabilities, set_no_new_privs,
    set_thread_gid, set_thread_groups, set_thread_uid,
};

use super::listener::user;
use crate::config::Config;

const KEPT: CapabilitySet = CapabilitySet::NET_ADMIN;

/// Gives up everything else. Must be called while the process has one thread: the others inherit.
pub(super) fn drop(config: &Config) -> Result<()> {
    let had = capabilities(None).context("capabilities")?.permitted;
    if had.contains(CapabilitySet::SETPCAP) {
        for capability in CapabilitySet::all().difference(KEPT).iter() {
            // An older kernel does not know the newest ones.
            let _ = remove_capability_from_bounding_set(capability);
        }
    }
    if let Some(name) = &config.user
        && getuid().is_root()
    {
        become_user(user(name)?).with_context(|| format!("cannot become {name}"))?;
    }
    let kept = had.intersection(KEPT);
    let sets = CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: kept,
    };
    set_capabilities(None, sets).context("capabilities")?;
    if !kept.is_empty() {
        // `nft` needs it too.
        configure_capability_in_ambient_set(KEPT, true).context("capabilities")?;
    }
    set_no_new_privs(true)?;
    Ok(())
}

fn become_user(number: u32) -> Result<()> {
    let found = nix::unistd::User::from_uid(number.into())?;
    let group = found.map_or(number, |found| found.gid.as_raw());
    set_keep_capabilities(true)?;
    set_thread_groups(&[])?;
    set_thread_gid(Gid::from_raw(group))?;
    set_thread_uid(Uid::from_raw(number))?;
    Ok(())
}
