package vendors

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// libraryPath is where the collector serves scripts: libraryPath + VENDOR/NAME.js.
const libraryPath = "/lib/"

// A Hit is one request that a vendor's script has made.
type Hit struct {
	Time   time.Time
	Method string
	Path   string
	Origin string // the Origin header
	// Fields are all that it says.
	Fields []Field
	// Text is the body and the query as they came.
	Text string
}

// Has reports whether one of its fields has exactly this value.
func (h Hit) Has(value string) bool {
	return slices.ContainsFunc(h.Fields, func(f Field) bool { return f.Value == value })
}

// Contains reports whether the text is part of anything in it.
func (h Hit) Contains(text string) bool {
	return strings.Contains(h.Text, text) || slices.ContainsFunc(h.Fields, func(f Field) bool { return strings.Contains(f.Value, text) })
}

// A Trouble is something that a watching script tells.
type Trouble struct {
	Kind string `json:"kind"` // "error", "rejection", "violation", "watching" or "may leave"
	Text string `json:"text"`
}

// A Collector is the vendors' own host: it serves their scripts, answers each of them
// as its own service does, and keeps what they send, apart for each host name that it
// is asked by. It is safe for use by many goroutines.
type Collector struct {
	libraries *Libraries
	mu        sync.Mutex
	inboxes   map[string]*Inbox
}

// NewCollector returns one that has received nothing.
func NewCollector(libraries *Libraries) *Collector {
	return &Collector{libraries: libraries, inboxes: map[string]*Inbox{}}
}

// At returns what comes under a host name; a port does not matter.
func (c *Collector) At(host string) *Inbox {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	box, ok := c.inboxes[host]
	if !ok {
		box = &Inbox{changed: make(chan struct{})}
		c.inboxes[host] = box
	}
	return box
}

func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	allowAnyone(h, r)
	if name, ok := strings.CutPrefix(r.URL.Path, libraryPath); ok {
		c.serveLibrary(w, r, name)
		return
	}
	if file, ok := strings.CutPrefix(r.URL.Path, "/static/"); ok { // its own version, then the name
		_, file, _ = strings.Cut(file, "/")
		http.StripPrefix(strings.TrimSuffix(r.URL.Path, file), c.libraries.posthog).ServeHTTP(w, r)
		return
	}
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, OPTIONS")
		h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody)) // what could be read
	if r.URL.Path == "/watch" {
		var trouble Trouble
		_ = json.Unmarshal(body, &trouble) // our own script sent it
		c.At(r.Host).tell(trouble)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	c.At(r.Host).add(Hit{Time: time.Now(), Method: r.Method, Path: r.URL.Path, Origin: r.Header.Get("Origin"),
		Fields: fieldsOf(r, body), Text: r.URL.RawQuery + "\n" + string(body)})
	answer(w, r)
}

func (c *Collector) serveLibrary(w http.ResponseWriter, r *http.Request, name string) {
	_, name, _ = strings.Cut(strings.TrimSuffix(name, ".js"), "/")
	script, ok := c.libraries.scripts[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	if name == "watch" || name == "pbjs" { // made here, they look for their own host
		script = []byte(strings.ReplaceAll(string(script), "COLLECTOR", "http://"+r.Host))
	}
	_, _ = w.Write(script) // the reader may be gone
}

// allowAnyone lets every page read the answers: those of an opaque origin, whose
// Origin is "null", and those that send credentials, as beacons do.
func allowAnyone(header http.Header, r *http.Request) {
	header.Add("Vary", "Origin")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("Timing-Allow-Origin", "*")
	if origin := r.Header.Get("Origin"); origin != "" {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
		return
	}
	header.Set("Access-Control-Allow-Origin", "*")
}

// answer is what the vendor's own service would say, as far as its script looks at it.
func answer(w http.ResponseWriter, r *http.Request) {
	reply := func(value any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value) // the reader may be gone
	}
	switch path := r.URL.Path; {
	case path == "/tr/" || path == "/impression":
		w.Header().Set("Content-Type", "image/gif")
		_, _ = io.WriteString(w, pixel)
	case path == "/g/collect" || path == "/matomo.php" || path == "/auction" || path == "/config":
		w.WriteHeader(http.StatusNoContent)
	case strings.HasSuffix(path, "/config.js"): // PostHog's remote configuration
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `(window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {})["phc_heron"] = {config: %s, siteApps: []};`, posthogConfig)
	case strings.HasPrefix(path, "/array/"):
		_, _ = io.WriteString(w, posthogConfig)
	case strings.HasPrefix(path, "/flags"):
		reply(map[string]any{"flags": map[string]any{}, "featureFlags": map[string]any{}, "featureFlagPayloads": map[string]any{}, "errorsWhileComputingFlags": false})
	case strings.HasPrefix(path, "/sourceConfig"): // RudderStack's
		reply(map[string]any{"source": map[string]any{"id": "heron", "name": "heron", "writeKey": "heron", "enabled": true, "workspaceId": "heron",
			"config": map[string]any{"statsCollection": map[string]any{}}, "connections": []any{}, "destinations": []any{}}})
	case path == "/api": // Ackee's GraphQL
		reply(map[string]any{"data": map[string]any{"createRecord": map[string]any{"payload": map[string]any{"id": "record-1"}},
			"createAction": map[string]any{"payload": map[string]any{"id": "action-1"}}, "updateRecord": map[string]any{"success": true}}})
	case strings.HasPrefix(path, "/config/v1/rum"), strings.HasPrefix(path, "/o/sdk"):
		reply(map[string]any{})
	case strings.HasPrefix(path, "/v2/track"): // Application Insights'
		reply(map[string]any{"itemsReceived": 1, "itemsAccepted": 1, "errors": []any{}})
	case strings.HasPrefix(path, "/cache/"): // a creative that Prebid Server keeps
		reply(map[string]any{"adm": creative("http://" + strings.TrimPrefix(path, "/cache/")), "w": 300, "h": 250})
	default:
		reply(map[string]any{"status": 1, "result": "Success"})
	}
}

const posthogConfig = `{"token":"phc_heron","supportedCompression":["gzip","gzip-js"],"hasFeatureFlags":false,"autocapture_opt_out":false,"sessionRecording":false,"heatmaps":false,"surveys":false,"capturePerformance":false,"captureDeadClicks":false,"siteApps":[]}`

// creative is the markup of an advertisement: a picture, and a script that tells the
// collector where it was shown.
func creative(collector string) string {
	return strings.ReplaceAll(`<div id="creative"><b>Eels, smoked daily</b><img alt="" src="COLLECTOR/impression"></div><script>
navigator.sendBeacon("COLLECTOR/rendered", JSON.stringify({ url: location.href, title: document.title, referrer: document.referrer,
  shown: document.getElementById("creative").textContent }));
</script>`, "COLLECTOR", collector)
}

// pixel is a transparent GIF of one pixel.
const pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// An Inbox has what came under one host name.
type Inbox struct {
	mu       sync.Mutex
	hits     []Hit
	troubles []Trouble
	last     time.Time
	changed  chan struct{} // closed when something comes
}

func (b *Inbox) add(h Hit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hits = append(b.hits, h)
	b.wake()
}

func (b *Inbox) tell(t Trouble) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, t)
	b.wake()
}

func (b *Inbox) wake() {
	b.last = time.Now()
	close(b.changed)
	b.changed = make(chan struct{})
}

// Hits returns what has come since the last Reset, in the order in which it came.
func (b *Inbox) Hits() []Hit {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.hits)
}

// Troubles returns what has been told since the last Reset.
func (b *Inbox) Troubles() []Trouble {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.troubles)
}

// Reset forgets what came.
func (b *Inbox) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hits, b.troubles = nil, nil
}

// Wait waits until the condition holds, which is asked whenever something has come. It
// is false when ctx ends first, or when nothing has come for quiet; zero means never.
func (b *Inbox) Wait(ctx context.Context, quiet time.Duration, holds func(hits []Hit, troubles []Trouble) bool) bool {
	began := time.Now()
	for {
		b.mu.Lock()
		hits, troubles, changed, last := slices.Clone(b.hits), slices.Clone(b.troubles), b.changed, b.last
		b.mu.Unlock()
		if holds(hits, troubles) {
			return true
		}
		if last.Before(began) {
			last = began
		}
		var silence <-chan time.Time
		if quiet > 0 {
			silence = time.After(time.Until(last.Add(quiet)))
		}
		select {
		case <-changed:
		case <-silence:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
