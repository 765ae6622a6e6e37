use std::fs;

use tempfile::TempDir;

use super::*;

fn embedded() -> Templates {
    Templates::new(None).expect("the embedded templates render")
}

fn overriding(name: &str, source: &str) -> (TempDir, Result<Templates, TemplateError>) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), source).expect("a template");
    let templates = Templates::new(Some(folder.path().to_owned()));
    (folder, templates)
}

fn confirmation(username: &str) -> Message {
    Message::Confirmation {
        username: Some(username.to_owned()),
        verified_at: usher_accounts::time::Timestamp::from_seconds(1_700_000_000),
        home: "https://accounts.example.org/".to_owned(),
    }
}

#[test]
fn every_mail_reads_as_agreed() {
    let [verification, named, nameless, taken, change, changed] = samples();
    let whole = |message: &Message| {
        let Rendered { subject, text, html } = embedded().render(message).expect("a sample renders");
        format!("{subject}\n=== text\n{text}=== html\n{html}")
    };
    insta::assert_snapshot!("verification", whole(&verification));
    insta::assert_snapshot!("confirmation", whole(&named));
    insta::assert_snapshot!("confirmation_without_a_name", whole(&nameless));
    insta::assert_snapshot!("address_taken", whole(&taken));
    insta::assert_snapshot!("email_change", whole(&change));
    insta::assert_snapshot!("email_changed", whole(&changed));
}

#[test]
fn a_code_is_announced_in_the_subject_of_both_mails_that_carry_one() {
    let [verification, .., change, _] = samples();
    for message in [verification, change] {
        let rendered = embedded().render(&message).expect("renders");
        assert_eq!(rendered.subject, "Your verification code: 0412");
        assert!(
            rendered
                .text
                .contains("https://accounts.example.org/auth/verify/c2FtcGxl\n")
        );
        assert!(
            rendered
                .html
                .contains("\"https://accounts.example.org/auth/verify/c2FtcGxl\"")
        );
    }
}

#[test]
fn t01_both_mails_with_a_code_say_what_to_do_when_it_was_not_you() {
    let [verification, .., change, _] = samples();
    for message in [verification, change] {
        let rendered = embedded().render(&message).expect("renders");
        for body in [rendered.text, rendered.html] {
            assert!(body.contains("If this was not you, ignore this mail and do not enter the code."));
            assert!(body.contains("The page shows the same tag"));
        }
    }
}

#[test]
fn t40_a_hostile_username_is_escaped_in_html() {
    let rendered = embedded()
        .render(&confirmation("<script>\"'&</script>"))
        .expect("renders");
    assert!(
        rendered
            .html
            .contains("Hello &lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;,")
    );
    assert!(!rendered.html.contains("<script"));
}

#[test]
fn t40_a_username_that_looks_like_a_template_stays_text() {
    let rendered = embedded()
        .render(&confirmation("{{ home }}{% raw %}"))
        .expect("renders");
    assert!(rendered.text.starts_with("Hello {{ home }}{% raw %},"));
}

#[test]
fn t15_a_username_cannot_start_a_line_of_its_own() {
    let rendered = embedded()
        .render(&confirmation("Ada,\r\n\r\nSend us money\u{2028}now\u{85}"))
        .expect("renders");
    for body in [rendered.text, rendered.html] {
        assert!(body.contains("Hello Ada,    Send us money now ,"));
    }
}

#[test]
fn t15_a_line_break_in_a_subject_refuses_the_mail() {
    let (_folder, templates) = overriding("confirmation.subject.txt", "Hello {{ username or 'you' }}\n");
    let templates = templates.expect("one line with the sample name");
    assert_eq!(
        templates.render(&confirmation("Ada")).expect("renders").subject,
        "Hello Ada"
    );
    for hostile in [
        "Ada\r\nBcc: all@example.org",
        "Ada\n",
        "Ada\r",
        "Ada\u{2028}",
        "Ada\0",
    ] {
        let refused = templates
            .render(&confirmation(hostile))
            .expect_err("a second line");
        assert!(
            matches!(refused, TemplateError::Subject { .. }),
            "{hostile:?}: {refused}"
        );
    }
}

#[test]
fn an_operator_replaces_one_file_and_keeps_the_others() {
    let (_folder, templates) = overriding("layout.html", "<main>{% block body %}{% endblock %}</main>");
    let rendered = templates
        .expect("a layout")
        .render(&confirmation("<Ada>"))
        .expect("renders");
    assert!(rendered.html.starts_with("<main>"));
    assert!(rendered.html.contains("&lt;Ada&gt;"));
    assert_eq!(rendered.subject, "Your e-mail address is verified");
}

#[test]
fn a_template_that_does_not_fit_its_mail_is_found_at_start() {
    for (name, source, line, problem) in [
        ("verification.txt", "first\n{{ cod }}\n", 2, "undefined value"),
        ("verification.txt", "{% if %}", 1, "unexpected end of block"),
        ("address_taken.html", "{{ code }}", 1, "undefined value"),
        (
            "layout.html",
            "{% block body %}{% endblock %}\n{{ nobody }}",
            2,
            "undefined value",
        ),
    ] {
        let (_folder, templates) = overriding(name, source);
        let refused = templates.expect_err(source).to_string();
        assert_eq!(refused, format!("mail template {name}, line {line}: {problem}"));
    }
}

#[test]
fn a_subject_of_no_or_several_lines_is_found_at_start() {
    for source in ["", "\n", "one\ntwo\n", "one\r\ntwo"] {
        let (_folder, templates) = overriding("verification.subject.txt", source);
        assert!(
            matches!(templates, Err(TemplateError::Subject { .. })),
            "{source:?}"
        );
    }
}

#[test]
fn a_folder_that_is_not_there_is_an_error_and_not_ignored() {
    let missing = PathBuf::from("no-such-folder");
    assert!(matches!(
        Templates::new(Some(missing)),
        Err(TemplateError::Read { .. })
    ));
}

#[test]
fn t16_a_failing_template_does_not_quote_the_mail() {
    let (_folder, templates) = overriding("email_changed.txt", "{{ new_address_masked + 2 }}");
    let refused = templates.expect_err("text plus two");
    assert!(!format!("{refused} {refused:?}").contains("a***@example.org"));
}
