//! The transports that need no network: the development mailbox and the directory.

use std::fs;
use std::path::Path;

use serde_json::json;
use usher_accounts::email::EmailAddress;
use usher_accounts::time::Timestamp;
use usher_mail::{FileTransport, Mailbox, Outgoing, Rendered, SendError, Stage, Transport};

fn mail(number: u32) -> Outgoing {
    Outgoing {
        message_id: format!("mail-{number}@accounts.example.org"),
        from: "Bordbüro <no-reply@accounts.example.org>".to_owned(),
        to: EmailAddress::parse("Ada@Example.org").expect("an address"),
        date: Timestamp::from_seconds(1_700_000_000),
        rendered: Rendered {
            subject: "Your verification code: 0412".to_owned(),
            text: "Code: 0412\n".to_owned(),
            html: "<p>Code: 0412</p>\n".to_owned(),
        },
    }
}

fn later() -> SendError {
    SendError::transient(Stage::Tcp, "down for a test")
}

#[tokio::test]
async fn m21_a_mail_in_the_mailbox_reads_like_maildevs() {
    let mailbox = Mailbox::new();
    let transport = Transport::Mailbox(mailbox.clone());
    transport.send(&mail(1)).await.expect("taken");
    let mut listed = serde_json::to_value(mailbox.list()).expect("JSON");
    let size = listed[0]["size"].take().as_u64().expect("a number");
    assert!(size > 500, "{size} bytes on the wire");
    assert_eq!(
        listed,
        json!([{
            "id": "6aa05dd7",
            "time": "2023-11-14T22:13:20Z",
            "date": "2023-11-14T22:13:20Z",
            "from": [{"address": "no-reply@accounts.example.org", "name": "Bordbüro"}],
            "to": [{"address": "Ada@example.org", "name": ""}],
            "subject": "Your verification code: 0412",
            "text": "Code: 0412\n",
            "html": "<p>Code: 0412</p>\n",
            "headers": {
                "auto-submitted": "auto-generated",
                "content-type": "multipart/alternative; boundary=\"=_mail1accountsexampleorg\"",
                "date": "Tue, 14 Nov 2023 22:13:20 +0000",
                "from": "Bordbüro <no-reply@accounts.example.org>",
                "message-id": "<mail-1@accounts.example.org>",
                "mime-version": "1.0",
                "subject": "Your verification code: 0412",
                "to": "Ada@example.org",
            },
            "read": false,
            "messageId": "mail-1@accounts.example.org",
            "priority": "normal",
            "size": null,
            "envelope": {
                "from": {"address": "no-reply@accounts.example.org"},
                "to": [{"address": "Ada@example.org"}],
            },
        }])
    );
}

#[test]
fn the_mailbox_keeps_the_last_500_in_order() {
    let mailbox = Mailbox::new();
    for number in 0..502 {
        mailbox.send(&mail(number)).expect("taken");
    }
    let kept: Vec<String> = mailbox.list().into_iter().map(|email| email.message_id).collect();
    assert_eq!(kept.len(), 500);
    assert_eq!(kept[0], "mail-2@accounts.example.org");
    assert_eq!(kept[499], "mail-501@accounts.example.org");
}

#[test]
fn a_mail_is_found_by_its_id_until_the_mailbox_is_emptied() {
    let mailbox = Mailbox::new();
    mailbox.send(&mail(1)).expect("taken");
    mailbox.send(&mail(2)).expect("taken");
    let id = mailbox.list()[1].id.clone();
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(
        mailbox.get(&id).expect("there").message_id,
        "mail-2@accounts.example.org"
    );
    assert!(mailbox.get("nothing").is_none());
    mailbox.clear();
    assert!(mailbox.list().is_empty() && mailbox.get(&id).is_none());
}

#[test]
fn ordered_failures_come_one_a_mail_and_then_end() {
    let mailbox = Mailbox::new();
    let full = SendError::permanent(Stage::Recipient, "552 5.2.2 mailbox full");
    mailbox.fail_next(vec![later(), full.clone()]);
    assert_eq!(mailbox.send(&mail(1)), Err(later()));
    assert_eq!(mailbox.send(&mail(1)), Err(full));
    assert_eq!(mailbox.send(&mail(1)), Ok(()));
    assert_eq!(mailbox.list().len(), 1);
}

#[tokio::test]
async fn an_outage_lasts_until_it_is_ended_and_shows_in_the_check() {
    let mailbox = Mailbox::new();
    let transport = Transport::Mailbox(mailbox.clone());
    mailbox.set_outage(Some(later()));
    for _ in 0..3 {
        assert_eq!(transport.send(&mail(1)).await, Err(later()));
    }
    assert_eq!(transport.check().await, Err(later()));
    mailbox.set_outage(None);
    assert_eq!(transport.check().await, Ok(()));
    assert_eq!(transport.send(&mail(1)).await, Ok(()));
}

#[test]
fn t16_debug_of_the_mailbox_shows_no_code_and_no_address() {
    let mailbox = Mailbox::new();
    mailbox.send(&mail(1)).expect("taken");
    let shown = format!("{mailbox:?}");
    assert!(!shown.contains("0412") && !shown.contains("Ada"), "{shown}");
}

fn in_directory(directory: &Path) -> Transport {
    Transport::File(FileTransport::new(directory.to_owned()).expect("a directory"))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn each_mail_is_one_file_and_nothing_unfinished_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().join("mails/out");
    let transport = in_directory(&directory);
    transport.send(&mail(1)).await.expect("written");
    transport.send(&mail(2)).await.expect("written");
    transport.send(&mail(2)).await.expect("the same dispatch again");
    assert_eq!(
        names(&directory),
        [
            "mail-1@accounts.example.org.eml",
            "mail-2@accounts.example.org.eml"
        ]
    );
    let written = fs::read_to_string(directory.join("mail-1@accounts.example.org.eml")).expect("a mail");
    assert!(written.starts_with("Message-ID: <mail-1@accounts.example.org>\r\n"));
    assert!(written.contains("\r\nCode: 0412\r\n"));
}

#[cfg(unix)]
#[tokio::test]
async fn t16_mails_and_their_directory_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().join("mails");
    in_directory(&directory).send(&mail(1)).await.expect("written");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join("mail-1@accounts.example.org.eml")), 0o600);
}

#[tokio::test]
async fn t15_a_message_id_cannot_leave_the_directory() {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().join("mails");
    let transport = in_directory(&directory);
    let hostile = Outgoing {
        message_id: "../../escaped@example.org".to_owned(),
        ..mail(1)
    };
    transport.send(&hostile).await.expect("written");
    assert_eq!(names(&directory), ["_._.._escaped@example.org.eml"]);
    assert_eq!(names(folder.path()), ["mails"]);
}

#[tokio::test]
async fn a_directory_that_went_away_is_transient_and_shows_in_the_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().join("mails");
    let transport = in_directory(&directory);
    assert_eq!(transport.check().await, Ok(()));
    fs::remove_dir(&directory).expect("removed");
    let gone = SendError::transient(Stage::Local, "mail directory: entity not found");
    assert_eq!(transport.send(&mail(1)).await, Err(gone.clone()));
    assert_eq!(transport.check().await, Err(gone));
}

#[test]
fn every_transport_has_the_name_it_has_in_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let smtp = usher_mail::Smtp::from_url("smtp://mail.example.org").expect("a URL");
    let all = [
        Transport::Smtp(smtp),
        in_directory(folder.path()),
        Transport::Mailbox(Mailbox::new()),
    ];
    assert_eq!(all.map(|transport| transport.name()), ["smtp", "file", "mailbox"]);
}
