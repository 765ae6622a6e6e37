//! `usher worker`, and what the doctor says about the broker.

use crate::place::Place;

const NO_BROKER: [(&str, &str); 3] = [
    ("USHER_MAIL__TRANSPORT", "file"),
    ("USHER_QUEUE__BROKER", "amqp"),
    ("USHER_QUEUE__URL", "amqp://usher:hunter2@127.0.0.1:1/mail"),
];

#[test]
fn m20_a_worker_says_what_it_cannot_be_of_use_with() {
    let place = Place::new();
    let refused = place.run("worker").refused();
    assert!(refused.contains("mail.transport"), "{refused}");
    let alone = place
        .run_with("worker", "", &[("USHER_MAIL__TRANSPORT", "file")])
        .refused();
    assert!(alone.contains("queue.embedded = false"), "{alone}");
}

#[test]
fn t44_the_doctor_names_a_broker_that_does_not_answer() {
    let place = Place::new();
    place.run("migrate").fine();
    let found = place.run_with("doctor", "", &NO_BROKER);
    assert!(!found.ok, "{}", found.out);
    let line = found.out.lines().find(|line| line.contains(" broker "));
    assert!(
        line.is_some_and(|line| line.starts_with("fail") && line.contains("cannot be reached")),
        "{}",
        found.out
    );
    assert!(!found.out.contains("hunter2") && !found.err.contains("hunter2"));
}

#[test]
fn t16_the_password_of_the_broker_is_not_shown() {
    let shown = Place::new().run_with("config show", "", &NO_BROKER).fine();
    assert!(
        shown.contains("amqp://usher:***@127.0.0.1:1/mail") && !shown.contains("hunter2"),
        "{shown}"
    );
}
