package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func ask(status Status, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	New(func() Status { return status }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestHealth(t *testing.T) {
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 200, "/metrics": 200, "/other": 404} {
		if w := ask(Status{}, path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

func TestAPolicyThatIsNotValidShows(t *testing.T) {
	good := Status{Loaded: time.Unix(1_700_000_000, 0), Reloads: 3, Failures: 1}
	bad := good
	bad.Problem = `p.yaml:1:1: <b>"wrong"</b>`
	for _, tt := range []struct {
		status Status
		path   string
		has    []string
		not    string
	}{
		{good, "/metrics", []string{"chatproxy_policy_valid 1\n", `chatproxy_policy_reloads_total{result="ok"} 3`, `{result="failed"} 1`, "seconds 1700000000\n"}, "wrong"},
		{bad, "/metrics", []string{"chatproxy_policy_valid 0\n"}, "wrong"},
		{good, "/", []string{"<dd>3</dd>", "<dd>1</dd>"}, "<section>"},
		{bad, "/", []string{"p.yaml:1:1: &lt;b&gt;", "is in force"}, "<b>"},
	} {
		body := ask(tt.status, tt.path).Body.String()
		for _, want := range tt.has {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q:\n%s", tt.path, want, body)
			}
		}
		if strings.Contains(body, tt.not) {
			t.Errorf("%s has %q:\n%s", tt.path, tt.not, body)
		}
	}
}

// What other origins ask for is refused; what the console's own pages, tools and links ask
// for is not.
func TestTheConsoleIsNotForOtherOrigins(t *testing.T) {
	for _, tt := range []struct {
		header []string
		want   int
	}{
		{nil, 200}, // a tool
		{[]string{"Origin", "http://127.0.0.1:9180", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "empty"}, 200},
		{[]string{"Sec-Fetch-Site", "none", "Sec-Fetch-Dest", "document"}, 200},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, 200},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Origin", "null", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "empty"}, 403},
		{[]string{"Origin", "https://www.example.com"}, 403},
		{[]string{"Origin", "http://127.0.0.1:9181"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Dest", "empty"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, 403},
	} {
		for _, path := range []string{"/", "/metrics", "/healthz"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = "127.0.0.1:9180"
			for i := 0; i < len(tt.header); i += 2 {
				r.Header.Set(tt.header[i], tt.header[i+1])
			}
			w := httptest.NewRecorder()
			New(func() Status { return Status{} }).ServeHTTP(w, r)
			if w.Code != tt.want || w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" {
				t.Errorf("%s with %q: %d with %v, want %d", path, tt.header, w.Code, w.Header(), tt.want)
			}
		}
	}
}
