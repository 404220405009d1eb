// Rust: what both rivals share: the command line, the measurement and its line of JSON.
// SPDX-License-Identifier: Apache-2.0
use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

pub struct Cell {
    pub tiny: bool,
    pub threads: usize,
    pub items: u64,
    pub figures: BTreeMap<&'static str, f64>,
}

impl Cell {
    pub fn size<T>(&self, full: T, tiny: T) -> T {
        if self.tiny { tiny } else { full }
    }

    #[allow(dead_code)]
    pub fn percentiles(&mut self, mut late: Vec<Duration>) -> Duration {
        late.sort();
        let at = |share: f64| late[(share * (late.len() - 1) as f64) as usize];
        for (name, share) in [("p50_ns", 0.5), ("p99_ns", 0.99), ("p999_ns", 0.999), ("max_ns", 1.0)] {
            self.figures.insert(name, at(share).as_nanos() as f64);
        }
        at(0.99)
    }

    /// Turns until they are long enough.
    pub fn turns(&self, mut turn: impl FnMut() -> u64) -> Measured {
        let (mut meter, mut answer) = (Meter::new(self.tiny), 0);
        while meter.goes_on() {
            answer = turn();
        }
        meter.measured(answer)
    }
}

/// The same for turns that are awaited.
#[allow(dead_code)]
pub async fn turns_inside<F: Future<Output = u64>>(tiny: bool, mut turn: impl FnMut() -> F) -> Measured {
    let (mut meter, mut answer) = (Meter::new(tiny), 0);
    while meter.goes_on() {
        answer = turn().await;
    }
    meter.measured(answer)
}

/// As Google Benchmark does it: a first turn that is long enough counts, one that is not was a try.
struct Meter {
    enough: Duration,
    begin: Instant,
    turns: u64,
    is_try: bool,
}

impl Meter {
    fn new(tiny: bool) -> Self {
        let enough = Duration::from_millis(if tiny { 1 } else { 100 });
        Meter { enough, begin: Instant::now(), turns: 0, is_try: !tiny }
    }

    /// Asked before each turn.
    fn goes_on(&mut self) -> bool {
        if self.turns != 0 && self.begin.elapsed() >= self.enough {
            return false;
        }
        let was_the_try = self.is_try && self.turns == 1;
        if self.turns == 0 || was_the_try {
            self.begin = Instant::now();
            self.turns = 0;
            self.is_try &= !was_the_try;
        }
        self.turns += 1;
        true
    }

    fn measured(self, answer: u64) -> Measured {
        Measured { seconds: self.begin.elapsed().as_secs_f64() / self.turns as f64, turns: self.turns, answer }
    }
}

/// How long it takes from handing in, on a thread that is not the rival's, to running, when all of its threads sleep.
#[allow(dead_code)]
pub fn wake(now: &mut Cell, spawn: impl Fn(Box<dyn FnOnce() + Send>)) -> Measured {
    let turns = now.size(200, 10);
    let mut latencies = Vec::new();
    for _ in 0..turns {
        let (landed, at) = std::sync::mpsc::channel();
        std::thread::sleep(Duration::from_millis(1));
        let begin = Instant::now();
        spawn(Box::new(move || landed.send(Instant::now()).unwrap()));
        latencies.push(at.recv().unwrap() - begin);
    }
    let seconds = latencies.iter().sum::<Duration>().as_secs_f64() / turns as f64;
    now.percentiles(latencies);
    Measured { seconds, turns, answer: 0 }
}

pub struct Measured {
    pub seconds: f64,
    pub turns: u64,
    /// 0: nothing to check.
    pub answer: u64,
}

/// A line of /proc/self/status, in bytes.
pub fn status_bytes(key: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':')?.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

pub type Problem = fn(&mut Cell) -> Measured;

pub fn rival(library: &str, version: &str, problems: &[(&str, Problem)]) {
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)).cloned();
    if args.iter().any(|arg| arg == "--list") {
        problems.iter().for_each(|(name, _)| println!("{name}"));
        return;
    }
    if args.iter().any(|arg| arg == "--version") {
        println!("{{\"{library}\": \"{version}\", \"compiler\": \"rustc {}\"}}", env!("RIVAL_RUSTC"));
        return;
    }
    let wanted = value("--problem").unwrap_or_default();
    let (name, run) = match problems.iter().find(|(name, _)| *name == wanted) {
        Some(found) => found,
        None => {
            eprintln!("no problem '{wanted}' here; --list names them");
            std::process::exit(2);
        }
    };
    let threads = value("--threads").and_then(|text| text.parse().ok()).unwrap_or(1);
    let tiny = args.iter().any(|arg| arg == "--tiny");
    let mut now = Cell { tiny, threads, items: 1, figures: BTreeMap::new() };
    let got = run(&mut now);
    let figures: Vec<String> = now.figures.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    let checksum = if got.answer == 0 { String::new() } else { format!("\"checksum\": {}, ", got.answer) };
    println!(
        "{{\"problem\": \"{name}\", \"threads\": {threads}, \"seconds\": {:e}, \"iterations\": {}, \"items\": {}, {checksum}\
         \"figures\": {{{}}}, \"peak_rss_bytes\": {}}}",
        got.seconds, got.turns, now.items, figures.join(", "), status_bytes("VmHWM")
    );
}
