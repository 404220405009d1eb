// tokio: tasks on its multi-threaded runtime. Burners are where its documentation wants them, in spawn_blocking.
// SPDX-License-Identifier: Apache-2.0
mod harness;
mod kernels;

use harness::{Cell, Measured};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, Notify, Semaphore};

fn runtime(now: &Cell) -> Runtime {
    Builder::new_multi_thread().worker_threads(now.threads).enable_all().build().unwrap()
}

// Runs it on the workers: block_on alone would run it on the caller's thread.
fn run<T: Send + 'static>(on: &Runtime, work: impl Future<Output = T> + Send + 'static) -> T {
    on.block_on(async { tokio::spawn(work).await.unwrap() })
}

// The turns, too, are on a worker.
fn run_turns<F>(on: &Runtime, now: &Cell, turn: impl FnMut() -> F + Send + 'static) -> Measured
where
    F: Future<Output = u64> + Send,
{
    let tiny = now.tiny;
    run(on, async move { harness::turns_inside(tiny, turn).await })
}

fn fib_of(n: u32) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if n < 2 {
            return n as u64;
        }
        let left = tokio::spawn(fib_of(n - 1));
        let right = fib_of(n - 2).await;
        left.await.unwrap() + right
    })
}

fn fib(now: &mut Cell) -> Measured {
    let (on, n) = (runtime(now), now.size(25, 12));
    now.turns(|| run(&on, fib_of(n)))
}

fn sky(first: u64, leaves: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return first;
        }
        let each = leaves / 10;
        let children: Vec<_> = (0..10).map(|i| tokio::spawn(sky(first + i * each, each))).collect();
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    })
}

fn skynet(now: &mut Cell) -> Measured {
    let (on, leaves) = (runtime(now), now.size(1_000_000, 1_000));
    now.turns(|| run(&on, sky(0, leaves)))
}

async fn one() -> u64 {
    1
}

fn spawn_join(now: &mut Cell) -> Measured {
    let (on, times) = (runtime(now), now.size(10_000, 50));
    now.items = times;
    run_turns(&on, now, move || async move {
        let mut sum = 0;
        for _ in 0..times {
            sum += tokio::spawn(one()).await.unwrap();
        }
        sum
    })
}

fn spawn_join_1000(now: &mut Cell) -> Measured {
    let on = runtime(now);
    now.items = 1_000;
    run_turns(&on, now, || async {
        let children: Vec<_> = (0..1_000).map(|_| tokio::spawn(one())).collect();
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    })
}

// An async function that is awaited is part of its caller here: no frame is allocated. The black box keeps the compiler
// from counting the whole loop beforehand.
async fn child(value: u64) -> u64 {
    std::hint::black_box(value)
}

fn await_child(now: &mut Cell) -> Measured {
    let (on, times) = (runtime(now), now.size(10_000, 50));
    now.items = times;
    run_turns(&on, now, move || async move {
        let mut sum = 0;
        for _ in 0..times {
            sum += child(1).await;
        }
        sum
    })
}

fn yield_now(now: &mut Cell) -> Measured {
    let (on, times) = (runtime(now), now.size(10_000, 50));
    now.items = times;
    run_turns(&on, now, move || async move {
        for _ in 0..times {
            tokio::task::yield_now().await;
        }
        times
    })
}

async fn play(mut mine: mpsc::Receiver<()>, theirs: mpsc::Sender<()>, times: u64) -> u64 {
    for _ in 0..times {
        mine.recv().await;
        // The other side may have left after its last turn.
        let _ = theirs.send(()).await;
    }
    times
}

fn ping_pong(now: &mut Cell) -> Measured {
    let (on, times) = (runtime(now), now.size(10_000, 50));
    now.items = 2 * times;
    run_turns(&on, now, move || async move {
        let (to_ping, ping) = mpsc::channel(1);
        let (to_pong, pong) = mpsc::channel(1);
        to_ping.send(()).await.unwrap();
        let other_side = tokio::spawn(play(pong, to_ping, times));
        play(ping, to_pong, times).await + other_side.await.unwrap()
    })
}

fn foreign_post(now: &mut Cell) -> Measured {
    let on = runtime(now);
    now.turns(|| run(&on, one()))
}

fn wake(now: &mut Cell) -> Measured {
    let on = runtime(now);
    harness::wake(now, |land| drop(on.spawn(async move { land() })))
}

fn mixed_latency(now: &mut Cell) -> Measured {
    let on = runtime(now);
    let ticks = now.size(250, 5);
    let enough = Arc::new(AtomicBool::new(false));
    for seed in 0..now.threads {
        let enough = enough.clone();
        on.spawn_blocking(move || {
            let mut seed = seed as u64;
            while !enough.load(Relaxed) {
                seed = kernels::burn(seed);
            }
        });
    }
    let ticker = on.spawn(async move {
        let mut late = Vec::new();
        for _ in 0..ticks {
            let due = Instant::now() + Duration::from_millis(1);
            tokio::time::sleep_until(due.into()).await;
            late.push(due.elapsed());
        }
        late
    });
    let late = on.block_on(ticker).unwrap();
    enough.store(true, Relaxed);
    Measured { seconds: now.percentiles(late).as_secs_f64(), turns: 1, answer: 0 }
}

fn million_suspended(now: &mut Cell) -> Measured {
    let on = runtime(now);
    let count = now.size(1_000_000u64, 1_000);
    now.items = count;
    let before = harness::status_bytes("VmRSS");
    let begin = Instant::now();
    let event = Arc::new(Semaphore::new(0));
    let start = {
        let event = event.clone();
        async move {
            let (to_come, all_are_here) = (Arc::new(AtomicU64::new(count)), Arc::new(Notify::new()));
            let mut all = Vec::with_capacity(count as usize);
            for _ in 0..count {
                let (event, to_come, all_are_here) = (event.clone(), to_come.clone(), all_are_here.clone());
                all.push(tokio::spawn(async move {
                    if to_come.fetch_sub(1, Relaxed) == 1 {
                        all_are_here.notify_one();
                    }
                    // What only the beginning needs is not kept by a million.
                    drop((to_come, all_are_here));
                    event.acquire().await.unwrap().forget();
                }));
            }
            all_are_here.notified().await;
            all
        }
    };
    let all = on.block_on(async { tokio::spawn(start).await.unwrap() });
    let to_start = begin.elapsed().as_secs_f64();
    let bytes = harness::status_bytes("VmRSS").saturating_sub(before);
    now.figures.insert("bytes_each", bytes as f64 / count as f64);
    let waking = Instant::now();
    event.add_permits(count as usize);
    let join = async move {
        for one in all {
            one.await.unwrap();
        }
        count
    };
    let answer = run(&on, join);
    let to_wake = waking.elapsed().as_secs_f64();
    now.figures.insert("seconds_to_start", to_start);
    now.figures.insert("seconds_to_wake", to_wake);
    Measured { seconds: to_start + to_wake, turns: 1, answer }
}

fn main() {
    harness::rival("tokio", env!("RIVAL_TOKIO"), &[
        ("fib", fib),
        ("skynet", skynet),
        ("spawn_join", spawn_join),
        ("spawn_join_1000", spawn_join_1000),
        ("await_child", await_child),
        ("yield", yield_now),
        ("ping_pong", ping_pong),
        ("foreign_post", foreign_post),
        ("wake", wake),
        ("mixed_latency", mixed_latency),
        ("million_suspended", million_suspended),
    ]);
}
