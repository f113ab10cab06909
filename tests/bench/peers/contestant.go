// What a contestant in Go shares with the others: it says ready, then measures one round for each line it is told.
//
// The C side of the same agreement is bench_decide.c. The processor time is that of the whole process, so what the garbage collector
// does beside a round counts: without it the round could not have gone on.
package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"strings"
	"syscall"
	"time"
)

type decider func(store, request int) bool

func processorNanoseconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano() + usage.Stime.Nano())
}

func read(store, name string) []byte {
	bytes, err := os.ReadFile(store + "/" + name)
	must(err)
	return bytes
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func lines(bytes []byte) []string {
	return strings.Split(strings.TrimSpace(string(bytes)), "\n")
}

func expected(store string) []bool {
	var out []bool
	for _, letter := range strings.TrimSpace(string(read(store, "expected.txt"))) {
		out = append(out, letter == '1')
	}
	return out
}

func round(ask decider, wanted [][]bool, repeats int) float64 {
	permits, count := 0, 0
	start := processorNanoseconds()
	for repeat := 0; repeat < repeats; repeat++ {
		for s := range wanted {
			for i := range wanted[s] {
				if ask(s, i) {
					permits++
				}
				count++
			}
		}
	}
	return (processorNanoseconds() - start) / float64(count)
}

func each(ask decider, wanted [][]bool) string {
	price := time.Hour
	for i := 0; i < 1000; i++ {
		start := time.Now()
		if taken := time.Since(start); taken < price {
			price = taken
		}
	}
	var times []float64
	for repeat := 0; repeat < 3; repeat++ {
		for s := range wanted {
			for i := range wanted[s] {
				start := time.Now()
				ask(s, i)
				times = append(times, float64(max(time.Since(start)-price, 0)))
			}
		}
	}
	sort.Float64s(times)
	at := func(part int) float64 { return times[len(times)*part/100] }
	return fmt.Sprintf(`{"p50":%.1f,"p90":%.1f,"p99":%.1f}`, at(50), at(90), at(99))
}

func serve(wanted [][]bool, ask decider) {
	count := 0
	for s := range wanted {
		for i, permit := range wanted[s] {
			if ask(s, i) != permit {
				must(fmt.Errorf("store %d, request %d is decided otherwise than expected", s, i))
			}
			count++
		}
	}
	// The kernel's account of processor time has steps of some milliseconds on some machines: a round lasts longer than them.
	repeats := int(5e7/(round(ask, wanted, 1)*float64(count)+1)) + 1
	if repeats > 100000 {
		repeats = 100
	}
	fmt.Printf("{\"ready\":true,\"decisions\":%d}\n", count)
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		if input.Text() == "each" {
			fmt.Println(each(ask, wanted))
		} else {
			fmt.Printf("{\"decide\":%.3f}\n", round(ask, wanted, repeats))
		}
	}
}
