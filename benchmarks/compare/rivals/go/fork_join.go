// Go: forking and joining. A goroutine for each child, and a channel that brings its result.
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"sync"
	"time"
)

func fibOf(n int) uint64 {
	if n < 2 {
		return uint64(n)
	}
	left := make(chan uint64, 1)
	go func() { left <- fibOf(n - 1) }()
	right := fibOf(n - 2)
	return <-left + right
}

func fib(now *cell) func() (time.Duration, uint64) {
	n := size(now, 25, 12)
	return timed(func() uint64 { return fibOf(n) })
}

func sky(into chan uint64, first uint64, leaves uint64) {
	if leaves == 1 {
		into <- first
		return
	}
	children := make(chan uint64, 10)
	each := leaves / 10
	for i := uint64(0); i < 10; i++ {
		go sky(children, first+i*each, each)
	}
	var sum uint64
	for i := 0; i < 10; i++ {
		sum += <-children
	}
	into <- sum
}

func skynet(now *cell) func() (time.Duration, uint64) {
	leaves := size[uint64](now, 1000000, 1000)
	return timed(func() uint64 {
		answer := make(chan uint64, 1)
		go sky(answer, 0, leaves)
		return <-answer
	})
}

type queens struct {
	n, row int
	column [16]int8
}

func (board *queens) isFree(place int) bool {
	for above := 0; above < board.row; above++ {
		aside := int(board.column[above]) - place
		if aside == 0 || aside == board.row-above || aside == above-board.row {
			return false
		}
	}
	return true
}

func ways(board queens) uint64 {
	if board.row == board.n {
		return 1
	}
	children := make(chan uint64, board.n)
	made := 0
	for place := 0; place < board.n; place++ {
		if !board.isFree(place) {
			continue
		}
		next := board
		next.column[next.row] = int8(place)
		next.row++
		made++
		go func() { children <- ways(next) }()
	}
	var sum uint64
	for ; made > 0; made-- {
		sum += <-children
	}
	return sum
}

func nqueens(now *cell) func() (time.Duration, uint64) {
	n := size(now, 11, 8)
	return timed(func() uint64 { return ways(queens{n: n}) })
}

// Blocks `width` wide, of matrices whose rows are `stride` apart.
type product struct {
	a, b, c       []float64
	width, stride int
}

func (of product) part(i, j, k int) product {
	half := of.width / 2
	at := func(row, column int) int { return (row*of.stride + column) * half }
	return product{of.a[at(i, k):], of.b[at(k, j):], of.c[at(i, j):], half, of.stride}
}

func (of product) multiply() {
	if of.width <= 64 {
		for i := 0; i < of.width; i++ {
			c := of.c[i*of.stride:][:of.width]
			for k := 0; k < of.width; k++ {
				factor := of.a[i*of.stride+k]
				b := of.b[k*of.stride:][:of.width]
				for j := range c {
					c[j] += factor * b[j]
				}
			}
		}
		return
	}
	for k := 0; k < 2; k++ {
		var blocks sync.WaitGroup
		blocks.Add(3)
		for block := 0; block < 3; block++ {
			part := of.part(block/2, block%2, k)
			go func() {
				part.multiply()
				blocks.Done()
			}()
		}
		of.part(1, 1, k).multiply()
		blocks.Wait()
	}
}

func matmul(now *cell) func() (time.Duration, uint64) {
	n := size(now, 512, 128)
	a, b, c := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
	for i := 0; i < n; i++ {
		for j := 0; j < n; j++ {
			a[i*n+j] = float64((i + 3*j) % 7)
			b[i*n+j] = float64((2*i + j) % 5)
		}
	}
	return func() (time.Duration, uint64) {
		begin := time.Now()
		for i := range c {
			c[i] = 0
		}
		product{a, b, c, n, n}.multiply()
		took := time.Since(begin)
		var sum float64
		for i := 0; i < n; i++ {
			for j := 0; j < n; j++ {
				sum += float64(i%11+1) * float64((j+1)%11+1) * c[i*n+j]
			}
		}
		return took, uint64(sum)
	}
}

func child(number uint64, index uint32) uint64 {
	mixed := number + uint64(index) + 1
	for round := 0; round < 20; round++ {
		mixed += 0x9e3779b97f4a7c15
		mixed = (mixed ^ mixed>>30) * 0xbf58476d1ce4e5b9
		mixed = (mixed ^ mixed>>27) * 0x94d049bb133111eb
		mixed ^= mixed >> 31
	}
	return mixed
}

func nodesOf(number uint64, count uint32) uint64 {
	if count == 0 {
		return 1
	}
	children := make(chan uint64, count)
	for i := uint32(0); i < count; i++ {
		next := child(number, i)
		go func() {
			var below uint32
			if next%1000 < 124 {
				below = 8
			}
			children <- nodesOf(next, below)
		}()
	}
	var nodes uint64 = 1
	for i := uint32(0); i < count; i++ {
		nodes += <-children
	}
	return nodes
}

func unevenTree(now *cell) func() (time.Duration, uint64) {
	rootChildren := size[uint32](now, 2000, 20)
	return timed(func() uint64 { return nodesOf(42, rootChildren) })
}
