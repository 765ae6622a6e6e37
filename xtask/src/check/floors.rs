//! The floors of the house: which package may stand on which, and which dependency stays behind
//! which door.

use crate::project::{Dependency, Package};

/// Every package and the packages it may use. A package that is not named here has no place yet.
const FLOORS: &[(&str, &[&str])] = &[
    ("usher-accounts", &[]),
    ("usher-sharing", &[]),
    ("usher-store", &["usher-accounts"]),
    ("usher-mail", &["usher-accounts"]),
    (
        "usher-service",
        &["usher-store", "usher-mail", "usher-accounts", "usher-sharing"],
    ),
    (
        "usher-server",
        &[
            "usher-service",
            "usher-store",
            "usher-mail",
            "usher-accounts",
            "usher-sharing",
        ],
    ),
    ("usher-gateway", &["usher-sharing"]),
    // The bench writes rows as the product would have written them, tokens and all.
    ("xtask", &["usher-accounts"]),
];

/// Dependencies that may stand in the manifests of the named packages alone.
const DOORS: &[(&str, &[&str])] = &[
    ("sqlx", &["usher-store"]),
    ("lettre", &["usher-mail"]),
    // The server's tests and the fault programme look at the queue from outside.
    ("amqprs", &["usher-service", "usher-server", "xtask"]),
    // The benchmark compares the server with a bare axum program, which is part of xtask.
    ("axum", &["usher-server", "xtask"]),
    ("rtnetlink", &["usher-gateway"]),
    ("netlink-packet-core", &["usher-gateway"]),
    ("netlink-packet-route", &["usher-gateway"]),
    ("netlink-sys", &["usher-gateway"]),
    ("nix", &["usher-gateway"]),
];

/// Packages of rules, which must not be able to reach a clock, a socket or chance.
const PURE: &[&str] = &["usher-accounts", "usher-sharing"];
const IMPURE: &[&str] = &[
    "tokio",
    "hyper",
    "reqwest",
    "getrandom",
    "rand",
    "rustix",
    "tracing",
];

/// Every arrow of the manifests that the design does not draw, as a sentence.
pub(super) fn broken(packages: &[Package]) -> Vec<String> {
    let inside = |name: &str| packages.iter().any(|package| package.name == name);
    let arrows = packages
        .iter()
        .flat_map(|package| {
            package
                .dependencies
                .iter()
                .map(move |dependency| (package, dependency))
        })
        .filter_map(|(package, dependency)| objection(&package.name, dependency, inside(&dependency.name)));
    let homeless = packages
        .iter()
        .filter(|package| floor(&package.name).is_none())
        .map(|package| format!("{} has no floor: give it a line in xtask's floors", package.name));
    homeless.chain(arrows).collect()
}

fn objection(package: &str, dependency: &Dependency, internal: bool) -> Option<String> {
    let name = dependency.name.as_str();
    if internal {
        // Its own tests may ask a package for what only tests get.
        let allowed = name == package || floor(package)?.contains(&name);
        return (!allowed).then(|| format!("{package} must not use {name}: arrows point down only"));
    }
    if PURE.contains(&package) && IMPURE.contains(&name) {
        return Some(format!("{package} must not use {name}: its rules are pure"));
    }
    let (_, homes) = DOORS.iter().find(|(door, _)| *door == name)?;
    (!homes.contains(&package)).then(|| format!("{package} must not use {name}: {} does", homes[0]))
}

fn floor(package: &str) -> Option<&'static [&'static str]> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == package)
        .map(|(_, below)| *below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, uses: &[&str]) -> Package {
        let dependency = |name: &&str| Dependency {
            name: (*name).to_owned(),
            rename: None,
            kind: crate::project::Kind::Normal,
        };
        Package {
            name: name.to_owned(),
            manifest_path: "Cargo.toml".into(),
            dependencies: uses.iter().map(dependency).collect(),
        }
    }

    #[test]
    fn arrows_that_point_down_are_fine() {
        let house = [
            package("usher-accounts", &["serde"]),
            package("usher-store", &["usher-accounts", "sqlx", "tokio"]),
            package("usher-server", &["usher-store", "usher-accounts", "axum"]),
        ];
        assert_eq!(broken(&house), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_points_up_is_named() {
        let house = [
            package("usher-accounts", &["usher-store"]),
            package("usher-store", &[]),
        ];
        assert_eq!(
            broken(&house),
            ["usher-accounts must not use usher-store: arrows point down only"]
        );
    }

    #[test]
    fn a_driver_outside_its_door_is_named() {
        let house = [package("usher-service", &["sqlx"])];
        assert_eq!(
            broken(&house),
            ["usher-service must not use sqlx: usher-store does"]
        );
    }

    #[test]
    fn rules_cannot_reach_a_clock_or_a_socket() {
        let house = [package("usher-accounts", &["tokio"])];
        assert_eq!(
            broken(&house),
            ["usher-accounts must not use tokio: its rules are pure"]
        );
    }

    #[test]
    fn a_new_package_needs_a_floor() {
        let complaints = broken(&[package("usher-attic", &[])]);
        assert_eq!(
            complaints,
            ["usher-attic has no floor: give it a line in xtask's floors"]
        );
    }
}
