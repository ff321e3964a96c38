package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows how far a batch of runs is: a bar on a terminal, a line for each finished run elsewhere.
type progress struct {
	mutex sync.Mutex
	lines io.Writer
	bars  *mpb.Progress
	bar   *mpb.Bar
	total int
	done  int
}

// newProgress writes to w; a bar is drawn only if that is a terminal.
func newProgress(w io.Writer, total int) *progress {
	p := &progress{lines: w, total: total}
	if !isTerminal(w) {
		return p
	}
	p.bars = mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(200*time.Millisecond))
	p.bar = p.bars.AddBar(int64(total),
		mpb.PrependDecorators(decor.CountersNoUnit("%d of %d runs", decor.WC{W: 18})),
		mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO), decor.Name("  to go "), decor.AverageETA(decor.ET_STYLE_GO)),
	)
	p.lines = p.bars
	return p
}

// finished counts a run. On a terminal only what went wrong gets a line.
func (p *progress) finished(name, outcome string, fine bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.done++
	if p.bar == nil || !fine {
		fmt.Fprintf(p.lines, "[%*d/%d] %s: %s\n", len(fmt.Sprint(p.total)), p.done, p.total, name, outcome)
	}
	if p.bar != nil {
		p.bar.Increment()
	}
}

// close takes the bar away.
func (p *progress) close() {
	if p.bar == nil {
		return
	}
	p.bar.Abort(true)
	p.bars.Wait()
}

// isTerminal says whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
