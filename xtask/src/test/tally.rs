//! Reading how many tests passed from what the test programs print.

use std::fmt;
use std::ops::AddAssign;

/// Tests that passed, failed and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl Tally {
    /// One thing that went well or did not.
    pub(crate) fn of(passed: bool) -> Self {
        Self {
            passed: u32::from(passed),
            failed: u32::from(!passed),
            skipped: 0,
        }
    }

    /// One thing that could not be tried.
    pub(crate) const SKIPPED: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    /// Counts the line when it is the summary of `cargo test`, of nextest or of TAP.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            for count in counts.split([';', '.']) {
                self.count(count);
            }
        } else if let Some((_, counts)) = line.split_once(" run: ").filter(|_| is_nextest(line)) {
            let plain = without_brackets(counts);
            plain.split(',').for_each(|count| self.count(count));
        } else if let Some(count) = line.strip_prefix("# ") {
            self.count_tap(count);
        }
    }

    /// Counts the line when it is a closing line of our own scripts: `N passed, N failed, N skipped`.
    pub(super) fn read_closing(&mut self, line: &str) {
        let words: Vec<_> = line.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        if let [_, "passed", _, "failed", _, "skipped"] = words[..] {
            line.split(',').for_each(|count| self.count(count));
        }
    }

    /// `12 passed`, `1 timed out`.
    fn count(&mut self, text: &str) {
        let Some((number, what)) = text.trim().split_once(' ') else {
            return;
        };
        let Ok(number) = number.parse::<u32>() else { return };
        match what {
            "passed" => self.passed += number,
            "failed" | "timed out" | "exec failed" => self.failed += number,
            "ignored" | "skipped" => self.skipped += number,
            _ => {}
        }
    }

    /// `pass 12`.
    fn count_tap(&mut self, text: &str) {
        let Some((what, number)) = text.trim().split_once(' ') else {
            return;
        };
        let Ok(number) = number.parse::<u32>() else { return };
        match what {
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

fn is_nextest(line: &str) -> bool {
    line.trim_start().starts_with("Summary [")
}

/// `3 passed (1 slow), 1 failed` without what stands in brackets.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|character| {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> (u32, u32, u32) {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        (tally.passed, tally.failed, tally.skipped)
    }

    #[test]
    fn a_closing_line_of_our_own_is_counted_and_nothing_like_it() {
        let mut tally = Tally::default();
        for line in [
            "111 passed, 1 failed, 2 skipped",
            "Tests 9 passed, 0 failed, 0 skipped",
            "3 passed",
        ] {
            tally.read_closing(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.skipped), (111, 1, 2));
        let mut again = Tally::default();
        again.read_closing(&tally.to_string());
        assert_eq!(again, tally);
    }

    #[test]
    fn cargo_test_is_summed_over_its_programs() {
        let lines = [
            "running 14 tests",
            "test result: ok. 12 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s",
        ];
        assert_eq!(tally(&lines), (15, 1, 2));
    }

    #[test]
    fn nextest_is_read_from_its_summary() {
        let lines =
            ["     Summary [   1.2s] 9 tests run: 7 passed (1 slow), 1 failed, 1 timed out, 2 skipped"];
        assert_eq!(tally(&lines), (7, 2, 2));
    }

    #[test]
    fn a_stopped_nextest_run_still_counts() {
        let lines = ["     Summary [   1.2s] 3/9 tests run: 2 passed, 1 failed, 0 skipped"];
        assert_eq!(tally(&lines), (2, 1, 0));
    }

    #[test]
    fn tap_is_read_from_its_closing_comments() {
        let lines = [
            "# tests 6",
            "# pass 4",
            "# fail 1",
            "# cancelled 1",
            "# skipped 0",
            "# duration_ms 12.5",
        ];
        assert_eq!(tally(&lines), (4, 2, 0));
    }
}
