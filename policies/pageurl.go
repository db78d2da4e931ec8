package policies

import (
	"bytes"
	"net/url"
	"strings"
)

// A PageURL is what deciding needs of the page's URL, computed once per exchange.
type PageURL struct {
	scheme string // "http", "https", or "" for a page that scripts cannot be relative to
	origin []byte
	keys   [kinds]uint64 // of a URL of this origin, if plain
	host   []byte        // without the port
	plain  bool          // every parser reads the host alike
	query  []byte

	requested      string // the path as pages are matched by it
	requestedPlain bool   // every server reads that path alike

	// The path as the base of others: all of it for a reference without a path,
	// and for a relative one the folder, without the slash at its end.
	path        []byte
	pathPlain   bool
	folder      []byte
	folderPlain bool
	folderEmpty bool // it has no segment, not even the empty one of the root
}

// HostOf returns a host in lower case, without the port where it is the scheme's own.
func HostOf(scheme, host string) string {
	return strings.TrimPrefix(OriginOf(&url.URL{Scheme: scheme, Host: host}), scheme+"://")
}

// PlainPath reports whether every server reads the path of a request alike. Of one
// like /admin/..%2fnews it is not known which page it is for (CWE-647).
func PlainPath(u *url.URL) bool {
	return !strings.Contains(u.Path, "/.") && !strings.Contains(u.Path, "//") &&
		!strings.ContainsAny(u.Path, "\\;%") && // a "%" that is left was encoded twice
		!strings.Contains(strings.ToLower(u.EscapedPath()), "%2f")
}

// NewPageURL returns what deciding needs of the page's URL, as the browser has it
// in its address bar.
func NewPageURL(u *url.URL) *PageURL {
	p := &PageURL{
		origin: []byte(OriginOf(u)),
		host:   []byte(strings.ToLower(u.Hostname())),
		query:  []byte(u.RawQuery),

		requested:      u.Path,
		requestedPlain: PlainPath(u),
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		p.scheme = u.Scheme
		var host ScriptURL
		p.plain = u.Opaque == "" && host.setOrigin(p, p.scheme, []byte(u.Host))
		p.keys = host.keys
	}
	base := []byte(u.EscapedPath())
	p.path, _ = appendSegments(nil, 0, true, base)
	p.path = endSegments(p.path, 0, base)
	p.pathPlain = isPlain(p.path)
	p.folderEmpty = true
	if slash := bytes.LastIndexByte(base, '/'); slash >= 0 {
		p.folder, p.folderEmpty = appendSegments(nil, 0, true, base[:slash])
	}
	if len(p.folder) > 0 && p.folder[0] != '/' {
		p.folder = append([]byte("/"), p.folder...)
	}
	p.folderPlain = isPlain(append(bytes.Clone(p.folder), '/'))
	return p
}
