use super::*;

#[test]
fn deleted_classes_are_back_after_one_round() {
    let mut controller = controller();
    controller.apply(desired(1, 100), NOW).unwrap();
    let whole = controller.kernel().down.clone();
    for slot in 0x10..0x74 {
        let gone = Change::RemoveClass(Handle::new(1, slot));
        controller.kernel().down.note(&gone);
    }
    assert_ne!(controller.kernel().down, whole);
    let tick = controller.tick(NOW + SECOND, SECOND).unwrap();
    assert!(tick.drift >= 100, "{tick:?}");
    assert_eq!(controller.kernel().down, whole);
    assert_eq!(controller.tick(NOW + 2 * SECOND, SECOND).unwrap().steps, 0);
}

#[test]
fn a_changed_rate_is_put_back() {
    let mut controller = controller();
    controller.apply(desired(1, 3), NOW).unwrap();
    let whole = controller.kernel().down.clone();
    let mut class = whole.classes[&Handle::new(1, 0x11)];
    class.htb.ceil /= 2;
    controller.kernel().down.note(&Change::SetClass(class));
    assert_eq!(controller.tick(NOW + SECOND, SECOND).unwrap().drift, 1);
    assert_eq!(controller.kernel().down, whole);
}

#[test]
fn what_does_not_heal_is_made_anew() {
    let mut controller = controller();
    controller.apply(desired(1, 3), NOW).unwrap();
    let whole = controller.kernel().down.clone();
    let handle = Handle::new(1, 0x11);
    controller.kernel().down.note(&Change::RemoveClass(handle));
    controller.kernel().stubborn.insert(handle);
    for round in 1..=4 {
        assert_ne!(controller.kernel().down, whole, "round {round}");
        controller.tick(NOW + round * SECOND, SECOND).unwrap();
    }
    assert_eq!(controller.kernel().down, whole);
}

#[test]
fn rules_and_members_that_somebody_took_away_come_back() {
    let mut controller = controller();
    controller.apply(desired(1, 3), NOW).unwrap();
    let whole = controller.kernel().table.clone();
    controller.kernel().table = None;
    for round in 1..=20 {
        controller.tick(NOW + round * SECOND, SECOND).unwrap();
    }
    let table = controller.kernel().table.clone().unwrap();
    let whole = whole.unwrap();
    assert_eq!((table.mark, table.rules), (whole.mark, whole.rules));
    assert_eq!(table.members.len(), whole.members.len());
}

#[test]
fn a_refusal_is_reported_and_made_good_in_the_next_round() {
    let mut controller = controller();
    controller.apply(desired(1, 3), NOW).unwrap();
    controller.kernel().refuse = 2;
    let refused = controller.apply(desired(2, 6), NOW).unwrap_err();
    assert!(refused.to_string().contains("no memory"), "{refused}");
    controller.tick(NOW + SECOND, SECOND).unwrap();
    assert_eq!(controller.tick(NOW + 2 * SECOND, SECOND).unwrap().steps, 0);
    let members = &controller.kernel().table.as_ref().unwrap().members;
    assert_eq!(members.len(), 6);
}

#[test]
fn a_kernel_that_does_not_answer_keeps_what_it_was_told_last() {
    let mut controller = controller();
    controller.apply(desired(1, 3), NOW).unwrap();
    let whole = controller.kernel().down.clone();
    controller.kernel().deaf = true;
    controller.tick(NOW + SECOND, SECOND).unwrap_err();
    controller.kernel().deaf = false;
    controller.tick(NOW + 2 * SECOND, SECOND).unwrap();
    assert_eq!(controller.kernel().down, whole);
}
