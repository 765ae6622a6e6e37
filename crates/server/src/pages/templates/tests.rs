use super::*;
use crate::pages::samples;
use crate::pages::samples::hostile;

/// The page, with the hashes of the assets taken out: they change with every touch of the style sheet.
fn shown(templates: &Templates, frame: &Frame, view: &View) -> String {
    let html = templates.render(frame, view).unwrap();
    assets::all()
        .iter()
        .fold(html, |html, asset| html.replace(asset.version(), "HASH"))
}

#[test]
fn every_page_looks_as_agreed() {
    let templates = Templates::embedded();
    for sample in samples::all() {
        insta::assert_snapshot!(sample.name, shown(&templates, &sample.frame, &sample.view));
    }
}

#[test]
fn every_template_is_shown_by_some_sample() {
    let samples = samples::all();
    for (name, _) in EMBEDDED.iter().filter(|(name, _)| !name.contains('/')) {
        let part = matches!(*name, "base.html" | "parts.html");
        assert!(
            part || samples.iter().any(|sample| sample.view.template() == *name),
            "{name}"
        );
    }
}

#[test]
fn t40_what_people_typed_never_becomes_markup() {
    let templates = Templates::embedded();
    for text in hostile::TEXTS {
        for (frame, view) in hostile::pages(text) {
            let html = shown(&templates, &frame, &view);
            assert!(
                !html.contains(text),
                "{text} stands unescaped in {}",
                view.template()
            );
            for address in ["href", "src", "action", "formaction"] {
                assert!(
                    !html.contains(&format!(" {address}=\"javascript:")),
                    "{}",
                    view.template()
                );
            }
        }
    }
}

#[test]
fn t40_braces_in_a_value_stay_braces() {
    let (frame, view) = hostile::pages("{{ 6 * 7 }}").remove(0);
    let html = shown(&Templates::embedded(), &frame, &view);
    assert!(html.contains("{{ 6 * 7 }}") && !html.contains("42"));
}

#[test]
fn no_page_has_anything_inline() {
    let templates = Templates::embedded();
    for sample in samples::all() {
        let html = shown(&templates, &sample.frame, &sample.view);
        for inline in [
            " style=",
            "<style",
            "<script>",
            " onclick=",
            " onload=",
            " onsubmit=",
        ] {
            assert!(!html.contains(inline), "{inline} in {}", sample.name);
        }
    }
}

#[test]
fn every_description_and_label_points_at_something_and_no_id_is_used_twice() {
    let templates = Templates::embedded();
    for sample in samples::all() {
        let html = shown(&templates, &sample.frame, &sample.view);
        let ids = values(&html, " id=\"");
        for id in &ids {
            assert_eq!(
                ids.iter().filter(|other| *other == id).count(),
                1,
                "{id} in {}",
                sample.name
            );
        }
        let pointers = [
            " for=\"",
            " aria-describedby=\"",
            " aria-labelledby=\"",
            " data-reveal=\"",
        ];
        for target in pointers.iter().flat_map(|attribute| values(&html, attribute)) {
            for id in target.split(' ') {
                assert!(ids.contains(&id), "{id} is missing in {}", sample.name);
            }
        }
    }
}

fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    html.split(attribute)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn an_operator_may_replace_a_template() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("login.html"),
        "Come in, {{ page.email.value or 'friend' }}!",
    )
    .unwrap();
    let templates = Templates::with_overrides(folder.path()).unwrap();
    let login = View::Login(crate::pages::view::Login::default());
    assert_eq!(
        templates.render(&samples::stranger(), &login).unwrap(),
        "Come in, friend!"
    );
    assert!(
        templates
            .render(&samples::stranger(), &View::Home)
            .unwrap()
            .contains("Find your seat")
    );
}

#[test]
fn a_replacement_that_is_no_template_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("login.html"), "{% if %}").unwrap();
    let error = Templates::with_overrides(folder.path()).unwrap_err().to_string();
    assert!(error.contains("login.html"), "{error}");
}

#[test]
fn a_replacement_that_asks_for_what_a_page_has_not_is_refused_without_showing_values() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("error.html"),
        "{{ page.sentence }}{{ page.password }}",
    )
    .unwrap();
    let templates = Templates::with_overrides(folder.path()).unwrap();
    let view = View::Failure(samples::failure());
    let error = templates.render(&samples::stranger(), &view).unwrap_err();
    assert!(error.to_string().contains("error.html"), "{error}");
    assert!(!format!("{error:?}").contains("our fault"));
}
