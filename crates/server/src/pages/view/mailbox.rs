//! The development mailbox.

use std::fmt;

use serde::Serialize;

use crate::pages::moment::Moment;

/// All mails, the newest first.
#[derive(Clone, Debug, Serialize)]
pub struct Mailbox {
    /// The mails.
    pub messages: Vec<MessageRow>,
}

/// One mail in the list.
#[derive(Clone, Debug, Serialize)]
pub struct MessageRow {
    /// Its name in `/mailbox/message/{id}`.
    pub id: String,
    /// The subject.
    pub subject: String,
    /// The recipient.
    pub to: String,
    /// When it came in.
    pub received_at: Moment,
}

/// One mail in full.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Its name in `/mailbox/email/{id}/html`.
    pub id: String,
    /// The subject.
    pub subject: String,
    /// The sender.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// When it came in.
    pub received_at: Moment,
    /// The plain part.
    pub text: MailText,
    /// Whether there is an HTML part to frame.
    pub has_html: bool,
}

/// The plain text of a mail, cut so that its web addresses can be followed. It may hold codes and links.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct MailText(Vec<Part>);

#[derive(Clone, Serialize)]
struct Part {
    text: String,
    link: bool,
}

impl MailText {
    /// Cuts the text. Only `http` and `https` addresses count as such.
    pub fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = next_address(rest) {
            let (before, from) = rest.split_at(start);
            let end = from
                .find(|c: char| c.is_whitespace() || "<>\"'`".contains(c))
                .unwrap_or(from.len());
            let address = from[..end].trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
            push(&mut parts, before, false);
            push(&mut parts, address, true);
            rest = &from[address.len()..];
        }
        push(&mut parts, rest, false);
        Self(parts)
    }
}

fn next_address(text: &str) -> Option<usize> {
    [text.find("https://"), text.find("http://")]
        .into_iter()
        .flatten()
        .min()
}

fn push(parts: &mut Vec<Part>, text: &str, link: bool) {
    if !text.is_empty() {
        parts.push(Part {
            text: text.to_owned(),
            link,
        });
    }
}

impl fmt::Debug for MailText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(String, bool)> {
        MailText::new(text)
            .0
            .into_iter()
            .map(|part| (part.text, part.link))
            .collect()
    }

    #[test]
    fn addresses_are_cut_out_and_nothing_is_lost() {
        let text = "Open http://a.example/x?y=1#z, or (https://b.example).\nBye";
        let parts = cut(text);
        assert_eq!(
            parts.iter().map(|(text, _)| text.as_str()).collect::<String>(),
            text
        );
        let links: Vec<_> = parts
            .iter()
            .filter(|(_, link)| *link)
            .map(|(text, _)| text.as_str())
            .collect();
        assert_eq!(links, ["http://a.example/x?y=1#z", "https://b.example"]);
    }

    #[test]
    fn t40_only_web_addresses_become_links() {
        for text in [
            "",
            "javascript:alert(1)",
            "data:text/html,x",
            "HTTPS//x",
            "vbscript:http",
        ] {
            assert!(cut(text).iter().all(|(_, link)| !link), "{text}");
        }
        assert_eq!(cut("http://x\"onclick=1")[0], ("http://x".to_owned(), true));
    }

    #[test]
    fn the_text_of_a_mail_is_not_printed() {
        assert_eq!(format!("{:?}", MailText::new("Your code is 1234")), "***");
    }
}
