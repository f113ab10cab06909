//! What a contestant in Rust shares with the others: it says `ready`, then measures one round for each line it is told.
//!
//! The C side of the same agreement is bench_decide.c. A round asks every request of every store, often enough for some
//! milliseconds, and is measured in processor time of the process; `each` times single decisions by the clock on the wall.

use std::io::{BufRead, Write};
use std::time::Instant;

/// One way to ask: a name, and the decision of request `i` of store `s`.
pub type Way = (&'static str, Box<dyn FnMut(usize, usize) -> bool>);

fn processor_nanoseconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Linux, and `time` outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// The file of a store, or the end of the program.
pub fn read(store: &str, name: &str) -> String {
    std::fs::read_to_string(format!("{store}/{name}")).unwrap_or_else(|error| panic!("{store}/{name}: {error}"))
}

/// What must be decided.
pub fn expected(store: &str) -> Vec<bool> {
    read(store, "expected.txt").trim().bytes().map(|b| b == b'1').collect()
}

fn round(way: &mut Way, counts: &[usize], repeats: usize) -> f64 {
    let mut permits = 0usize;
    let start = processor_nanoseconds();
    for _ in 0..repeats {
        for (s, count) in counts.iter().enumerate() {
            for i in 0..*count {
                permits += way.1(s, i) as usize;
            }
        }
    }
    let taken = processor_nanoseconds() - start;
    std::hint::black_box(permits);
    taken / (repeats * counts.iter().sum::<usize>()) as f64
}

fn each(way: &mut Way, counts: &[usize]) -> String {
    let price = (0..1000)
        .map(|_| {
            let start = Instant::now();
            start.elapsed().as_nanos() as u64
        })
        .min()
        .unwrap_or(0);
    let mut times = Vec::new();
    for _ in 0..5 {
        for (s, count) in counts.iter().enumerate() {
            for i in 0..*count {
                let start = Instant::now();
                std::hint::black_box(way.1(s, i));
                times.push((start.elapsed().as_nanos() as u64).saturating_sub(price));
            }
        }
    }
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 100];
    format!("{{\"p50\":{},\"p90\":{},\"p99\":{}}}", at(50), at(90), at(99))
}

/// Checks every decision, and then serves rounds until its input ends. The first way is the one that `each` asks.
pub fn serve(wanted: &[Vec<bool>], mut ways: Vec<Way>) {
    let counts: Vec<usize> = wanted.iter().map(Vec::len).collect();
    for (name, ask) in ways.iter_mut() {
        for (s, decisions) in wanted.iter().enumerate() {
            for (i, permit) in decisions.iter().enumerate() {
                assert_eq!(ask(s, i), *permit, "{name}: store {s}, request {i} is decided otherwise than expected");
            }
        }
    }
    let repeats: Vec<usize> = ways
        .iter_mut()
        .map(|way| (1e7 / (round(way, &counts, 1) * counts.iter().sum::<usize>() as f64)) as usize + 1)
        .collect();
    println!("{{\"ready\":true,\"decisions\":{}}}", counts.iter().sum::<usize>());
    for line in std::io::stdin().lock().lines() {
        if line.map(|line| line == "each").unwrap_or(false) {
            println!("{}", each(&mut ways[0], &counts));
        } else {
            let figures: Vec<String> = ways
                .iter_mut()
                .zip(&repeats)
                .map(|(way, n)| {
                    let taken = round(way, &counts, *n);
                    format!("\"{}\":{:.3}", way.0, taken)
                })
                .collect();
            println!("{{{}}}", figures.join(","));
        }
        std::io::stdout().flush().unwrap();
    }
}
