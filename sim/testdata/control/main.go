// Command control goes through a program's functions in every way that there is: jumps, calls, switches to other goroutines in the
// middle, panics and their ends, stacks that grow. It prints what it computed.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
)

func main() {
	for _, each := range []struct {
		name string
		run  func() uint64
	}{
		{"nested loops that are left and entered again", nested},
		{"a loop that begins in its middle", jumpIn},
		{"panics that are recovered from", recovered},
		{"deferred calls", deferred},
		{"a stack that grows", func() uint64 { return grow(20_000) }},
		{"switches", switches},
		{"channels", channels},
		{"closures and methods", indirect},
	} {
		fmt.Println(each.name, each.run())
	}
}

func mix(a, b uint64) uint64 { return (a^b)*0x9e3779b97f4a7c15 + a>>7 }

// nested lets others run in all of its loops.
func nested() uint64 {
	var sum uint64
outer:
	for i := uint64(0); i < 30; i++ {
		for j := i; ; j++ {
			if j%5 == 3 {
				runtime.Gosched()
			}
			if j > i+7 {
				break
			}
			for k := uint64(0); k < j%4; k++ {
				sum = mix(sum, i*100+j*10+k)
				switch {
				case sum%11 == 0:
					continue outer
				case sum%7 == 0:
					runtime.Gosched()
				case sum%1009 == 0:
					break outer
				}
			}
		}
	}
	return sum
}

// jumpIn has a loop with two beginnings.
func jumpIn() uint64 {
	i, sum := 0, uint64(1)
	if runtime.NumGoroutine() > 0 {
		goto middle
	}
top:
	sum = mix(sum, uint64(i))
	if i%3 == 0 {
		runtime.Gosched()
	}
middle:
	i++
	sum = mix(sum, 5)
	if sum%4 == 0 {
		runtime.Gosched()
	}
	if i < 100 {
		goto top
	}
	return sum
}

var errOdd = errors.New("odd")

func recovered() uint64 {
	var sum uint64
	try := func(n int) (result uint64) {
		defer func() {
			if r := recover(); r != nil {
				runtime.Gosched()
				result = uint64(len(fmt.Sprint(r)))
			}
		}()
		var list []int
		var m map[int]int
		var p *struct{ field int }
		switch n % 5 {
		case 0:
			return uint64(list[n])
		case 1:
			m[n] = 1
		case 2:
			return uint64(p.field)
		case 3:
			panic(errOdd)
		}
		return uint64(10 / (n % 5))
	}
	for n := range 50 {
		sum = mix(sum, try(n))
	}
	return sum
}

func deferred() (sum uint64) {
	for i := range uint64(20) {
		defer func() {
			if i%3 == 0 {
				runtime.Gosched()
			}
			sum = mix(sum, i)
		}()
	}
	var mutex sync.Mutex
	for i := range uint64(20) {
		func() {
			mutex.Lock()
			defer mutex.Unlock()
			sum = mix(sum, i)
		}()
	}
	return sum
}

func grow(n int) uint64 {
	var room [4]uint64
	room[n%4] = uint64(n)
	if n == 0 {
		return room[0]
	}
	return mix(grow(n-1), room[n%4])
}

func switches() uint64 {
	var sum uint64
	for i, v := range []any{1, "two", 3.0, errOdd, []byte("five"), map[string]int{"six": 6}, nil, struct{ a, b int }{7, 8}} {
		switch v := v.(type) {
		case int:
			sum = mix(sum, uint64(v))
		case string:
			sum = mix(sum, uint64(len(v)))
		case float64:
			sum = mix(sum, uint64(v*2))
		case error:
			sum = mix(sum, uint64(len(v.Error())))
		case []byte:
			sum = mix(sum, uint64(v[i%len(v)]))
		case map[string]int:
			sum = mix(sum, uint64(v["six"]))
		case nil:
			sum = mix(sum, 99)
		default:
			sum = mix(sum, uint64(len(fmt.Sprint(v))))
		}
	}
	return sum
}

func channels() uint64 {
	in, out, done := make(chan uint64), make(chan uint64, 3), make(chan struct{})
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for {
				select {
				case n := <-in:
					out <- n * n
				case <-done:
					return
				}
			}
		})
	}
	go func() {
		for i := range uint64(200) {
			in <- i
		}
		close(done)
		workers.Wait()
		close(out)
	}()
	var sum uint64
	for n := range out {
		sum += n
	}
	return sum
}

type shape interface{ area() uint64 }

type square uint64

func (s square) area() uint64 { return uint64(s * s) }

type group []shape

func (g group) area() (sum uint64) {
	for _, s := range g {
		runtime.Gosched()
		sum += s.area()
	}
	return sum
}

func indirect() uint64 {
	shapes := group{square(2), group{square(3), square(4)}, square(5)}
	words := strings.Fields("so many words that are to be sorted by their lengths")
	sort.Slice(words, func(i, j int) bool { return len(words[i]) < len(words[j]) })
	count := shapes.area
	return count() + uint64(len(words[0]))
}
