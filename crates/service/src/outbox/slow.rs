//! Which domains' mails hang at the moment. A mail server can take half a minute to say nothing about one
//! domain and a blink to take the mail for another; those of the first must not queue before those of the
//! second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use usher_mail::PATIENCE;

/// Mails of one domain that may hang at once.
const MOST_HANGING: usize = 2;
/// How long a domain is watched after its last mail hung.
const MEMORY: Duration = Duration::from_mins(1);
/// Domains remembered before those whose time is over are forgotten.
const MANY: usize = 1000;

/// How a mail for a domain goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// With the others.
    Swift,
    /// Where it holds up nobody.
    Aside,
    /// Not now: enough hang already.
    Later,
}

/// The domains whose mails hang, or did a moment ago.
#[derive(Debug, Default)]
pub(super) struct SlowDomains(Mutex<HashMap<String, Slow>>);

#[derive(Clone, Copy, Debug)]
struct Slow {
    hanging: usize,
    until: Instant,
}

impl SlowDomains {
    pub(super) fn pace(&self, domain: &str) -> Pace {
        match self.known().get(domain) {
            Some(slow) if slow.hanging >= MOST_HANGING => Pace::Later,
            Some(slow) if slow.hanging > 0 || slow.until > Instant::now() => Pace::Aside,
            _ => Pace::Swift,
        }
    }

    /// Sends a mail for this domain and remembers whether it took long.
    pub(super) async fn watch<T>(&self, domain: &str, sending: impl Future<Output = T>) -> T {
        let mut sending = std::pin::pin!(sending);
        tokio::select! {
            biased;
            sent = &mut sending => {
                self.known().retain(|name, slow| name != domain || slow.hanging > 0);
                return sent;
            }
            () = tokio::time::sleep(PATIENCE) => {}
        }
        let _mark = Mark::set(self, domain);
        sending.await
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Slow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One mail that hangs, for as long as it does.
struct Mark<'a> {
    domains: &'a SlowDomains,
    domain: &'a str,
}

impl<'a> Mark<'a> {
    fn set(domains: &'a SlowDomains, domain: &'a str) -> Self {
        let mut known = domains.known();
        let now = Instant::now();
        if known.len() >= MANY {
            known.retain(|_, slow| slow.hanging > 0 || slow.until > now);
        }
        let unknown = Slow {
            hanging: 0,
            until: now,
        };
        known.entry(domain.to_owned()).or_insert(unknown).hanging += 1;
        Self { domains, domain }
    }
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        if let Some(slow) = self.domains.known().get_mut(self.domain) {
            slow.hanging = slow.hanging.saturating_sub(1);
            slow.until = Instant::now() + MEMORY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn t42_a_domain_whose_mails_hang_is_set_aside_and_forgiven() {
        let domains = SlowDomains::default();
        assert_eq!(domains.pace("tarpit.example"), Pace::Swift);
        let hang = || domains.watch("tarpit.example", tokio::time::sleep(LONG));
        let look = async {
            let mut seen = Vec::new();
            for _ in 0..2 {
                tokio::time::sleep(PATIENCE + PATIENCE / 2).await;
                seen.push((domains.pace("tarpit.example"), domains.pace("good.example")));
            }
            seen
        };
        let second = async {
            tokio::time::sleep(PATIENCE).await;
            hang().await;
        };
        let (seen, (), ()) = tokio::join!(look, hang(), second);
        assert_eq!(seen, [(Pace::Aside, Pace::Swift), (Pace::Later, Pace::Swift)]);
        assert_eq!(domains.pace("tarpit.example"), Pace::Aside, "watched for a while");
        domains.watch("tarpit.example", async {}).await;
        assert_eq!(
            domains.pace("tarpit.example"),
            Pace::Swift,
            "one that went through clears it"
        );
        hang().await;
        tokio::time::sleep(MEMORY).await;
        assert_eq!(domains.pace("tarpit.example"), Pace::Swift, "so does time");
    }

    #[tokio::test(start_paused = true)]
    async fn only_domains_that_hang_are_remembered() {
        let domains = SlowDomains::default();
        domains.watch("good.example", async {}).await;
        assert!(domains.known().is_empty());
        for number in 0..=MANY {
            let domain = format!("{number}.example");
            domains.watch(&domain, tokio::time::sleep(LONG)).await;
        }
        assert!(domains.known().len() < 100, "{}", domains.known().len());
    }
}
