// Go: the same problems by goroutines and channels. Built by foreign.py; says the same line of JSON as the others.
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"time"
)

// A measurement: `turn` is what is timed.
type cell struct {
	tiny     bool
	threads  int
	items    uint64
	checksum uint64
	figures  map[string]float64
}

type problem struct {
	// Makes what a turn needs, and returns the turn: what it took, and the answer.
	run func(*cell) func() (time.Duration, uint64)
	// Turns at most; 0: until they are long enough.
	turns int
}

func size[T any](now *cell, full T, tiny T) T {
	if now.tiny {
		return tiny
	}
	return full
}

// What a turn that times itself from end to end is made of.
func timed(turn func() uint64) func() (time.Duration, uint64) {
	return func() (time.Duration, uint64) {
		begin := time.Now()
		got := turn()
		return time.Since(begin), got
	}
}

func (now *cell) percentiles(late []time.Duration) time.Duration {
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	at := func(share float64) time.Duration { return late[int(share*float64(len(late)-1))] }
	now.figures["p50_ns"] = float64(at(0.5))
	now.figures["p99_ns"] = float64(at(0.99))
	now.figures["p999_ns"] = float64(at(0.999))
	now.figures["max_ns"] = float64(late[len(late)-1])
	return at(0.99)
}

// A line of /proc/self/status, in bytes.
func statusBytes(key string) float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		var kib float64
		if strings.HasPrefix(line, key+":") {
			fmt.Sscanf(line[len(key)+1:], "%f", &kib)
			return kib * 1024
		}
	}
	return 0
}

func measure(name string, one problem, now *cell) {
	turn := one.run(now)
	var total time.Duration
	turns := 0
	enough := size(now, 100*time.Millisecond, time.Millisecond)
	most := one.turns
	if most > 1 && now.tiny {
		most = 10
	}
	if most == 0 && !now.tiny {
		// As Google Benchmark does it: a first turn that is long enough counts, one that is not was a try.
		if took, got := turn(); took >= enough {
			total, now.checksum, turns = took, got, 1
		}
	}
	for (most == 0 && total < enough) || turns < most {
		took, got := turn()
		total += took
		now.checksum = got
		turns++
	}
	line := map[string]any{
		"problem": name, "threads": now.threads, "seconds": total.Seconds() / float64(turns), "iterations": turns,
		"items": now.items, "figures": now.figures, "peak_rss_bytes": statusBytes("VmHWM"),
	}
	if now.checksum != 0 {
		line["checksum"] = now.checksum
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func main() {
	list := flag.Bool("list", false, "the problems, one a line")
	version := flag.Bool("version", false, "versions, as one line of JSON")
	name := flag.String("problem", "", "measure this one")
	threads := flag.Int("threads", runtime.NumCPU(), "on so many threads")
	tiny := flag.Bool("tiny", false, "small sizes, for tests")
	flag.Parse()
	if *list {
		for name := range problems {
			fmt.Println(name)
		}
		return
	}
	if *version {
		fmt.Printf("{\"compiler\": \"go %s\"}\n", strings.TrimPrefix(runtime.Version(), "go"))
		return
	}
	one, known := problems[*name]
	if !known {
		fmt.Fprintf(os.Stderr, "no problem '%s' here; --list names them\n", *name)
		os.Exit(2)
	}
	runtime.GOMAXPROCS(*threads)
	measure(*name, one, &cell{tiny: *tiny, threads: *threads, items: 1, figures: map[string]float64{}})
}
