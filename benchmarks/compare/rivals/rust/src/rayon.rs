// rayon: closures that are joined. It has no tasks that wait.
// SPDX-License-Identifier: Apache-2.0
mod harness;
mod kernels;

use harness::{Cell, Measured};
use kernels::{Product, Queens};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

fn pool(now: &Cell) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(now.threads).build().unwrap()
}

fn fib_of(n: u32) -> u64 {
    if n < 2 {
        return n as u64;
    }
    let (left, right) = rayon::join(|| fib_of(n - 1), || fib_of(n - 2));
    left + right
}

fn fib(now: &mut Cell) -> Measured {
    let (pool, n) = (pool(now), now.size(25, 12));
    now.turns(|| pool.install(|| fib_of(n)))
}

fn sky(first: u64, leaves: u64) -> u64 {
    if leaves == 1 {
        return first;
    }
    let each = leaves / 10;
    (0..10u64).into_par_iter().map(|i| sky(first + i * each, each)).sum()
}

fn skynet(now: &mut Cell) -> Measured {
    let (pool, leaves) = (pool(now), now.size(1_000_000, 1_000));
    now.turns(|| pool.install(|| sky(0, leaves)))
}

fn ways(board: Queens) -> u64 {
    if board.is_full() {
        return 1;
    }
    board.placements().collect::<Vec<_>>().into_par_iter().map(ways).sum()
}

fn nqueens(now: &mut Cell) -> Measured {
    let (pool, n) = (pool(now), now.size(11, 8));
    now.turns(|| pool.install(|| ways(Queens::empty(n))))
}

fn multiply(of: Product) {
    if of.is_leaf() {
        return of.multiply();
    }
    for k in 0..2 {
        rayon::join(
            || rayon::join(|| multiply(of.part(0, 0, k)), || multiply(of.part(0, 1, k))),
            || rayon::join(|| multiply(of.part(1, 0, k)), || multiply(of.part(1, 1, k))),
        );
    }
}

fn matmul(now: &mut Cell) -> Measured {
    let pool = pool(now);
    let mut all = kernels::Matrices::new(now.size(512, 128));
    let mut got = now.turns(|| {
        let whole = all.whole();
        pool.install(|| multiply(whole));
        0
    });
    got.answer = all.checksum();
    got
}

fn nodes_of(number: u64, count: u32) -> u64 {
    if count == 0 {
        return 1;
    }
    let below = |i| {
        let next = kernels::child(number, i);
        nodes_of(next, kernels::children(next))
    };
    1 + (0..count).into_par_iter().map(below).sum::<u64>()
}

fn uneven_tree(now: &mut Cell) -> Measured {
    let (pool, root_children) = (pool(now), now.size(2_000, 20));
    now.turns(|| pool.install(|| nodes_of(42, root_children)))
}

fn spawn_join(now: &mut Cell) -> Measured {
    let (pool, times) = (pool(now), now.size(10_000, 50));
    now.items = times;
    pool.install(|| {
        now.turns(|| {
            let mut sum = 0;
            for _ in 0..times {
                rayon::scope(|scope| scope.spawn(|_| sum += 1));
            }
            sum
        })
    })
}

fn spawn_join_1000(now: &mut Cell) -> Measured {
    let pool = pool(now);
    now.items = 1_000;
    pool.install(|| {
        now.turns(|| {
            let ended = AtomicU64::new(0);
            rayon::scope(|scope| {
                for _ in 0..1_000 {
                    scope.spawn(|_| {
                        ended.fetch_add(1, Relaxed);
                    });
                }
            });
            ended.into_inner()
        })
    })
}

fn foreign_post(now: &mut Cell) -> Measured {
    let pool = pool(now);
    now.turns(|| pool.install(|| 1))
}

fn wake(now: &mut Cell) -> Measured {
    let pool = pool(now);
    harness::wake(now, |land| pool.spawn(land))
}

fn main() {
    harness::rival("rayon", env!("RIVAL_RAYON"), &[
        ("fib", fib),
        ("fib_closures", fib),
        ("skynet", skynet),
        ("nqueens", nqueens),
        ("matmul", matmul),
        ("uneven_tree", uneven_tree),
        ("spawn_join", spawn_join),
        ("spawn_join_1000", spawn_join_1000),
        ("foreign_post", foreign_post),
        ("wake", wake),
    ]);
}
