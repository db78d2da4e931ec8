package site

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
)

//go:embed thirdparty
var vendorFiles embed.FS

// npmFiles holds posthog.js and rrweb.js once `make generate` has copied them;
// in a fresh checkout there is only a README.
//
//go:embed vendor
var npmFiles embed.FS

// NotGenerated is the answer where a script from npm should be.
const NotGenerated = "this binary was built without the vendor scripts: run make generate"

const vendorCaching = "public, max-age=60"

// VendorOptions say how the third party behaves. The zero value is good.
type VendorOptions struct {
	// Base is the vendor's own URL, which its scripts call back. Default: the
	// scheme and Host of the request for the script.
	Base string

	// CountRobots tells posthog-js to send hits from browsers that look
	// automated, which it drops otherwise (HeadlessChrome, navigator.webdriver).
	CountRobots bool

	// KeepHits and KeepBytes bound what is remembered; default 500 and 64 MiB.
	KeepHits, KeepBytes int
}

// Vendor is the third party: ad server, analytics, session replay, and the
// collector of what these send. It is an http.Handler, safe for use by many
// goroutines.
type Vendor struct {
	options VendorOptions
	log     *hitLog
	mux     *http.ServeMux
}

// NewVendor returns a vendor that has received nothing yet.
func NewVendor(options VendorOptions) *Vendor {
	options.Base = strings.TrimSuffix(options.Base, "/")
	if options.KeepHits <= 0 {
		options.KeepHits = 500
	}
	if options.KeepBytes <= 0 {
		options.KeepBytes = 64 << 20
	}
	v := &Vendor{options: options, log: newHitLog(options.KeepHits, options.KeepBytes), mux: http.NewServeMux()}
	v.mux.HandleFunc("GET /ads/ad.js", v.script("ad.js"))
	v.mux.HandleFunc("GET /analytics.js", v.script("analytics.js"))
	v.mux.HandleFunc("GET /replay.js", v.script("replay.js"))
	v.mux.HandleFunc("GET /vendor/posthog.js", npmScript(npmFiles, "posthog.js"))
	v.mux.HandleFunc("GET /vendor/rrweb.js", npmScript(npmFiles, "rrweb.js"))
	v.mux.HandleFunc("GET /ads/landing", own("landing.html"))
	v.mux.HandleFunc("GET /landing.css", own("landing.css"))
	v.mux.HandleFunc("GET /{$}", own("received.html"))
	v.mux.HandleFunc("GET /received.css", own("received.css"))
	v.mux.HandleFunc("GET /received.js", own("received.js"))
	v.mux.HandleFunc("GET /received.json", v.received)
	v.mux.Handle("GET /collect", http.RedirectHandler("/", http.StatusSeeOther))
	for _, path := range collectorPaths {
		v.mux.HandleFunc(path, v.collect)
		if bare := strings.TrimSuffix(path, "/"); bare != "/collect" {
			v.mux.HandleFunc(bare, v.collect) // no redirect: it would lose the body
		}
	}
	return v
}

func (v *Vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) { v.mux.ServeHTTP(w, r) }

// script serves one of the vendor's own scripts, with its base URL written in:
// in a compartment a script cannot rely on document.currentScript.src.
func (v *Vendor) script(name string) http.HandlerFunc {
	source := string(mustRead(vendorFiles, "thirdparty/"+name))
	return func(w http.ResponseWriter, r *http.Request) {
		base, ok := v.base(r)
		if !ok {
			http.Error(w, "the Host header is no host name", http.StatusBadRequest)
			return
		}
		quoted, _ := json.Marshal(base)
		robots, _ := json.Marshal(v.options.CountRobots)
		body := strings.NewReplacer(`"__VENDOR__"`, string(quoted), "__ROBOTS__", string(robots)).Replace(source)
		allowAnyone(w.Header(), r)
		newAsset(name, []byte(body)).serve(w, r, vendorCaching)
	}
}

func (v *Vendor) base(r *http.Request) (string, bool) {
	if v.options.Base != "" {
		return v.options.Base, true
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	address, err := url.Parse(scheme + "://" + r.Host)
	ok := err == nil && address.Host == r.Host && address.Host != ""
	return scheme + "://" + r.Host, ok
}

// npmScript serves a file that `make generate` puts into folder vendor.
func npmScript(from fs.FS, name string) http.HandlerFunc {
	body, err := fs.ReadFile(from, "vendor/"+name)
	script := newAsset(name, body)
	return func(w http.ResponseWriter, r *http.Request) {
		allowAnyone(w.Header(), r)
		if err != nil {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, NotGenerated, http.StatusServiceUnavailable)
			return
		}
		script.serve(w, r, vendorCaching)
	}
}

// own serves a page of the vendor's for people. It shows what strangers sent, so
// it may run nothing but its own script.
func own(name string) http.HandlerFunc {
	file := newAsset(name, mustRead(vendorFiles, "thirdparty/"+name))
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'")
		file.serve(w, r, "no-cache")
	}
}

// mustRead reads what is embedded, and so is there.
func mustRead(from fs.FS, name string) []byte {
	body, err := fs.ReadFile(from, name)
	if err != nil {
		panic("site: " + err.Error())
	}
	return body
}
