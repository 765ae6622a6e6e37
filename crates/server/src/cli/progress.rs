//! Telling how far long work is.

use std::time::{Duration, Instant};

/// Work that is done sooner says nothing.
const EVERY: Duration = Duration::from_secs(2);

/// Says on the error stream, now and then, how many rows of which table are done.
pub(super) fn rows(what: &'static str) -> impl FnMut(&str, u64) + Send {
    let mut last = Instant::now();
    move |table, rows| {
        if last.elapsed() >= EVERY {
            last = Instant::now();
            eprintln!("{what} {table}: {rows} rows");
        }
    }
}

/// `3 tables, 20,013 rows`.
pub(super) fn summary(contents: &[usher_store::copy::Content]) -> String {
    let rows: u64 = contents.iter().map(|content| content.rows).sum();
    format!("{} tables, {} rows", contents.len(), grouped(rows))
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(super::grouped(number), text);
        }
    }
}
