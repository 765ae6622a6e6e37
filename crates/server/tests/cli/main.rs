//! The command line, as operators and scripts meet it.

mod doctor;
mod health;
mod mail;
mod people;
mod place;
mod saving;
mod settings;
mod worker;

use crate::place::Place;

#[test]
fn every_command_explains_itself_with_an_example() {
    let place = Place::new();
    let commands = [
        "serve",
        "worker",
        "migrate",
        "backup",
        "restore",
        "move",
        "user",
        "user add",
        "user import",
        "user list",
        "user verify",
        "user promote",
        "user delete",
        "keys",
        "keys list",
        "keys rotate",
        "keys replace",
        "mail",
        "mail status",
        "mail retry",
        "config",
        "config show",
        "config sample",
        "doctor",
        "health",
        "openapi",
    ];
    for command in commands {
        let help = place.run(&format!("{command} --help")).fine();
        assert!(
            help.contains("Example:\n  ") && help.contains("usher "),
            "{command}: {help}"
        );
    }
    let help = place.run("--help").fine();
    for command in commands.iter().filter(|command| !command.contains(' ')) {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
    }
    assert!(place.run("--version").fine().starts_with("usher "));
}

#[test]
fn what_is_no_command_fails() {
    let place = Place::new();
    for line in ["sing", "user", "user add", "config", "--colour", "migrate --plam"] {
        let outcome = place.run(line);
        assert!(!outcome.ok && !outcome.err.is_empty(), "{line}");
    }
}

#[test]
fn m18_the_schema_is_planned_applied_and_then_up_to_date() {
    let place = Place::on_storage_of_this_run();
    let plan = place.run("migrate --plan").fine();
    assert!(
        plan.contains("CREATE TABLE accounts") && plan.contains("-- 0001"),
        "{plan}"
    );
    assert_eq!(place.run("migrate --plan").fine(), plan, "a plan changes nothing");
    assert!(place.run("migrate").fine().contains("applied 0001"));
    for line in ["migrate", "migrate --plan"] {
        assert_eq!(place.run(line).fine(), "The database is up to date.\n");
    }
}

#[cfg(unix)]
#[test]
fn r11_a_data_folder_that_others_can_open_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let folder = place.path().join("usher-data");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    for line in ["serve", "migrate", "user list"] {
        let refused = place.run(line).refused();
        assert!(refused.contains("chmod 700"), "{refused}");
    }
}

#[test]
fn m17_the_description_of_the_api_can_be_printed() {
    let printed = Place::new().run("openapi").fine();
    let document: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}
