package proxy

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chatproxy/browser"
	"chatproxy/csp"
	"chatproxy/policies"
)

// A testSite is a site on a listener of its own, before an upstream on another.
type testSite struct {
	*httptest.Server
	hits     atomic.Int64 // requests that reached the upstream
	upstream *httptest.Server
	guards   [2][2]guard
	site     *Site
	log      lockedBuffer
}

// chatOnEveryPage gives the pages of a test a chat.
var chatOnEveryPage = &browser.Chat{Base: "/.chatproxy/client/0/", Domain: "example.com", Settings: []byte("{}")}

// start starts a site. The policy is added to the smallest one; UPSTREAM in it
// stands for the upstream's URL.
func start(t *testing.T, upstream http.HandlerFunc, policy string) *testSite {
	t.Helper()
	site := &testSite{}
	site.Server = httptest.NewServer(site.handler(t, upstream, policy, nil))
	t.Cleanup(site.Close)
	return site
}

func (site *testSite) handler(t *testing.T, upstream http.HandlerFunc, policy string, endpoints map[string]http.Handler) http.Handler {
	t.Helper()
	site.upstream = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.hits.Add(1)
		upstream(w, r)
	}))
	t.Cleanup(site.upstream.Close)
	handler := New(Options{
		Policy: parsePolicy(t, policy, site.upstream.URL), Chat: chatOnEveryPage, Endpoints: endpoints,
		Log: slog.New(slog.NewTextHandler(&site.log, nil)),
	})
	t.Cleanup(handler.Close)
	site.guards, site.site = handler.guards, handler
	return handler
}

func parsePolicy(t testing.TB, policy, upstream string) *policies.Policy {
	t.Helper()
	policy = "version: 1\nxmpp: {domain: example.com}\n" + policy
	if !strings.Contains(policy, "site:") {
		policy += "\nsite: {upstream: UPSTREAM}\n"
	}
	p, err := policies.Parse("p.yaml", []byte(strings.ReplaceAll(policy, "UPSTREAM", upstream)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// An answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
	err  error // of reading the body
}

func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       20 * time.Second,
	}
}

// ask sends a request with header fields given as name, value pairs.
func (site *testSite) ask(t *testing.T, method, path string, header ...string) answer {
	t.Helper()
	return site.send(t, method, path, "", header...)
}

func (site *testSite) send(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, site.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header[header[i]] = append(r.Header[header[i]], header[i+1])
	}
	return do(t, newClient(), r)
}

func do(t *testing.T, client *http.Client, r *http.Request) answer {
	t.Helper()
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res, string(body), err}
}

// raw sends bytes as they are and reads one response.
func (site *testSite) raw(t *testing.T, request string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", site.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res, string(body), err}
}

// htmlPage answers every request with one page.
func htmlPage(page string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for i := 0; i < len(header); i += 2 {
			w.Header()[header[i]] = append(w.Header()[header[i]], header[i+1])
		}
		_, _ = io.WriteString(w, page)
	}
}

var nonceSource = regexp.MustCompile(`'nonce-([^']*)'`)

// ourNonce returns the nonce of the first policy, which is ours.
func (a answer) ourNonce(t *testing.T) string {
	t.Helper()
	found := nonceSource.FindStringSubmatch(a.Header.Get(csp.Header))
	if found == nil {
		t.Fatalf("no nonce in the policy %q", a.Header.Get(csp.Header))
	}
	return found[1]
}

// wantNothingRuns fails unless ours is enforced and lets no script run.
func (a answer) wantNothingRuns(t *testing.T) {
	t.Helper()
	ours := csp.ParseHeader(a.Header.Values(csp.Header))
	if len(ours) == 0 {
		t.Fatalf("status %d has no policy", a.StatusCode)
	}
	if scripts, _ := ours[0].Get("script-src"); len(scripts) != 1 || scripts[0] != "'none'" {
		t.Errorf("script-src is %q, want 'none'", scripts)
	}
}

// lockedBuffer is a log that handlers write while a test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
