//! How much may wait for a client.

use std::time::Duration;

use crate::rate::BitsPerSecond;

/// A full Ethernet frame: what the kernel counts for a packet.
pub const MTU_BYTES: u64 = 1_514;

/// How many bytes may wait for a client that counts `weight` among clients that count `active` together
/// (itself included) and ask for something: a quarter of the round trip at its share of the link, but not
/// less than 30 ms (a short path would starve) nor than sixteen packets.
///
/// A quarter of the bandwidth-delay product was measured to fill a 600 ms link with one flow; a fixed
/// 50 ms leaves three tenths of it empty, and a whole product means seconds of delay.
pub fn limit_bytes(capacity: BitsPerSecond, weight: u64, active: u64, rtt: Duration) -> u64 {
    let wait = (rtt / 4).max(Duration::from_millis(30));
    let share = capacity.portion(weight, active.max(weight));
    share.bytes_in(wait).max(16 * MTU_BYTES)
}

/// The limit in steps of a quarter of an octave, rounded up, so that a client more or less does not touch
/// everybody's queue.
pub fn stepped_limit_bytes(capacity: BitsPerSecond, weight: u64, active: u64, rtt: Duration) -> u64 {
    let exact = limit_bytes(capacity, weight, active, rtt);
    let below = exact.next_power_of_two() / 2;
    let step = (below / 4).max(1);
    below + (exact - below).div_ceil(step) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: BitsPerSecond = BitsPerSecond::mbit(20);

    #[test]
    fn a_queue_holds_a_quarter_of_the_round_trip_at_the_share() {
        let far = Duration::from_millis(600);
        let near = Duration::from_millis(40);
        assert_eq!(limit_bytes(LINK, 1, 1, far), 375_000);
        assert_eq!(limit_bytes(LINK, 1, 4, far), 93_750);
        assert_eq!(limit_bytes(LINK, 1, 1, near), 75_000);
        assert_eq!(limit_bytes(LINK, 1, 1_000, near), 16 * MTU_BYTES);
        assert_eq!(limit_bytes(LINK, 3, 0, far), limit_bytes(LINK, 1, 1, far));
    }

    #[test]
    fn steps_are_never_smaller_and_at_most_a_quarter_larger() {
        for active in 1..200 {
            let exact = limit_bytes(LINK, 1, active, Duration::from_millis(600));
            let stepped = stepped_limit_bytes(LINK, 1, active, Duration::from_millis(600));
            assert!(
                stepped >= exact && stepped <= exact + exact / 4 + 1,
                "{exact} {stepped}"
            );
        }
    }
}
