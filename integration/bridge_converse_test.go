package integration

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"chatproxy/integration/browsers"
)

// converseSite is the upstream of pages in which Converse is driven by the test.
// Each test has a page of its own, by the query.
type converseSite struct {
	mu    sync.Mutex
	pages map[string]*conversePage
}

type conversePage struct {
	login       map[string]any
	happenings  chan<- happening
	description string

	mu    sync.Mutex
	posts int // so far
}

func (s *converseSite) page(name string) *conversePage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pages[name]
}

func (s *converseSite) add(name string, p *conversePage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages == nil {
		s.pages = map[string]*conversePage{}
	}
	s.pages[name] = p
}

func (s *converseSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/driver.html":
		p := s.page(r.URL.Query().Get("of"))
		if p == nil {
			http.NotFound(w, r)
			return
		}
		login, err := json.Marshal(p.login)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>%s</title>
<script type="application/json" id="login">%s</script>
<script src="/converse/converse.min.js" type="module"></script>
<script src="/driver/converse.mjs" type="module"></script>
`, html.EscapeString(p.description), login)
	case "/driver/converse.mjs", "/driver/order.mjs":
		http.ServeFile(w, r, filepath.Join("clients", filepath.Base(r.URL.Path)))
	case "/happened":
		s.happened(w, r)
	default:
		http.StripPrefix("/converse/", http.FileServer(http.Dir(filepath.Join("..", "chat", "converse")))).ServeHTTP(w, r)
	}
}

func (s *converseSite) happened(w http.ResponseWriter, r *http.Request) {
	var post struct {
		Number     int
		Happenings []happening
	}
	p := s.page(r.URL.Query().Get("of"))
	if err := json.NewDecoder(r.Body).Decode(&post); err != nil || p == nil {
		http.Error(w, "those are no happenings", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if post.Number <= p.posts {
		return // it is repeated
	}
	p.posts = post.Number
	for _, h := range post.Happenings {
		h.from = "client"
		select {
		case p.happenings <- h:
		case <-r.Context().Done():
			return
		}
	}
}

// converse is Converse in a Chromium.
type converse struct {
	*browsers.Browser
	t *testing.T
}

// start opens a page of the site and lets Converse log in.
func (s *converseSite) start(t *testing.T, l login, happenings chan happening) chatClient {
	t.Helper()
	settings := map[string]any{"domain": l.domain, "user": l.user, "password": l.password, "resource": l.resource, "tail": tail, string(l.over): l.url()}
	s.add(l.user, &conversePage{login: settings, happenings: happenings, description: t.Name()})
	c := &converse{browsers.Start(t, browsers.Chromium), t}
	c.Open("http://" + l.site + "/driver.html?of=" + l.user)
	return c
}

func (c *converse) send(to string, first, last int) {
	c.t.Helper()
	c.Eval("driver.send(...arguments)", to, first, last)
}

func (c *converse) stop() {
	c.t.Helper()
	c.Eval("return driver.stop()")
}
