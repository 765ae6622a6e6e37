//! What the files in `deploy/` say must be true of the program.

use std::fs;
use std::path::PathBuf;

fn text(file: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Words of these letters, from this beginning on.
fn words<'a>(text: &'a str, beginning: &'a str, letters: fn(char) -> bool) -> impl Iterator<Item = &'a str> {
    text.match_indices(beginning).map(move |(start, _)| {
        let rest = &text[start..];
        let end = rest.find(|letter| !letters(letter)).unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn m28_every_setting_in_the_compose_files_and_the_image_is_known() {
    let settings = text("docs/reference/settings.md");
    let mut seen = 0;
    for file in [
        "deploy/compose.yaml",
        "deploy/compose.override.yaml",
        "deploy/Dockerfile",
    ] {
        let text = text(file);
        let letters = |letter: char| letter.is_ascii_uppercase() || letter == '_';
        for name in words(&text, "USHER_", letters).filter(|name| name.contains("__")) {
            seen += 1;
            assert!(settings.contains(&format!("`{name}`")), "{file}: {name}");
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn m28_every_variable_the_compose_file_asks_for_is_in_the_template() {
    let template = text("deploy/.env.template");
    let compose = text("deploy/compose.yaml");
    let letters = |letter: char| letter.is_ascii_uppercase() || letter == '_' || "${".contains(letter);
    for name in words(&compose, "${", letters) {
        let name = name.trim_start_matches("${");
        assert!(template.contains(&format!("{name}=")), "{name}");
    }
}

#[test]
fn t54_no_compose_file_and_no_template_has_a_secret_of_its_own() {
    for line in text("deploy/.env.template")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        if let Some((name, value)) = line.split_once('=') {
            let secret = ["KEY", "PASSWORD"].iter().any(|word| name.contains(word));
            assert!(!secret || value.is_empty(), "{name}");
        }
    }
    for file in ["deploy/compose.yaml", "deploy/compose.override.yaml"] {
        for (_, rest) in text(file).lines().filter_map(|line| line.split_once("PASSWORD")) {
            let asked = [":?", "-}", ": ${", "_FILE"]
                .iter()
                .any(|form| rest.contains(form));
            assert!(asked, "{file}: {rest}");
        }
    }
}

#[test]
fn m28_the_image_runs_as_nobody_and_asks_itself_without_a_shell() {
    let dockerfile = text("deploy/Dockerfile");
    let last = dockerfile.rsplit("\nFROM ").next().unwrap();
    assert!(last.starts_with("scratch"), "{last}");
    assert!(last.contains("\nUSER 65532:65532\n"), "{last}");
    assert!(last.contains("CMD [\"/usher\", \"health\"]"), "{last}");
    assert!(last.contains("\nENTRYPOINT [\"/usher\"]\n"), "{last}");
    for wrong in ["ARG SECRET", "ENV SECRET", ":latest", "ADD http", "curl "] {
        assert!(!dockerfile.contains(wrong), "{wrong}");
    }
    let manifest = text("Cargo.toml");
    let version = manifest.split("rust-version = \"").nth(1).unwrap();
    let version = version.split('"').next().unwrap();
    assert!(dockerfile.contains(&format!("FROM rust:{version}-")), "{version}");
}

#[test]
fn every_figure_on_the_dashboard_is_one_the_program_has() {
    let dashboard = text("deploy/grafana/usher.json");
    let board: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    assert!(board["panels"].as_array().unwrap().len() > 5);
    let reference = text("docs/reference/metrics.md");
    let mut seen = 0;
    let letters = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    for name in words(&dashboard, "usher_", letters) {
        let name = name.trim_end_matches("_bucket").trim_end_matches("_count");
        seen += 1;
        assert!(reference.contains(&format!("| `{name}` |")), "{name}");
    }
    assert!(seen > 10, "{seen}");
}
