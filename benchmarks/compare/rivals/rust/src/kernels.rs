// The kernels of ../../../kernels, in Rust. The runner compares the answers.
// SPDX-License-Identifier: Apache-2.0
#![allow(dead_code)]

#[derive(Clone, Copy)]
pub struct Queens {
    n: usize,
    row: usize,
    column: [i8; 16],
}

impl Queens {
    pub fn empty(n: usize) -> Self {
        Queens { n, row: 0, column: [0; 16] }
    }
    pub fn is_full(&self) -> bool {
        self.row == self.n
    }
    fn is_free(&self, place: usize) -> bool {
        self.column[..self.row].iter().enumerate().all(|(above, &column)| {
            let (aside, down) = (column as isize - place as isize, (self.row - above) as isize);
            aside != 0 && aside != down && aside != -down
        })
    }
    pub fn placements(self) -> impl Iterator<Item = Queens> {
        (0..self.n).filter(move |&place| self.is_free(place)).map(move |place| {
            let mut next = self;
            next.column[next.row] = place as i8;
            next.row += 1;
            next
        })
    }
}

#[derive(Clone, Copy)]
pub struct Product {
    a: *const f64,
    b: *const f64,
    c: *mut f64,
    width: usize,
    stride: usize,
}

// SAFETY: the parts that are multiplied at the same time write different blocks of C, and only read A and B.
unsafe impl Send for Product {}
unsafe impl Sync for Product {}

impl Product {
    pub fn is_leaf(&self) -> bool {
        self.width <= 64
    }
    pub fn part(&self, i: usize, j: usize, k: usize) -> Product {
        let half = self.width / 2;
        let at = |row: usize, column: usize| (row * self.stride + column) * half;
        // SAFETY: blocks of this block.
        unsafe {
            Product {
                a: self.a.add(at(i, k)),
                b: self.b.add(at(k, j)),
                c: self.c.add(at(i, j)),
                width: half,
                stride: self.stride,
            }
        }
    }
    pub fn multiply(&self) {
        for i in 0..self.width {
            // SAFETY: rows of this block; nobody else writes this part of C meanwhile.
            let c = unsafe { std::slice::from_raw_parts_mut(self.c.add(i * self.stride), self.width) };
            for k in 0..self.width {
                let factor = unsafe { *self.a.add(i * self.stride + k) };
                let b = unsafe { std::slice::from_raw_parts(self.b.add(k * self.stride), self.width) };
                for (sum, value) in c.iter_mut().zip(b) {
                    *sum += factor * value;
                }
            }
        }
    }
}

pub struct Matrices {
    width: usize,
    a: Vec<f64>,
    b: Vec<f64>,
    c: Vec<f64>,
}

impl Matrices {
    pub fn new(n: usize) -> Self {
        let fill = |of: fn(usize, usize) -> usize| (0..n * n).map(|at| of(at / n, at % n) as f64).collect();
        Matrices { width: n, a: fill(|i, j| (i + 3 * j) % 7), b: fill(|i, j| (2 * i + j) % 5), c: vec![0.0; n * n] }
    }
    pub fn whole(&mut self) -> Product {
        self.c.fill(0.0);
        Product {
            a: self.a.as_ptr(),
            b: self.b.as_ptr(),
            c: self.c.as_mut_ptr(),
            width: self.width,
            stride: self.width,
        }
    }
    pub fn checksum(&self) -> u64 {
        let weight = |i: usize| (i % 11 + 1) as f64;
        let place = |(at, value): (usize, &f64)| weight(at / self.width) * weight(at % self.width + 1) * value;
        self.c.iter().enumerate().map(place).sum::<f64>() as u64
    }
}

pub fn child(number: u64, index: u32) -> u64 {
    let mut mixed = number.wrapping_add(index as u64 + 1);
    for _ in 0..20 {
        mixed = mixed.wrapping_add(0x9e3779b97f4a7c15);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58476d1ce4e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d049bb133111eb);
        mixed ^= mixed >> 31;
    }
    mixed
}

pub fn children(number: u64) -> u32 {
    if number % 1000 < 124 { 8 } else { 0 }
}

pub fn burn(mut seed: u64) -> u64 {
    for _ in 0..1_000_000 {
        seed = (seed ^ seed >> 30).wrapping_mul(0xbf58476d1ce4e5b9).wrapping_add(0x9e3779b97f4a7c15);
    }
    // SAFETY: a local. Keeps the loop from being left out.
    unsafe { std::ptr::read_volatile(&seed) }
}
