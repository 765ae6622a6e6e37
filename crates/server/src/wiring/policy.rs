//! The rules of the stories, from the settings.

use anyhow::{Context, Result};
use usher_accounts::code::CodePolicy;
use usher_accounts::hash::HashScheme;
use usher_service::breach::BreachList;
use usher_service::link::LinkPolicy;
use usher_service::policy::{Existing, LimitPolicy, Plain, Policy, Verification};
use usher_store::registrations::Room;

use crate::config::{self, Settings};

/// Work factor of bcrypt, where it is chosen.
const BCRYPT_COST: u32 = 12;
/// Registrations that may wait from one source, for any addresses.
const WAITING_PER_SOURCE: i64 = 500;

pub(super) fn hash_scheme(settings: &Settings) -> HashScheme {
    let password = &settings.password;
    match password.hash {
        config::PasswordHash::Argon2id => HashScheme::Argon2id {
            memory_kib: password.memory_kib,
            passes: password.passes,
        },
        config::PasswordHash::Bcrypt => HashScheme::Bcrypt { cost: BCRYPT_COST },
    }
}

pub(super) fn policy(settings: &Settings, hash: HashScheme) -> Result<Policy> {
    let (registration, verification) = (&settings.registration, &settings.verification);
    let breach_list = settings
        .password
        .breach_list
        .as_deref()
        .map(BreachList::open)
        .transpose();
    let breach_list = breach_list.context("cannot use password.breach_list")?;
    Ok(Policy {
        public_url: settings.server.public_url.as_str().to_owned(),
        existing: match registration.existing {
            config::Existing::Reveal => Existing::Reveal,
            config::Existing::Silent => Existing::Silent,
        },
        verification: match registration.verification {
            config::VerificationRule::Required => Verification::Required,
            config::VerificationRule::Off => Verification::Off,
        },
        pending_ttl: registration.pending_ttl.into(),
        room: Room {
            per_address: registration.per_address.into(),
            per_address_and_source: registration.per_address_and_source.into(),
            per_source: if settings.limits.enabled {
                WAITING_PER_SOURCE
            } else {
                i64::MAX
            },
        },
        code: CodePolicy {
            digits: verification.code_digits as u8,
            ttl: verification.code_ttl.into(),
            attempts: verification.attempts,
        },
        plain: match verification.plain {
            config::PlainVerification::SameSource => Plain::SameSource,
            config::PlainVerification::Off => Plain::Off,
        },
        resend_after: verification.resend_after.into(),
        unverified_login: settings.login.unverified,
        access_ttl: settings.login.access_ttl.into(),
        session_ttl: settings.session.ttl.into(),
        session_cleanup_every: settings.session.cleanup_every.into(),
        sessions_per_person: settings.session.max_per_account.into(),
        password_strength: settings.password.strength as u8,
        breach_list,
        hash,
        notify: settings.postgres.notify,
        limits: limit_policy(&settings.limits),
        link: settings.link.as_ref().map(link_policy),
    })
}

fn link_policy(settings: &config::LinkSettings) -> LinkPolicy {
    LinkPolicy {
        link: settings.link.clone(),
        plan: settings.plan,
        quota_bytes: settings.quota_bytes,
        networks: settings.networks.iter().map(|network| network.net()).collect(),
        require_mac: settings.require_mac,
        idle: settings.idle,
        keep: settings.keep,
    }
}

fn limit_policy(limits: &config::Limits) -> LimitPolicy {
    LimitPolicy {
        enabled: limits.enabled,
        login_failures_per_account: limits.login_failures_per_account.into(),
        login_failures_window: limits.login_failures_window.into(),
        login_failures_per_source: limits.login_failures_per_source,
        code_failures_per_address: limits.code_failures_per_address.into(),
        code_failures_window: limits.code_failures_window.into(),
        code_failures_per_source: limits.code_failures_per_source,
        code_failures_global: limits.code_failures_global,
        registrations_per_source: limits.registrations_per_source,
        registrations_window: limits.registrations_window.into(),
        mails_per_address_hour: limits.mails_per_address_hour.into(),
        mails_per_address_day: limits.mails_per_address_day.into(),
    }
}
