package browsers

import (
	"context"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// recorder is a test that keeps the message it fails with.
type recorder struct {
	testing.TB
	message string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failure runs f with a browser whose failures do not fail t, and returns the
// message.
func failure(t *testing.T, b *Browser, f func(*Browser)) string {
	t.Helper()
	r := &recorder{TB: t}
	inner := *b
	inner.t = r
	done := make(chan struct{})
	go func() { defer close(done); f(&inner) }()
	<-done
	if r.message == "" {
		t.Error("it did not fail")
	}
	if m := screenshotLine.FindStringSubmatch(r.message); m != nil {
		t.Cleanup(func() { os.Remove(m[1]) }) // provoked, so nobody will look
	}
	return r.message
}

func contains(t *testing.T, message string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(message, part) {
			t.Errorf("message lacks %q:\n%s", part, message)
		}
	}
}

var screenshotLine = regexp.MustCompile(`(?m)^screenshot: (.*)$`)

// A failure says engine, call, what was asked and what there was instead.
func TestFailures(t *testing.T) {
	server := serve(t)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	eachEngine(t, func(t *testing.T, engine Engine) {
		b := Start(t, engine)
		b.Open(server.URL + "/strict")

		message := failure(t, b, func(b *Browser) {
			b.Wait("[document.title].concat(arguments[0])[7]?.x ?? 0", 200*time.Millisecond, "z")
		})
		contains(t, message, string(engine), `Wait("[document.title]`, `"z")`, "200ms", "last: 0", server.URL+"/strict")
		if m := screenshotLine.FindStringSubmatch(message); m == nil {
			t.Error("no screenshot")
		} else if file, err := os.Open(m[1]); err != nil {
			t.Error(err)
		} else {
			defer file.Close()
			if _, err := png.Decode(file); err != nil {
				t.Error(err)
			}
		}

		message = failure(t, b, func(b *Browser) { b.Wait("nowhere.x", 100*time.Millisecond) })
		contains(t, message, "ReferenceError")
		message = failure(t, b, func(b *Browser) { b.Wait("await new Promise(() => {})", 200*time.Millisecond) })
		contains(t, message, "no result after")
		message = failure(t, b, func(b *Browser) { b.Eval("throw new RangeError('too ' + arguments[0])", "far") })
		contains(t, message, string(engine), "Eval(", "RangeError: too far")
		message = failure(t, b, func(b *Browser) { b.Eval("return (") })
		contains(t, message, `Eval("return (")`, "expected")
		message = failure(t, b, func(b *Browser) { b.Press("Entre") })
		contains(t, message, `Press("Entre")`, "no key")
		message = failure(t, b, func(b *Browser) { b.EvalInFrame("#nowhere", "return 1") })
		contains(t, message, `EvalInFrame("#nowhere"`)
		message = failure(t, b, func(b *Browser) { b.Open(closed.URL) })
		contains(t, message, `Open("`+closed.URL)

		// The browser still works after all that.
		b.Open(server.URL + "/strict")
		same(t, "Title", b.Title(), "strict")

		covers := "const d = document.createElement('div'); d.id = 'cover'; document.body.append(d)"
		b.Eval(covers)
		_, err := b.poll(100*time.Millisecond, clickable, []any{"#press"})
		contains(t, fmt.Sprint(err), `covered by`, `id=\"cover\"`)
		_, err = b.poll(100*time.Millisecond, clickable, []any{"#nowhere"})
		contains(t, fmt.Sprint(err), "no such element")
	})
}

// A page that never lets go is given up on at the deadline; a browser that
// crashes ends the test at once.
func TestHangAndCrash(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		b := Start(t, engine)
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := b.eval(ctx, nil, "for (;;);", nil); err == nil {
			t.Error("an endless loop gave a result")
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("it took %v to give up", took)
		}

		p := b.launch.processes[len(b.launch.processes)-1]
		if err := syscall.Kill(p.cmd.Process.Pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		start = time.Now()
		message := failure(t, b, func(b *Browser) { b.Wait("false", time.Minute) })
		contains(t, message, p.name+" has ended")
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("it took %v to notice the crash", took)
		}
	})
}

// A machine without the browser fails the test with the package's name.
func TestMissingProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for engine, want := range map[Engine]string{
		Chromium: "apt-get install chromium",
		Firefox:  "apt-get install firefox-esr",
		WebKit:   "apt-get install webkit2gtk-driver",
	} {
		message := failure(t, &Browser{}, func(b *Browser) { Start(b.t, engine) })
		contains(t, message, string(engine), "Start", want)
	}
}
