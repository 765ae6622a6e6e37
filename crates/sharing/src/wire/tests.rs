use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::id::ClientId;
use crate::link::Capacity;
use crate::plan::{Band, Plan, Weight};
use crate::rate::BitsPerSecond;

fn link(mbit: u16) -> Link {
    let side = Capacity::fixed(BitsPerSecond::mbit(mbit)).unwrap();
    Link {
        name: "link".parse().unwrap(),
        down: side.clone(),
        up: side,
        trickle: BitsPerSecond::kbit(256),
    }
}

fn client(number: u8, weight: u16) -> Client {
    let band = Band::new(BitsPerSecond::kbit(500), Some(BitsPerSecond::mbit(weight))).unwrap();
    Client {
        id: ClientId::numbered(number.into()),
        label: format!("client {number}").parse().unwrap(),
        plan: Plan {
            weight: Weight::new(weight).unwrap(),
            down: band,
            up: Band::OPEN,
        },
        demoted: false,
        addresses: vec![Address {
            ip: [10, 0, 0, number].into(),
            mac: Some(Mac::from_bytes([2, 0, 0, 0, 0, number])),
            expires_at: Moment::from_millis(1),
        }],
    }
}

#[test]
fn a_desired_state_is_written_for_people_too() {
    let line = encode(&ToGateway::Desired(
        Desired::new(3, link(20), vec![client(1, 4)]).unwrap(),
    ))
    .unwrap();
    let text = String::from_utf8(line).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"v":1,"say":{"desired":{"generation":3,"link":{"name":"link","#,
            r#""down":{"rated":20000000,"base":20000000,"lowest":2000000,"margin_permille":950,"rtt_ms":40,"source":{"kind":"fixed"},"dry_run":false},"#,
            r#""up":{"rated":20000000,"base":20000000,"lowest":2000000,"margin_permille":950,"rtt_ms":40,"source":{"kind":"fixed"},"dry_run":false},"#,
            r#""trickle":256000},"clients":[{"id":"00000000-0000-0000-0000-000000000001","label":"client 1","#,
            r#""plan":{"weight":4,"down":{"floor":500000,"cap":4000000},"up":{"floor":0}},"demoted":false,"#,
            r#""addresses":[{"ip":"10.0.0.1","mac":"02:00:00:00:00:01","expires_at":1000}]}]}}}"#,
            "\n"
        )
    );
}

#[test]
fn another_version_is_refused_before_it_is_looked_into() {
    let error = decode::<ToGateway>(br#"{"v":2,"say":{"sing":1},"loud":true}"#).unwrap_err();
    assert!(matches!(error, FrameError::Version(2)), "{error}");
    let error = decode::<ToGateway>(br#"{"v":1,"say":{"sing":1}}"#).unwrap_err();
    assert!(matches!(error, FrameError::Content(_)), "{error}");
}

#[test]
fn t47_an_address_has_one_owner() {
    let mut second = client(2, 1);
    second.addresses = client(1, 1).addresses;
    let ip = second.addresses[0].ip;
    assert_eq!(
        Desired::new(1, link(1), vec![client(1, 1), second]),
        Err(DesiredError::Shared(ip))
    );
    assert_eq!(
        Desired::new(1, link(1), vec![client(1, 1), client(1, 2)]),
        Err(DesiredError::Twice(ClientId::numbered(1)))
    );
}

#[test]
fn ten_thousand_clients_fit_into_a_frame_and_no_more_into_a_state() {
    let many = |count: u32| {
        (0..count)
            .map(|n| Client {
                id: ClientId::numbered(n.into()),
                addresses: vec![Address {
                    ip: std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).into(),
                    mac: Some(Mac::from_bytes([2, 0, 0, 0, 0, 1])),
                    expires_at: Moment::from_micros(i64::MAX),
                }],
                ..client(1, 1)
            })
            .collect()
    };
    let state = Desired::new(1, link(100), many(10_000)).unwrap();
    let line = encode(&ToGateway::Desired(state.clone())).unwrap();
    assert!(line.len() < MAX_FRAME_BYTES / 4, "{}", line.len());
    assert_eq!(decode::<ToGateway>(&line).unwrap(), ToGateway::Desired(state));
    assert_eq!(
        Desired::new(1, link(100), many(10_001)),
        Err(DesiredError::TooManyClients)
    );
}

#[test]
fn a_change_for_another_state_is_not_made() {
    let state = Desired::new(4, link(1), vec![]).unwrap();
    let change = Change {
        from: 3,
        to: 4,
        link: None,
        put: vec![client(1, 1)],
        gone: vec![],
    };
    assert_eq!(
        change.apply(&state),
        Err(ChangeError::Behind { from: 3, have: 4 })
    );
}

#[test]
fn a_line_without_an_end_is_refused_at_the_limit() {
    let mut lines = Lines::new();
    lines.push(&vec![b'x'; MAX_FRAME_BYTES - 1]);
    assert!(matches!(lines.next_line(), Ok(None)));
    lines.push(b"x");
    assert!(matches!(lines.next_line(), Err(FrameError::TooLong)));
}

fn state(generation: u64) -> impl Strategy<Value = Desired> {
    (1_u16..4, vec((0_u8..8, 1_u16..4), 0..8)).prop_map(move |(mbit, picks)| {
        let mut clients: Vec<Client> = picks.into_iter().map(|(n, weight)| client(n, weight)).collect();
        clients.sort_by_key(|client| client.id);
        clients.dedup_by_key(|client| client.id);
        Desired::new(generation, link(mbit), clients).unwrap()
    })
}

proptest! {
    #[test]
    fn a_change_leads_from_one_state_to_the_other(before in state(1), after in state(2)) {
        let change = Change::between(&before, &after);
        let line = encode(&ToGateway::Change(change)).unwrap();
        let ToGateway::Change(change) = decode(&line).unwrap() else { unreachable!() };
        prop_assert_eq!(change.apply(&before), Ok(after));
        prop_assert_eq!(Change::between(&before, &before).put, vec![]);
    }

    #[test]
    fn lines_come_out_as_they_went_in(lines in vec("[a-z]{0,9}", 0..9), cut in 1_usize..7) {
        let stream = [lines.join("\n"), "\n".repeat(usize::from(!lines.is_empty()))].concat();
        let mut reader = Lines::new();
        let mut read = Vec::new();
        for piece in stream.as_bytes().chunks(cut) {
            reader.push(piece);
            while let Some(line) = reader.next_line().unwrap() {
                read.push(String::from_utf8(line).unwrap());
            }
        }
        prop_assert_eq!(read, lines);
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in vec(any::<u8>(), 0..200), text in r#"\{"v":1,"say":\{"[a-z"{}:,0-9]{0,40}"#) {
        prop_assert!(decode::<ToGateway>(&bytes).is_err());
        prop_assert!(decode::<FromGateway>(text.as_bytes()).is_err());
    }
}
