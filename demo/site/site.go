package site

import (
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// Options say what the newspaper carries. The zero value is a newspaper without
// advertisement, analytics and policy.
type Options struct {
	// Vendor is the base URL of the third party, such as http://127.0.0.1:9999.
	// Empty: the pages carry none of its scripts.
	Vendor string

	// ExtraHead and ExtraBody are put, as they are, at the end of the head and
	// before </body> of every page. Tests add hostile scripts and injected
	// markup here; nothing is escaped.
	ExtraHead, ExtraBody string

	// CSP is the Content-Security-Policy header of the pages. Empty: none.
	// "{nonce}" in it stands for a value that is fresh in each response and is
	// put on the site's own two scripts, the inline one and /static/site.js, but
	// not on the vendor's.
	CSP string

	// Now is the clock of the dateline; default time.Now.
	Now func() time.Time
}

// Pages can be kept, but must be asked for again: their inline state changes.
const (
	pageCaching   = "no-cache"
	staticCaching = "public, max-age=300"
)

// nonceMark stands for the response's nonce in Options.CSP.
const nonceMark = "{nonce}"

// newspaper is the upstream.
type newspaper struct {
	options   Options
	templates templates
	static    map[string]asset
	edition   string // a digest of all that the pages are made of
}

// NewSite returns the newspaper: the front page, /news/<slug>, /about, its
// assets under /static/, and a page for what is missing.
func NewSite(options Options) http.Handler {
	options.Vendor = strings.TrimSuffix(options.Vendor, "/")
	if options.Now == nil {
		options.Now = time.Now
	}
	n := &newspaper{options: options, templates: parseTemplates(), static: map[string]asset{}}

	edition := [][]byte{[]byte(options.Vendor), []byte(options.ExtraHead), []byte(options.ExtraBody)}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		edition = append(edition, body)
		if rest, ok := strings.CutPrefix(name, "static/"); ok {
			n.static[rest] = newAsset(name, body)
		}
		return nil
	})
	if err != nil {
		panic("site: the embedded files cannot be read: " + err.Error())
	}
	n.edition = digest(edition...)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", n.front)
	mux.HandleFunc("GET /about", n.about)
	mux.HandleFunc("GET /news/{slug}", n.news)
	mux.HandleFunc("GET /static/{name...}", n.asset)
	mux.HandleFunc("/", n.missing)
	return mux
}

func (n *newspaper) front(w http.ResponseWriter, r *http.Request) {
	p := n.options.newPage("front", n.options.Now())
	p.Lead, p.Others = &articles[0], articles[1:]
	n.send(w, r, http.StatusOK, "front", p)
}

func (n *newspaper) about(w http.ResponseWriter, r *http.Request) {
	p := n.options.newPage("about", n.options.Now())
	p.Title = "About us: The Aldermouth Heron"
	n.send(w, r, http.StatusOK, "about", p)
}

func (n *newspaper) news(w http.ResponseWriter, r *http.Request) {
	for _, a := range articles {
		if a.Slug != r.PathValue("slug") {
			continue
		}
		now, name := n.options.Now(), "news-"+a.Slug
		p := n.options.newPage("article", now)
		p.Title = a.Headline + ": The Aldermouth Heron"
		p.Description = a.Standfirst
		p.Article, p.Others, p.Published = &a, others(a.Slug), a.published(now)
		p.State.Slug, p.State.Section, p.State.Words = a.Slug, a.Section, n.templates.words(name)
		n.send(w, r, http.StatusOK, name, p)
		return
	}
	n.missing(w, r)
}

func (n *newspaper) missing(w http.ResponseWriter, r *http.Request) {
	p := n.options.newPage("missing", n.options.Now())
	p.Title = "Page not found: The Aldermouth Heron"
	p.Others = articles[:3]
	n.send(w, r, http.StatusNotFound, "missing", p)
}

func (n *newspaper) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := n.static[r.PathValue("name")]
	if !ok {
		n.missing(w, r)
		return
	}
	a.serve(w, r, staticCaching)
}

// send answers with a page. Its entity tag is weak, for the inline state differs
// between two answers that are otherwise the same.
func (n *newspaper) send(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	body, err := n.templates.render(name, p)
	if err != nil {
		http.Error(w, "The newspaper could not print this page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	if n.options.CSP != "" {
		w.Header().Set("Content-Security-Policy", strings.ReplaceAll(n.options.CSP, nonceMark, p.Nonce))
	}
	answer := asset{body: body, contentType: contentTypes[".html"]}
	if status == http.StatusOK {
		answer.etag = `W/"` + digest([]byte(n.edition), []byte(name), []byte(p.Today)) + `"`
		answer.serve(w, r, pageCaching)
		return
	}
	w.Header().Set("Content-Type", answer.contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may be gone
	}
}
