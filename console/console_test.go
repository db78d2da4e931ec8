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
