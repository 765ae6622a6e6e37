//! Who is hashed next, and who is turned away. No threads here: a state and its rules.

use std::collections::VecDeque;
use std::time::Duration;

/// The longest wait that is accepted; beyond it the request is shed.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a hash takes, before the first one has been measured.
const FIRST_GUESS: Duration = Duration::from_millis(20);

/// Two lanes share the threads evenly, so that a flood in one leaves the other half of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody proves a password.
    SignIn,
    /// Somebody chooses one.
    Register,
}

/// What waits to be hashed.
pub(super) trait Job {
    /// Whether anybody still waits for it; once false, for ever.
    fn is_wanted(&self) -> bool;
}

/// Jobs waiting in two lanes.
#[derive(Debug)]
pub(super) struct Queue<J> {
    lanes: [VecDeque<J>; 2],
    next: usize,
    threads: u32,
    took: Duration,
}

impl<J: Job> Queue<J> {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            lanes: [VecDeque::new(), VecDeque::new()],
            next: 0,
            threads: u32::try_from(threads.max(1)).unwrap_or(u32::MAX),
            took: FIRST_GUESS,
        }
    }

    /// Whether a job would be taken now, or after how long its lane will have room. Jobs that nobody
    /// waits for any more take none.
    pub(super) fn room(&mut self, lane: Lane) -> Result<(), Duration> {
        if self.wait(lane) > PATIENCE {
            for lane in &mut self.lanes {
                lane.retain(Job::is_wanted);
            }
        }
        let wait = self.wait(lane);
        if wait > PATIENCE { Err(wait) } else { Ok(()) }
    }

    /// Adds a job, or says after how long its lane will have room.
    pub(super) fn push(&mut self, lane: Lane, job: J) -> Result<(), Duration> {
        self.room(lane)?;
        self.lanes[lane as usize].push_back(job);
        Ok(())
    }

    /// The next job: the lanes take turns while both have some.
    pub(super) fn pop(&mut self) -> Option<J> {
        let first = self.next;
        let lane = if self.lanes[first].is_empty() {
            1 - first
        } else {
            first
        };
        let job = self.lanes[lane].pop_front()?;
        self.next = 1 - lane;
        Some(job)
    }

    /// Learns what a hash takes on this machine now.
    pub(super) fn learn(&mut self, took: Duration) {
        self.took = (self.took * 7 + took) / 8;
    }

    /// What a hash takes lately.
    pub(super) fn took(&self) -> Duration {
        self.took
    }

    pub(super) fn len(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    fn wait(&self, lane: Lane) -> Duration {
        let [mine, other] = [&self.lanes[lane as usize], &self.lanes[1 - lane as usize]].map(VecDeque::len);
        // While the other lane has jobs, every second turn is its.
        let ahead = mine + mine.min(other);
        self.took * u32::try_from(ahead).unwrap_or(u32::MAX) / self.threads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Job for &str {
        fn is_wanted(&self) -> bool {
            *self != GONE
        }
    }

    const GONE: &str = "its client has hung up";

    #[test]
    fn t17_a_flood_of_registrations_leaves_sign_in_its_half() {
        let mut queue = Queue::new(2);
        while queue.push(Lane::Register, "register").is_ok() {}
        queue.push(Lane::SignIn, "sign in").unwrap();
        let first = [queue.pop(), queue.pop()];
        assert!(first.contains(&Some("sign in")), "{first:?}");
    }

    #[test]
    fn t17_jobs_beyond_two_seconds_of_waiting_are_turned_away_with_the_wait() {
        let mut queue = Queue::new(2);
        queue.learn(Duration::from_millis(20));
        let mut taken = 0;
        let wait = loop {
            match queue.push(Lane::SignIn, "sign in") {
                Ok(()) => taken += 1,
                Err(wait) => break wait,
            }
        };
        assert_eq!(taken, 201, "two threads do two hundred jobs of 20 ms in 2 s");
        assert!(wait > PATIENCE);
        assert_eq!(queue.len(), 201);
    }

    #[test]
    fn t18_those_who_have_hung_up_take_nobodys_room() {
        let mut queue = Queue::new(2);
        queue.push(Lane::SignIn, "sign in").unwrap();
        for _ in 0..10_000 {
            queue.push(Lane::SignIn, GONE).unwrap();
            queue.push(Lane::Register, GONE).unwrap();
        }
        assert_eq!(queue.room(Lane::Register), Ok(()));
        assert_eq!(queue.pop(), Some("sign in"), "who stays keeps the place");
    }

    #[test]
    fn an_empty_lane_does_not_hold_the_other_up() {
        let mut queue = Queue::new(1);
        queue.push(Lane::SignIn, "first").unwrap();
        queue.push(Lane::SignIn, "second").unwrap();
        assert_eq!(
            [queue.pop(), queue.pop(), queue.pop()],
            [Some("first"), Some("second"), None]
        );
    }
}
