//! When a mail that could not leave is tried again.

use std::time::Duration;

use usher_accounts::dice::Dice;

/// Seconds before each further try; the last one repeats.
const STEPS: [u64; 9] = [1, 2, 5, 10, 30, 60, 120, 300, 600];
/// Tries after which a mail is given up: about a day. One that is given another chance gets as many again.
const MOST_TRIES: i64 = 150;
/// The longest that a mail server may ask us to wait.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// Whether a mail has had all its tries.
pub(super) const fn is_spent(tries: i64) -> bool {
    tries % MOST_TRIES == 0
}

/// The pause after try number `tries`: its step, or the longer one that the other side has asked for, and
/// up to a quarter more, so that mails which failed together do not come back together.
pub(super) fn pause(tries: i64, asked: Option<Duration>, dice: &dyn Dice) -> Duration {
    let index = usize::try_from(tries.saturating_sub(1))
        .unwrap_or(0)
        .min(STEPS.len() - 1);
    let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
    let step = Duration::from_secs(STEPS[index]).max(asked);
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
        let seconds = |tries| pause(tries, None, &Fixed(0)).as_secs();
        let steps: Vec<u64> = (1..=10).map(seconds).collect();
        assert_eq!(steps, [1, 2, 5, 10, 30, 60, 120, 300, 600, 600]);
        for tries in 1..200 {
            assert!(pause(tries, None, &Fixed(255)) < pause(tries, None, &Fixed(0)) * 5 / 4);
        }
    }

    #[test]
    fn m20_the_other_side_may_ask_for_a_longer_pause_but_not_for_a_shorter_nor_an_endless_one() {
        let seconds = |tries, asked| pause(tries, Some(Duration::from_secs(asked)), &Fixed(0)).as_secs();
        assert_eq!((seconds(1, 90), seconds(5, 2)), (90, 30));
        assert_eq!(seconds(1, u64::MAX), 3600);
    }

    #[test]
    fn a_mail_has_its_tries_and_as_many_again_when_it_gets_another_chance() {
        let spent: Vec<i64> = (1..=310).filter(|tries| is_spent(*tries)).collect();
        assert_eq!(spent, [150, 300]);
    }
}
