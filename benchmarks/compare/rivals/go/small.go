// Go: small tasks, latency, and a million goroutines that wait.
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var problems = map[string]problem{
	"fib":               {run: fib},
	"fib_closures":      {run: fib},
	"skynet":            {run: skynet},
	"nqueens":           {run: nqueens},
	"matmul":            {run: matmul},
	"uneven_tree":       {run: unevenTree},
	"spawn_join":        {run: spawnJoin},
	"spawn_join_1000":   {run: spawnJoin1000},
	"yield":             {run: yield},
	"ping_pong":         {run: pingPong},
	"mixed_latency":     {run: mixedLatency, turns: 1},
	"million_suspended": {run: millionSuspended, turns: 1},
	"foreign_post":      {run: foreignPost},
	"wake":              {run: wake, turns: 200},
}

func spawnJoin(now *cell) func() (time.Duration, uint64) {
	now.items = size[uint64](now, 10000, 50)
	return timed(func() uint64 {
		var sum uint64
		answer := make(chan uint64)
		for i := uint64(0); i < now.items; i++ {
			go func() { answer <- 1 }()
			sum += <-answer
		}
		return sum
	})
}

func spawnJoin1000(now *cell) func() (time.Duration, uint64) {
	now.items = 1000
	return timed(func() uint64 {
		var ended uint64
		var group sync.WaitGroup
		group.Add(1000)
		for i := 0; i < 1000; i++ {
			go func() {
				atomic.AddUint64(&ended, 1)
				group.Done()
			}()
		}
		group.Wait()
		return ended
	})
}

func yield(now *cell) func() (time.Duration, uint64) {
	now.items = size[uint64](now, 10000, 50)
	return timed(func() uint64 {
		for i := uint64(0); i < now.items; i++ {
			runtime.Gosched()
		}
		return now.items
	})
}

func pingPong(now *cell) func() (time.Duration, uint64) {
	times := size[uint64](now, 10000, 50)
	now.items = 2 * times
	return timed(func() uint64 {
		ping, pong := make(chan bool), make(chan bool)
		go func() {
			for token := range ping {
				pong <- token
			}
			close(pong)
		}()
		var hits uint64
		for ; hits < 2*times; hits += 2 {
			ping <- true
			<-pong
		}
		close(ping)
		<-pong
		return hits
	})
}

func burn(seed uint64) uint64 {
	for round := 0; round < 1000000; round++ {
		seed = (seed^seed>>30)*0xbf58476d1ce4e5b9 + 0x9e3779b97f4a7c15
	}
	return seed
}

// Goroutines that burn are interrupted, so they need no place of their own.
func mixedLatency(now *cell) func() (time.Duration, uint64) {
	return func() (time.Duration, uint64) {
		var enough int32
		var burners sync.WaitGroup
		for i := 0; i < now.threads; i++ {
			burners.Add(1)
			go func(seed uint64) {
				for atomic.LoadInt32(&enough) == 0 {
					seed = burn(seed)
				}
				burners.Done()
			}(uint64(i))
		}
		late := []time.Duration{}
		for ticks := size(now, 250, 5); ticks > 0; ticks-- {
			due := time.Now().Add(time.Millisecond)
			time.Sleep(time.Until(due))
			late = append(late, time.Since(due))
		}
		atomic.StoreInt32(&enough, 1)
		burners.Wait()
		return now.percentiles(late), 0
	}
}

func millionSuspended(now *cell) func() (time.Duration, uint64) {
	count := size(now, 1000000, 1000)
	now.items = uint64(count)
	return func() (time.Duration, uint64) {
		before := statusBytes("VmRSS")
		begin := time.Now()
		event := make(chan bool)
		var waiting, ended sync.WaitGroup
		waiting.Add(count)
		ended.Add(count)
		for i := 0; i < count; i++ {
			go func() {
				waiting.Done()
				<-event
				ended.Done()
			}()
		}
		waiting.Wait()
		toStart := time.Since(begin)
		now.figures["bytes_each"] = (statusBytes("VmRSS") - before) / float64(count)
		waking := time.Now()
		close(event)
		ended.Wait()
		toWake := time.Since(waking)
		now.figures["seconds_to_start"] = toStart.Seconds()
		now.figures["seconds_to_wake"] = toWake.Seconds()
		return toStart + toWake, now.items
	}
}

// Go has no threads of others. Nearest to one is a goroutine that keeps a thread for itself: nothing else runs there, so
// what it hands in crosses over to another thread. It has a place of its own beside those that were asked for.
func standOutside(now *cell) {
	runtime.LockOSThread()
	runtime.GOMAXPROCS(now.threads + 1)
}

func foreignPost(now *cell) func() (time.Duration, uint64) {
	standOutside(now)
	return timed(func() uint64 {
		answer := make(chan uint64, 1)
		go func() { answer <- 1 }()
		return <-answer
	})
}

func wake(now *cell) func() (time.Duration, uint64) {
	standOutside(now)
	late := []time.Duration{}
	return func() (time.Duration, uint64) {
		// Not time.Sleep: the thread that keeps its timer would still be awake.
		syscall.Nanosleep(&syscall.Timespec{Nsec: 1000000}, nil)
		landed := make(chan time.Time, 1)
		left := time.Now()
		go func() { landed <- time.Now() }()
		took := (<-landed).Sub(left)
		late = append(late, took)
		now.percentiles(append([]time.Duration{}, late...))
		return took, 0
	}
}
