//! When a mail that could not leave is tried again.

use std::time::Duration;

use usher_accounts::dice::Dice;

/// Seconds before each further try; the last one repeats.
const STEPS: [u64; 9] = [1, 2, 5, 10, 30, 60, 120, 300, 600];
/// Tries after which a mail is given up: about a day.
pub(super) const MOST_TRIES: i64 = 150;

/// The pause after try number `tries`: its step and up to a quarter more, so that mails which failed
/// together do not come back together.
pub(super) fn pause(tries: i64, dice: &dyn Dice) -> Duration {
    let index = usize::try_from(tries.saturating_sub(1))
        .unwrap_or(0)
        .min(STEPS.len() - 1);
    let step = Duration::from_secs(STEPS[index]);
    let [roll] = dice.bytes::<1>();
    step + step * u32::from(roll) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(u8);

    impl Dice for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn pauses_grow_from_a_second_to_ten_minutes_and_are_jittered_by_a_quarter_at_most() {
        let seconds: Vec<u64> = (1..=10).map(|tries| pause(tries, &Fixed(0)).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 5, 10, 30, 60, 120, 300, 600, 600]);
        for tries in 1..200 {
            assert!(pause(tries, &Fixed(255)) < pause(tries, &Fixed(0)) * 5 / 4);
        }
    }
}
