//! How long a division takes: `cargo bench -p usher-sharing -- 10000`.

use std::time::{Duration, Instant};

use usher_sharing::bench;

const ROUNDS: u64 = 200;

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn main() {
    let count = std::env::args()
        .find_map(|word| word.parse().ok())
        .unwrap_or(10_000);
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|round| {
            let claims = bench::claims(count, round);
            let start = Instant::now();
            std::hint::black_box(bench::allocate_once(&claims));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "alloc {count}: best {:.2} ms, p50 {:.2} ms, p99 {:.2} ms of {ROUNDS}",
        ms(at(0)),
        ms(at(50)),
        ms(at(99))
    );
}
