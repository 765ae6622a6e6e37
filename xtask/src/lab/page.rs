//! The report: a table and a picture for each bar.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::plot;

/// Writes `lab.md` and its pictures.
pub(super) fn write(folder: &Path, all: &Value) -> Result<()> {
    let pictures = folder.join("lab");
    fs::create_dir_all(&pictures)?;
    let mut page = String::from(
        "# What the lab measured\n\nWritten by `cargo xtask lab --report`: the gateway on the real kernel, in network \
         namespaces, with senders of its own, on the machine that built it. Each bar shows both sides of one run.\n",
    );
    let labs = all["labs"].as_object().context("no labs")?;
    for (name, lab) in labs {
        write!(page, "\n## {name}\n\n{}\n{}", figures(lab), bars(lab))?;
        if let Some(picture) = plot::bars(lab) {
            fs::write(pictures.join(format!("{name}.svg")), picture)?;
            write!(page, "\n![Figures of {name}](lab/{name}.svg)\n")?;
        }
    }
    let file = folder.join("lab.md");
    fs::write(&file, page).with_context(|| file.display().to_string())
}

fn figures(lab: &Value) -> String {
    let schemes = lab["schemes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut names: Vec<&String> = Vec::new();
    for scheme in schemes {
        for name in scheme["figures"]
            .as_object()
            .into_iter()
            .flat_map(|figures| figures.keys())
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let heads = schemes
        .iter()
        .map(|scheme| format!(" {} |", scheme["scheme"].as_str().unwrap_or("")));
    let mut table = format!(
        "| figure |{}\n|---|{}\n",
        heads.collect::<String>(),
        "---|".repeat(schemes.len())
    );
    for name in names {
        let cells = schemes
            .iter()
            .map(|scheme| format!(" {} |", short(&scheme["figures"][name])));
        let _ = writeln!(table, "| `{name}` |{}", cells.collect::<String>());
    }
    table
}

fn bars(lab: &Value) -> String {
    let bars = lab["bars"].as_array().map(Vec::as_slice).unwrap_or_default();
    let lines = bars.iter().map(|bar| {
        let sign = if bar["at_least"] == true { "≥" } else { "≤" };
        let verdict = if bar["passed"] == true {
            "passed"
        } else {
            "**missed**"
        };
        let name = bar["name"].as_str().unwrap_or("");
        format!(
            "- {verdict}: {name} {} {sign} {}\n",
            short(&bar["measured"]),
            short(&bar["wanted"])
        )
    });
    lines.collect()
}

fn short(value: &Value) -> String {
    match value.as_f64() {
        None => "–".to_owned(),
        Some(number) if number.abs() >= 100.0 => format!("{number:.0}"),
        Some(number) if number.abs() >= 10.0 => format!("{number:.1}"),
        Some(number) => format!("{number:.3}"),
    }
}
