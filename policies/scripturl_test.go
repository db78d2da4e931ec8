package policies

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

func mustPage(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// pages are bases of relative URLs, from the plain to the odd.
var pages = []string{
	"https://www.example.com/news/today?x=1",
	"http://www.example.com:8080/",
	"http://a.example:80/a/b/c/?q=a b|'<\"é",
	"https://www.example.com",
	"https://www.example.com?x",
	"https://www.example.com//a//b/",
	"https://www.example.com//a",
	"https://www.example.com/../a/./b/../c",
	"https://www.example.com/..",
	"https://www.example.com/a;b/%61/c",
	"https://www.example.com/a b/é/x",
	"https://[2001:db8::1]:8443/a/",
	"https://127.0.0.1/a",
	"https://127.1/a/b",
	"https://user@www.example.com/a/b",
	"ftp://www.example.com/a/b",
	"https:///a/b",
	"/a/b",
	"",
}

// What src is made of, biased to what parsers disagree about.
var pieces = strings.Split(
	"https:|http:|HTTPS:|hTTp:|ftp:|data:|javascript:|blob:|https|//|///|/|/|/|\\|.|..|/.|/..|/../|/./|./|../|...|.%2e|%2e|%2E%2e|%2f|%2F|%5c|%00|%20|%25|%252e|%61|%7c|%80|%C3%A9|%c3%a9|%|%4|%zz|%2A|"+
		"@|:|::|:80|:443|:8080|:0|:080|:65535|:65536|:99999999999999999999|:a|www.example.com|WWW.Example.COM|a.example|evil.net|ads_x.example|-a-.b|a..b|.a|a.|localhost|xn--e1afmkfd|"+
		"127.0.0.1|127.1|0x7f.1|0x7f.1.|1.2.3.4|1.2.3.4.|01.2.3.4|1.2.3.256|256|1.2.3|0|0.0.0.0|1.2.3.4.5|a.1|a.0x1|1a|a.1a|[::1]|[|]|[::]|[::ffff:1.2.3.4]|[::ffff:102:304]|[0:0::1]|[2001:DB8::1]|[1.2.3.4]|[fe80::1%25en0]|[fe80::1%en0]|[a]|1::2:80|::1|"+
		"İ|K|ſ|ads。example|é|ü.example|日本|\u00ad|\u2028|\xff|\xc3|"+
		"a|b|x.js|static|A|z9|~|!|$|&|'|(|)|*|+|,|;|=|-|_|{|}|^|`|\"|<|>|?|??|?v=1|#|#h|#%zz|#%41|?a=b c|?é|?'|?\\|?#|#?| |  |\t|\n|\r|\x00|\x01|\x1f|\x7f|\x80|\u0085|\u00a0", "|")

func init() { pieces = append(pieces, "|") }

func randomSrc(r *rand.Rand) string {
	var b strings.Builder
	switch r.IntN(6) { // most random strings are refused: begin with what is not
	case 0:
		b.WriteString("https://")
	case 1:
		b.WriteString("//www.example.com")
	case 2:
		b.WriteString("https://a.example/")
	case 3:
		b.WriteString("/static/")
	}
	for range r.IntN(9) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// compareResolve fails where ScriptURL and the oracle differ, except where the
// oracle let something through that browsers read in another way.
func compareResolve(t *testing.T, script *ScriptURL, page *url.URL, pageURL *PageURL, src string) {
	t.Helper()
	want, certain, oldErr := oldResolve(page, src)
	err := script.Resolve(pageURL, []byte(src))
	if (err == nil) != (oldErr == nil) {
		if oldErr == nil && browsersReadAnotherHost(src, want) {
			return
		}
		t.Fatalf("%q on %q: error %v, want %v (%v)", src, page, err, oldErr, want)
	}
	if err != nil {
		if script.Certain() || len(script.Bytes()) > 0 || len(script.Origin()) > 0 {
			t.Fatalf("%q on %q: something is left: %+v", src, page, script)
		}
		return
	}
	if script.Certain() != certain {
		// An empty first segment was not seen: https://host//x.js.
		path := strings.TrimPrefix(script.Text(), string(script.Origin()))
		written, _, _ := strings.Cut(src, "?")
		written = schemeAndHost.ReplaceAllString(strings.Trim(written, "\x00\x01\t\n\r\x1f "), "")
		if !certain || !strings.HasPrefix(path, "//") && !strings.HasPrefix(written, "//") {
			t.Fatalf("%q on %q: certain %t, want %t", src, page, script.Certain(), certain)
		}
	}
	path := want.EscapedPath()
	if path == "" {
		path = "/"
	}
	expected := OriginOf(want) + path
	if want.ForceQuery || want.RawQuery != "" {
		expected += "?" + sentQuery(want.RawQuery)
	}
	if got := script.Text(); got != expected {
		// net/url takes the star in this one for that of OPTIONS *.
		if star, _, _ := strings.Cut(strings.Trim(src, " \t\r\n\x00\x01\x1f"), "?"); !strings.HasPrefix(star, "%2A") || certain {
			t.Fatalf("%q on %q:\n got %q\nwant %q", src, page, got, expected)
		}
	}
	if got := string(script.Origin()); got != OriginOf(want) || script.sameOrigin != (got == OriginOf(page)) || script.queryPlain != oldPlainQuery(want.RawQuery) {
		t.Fatalf("%q on %q: origin %q, same %t, plain query %t", src, page, got, script.sameOrigin, script.queryPlain)
	}
}

// browsersReadAnotherHost reports whether the oracle's URL is one of those that it
// should have refused.
func browsersReadAnotherHost(src string, resolved *url.URL) bool {
	host := resolved.Hostname()
	authority := schemeAndHost.FindString(src[strings.IndexFunc(src, func(r rune) bool { return r > ' ' }):])
	authority, _, _ = strings.Cut(authority, "?")
	authority, _, _ = strings.Cut(authority, "#")
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	switch {
	case strings.ContainsFunc(authority, func(r rune) bool { return r >= 0x80 || r == '%' }):
		return true // IDNA makes "İ" another name than strings.ToLower does
	case strings.Contains(host, ":") && (resolved.Host[0] != '[' || strings.Contains(host, ".")):
		return true // an IPv6 address without brackets, or one that browsers write without dots
	case strings.HasSuffix(host, ".") && labels[len(labels)-1] != "" && isDigit(labels[len(labels)-1][0]):
		return true // an IPv4 address with a dot behind it
	}
	return false
}

func sentQuery(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>'#", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Text returns the serialised URL as text.
func (u *ScriptURL) Text() string { return string(u.Bytes()) }

func TestResolveAgreesWithNetURL(t *testing.T) {
	n := 300_000
	if testing.Short() {
		n = 100_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	var script ScriptURL // reused: nothing of the last one may be left
	bases := make([]*url.URL, len(pages))
	prepared := make([]*PageURL, len(pages))
	for i, page := range pages {
		bases[i] = mustPage(t, page)
		prepared[i] = NewPageURL(bases[i])
	}
	resolved, certain := 0, 0
	for i := range n {
		page := i % len(bases)
		if i%2 == 0 {
			page = 0
		}
		compareResolve(t, &script, bases[page], prepared[page], randomSrc(r))
		if script.page != nil {
			resolved++
		}
		if script.certain {
			certain++
		}
	}
	// A generator that makes only what is refused proves nothing.
	if resolved < n/10 || certain < n/50 {
		t.Errorf("of %d only %d resolved, %d certain", n, resolved, certain)
	}
	t.Logf("of %d, %d resolved, %d certain", n, resolved, certain)
}

// Every string of a few bytes that mean something in a URL.
func TestResolveAgreesWithNetURLOnShortStrings(t *testing.T) {
	const alphabet = "/.:\\?#%2a@;"
	page := mustPage(t, "https://www.example.com/a/b/c.html?q")
	prepared := NewPageURL(page)
	var script ScriptURL
	length := 5
	if testing.Short() {
		length = 4
	}
	src := make([]byte, length)
	var fill func(at int)
	fill = func(at int) {
		compareResolve(t, &script, page, prepared, string(src[:at]))
		compareResolve(t, &script, page, prepared, "https://h/"+string(src[:at]))
		if at == len(src) {
			return
		}
		for _, c := range []byte(alphabet) {
			src[at] = c
			fill(at + 1)
		}
	}
	fill(0)
}

func FuzzResolve(f *testing.F) {
	for _, src := range []string{"/static/a.js", "//a.example/x", "https://[::1]:80/a?b#c", `/\evil.net`, "../../x", "https://0x7f.1./", "?q", "#h", "//İ.example/", "a%2fb|c", "./a:b"} {
		f.Add(src, "/news/today")
	}
	f.Fuzz(func(t *testing.T, src, path string) {
		page := &url.URL{Scheme: "https", Host: "www.example.com", Path: path}
		if len(path) > 0 && path[0] != '/' {
			page.Path = "/" + path
		}
		var script ScriptURL
		compareResolve(t, &script, page, NewPageURL(page), src)
	})
}

// What the oracle let through and browsers read in another way.
func TestResolveRefusesWhatNetURLMisreads(t *testing.T) {
	page := NewPageURL(mustPage(t, pages[0]))
	for _, src := range []string{
		"https://İ.example/x.js",            // browsers: xn--i-…; strings.ToLower: i.example
		"https://%C4%B0.example/x.js",       // the same
		"https://0x7f.1./x.js",              // browsers: 127.0.0.1
		"https://1.2.3.4./x.js",             // browsers: 1.2.3.4
		"https://[::ffff:1.2.3.4]/x.js",     // browsers: [::ffff:102:304]
		"//1::2:80/x.js",                    // browsers: no URL
		"https://a.example:80:80/x.js",      // browsers: no URL
		"https://www.example.com:443:80/x",  // browsers: no URL
		"https://www.example.com:+443/x.js", // browsers: no URL
	} {
		var script ScriptURL
		if err := script.Resolve(page, []byte(src)); err == nil {
			t.Errorf("%s: %s", src, script.Bytes())
		}
	}
	for _, src := range []string{"https://www.example.com//static/x.js", "//www.example.com//x.js", "https://www.example.com//../x.js"} {
		var script ScriptURL
		if err := script.Resolve(page, []byte(src)); err != nil || script.Certain() {
			t.Errorf("%s: certain, %v", src, err)
		}
	}
}

func TestResolve(t *testing.T) {
	page := NewPageURL(mustPage(t, pages[0]))
	tests := []struct {
		src, want, origin string
		certain           bool
	}{
		{"a.js", "https://www.example.com/news/a.js", "https://www.example.com", true},
		{"../a.js?b#c", "https://www.example.com/a.js?b", "https://www.example.com", true},
		{"?", "https://www.example.com/news/today?", "https://www.example.com", true},
		{"#", "https://www.example.com/news/today?x=1", "https://www.example.com", true},
		{"//CDN.example:443", "https://cdn.example/", "https://cdn.example", true},
		{"http://cdn.example:80/?a b", "http://cdn.example/?a%20b", "http://cdn.example", true},
		{"http://cdn.example:443/", "http://cdn.example:443/", "http://cdn.example:443", true},
		{"HTTPS://[2001:DB8::1]:1/é", "https://[2001:db8::1]:1/%C3%A9", "https://[2001:db8::1]:1", false},
		{"/a//b", "https://www.example.com/a//b", "https://www.example.com", false},
	}
	for _, tt := range tests {
		var script ScriptURL
		if err := script.Resolve(page, []byte(tt.src)); err != nil || script.Text() != tt.want || string(script.Origin()) != tt.origin || script.Certain() != tt.certain {
			t.Errorf("%s: %s (origin %s, certain %t), %v", tt.src, script.Bytes(), script.Origin(), script.Certain(), err)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	page := NewPageURL(mustPage(b, pages[0]))
	for _, src := range []string{"/static/js/app.3f2a91.js", "vendor/chunk.js?v=12", "https://www.googletagmanager.com/gtag/js?id=G-ABCDEFG"} {
		b.Run(src, func(b *testing.B) {
			var script ScriptURL
			text := []byte(src)
			b.ReportAllocs()
			for b.Loop() {
				if script.Resolve(page, text) != nil {
					b.Fatal(src)
				}
			}
		})
	}
}
