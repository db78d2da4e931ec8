package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// All that a page can come in; "" is none.
var allCodings = append([]string{""}, codings...)

func compress(t *testing.T, coding, text string) []byte {
	t.Helper()
	if coding == "" {
		return []byte(text)
	}
	var b bytes.Buffer
	enc := writeFlushed(t, coding, &b, text)
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writeFlushed writes the start of a compressed stream.
func writeFlushed(t *testing.T, coding string, w io.Writer, text string) encoder {
	t.Helper()
	enc, err := newEncoder(coding, w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(enc, text); err != nil {
		t.Fatal(err)
	}
	if err := enc.Flush(); err != nil {
		t.Fatal(err)
	}
	return enc
}

func decompress(t *testing.T, coding, body string) (string, error) {
	t.Helper()
	r, err := newDecoder(coding, io.NopCloser(strings.NewReader(body)))
	if err != nil {
		return "", err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	return string(text), err
}

func coded(coding string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if coding != "" {
			w.Header().Set("Content-Encoding", coding)
		}
		_, _ = w.Write(body)
	}
}

func TestAPageIsDecodedRewrittenAndEncoded(t *testing.T) {
	page := strings.Repeat("<p>text</p>", 50_000) + `<script src="/static/a.js"></script><script>evil()</script><p>end</p>`
	for _, coding := range allCodings {
		t.Run("coding "+coding, func(t *testing.T) {
			a := start(t, coded(coding, compress(t, coding, page)), allowOwn).ask(t, "GET", "/", "Accept-Encoding", "gzip, br, zstd")
			if got := a.Header.Get("Content-Encoding"); got != coding {
				t.Fatalf("Content-Encoding is %q", got)
			}
			text, err := decompress(t, coding, a.body)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text, `nonce="`+a.ourNonce(t)+`" src="/static/a.js"`) || strings.Contains(text, "evil()") || !strings.HasSuffix(text, "<p>end</p>") {
				t.Errorf("it was not rewritten: …%s", text[max(0, len(text)-200):])
			}
		})
	}
}

func TestABodyThatIsNotInItsCodingIsRefused(t *testing.T) {
	for _, coding := range codings {
		site := start(t, coded(coding, []byte("<script>evil()</script> is not compressed")), "")
		a := site.ask(t, "GET", "/")
		a.wantNothingRuns(t)
		if a.StatusCode != http.StatusBadGateway || strings.Contains(a.body, "evil()") || a.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: got %d %s", coding, a.StatusCode, a.body)
		}
		if !strings.Contains(site.log.String(), "request failed") {
			t.Errorf("%s: nothing was logged", coding)
		}
	}
}

func TestAnUnknownCodingRunsNothing(t *testing.T) {
	for _, coding := range []string{"deflate", "compress", "gzip, br", "gzip,gzip", "aes128gcm", "dcb"} {
		body := string(compress(t, "gzip", "<script>evil()</script>"))
		a := start(t, coded(coding, []byte(body)), "").ask(t, "GET", "/")
		a.wantNothingRuns(t)
		if a.body != body || a.Header.Get("Content-Encoding") != coding {
			t.Errorf("%s: it was changed", coding)
		}
	}
}

// Redirects often name a coding and send nothing.
func TestAnEmptyBodyHasNoCoding(t *testing.T) {
	for _, coding := range codings {
		a := start(t, coded(coding, nil), "").ask(t, "GET", "/")
		if a.StatusCode != http.StatusOK || a.ourNonce(t) == "" {
			t.Errorf("%s: got %d %s", coding, a.StatusCode, a.body)
		}
	}
}

// A page that breaks off upstream breaks off for the client too; it never looks
// as if it had ended there.
func TestATruncatedPageStaysTruncated(t *testing.T) {
	for _, coding := range allCodings {
		for _, size := range []int{3, 40, 4000} {
			var page strings.Builder
			for i := 0; page.Len() < 20_000; i++ {
				page.WriteString(strings.Repeat("x", i%7) + "<p>" + string(rune('a'+i*i%26)) + string(rune('0'+i%10)))
			}
			whole := compress(t, coding, page.String())
			cut := whole[:min(size, len(whole)-1)]
			site := start(t, func(w http.ResponseWriter, r *http.Request) {
				coded(coding, cut)(w, r)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}, "")
			a := site.ask(t, "GET", "/")
			if a.err == nil && a.StatusCode != http.StatusBadGateway {
				t.Errorf("coding %q, %d bytes: the client saw a whole page of %d", coding, size, len(a.body))
			}
			// The connection is whole, what it carries is not.
			if coding != "" {
				a := start(t, coded(coding, cut), "").ask(t, "GET", "/")
				if a.err == nil && a.StatusCode != http.StatusBadGateway {
					t.Errorf("coding %q, %d bytes in a whole body: the client saw a whole page", coding, size)
				}
			}
		}
	}
}

func TestAcceptedCodings(t *testing.T) {
	for _, tt := range []struct {
		accept []string
		want   string
	}{
		{nil, "identity"},
		{[]string{"gzip, deflate, br, zstd"}, "gzip, br, zstd"},
		{[]string{"GZIP", "br;q=0.5"}, "gzip, br"},
		{[]string{"gzip;q=0, br;q=0.000, zstd; q=0"}, "identity"},
		{[]string{"gzip;q=0.1"}, "gzip"},
		{[]string{"deflate, compress, *"}, "identity"},
	} {
		if got := acceptedCodings(http.Header{"Accept-Encoding": tt.accept}); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.accept, got, tt.want)
		}
	}
}

// blocked gives a start and then nothing until it is closed.
type blocked struct {
	start  io.Reader
	closed chan struct{}
}

func (b *blocked) Read(p []byte) (int, error) {
	if n, _ := b.start.Read(p); n > 0 {
		return n, nil
	}
	<-b.closed
	return 0, io.ErrClosedPipe
}

func (b *blocked) Close() error { close(b.closed); return nil }

// Closing ends the goroutine, in the middle of a page and of any coding, and with
// -race shows that it does not touch a decoder that is being read.
func TestClosingEndsTheGoroutine(t *testing.T) {
	for _, coding := range codings {
		synctest.Test(t, func(t *testing.T) { // fails when a goroutine is left
			var begun bytes.Buffer
			writeFlushed(t, coding, &begun, strings.Repeat("<p>text", 1000))
			src, err := newDecoder(coding, &blocked{&begun, make(chan struct{})})
			if err != nil {
				t.Fatal(err)
			}
			body, err := encodeBody(coding, src)
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(io.Discard, body) }()
			synctest.Wait() // until the decoder waits for the upstream
			if err := body.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A panic outside of net/http's goroutines would end the program.
func TestAPanicIsAnErrorOfOnePage(t *testing.T) {
	body, err := encodeBody("gzip", readCloser{readerFunc(func([]byte) (int, error) { panic("boom") }), func() error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.ReadAll(body); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("got %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestEncodeBodyPassesTheErrorOn(t *testing.T) {
	want := errors.New("broken")
	for _, coding := range codings {
		body, err := encodeBody(coding, io.NopCloser(io.MultiReader(strings.NewReader("start"), iotest.ErrReader(want))))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(body); !errors.Is(err, want) {
			t.Errorf("%s: got %v", coding, err)
		}
	}
}
