//! What handlers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use usher_mail::Mailbox;
use usher_service::Usher;
use usher_service::client::Client;

use crate::config::Settings;
use crate::link::Hub;
use crate::pages;
use crate::spans::Spans;
use crate::web::cookies::CookieJar;

/// The program as its handlers see it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// What an [`App`] is made of.
#[derive(Debug)]
pub struct Inner {
    /// The stories.
    pub usher: Arc<Usher>,
    /// What the operator has written.
    pub settings: Settings,
    /// The development mailbox, where mail stays in it.
    pub mailbox: Option<Mailbox>,
    /// The pages' templates.
    pub templates: pages::Templates,
    /// How cookies are made.
    pub cookies: CookieJar,
    /// Whether the last look at the mail server went well.
    pub mail_is_up: AtomicBool,
    /// The shared link, where it is on.
    pub link: Option<Arc<Hub>>,
    /// False while the server stops.
    pub ready: AtomicBool,
    /// Where spans go, where there is a collector.
    pub spans: Option<Spans>,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(
        usher: Arc<Usher>,
        settings: Settings,
        mailbox: Option<Mailbox>,
        templates: pages::Templates,
        spans: Option<Spans>,
    ) -> Self {
        let link = settings.link.is_some().then(Arc::default);
        let cookies = CookieJar {
            plain: settings.is_development(),
        };
        Self(Arc::new(Inner {
            usher,
            settings,
            mailbox,
            templates,
            cookies,
            mail_is_up: AtomicBool::new(true),
            link,
            ready: AtomicBool::new(true),
            spans,
        }))
    }

    /// Whether a client is in a network of the shared link.
    pub fn shares_with(&self, client: &Client) -> bool {
        let link = self.usher.link.as_ref();
        link.zip(client.peer)
            .is_some_and(|(link, ip)| link.policy.serves(ip))
    }

    /// Says that no more requests should be sent here.
    pub fn stop_being_ready(&self) {
        self.ready.store(false, Ordering::SeqCst);
        if let Some(link) = &self.link {
            link.close();
        }
    }

    /// Whether the server has been told to stop.
    pub fn is_stopping(&self) -> bool {
        !self.ready.load(Ordering::SeqCst)
    }
}
