//! What a signed-in device is called in the list of sessions. A hint for its owner, never evidence: a
//! client writes into its User-Agent whatever it likes.

const MAX_CHARACTERS: usize = 80;
const UNKNOWN: &str = "Unknown device";

/// Browsers by their mark. Almost all of them also carry the marks of those further down.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex Browser"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems by their mark; the first that fits, since Android also says Linux and an iPhone Mac OS X.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
];

/// A name for the device behind a User-Agent, such as "Firefox on Linux" or "curl".
pub fn device_label(user_agent: Option<&str>) -> String {
    let Some(agent) = user_agent else {
        return UNKNOWN.to_owned();
    };
    let system = named(&SYSTEMS, agent);
    match (named(&BROWSERS, agent), system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) if agent.starts_with("Mozilla/") => format!("Browser on {system}"),
        (None, _) => program(agent).unwrap_or(UNKNOWN).to_owned(),
    }
}

fn named(marks: &[(&str, &'static str)], agent: &str) -> Option<&'static str> {
    marks
        .iter()
        .find(|(mark, _)| agent.contains(mark))
        .map(|(_, name)| *name)
}

/// The first product a program names, without its version.
fn program(agent: &str) -> Option<&str> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let length = agent.bytes().take(MAX_CHARACTERS).take_while(is_name).count();
    let name = &agent[..length];
    (name.bytes().any(|byte| byte.is_ascii_alphanumeric()) && name != "Mozilla").then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn browsers_are_named_with_their_system() {
        for (agent, label) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPad",
            ),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Browser on Windows"),
        ] {
            assert_eq!(device_label(Some(agent)), label);
        }
    }

    #[test]
    fn programs_are_named_without_their_version() {
        for (agent, label) in [
            ("curl/8.14.1", "curl"),
            ("python-requests/2.32.4", "python-requests"),
            ("okhttp/4.12.0 (Linux; Android 15)", "okhttp"),
            ("PostmanRuntime/7.44.0", "PostmanRuntime"),
        ] {
            assert_eq!(device_label(Some(agent)), label);
        }
    }

    #[test]
    fn what_says_nothing_is_an_unknown_device() {
        for agent in [
            None,
            Some(""),
            Some(" "),
            Some("Mozilla/5.0"),
            Some("---"),
            Some("\r\nSet-Cookie: a=b"),
        ] {
            assert_eq!(device_label(agent), UNKNOWN);
        }
    }

    proptest! {
        #[test]
        fn t59_a_label_is_short_and_plain_whatever_the_client_sends(
            agent in any::<String>(),
            name in "[a-z]{60,200}\\PC{0,9}",
        ) {
            for label in [device_label(Some(&agent)), device_label(Some(&name))] {
                prop_assert!((1..=MAX_CHARACTERS).contains(&label.len()));
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_.".contains(&byte);
                prop_assert!(label.bytes().all(is_plain));
            }
        }
    }
}
