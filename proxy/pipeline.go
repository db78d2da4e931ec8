package proxy

import (
	"io"
	"net/http"
	"net/http/httputil"
	"path"
	"strings"

	"github.com/go-chi/chi/v5"

	"chatproxy/browser"
)

// This file is the way of a request, from top to bottom. Each step is a function
// in a file of its own.

// routes returns the handler of the whole site.
func (s *Site) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.identify, s.limit, s.checkHost, s.endServiceWorkers)
	for path, handler := range s.endpoints {
		r.Handle(path, handler)
	}
	r.Route(browser.Prefix, s.ownFiles)
	site := s.notOurs(s.compartments(s.returning(s.upstream())))
	r.Handle("/*", site)
	r.MethodNotAllowed(site.ServeHTTP) // methods that chi does not know
	return r
}

// ownFiles are chatproxy's own paths on the site's host. None reaches the upstream.
func (s *Site) ownFiles(r chi.Router) {
	r.Use(s.fixedHeaders)
	s.serveGuards(r)
	r.Get(browser.IndexedDB.Path[len(browser.Prefix)-1:], browser.IndexedDB.ServeHTTP)
	r.Post("/report", s.report)
	r.Get("/empty.js", fixed("text/javascript; charset=utf-8", ""))
	r.Get("/refusal.css", fixed("text/css; charset=utf-8", refusalStyle))
	if s.chatFiles != nil {
		r.Handle("/client/*", s.chatFiles)
	}
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, refusal{http.StatusNotFound, "There is nothing here.", nil})
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, refusal{http.StatusMethodNotAllowed, "This is not how to ask for it.", nil})
	})
}

// notOurs keeps from the upstream what is chatproxy's own to answer, but came with
// a method that the router does not know or in another spelling, which the upstream
// may read as the plain one (CWE-647).
func (s *Site) notOurs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := path.Clean(r.URL.Path)
		endpoint := s.endpoints[r.URL.Path]
		switch {
		case strings.HasPrefix(clean+"/", browser.Prefix):
			s.refuse(w, r, refusal{http.StatusNotFound, "There is nothing here.", nil})
		case endpoint != nil:
			endpoint.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// upstream returns the leg to the site's own server.
func (s *Site) upstream() http.Handler {
	return flushing(&httputil.ReverseProxy{
		Transport:      s.roundTripper,
		Rewrite:        s.request,
		ModifyResponse: s.response,
		ErrorHandler:   s.upstreamFailed,
		ErrorLog:       s.errorLog,
		BufferPool:     s.buffers,
	})
}

// request readies a request for the upstream.
func (s *Site) request(r *httputil.ProxyRequest) {
	x := exchangeOf(r.In)
	for _, step := range []func(*exchange, *httputil.ProxyRequest){
		s.setTarget,
		s.setForwarded,
		s.dropWhatDefeatsRewriting,
		s.dropCredentials,
	} {
		step(x, r)
	}
}

// response readies a response for the client. An error becomes a refusal, which
// carries the policy too.
func (s *Site) response(res *http.Response) error {
	x := exchangeOf(res.Request)
	// It would name a way to the site on which no page passes through here
	// (RFC 7838 §3), on pages in mode off too: it holds for the whole origin.
	res.Header.Del("Alt-Svc")
	s.dropCookies(x, res)
	if err := s.refuseRedirect(x, res); err != nil {
		return err
	}
	if x.mode == modeOff || res.StatusCode == http.StatusSwitchingProtocols {
		return nil
	}
	for _, step := range []func(*exchange, *http.Response) error{
		s.classify,
		s.gather,
		s.recall,
		s.decode,
		s.rewriteBody,
		s.encode,
		s.fixEntityHeaders,
		s.enforcePolicy,
	} {
		if err := step(x, res); err != nil {
			return err
		}
	}
	return nil
}

// fixed answers with a constant.
func fixed(mediaType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = io.WriteString(w, body) // the client went away
	}
}
