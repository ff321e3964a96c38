package reports

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"muster/model/run"
)

// browsers are the names under which a browser may be installed.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"}

// browserTime is how long a browser may take for all of a test, which takes it seconds on an idle computer.
const browserTime = 4 * time.Minute

// profile is a folder for a browser to keep things in. It goes when the last of the browser's processes has gone, which may outlive the first.
func profile(t *testing.T) string {
	folder, err := os.MkdirTemp("", "browser")
	require.NoError(t, err)
	t.Cleanup(func() {
		require.Eventually(t, func() bool { return os.RemoveAll(folder) == nil }, time.Minute, 10*time.Millisecond, "%s goes", folder)
	})
	return folder
}

// inBrowser opens a page in a real browser, without network, does something there, and returns what the page asked for and what
// the browser complained of.
func inBrowser(t *testing.T, path string, do func(ctx context.Context)) (requests, complaints []string) {
	t.Helper()
	program := ""
	for _, name := range browsers {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skipf("NOT TESTED IN A BROWSER: none of %s is installed", strings.Join(browsers, ", "))
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WSURLReadTimeout(browserTime), chromedp.UserDataDir(profile(t)), chromedp.Flag("disable-component-update", true), chromedp.ProxyServer("127.0.0.1:9"))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	defer stop()
	ctx, expire := context.WithTimeout(ctx, browserTime)
	defer expire()
	ctx, closeBrowser := chromedp.NewContext(ctx)
	defer closeBrowser()

	var lock sync.Mutex
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		lock.Lock()
		defer lock.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "data:") {
				requests = append(requests, e.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			complaints = append(complaints, "console."+string(e.Type))
		case *log.EventEntryAdded:
			complaints = append(complaints, e.Entry.Text)
		}
	}), "starting %s", program)
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate("file://"+path)))
	do(ctx)
	require.NoError(t, chromedp.Cancel(ctx))
	lock.Lock()
	defer lock.Unlock()
	return requests, complaints
}

// evaluate runs a line of JavaScript in the page.
func evaluate[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	require.NoError(t, err, script)
	return value
}

const picturesDrawn = `[...document.querySelectorAll("figure svg")].filter(svg => svg.getBoundingClientRect().height > 50).length`

func TestRunPageInABrowser(t *testing.T) {
	folder := newFixture(1).write(t, run.Folder(t.TempDir()))
	require.NoError(t, WriteRun(t.Context(), folder))
	path := folder.Path(run.ReportFile)
	const rowsShown = `[...document.querySelectorAll("#event-rows tr")].filter(row => row.offsetHeight > 0).length`

	requests, complaints := inBrowser(t, path, func(ctx context.Context) {
		require.Equal(t, 5, evaluate[int](t, ctx, picturesDrawn))
		require.Greater(t, evaluate[int](t, ctx, rowsShown), 20)
		require.NoError(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("input[type=search]"), "n3 raft.state")))
		require.Equal(t, 2, evaluate[int](t, ctx, rowsShown), "n3 became a follower at each of its two starts")
		require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#evidence-3 a.at"))))
		require.NoError(t, chromedp.Do(ctx, chromedp.WaitReady(chromedp.CSS("#mark-3.bad:target"))), "evidence leads to its mark in a picture")
		require.Equal(t, 1, evaluate[int](t, ctx, `document.querySelectorAll("iframe[srcdoc]").length`))
	})
	require.Equal(t, []string{"file://" + path}, requests, "the page loads nothing but itself")
	require.Empty(t, complaints)
}

func TestIndexInABrowser(t *testing.T) {
	out := t.TempDir()
	folders := writeFolders(t, out, newFixture(1), newFixture(2), asExpected(1))
	require.NoError(t, WriteIndex(t.Context(), out, folders))
	path := run.Folder(out).Path(IndexFile)
	requests, complaints := inBrowser(t, path, func(ctx context.Context) {
		require.Equal(t, 7, evaluate[int](t, ctx, picturesDrawn), "of failovers, of each kind of operation that was not served, and of convergence")
	})
	require.Equal(t, []string{"file://" + path}, requests)
	require.Empty(t, complaints)
}
