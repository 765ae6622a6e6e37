//! Settings, as the command line shows, explains and refuses them.

use crate::place::Place;

const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

#[test]
fn the_sample_is_a_valid_settings_file_with_and_without_its_comments() {
    let place = Place::new();
    let sample = place.run("config sample").fine();
    std::fs::write(place.path().join("usher.toml"), &sample).unwrap();
    let plain = place.run("config show").fine();
    let mut lines: Vec<_> = sample.lines().collect();
    for index in 1..lines.len() {
        let is_default = lines[index]
            .split_once(" = ")
            .is_some_and(|(name, _)| !name[2..].contains(' '));
        if is_default && lines[index - 1] != "# No default. Example:" {
            lines[index] = lines[index].trim_start_matches("# ");
        }
    }
    std::fs::write(place.path().join("usher.toml"), lines.join("\n")).unwrap();
    let bare = |text: &str| {
        let values = text
            .lines()
            .map(|line| line.split("  # ").next().unwrap_or_default());
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        bare(&place.run("config show").fine()),
        bare(&plain),
        "the sample's values are the defaults"
    );
}

#[test]
fn t16_the_effective_settings_hold_no_secret() {
    let place = Place::new();
    let settings = [
        ("SECRET_KEY", SECRET),
        ("DATABASE_URL", "postgres://usher:hunter2@db.example.org/usher"),
        (
            "USHER_MAIL__SMTP__URL",
            "smtp://mailer:hunter3@mail.example.org:587?tls=starttls",
        ),
        ("USHER_VERIFICATION__CODE_TTL", "2s"),
    ];
    let shown = place.run_with("config show", "", &settings).fine();
    for secret in [SECRET, "hunter2", "hunter3"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(
        shown.contains("db.example.org") && shown.contains("code_ttl = \"2s\""),
        "{shown}"
    );
    assert!(shown.contains("wrong passwords"), "the table of limits: {shown}");
}

#[test]
fn an_unknown_setting_names_the_nearest_one() {
    let place = Place::new();
    let variable = [("USHER_VERIFICATION__CODE_TLL", "2s")];
    let refused = place.run_with("config show", "", &variable).refused();
    assert!(
        refused.contains("did you mean USHER_VERIFICATION__CODE_TTL?"),
        "{refused}"
    );
    std::fs::write(place.path().join("usher.toml"), "[session]\nmax_per_acount = 3\n").unwrap();
    let refused = place.run("serve").refused();
    assert!(refused.contains("usher.toml, line 2"), "{refused}");
    assert!(
        refused.contains("did you mean session.max_per_account?"),
        "{refused}"
    );
}

#[test]
fn t54_production_refuses_what_only_development_may_do() {
    let place = Place::new();
    let refused = place.run("serve --production").refused();
    assert!(refused.contains("server.public_url"), "{refused}");
    let refused = place.run("serve --listen 0.0.0.0:0").refused();
    assert!(refused.contains("server.public_url"), "{refused}");
    let url = ("USHER_SERVER__PUBLIC_URL", "https://accounts.example.org");
    let refused = place.run_with("serve", "", &[url]).refused();
    assert!(refused.contains("mail.transport"), "{refused}");
    let refused = place
        .run_with("serve", "", &[("SECRET_KEY", "change-me")])
        .refused();
    assert!(
        refused.contains("secrets.key") && !refused.contains("change-me"),
        "{refused}"
    );
}
