// Package rewriter measures the HTML rewriter beside its peers in Go, on whole pages
// as real sites served them: each adds a nonce to every script of every page, in
// chunks of 16 KiB. bench/wasm does the same with lol-html in Node.
package rewriter

import (
	"bytes"
	_ "embed"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tdewolff/parse/v2"
	lexer "github.com/tdewolff/parse/v2/html"
	"golang.org/x/net/html"

	"chatproxy/csp"
	"chatproxy/policies"
	"chatproxy/proxy/rewrite"
)

const (
	chunkSize = 16 << 10
	nonceText = "AAAAAAAAAAAAAAAAAAAAAA=="
)

//go:embed policy.yaml
var policyFile string

func corpus(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("CHATPROXY_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		// Others' data is never committed.
		tb.Skipf("the corpus is not here (%v); set CHATPROXY_CORPUS to its folder", err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

func pages(tb testing.TB) (pages [][]byte, total int64) {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(corpus(tb), "pages", "*.html"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		page, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		pages = append(pages, page)
		total += int64(len(page))
	}
	return pages, total
}

// A rewriter writes the page to out with a nonce on every script.
type rewriter func(out *bytes.Buffer, page []byte)

// withPolicy asks the policy about every script, as the proxy does, and then grants
// the nonce whatever the verdict is. A proxy that has served a few pages remembers
// most verdicts; one that is remembering nothing asks the rules each time.
func withPolicy(tb testing.TB, remembering bool) rewriter {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "policy.yaml")
	text := strings.ReplaceAll(policyFile, "LISTS", filepath.Join(corpus(tb), "lists"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	policy, err := policies.Load(file)
	if err != nil {
		tb.Fatal(err)
	}
	if n := len(policy.Scripts.Rules); n != 30 {
		tb.Fatalf("the policy has %d rules", n)
	}
	page := policies.NewPageURL(&url.URL{Scheme: "https", Host: "news.example", Path: "/2026/a-story.html"})
	var script policies.Script
	var scriptURL policies.ScriptURL
	memo := policies.NewMemo(&policy.Scripts)
	return granting(tb, func(s *rewrite.Script) rewrite.Action {
		var decision policies.Decision
		switch s.Kind {
		case rewrite.External, rewrite.Preload:
			script = policies.Script{Page: page}
			if remembering {
				decision = memo.External(&script, s.Src, &scriptURL)
				break
			}
			if scriptURL.Resolve(page, s.Src) == nil {
				script.URL = &scriptURL
			}
			decision = policy.Scripts.Decide(&script)
		case rewrite.Inline:
			script = policies.Script{Page: page, Inline: true, Text: s.Text, HasText: s.HasText, TooLong: s.TooLong}
			if remembering {
				decision = memo.Inline(&script)
				break
			}
			decision = policy.Scripts.Decide(&script)
		default:
			return rewrite.Action{Do: rewrite.Allow}
		}
		if decision.NeedText {
			return rewrite.Action{Do: rewrite.NeedText}
		}
		return rewrite.Action{Do: rewrite.Allow}
	})
}

func granting(tb testing.TB, decide func(*rewrite.Script) rewrite.Action) rewriter {
	tb.Helper()
	nonce, err := csp.ParseNonce(nonceText)
	if err != nil {
		tb.Fatal(err)
	}
	var r rewrite.Rewriter
	return func(out *bytes.Buffer, page []byte) {
		r.Reset(out, rewrite.Options{Nonce: nonce, Decide: decide})
		for len(page) > 0 {
			n := min(len(page), chunkSize)
			_, _ = r.Write(page[:n]) // a bytes.Buffer takes all
			page = page[n:]
		}
		_ = r.Close()
	}
}

// chunks gives a page as a connection does.
type chunks struct{ page []byte }

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.page) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), chunkSize)], c.page)
	c.page = c.page[n:]
	return n, nil
}

var opening = []byte("<script")

func writeNonced(out *bytes.Buffer, tag []byte) {
	out.Write(opening)
	out.WriteString(` nonce="` + nonceText + `"`)
	out.Write(tag[len(opening):])
}

// xnet passes on the raw bytes of each token of x/net/html's tokenizer.
func xnet(out *bytes.Buffer, page []byte) {
	z := html.NewTokenizer(&chunks{page})
	for {
		kind := z.Next()
		raw := z.Raw()
		switch {
		case kind == html.ErrorToken:
			out.Write(raw)
			return
		case kind == html.StartTagToken && len(raw) > len(opening) && strings.EqualFold(string(raw[:len(opening)]), string(opening)):
			writeNonced(out, raw)
		default:
			out.Write(raw)
		}
	}
}

// tdewolff passes on what its lexer cuts.
func tdewolff(out *bytes.Buffer, page []byte) {
	input := parse.NewInput(&chunks{page})
	l := lexer.NewLexer(input)
	for {
		kind, data := l.Next()
		if kind == lexer.ErrorToken {
			return
		}
		if kind == lexer.StartTagToken && strings.EqualFold(string(l.Text()), "script") {
			writeNonced(out, data)
			continue
		}
		out.Write(data)
	}
}

// Each of them must do the same work, or their speeds mean nothing.
func TestRewritersDoTheSameWork(t *testing.T) {
	all, _ := pages(t)
	for name, rewrite := range map[string]rewriter{"policy": withPolicy(t, true), "x/net": xnet, "tdewolff": tdewolff} {
		scripts := 0
		for i, page := range all {
			var out bytes.Buffer
			rewrite(&out, page)
			n := bytes.Count(out.Bytes(), []byte(nonceText))
			scripts += n
			// tdewolff's lexer leaves out white space inside of tags; the others change
			// nothing but what the pages have a nonce or a policy of their own for.
			plain := bytes.ReplaceAll(out.Bytes(), []byte(` nonce="`+nonceText+`"`), nil)
			if name != "tdewolff" && !bytes.Equal(plain, page) && !bytes.Contains(page, []byte("nonce=")) && !bytes.Contains(page, []byte("srcdoc=")) {
				t.Errorf("%s: page %d is not what it was", name, i)
			}
		}
		if t.Logf("%s: %d nonces", name, scripts); scripts < 1500 {
			t.Errorf("%s granted the nonce only %d times", name, scripts)
		}
	}
}

func BenchmarkRewriter(b *testing.B) {
	all, total := pages(b)
	allowAll := func(*rewrite.Script) rewrite.Action { return rewrite.Action{Do: rewrite.Allow} }
	for _, r := range []struct {
		name    string
		rewrite rewriter
	}{
		{"chatproxy", withPolicy(b, true)},
		{"chatproxy-remembering-nothing", withPolicy(b, false)},
		{"chatproxy-without-policy", granting(b, allowAll)},
		{"tdewolff", tdewolff},
		{"xnet", xnet},
	} {
		b.Run(r.name, func(b *testing.B) {
			var out bytes.Buffer
			once := func() {
				for _, page := range all {
					out.Reset()
					r.rewrite(&out, page)
				}
			}
			once()
			once() // see the test of allocations
			b.SetBytes(total)
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				once()
			}
			used := cpuTime(b) - before
			b.ReportMetric(float64(total)*float64(b.N)/float64(used.Microseconds()), "MB/cpu-s")
		})
	}
}

// cpuTime is the time that this process has had of all cores. Machines are shared:
// the clock on the wall also counts what others had.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
