//! Pictures of figures: one group of bars for each figure that every scheme has.

use std::fmt::Write as _;

use serde_json::Value;

const ROW: f64 = 18.0;
const LEFT: f64 = 190.0;
const WIDE: f64 = 360.0;
const COLOURS: [&str; 4] = ["#7a2a6c", "#2f6fb0", "#d08700", "#2c8a57"];

/// An SVG, or nothing where there is nothing to compare.
pub(super) fn bars(lab: &Value) -> Option<String> {
    let schemes = lab["schemes"].as_array()?;
    let first = schemes.first()?["figures"].as_object()?;
    let common: Vec<(&String, Vec<f64>)> = first
        .keys()
        .filter_map(|name| {
            let values = schemes.iter().map(|scheme| scheme["figures"][name].as_f64());
            Some((name, values.collect::<Option<Vec<_>>>()?))
        })
        .collect();
    if schemes.len() < 2 || common.is_empty() {
        return None;
    }
    let mut body = String::new();
    let mut y = 30.0;
    for (index, scheme) in schemes.iter().enumerate() {
        let x = LEFT + 110.0 * index as f64;
        let (colour, name) = (
            COLOURS[index % COLOURS.len()],
            scheme["scheme"].as_str().unwrap_or(""),
        );
        let _ = write!(
            body,
            r#"<rect x="{x}" y="6" width="12" height="12" fill="{colour}"/><text x="{}" y="16">{name}</text>"#,
            x + 18.0
        );
    }
    for (name, values) in &common {
        let top = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let _ = write!(
            body,
            r#"<text x="{}" y="{}" text-anchor="end">{name}</text>"#,
            LEFT - 8.0,
            y + 13.0
        );
        for (index, value) in values.iter().enumerate() {
            let (colour, width) = (COLOURS[index % COLOURS.len()], (value / top * WIDE).max(1.0));
            let _ = write!(
                body,
                r#"<rect x="{LEFT}" y="{y}" width="{width:.1}" height="{}" fill="{colour}"/><text x="{:.1}" y="{}">{value:.3}</text>"#,
                ROW - 4.0,
                LEFT + width + 6.0,
                y + 11.0
            );
            y += ROW;
        }
        y += 8.0;
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 {y}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"11\" fill=\"#665b6a\">{body}</svg>\n"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_that_every_scheme_has_are_drawn() {
        let lab = json!({"schemes": [
            {"scheme": "borrow", "figures": {"jain": 1.0, "own": 2.0}},
            {"scheme": "fifo", "figures": {"jain": 0.2}},
        ]});
        let picture = bars(&lab).unwrap();
        assert!(picture.contains("jain") && picture.contains("fifo") && !picture.contains("own"));
        assert!(bars(&json!({"schemes": [{"scheme": "one", "figures": {"jain": 1.0}}]})).is_none());
    }
}
