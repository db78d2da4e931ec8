package filters

import (
	"strings"
	"sync"
	"testing"
)

// Each line is a filter, a request and the verdict of the filter on it.
func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		filter string
		match  string // URLs, separated by blanks
		not    string
	}{
		{"banner", "https://a.example/banner https://banner.example/ https://a.example/xbannerx", "https://a.example/bann"},
		{"/ads/x", "https://a.example/ads/x.js", "https://a.example/ads/y.js"},
		{"ADS/X", "https://a.example/ads/x https://a.example/Ads/X", "https://a.example/ads"},
		{"/Ads/$match-case", "https://a.example/Ads/", "https://a.example/ads/ https://a.example/ADS/"},
		{"/Ads*X$match-case", "https://a.example/AdsX", "https://a.example/adsX https://a.example/Adsx"},
		{"|https://a.example/", "https://a.example/b", "https://b.example/?https://a.example/"},
		{"|https:", "https://a.example/", "http://a.example/?https:"},
		{"|http*://x.", "http://x.example/ https://x.example/", "wss://x.example/"},
		{".js|", "https://a.example/b.js https://a.example/b.js#c", "https://a.example/b.js?c"},
		{"|https://a.example/b|", "https://a.example/b", "https://a.example/bc https://a.example/"},
		{"||ads.example^", "https://ads.example/ https://x.ads.example/y https://ads.example:8443/ http://ads.example https://ads.example./ https://u:p@ads.example/", "https://badads.example/ https://ads.example.evil.test/ https://evil.test/?ads.example/ https://evil.test/ads.example/ https://ads.example@evil.test/ https://ads.example!.evil.test/"},
		{"||ads.example/x^", "https://ads.example/x https://www.ads.example/x?y", "https://ads.example/xy https://ads.example/y/x"},
		{"||ads.", "https://ads.example/ https://www.ads.example/", "https://badads.example/ https://a.example/ads. https://a.example/x.ads.js https://x.ads.:y@a.example/"},
		{"||ads.example", "https://ads.example/ https://ads.example.com/ https://ads.examples/", "https://xads.example/"},
		{"||ads.example|", "https://ads.example", "https://ads.example/"},
		{"||-|", "https://-.-", "https://-.-/"},
		{"||ads.example^|", "https://ads.example/ https://ads.example", "https://ads.example/x"},
		{"||ads.*/x", "https://ads.example/x https://www.ads.test/y/x", "https://a.example/x"},
		{"||ads.example^*/y", "https://ads.example/x/y https://www.ads.example?/y", "https://ads.example/y"},
		{"||ads.example^*y|", "https://ads.example/xy", "https://ads.example/xyz"},
		{"||*ds.example^", "https://badads.example/ https://a.example/ds.example/", "https://a.example/"},
		{"||.example^", "https://ads.example/", "https://example/"},
		{"||[::1]^", "http://[::1]/ http://[::1]:80/", "http://[::2]/"},
		{"||[^^1]/", "http://[::1]/", "http://[::2]/"},
		{"||1.2.3.4^", "http://1.2.3.4/", "http://1.2.3.40/"},
		{"||ads.example:8080/", "http://ads.example:8080/", "http://ads.example/"},
		{"^ads^", "https://a.example/ads/ https://a.example/ads https://a.example/?ads=1 https://ads:1/", "https://a.example/ads.js https://a.example/ads-x https://a.example/ads_x https://a.example/ads%20"},
		{"ads^^", "https://a.example/ads https://a.example/ads/ https://a.example/ads/?", "https://a.example/ads/x"},
		{"/a*b*c/d", "https://h.example/a1b2c/d https://h.example/abc/d", "https://h.example/acb/d https://h.example/abc/"},
		{"/a**b", "https://h.example/ab", "https://h.example/a"},
		{"*/a*", "https://h.example/a", "https://h.example/b"},
		{"|*/a*|", "https://h.example/ab", "https://h.example/b"},
		{"a*ab|", "https://h.test/aab https://h.test/a-ab", "https://h.test/ab https://h.test/aabc"},
		{"/a*^c", "https://h.example/ab/c https://h.example/a?c", "https://h.example/abc"},
		{"/a*^", "https://h.example/a https://h.example/ab", "https://h.example/b"},
		{"-a-", "https://h.example/-a-b https://h.example/b-a-", "https://h.example/-ab- https://h.example/a"},
		{"*$script", "https://h.example/", ""},
		{"||$script", "https://h.example/", ""},
		{"||ä.example/é", "https://xn--4ca.example/%c3%a9 https://xn--4ca.example/%C3%A9", "https://h.example/%c3%a9"},
		{"/ä$x-", "", "https://h.example/"},
		{"/price$1", "", "https://h.example/price$1"},
		{"/price$.js", "https://h.example/price$.js", "https://h.example/price"},
		{"/ads\\.js/", "https://h.example/ads.js https://h.example/ADS.js", "https://h.example/adsxjs"},
		{"/ads\\.js/$match-case", "https://h.example/ads.js", "https://h.example/ADS.js"},
		{"/^https:\\/\\/[a-z]{4}\\.example\\/$/$script", "https://abcd.example/", "https://abc.example/ https://abcd.example/x"},
		{"/(ads|track)-\\d+/", "https://h.example/ads-1 https://h.example/track-22", "https://h.example/ads-x"},
		{"/\\/x\\bads\\b/", "", "https://h.example/xads"},
		{"/[^a-z]ads[^a-z]js/", "https://h.example/ads.js", "https://h.example/xads.js"},
		{"/k$/", "https://h.example/k https://h.example/K", "https://h.example/\u212a"},
		{"/ads/*", "https://h.example/ads/", "https://h.example/ads"},
		{"//", "", "ftp:h"},
		{"/ads?/x/", "https://h.example/ads/x https://h.example/ad/x", "https://h.example/a/x"},
	} {
		l := parse(t, test.filter)
		for _, url := range append(strings.Fields(test.match), "") {
			if url != "" && !matches(l, url, "", Script) {
				t.Errorf("%s does not match %s (%+v)", test.filter, url, l.Stats())
			}
		}
		for _, url := range strings.Fields(test.not) {
			if matches(l, url, "", Script) {
				t.Errorf("%s matches %s", test.filter, url)
			}
		}
	}
}

func matches(l *List, url, page string, kind Type) bool {
	var r Request
	r.Set([]byte(url), []byte(page), kind)
	return l.Match(&r)
}

const allTypes = Script | Image | Stylesheet | Object | XHR | Subdocument | Document | Ping | Media | Font | WebSocket | Other | Popup

func TestTypes(t *testing.T) {
	usual := allTypes &^ (Document | Popup)
	for _, test := range []struct {
		options string
		types   Type
	}{
		{"", usual},
		{"$script", Script},
		{"$image", Image},
		{"$stylesheet", Stylesheet},
		{"$css", Stylesheet},
		{"$object", Object},
		{"$object-subrequest", Object},
		{"$xmlhttprequest", XHR},
		{"$xhr", XHR},
		{"$subdocument", Subdocument},
		{"$frame", Subdocument},
		{"$document", Document},
		{"$doc", Document},
		{"$ping", Ping},
		{"$beacon", Ping},
		{"$media", Media},
		{"$font", Font},
		{"$websocket", WebSocket},
		{"$other", Other},
		{"$popup", Popup},
		{"$all", allTypes},
		{"$script,image", Script | Image},
		{"$~script", usual &^ Script},
		{"$~script,~image", usual &^ (Script | Image)},
		{"$script,image,~image", Script},
		{"$~document", usual},
		{"$all,~script", allTypes &^ Script},
		{"$script,inline-script", Script},
		{"$_,script,___", Script},
		{"$SCRIPT", 0}, // names are in lower case
	} {
		l := parse(t, "/x/y"+test.options)
		for kind := Type(1); kind <= allTypes; kind <<= 1 {
			if got := matches(l, "https://a.example/x/y", "", kind); got != (kind&test.types != 0) {
				t.Errorf("%s on a request of type %b: %t", test.options, kind, got)
			}
		}
		if test.options == "" || strings.HasPrefix(test.options, "$~") {
			continue
		}
		l = parse(t, "*$all\n@@/x/y"+test.options)
		for kind := Type(1); kind <= allTypes; kind <<= 1 {
			if got := matches(l, "https://a.example/x/y", "", kind); got != (kind&test.types == 0) {
				t.Errorf("@@%s on a request of type %b: %t", test.options, kind, got)
			}
		}
	}
	l := parse(t, "*$all\n@@/x/y")
	if matches(l, "https://a.example/x/y", "", Document) || !matches(l, "https://a.example/x/y", "", Popup) {
		t.Error("an exception without types is for documents too, and not for popups")
	}
}

func TestPartyAndDomains(t *testing.T) {
	const url = "https://cdn.example.co.uk/x/y"
	for _, test := range []struct {
		options string
		match   string // pages, separated by blanks; "-" is a page without host
		not     string
	}{
		{"third-party", "other.test other.co.uk -", "example.co.uk www.example.co.uk"},
		{"3p", "other.test", "example.co.uk"},
		{"~third-party", "example.co.uk", "other.test -"},
		{"first-party", "www.example.co.uk", "other.test"},
		{"1p", "www.example.co.uk", "other.test"},
		{"~1p", "other.test", "www.example.co.uk"},
		{"~first-party", "other.test", "www.example.co.uk"},
		{"1p,3p", "other.test www.example.co.uk", ""},
		{"domain=a.test", "a.test www.a.test A.test a.test.", "b.test xa.test a.test.b.test -"},
		{"from=a.test", "a.test", "b.test"},
		{"domain=a.test|b.test", "a.test www.b.test", "c.test"},
		{"domain=~a.test", "b.test -", "a.test www.a.test"},
		{"domain=a.test|~b.a.test", "a.test c.a.test", "b.a.test x.b.a.test other.test"},
		{"domain=~a.test|~b.test", "c.test", "a.test b.test"},
		{"domain=a.*", "a.test www.a.co.uk a.github.io", "b.test xa.test a.b.test a -"},
		{"domain=~a.*", "b.test -", "a.test www.a.co.uk"},
		{"domain=a.*|b.test", "a.com b.test", "b.com"},
		{"domain=A.test", "a.test", "b.test"},
		{"domain=ä.test", "xn--4ca.test", "a.test"},
		{"domain=[::1]|1.2.3.4", "::1 [::1] 1.2.3.4", "::2 2.3.4"},
		{"domain=com", "a.com", "a.org"},
		{"third-party,domain=a.test|example.co.uk", "a.test", "example.co.uk"},
	} {
		for _, pattern := range []string{"/x/y", "||cdn.example.co.uk^", "*", "x*y", "/x\\/y/"} {
			l := parse(t, pattern+"$script,"+test.options)
			for _, page := range strings.Fields(test.match) {
				if !matches(l, url, strings.Trim(page, "-"), Script) {
					t.Errorf("%s$%s does not match on %s (%+v)", pattern, test.options, page, l.Stats())
				}
			}
			for _, page := range strings.Fields(test.not) {
				if matches(l, url, strings.Trim(page, "-"), Script) {
					t.Errorf("%s$%s matches on %s", pattern, test.options, page)
				}
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		name, list string
		want       Match
	}{
		{"nothing", "! empty", Match{}},
		{"a filter", "/x/y", Match{true, "/x/y", ""}},
		{"an exception alone", "@@/x/y", Match{}},
		{"an exception", "/x/y\n@@/x/", Match{false, "/x/y", "@@/x/"}},
		{"an exception before it", "@@||a.example^\n/x/y", Match{false, "/x/y", "@@||a.example^"}},
		{"an exception for another type", "/x/y\n@@/x/y$image", Match{true, "/x/y", ""}},
		{"important", "/x/y$important", Match{true, "/x/y$important", ""}},
		{"important against an exception", "||a.example^\n/x/y$important\n@@/x/y", Match{true, "/x/y$important", "@@/x/y"}},
		{"important that does not match", "/x/y\n/x/z$important\n@@/x/y", Match{false, "/x/y", "@@/x/y"}},
		{"badfilter", "/x/y\n/x/y$badfilter", Match{}},
		{"badfilter before it", "/x/y$badfilter\n/x/y", Match{}},
		{"badfilter of another", "/x/y\n/x/z$badfilter", Match{true, "/x/y", ""}},
		{"badfilter in another order", "/x/y$script,3p,domain=b.test|c.test\n/x/y$badfilter,from=c.test|b.test,third-party,script", Match{}},
		{"badfilter with other options", "/x/y$script\n/x/y$badfilter", Match{true, "/x/y$script", ""}},
		{"badfilter of a filter on other pages", "/x/y$domain=c.test\n/x/y$domain=~c.test,badfilter", Match{true, "/x/y$domain=c.test", ""}},
		{"badfilter of an exception", "/x/y\n@@/x/y\n@@/x/y$badfilter", Match{true, "/x/y", ""}},
		{"badfilter of a regular expression", "/x.y/\n/x.y/$badfilter", Match{}},
		{"the line as it stands", "  /X/Y$domain=C.test  \r", Match{true, "/X/Y$domain=C.test", ""}},
	} {
		l := parse(t, test.list)
		var r Request
		r.Set([]byte("https://a.example/x/y"), []byte("c.test"), Script)
		if got := l.MatchFilter(&r); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
		if got := l.Match(&r); got != test.want.Blocked {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}

// A matcher that tries again from every place where a part fits would not come to
// an end here (CWE-1333).
func TestHostileURLs(t *testing.T) {
	l := parse(t, strings.Repeat("a*", 40)+"b\n/a-*a-*a-*a-*a-*!\n||a.*a.*a.*!\n/(a-a-)*!$/\n-a-a-a-a-a-!\na^*a^*a^*b")
	for _, url := range []string{
		"https://h.example/" + strings.Repeat("a-", 4<<10),
		"https://h.example/" + strings.Repeat("a", 8<<10),
		"https://" + strings.Repeat("a.", 4<<10) + "/",
		"https://h.example/" + strings.Repeat("/", 8<<10),
		strings.Repeat("$", 8<<10),
	} {
		if matches(l, url, strings.Repeat("a.", 4<<10), Script) {
			t.Errorf("%.40s… is blocked", url)
		}
	}
	if !matches(l, "https://h.example/"+strings.Repeat("a-", 4<<10)+"b", "", Script) {
		t.Error("the filter does not match at all")
	}
	// Neither may reading a list.
	parse(t, strings.Repeat("$", 100<<10)+"\n"+strings.Repeat("#", 100<<10)+"\n"+strings.Repeat("a$a,", 25<<10))
}

func TestOneListIsForManyAtOnce(t *testing.T) {
	l := parse(t, "||ads.example^$third-party\n@@||ads.example^$domain=a.*\n/\\d+-ads-/")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				if !matches(l, "https://ads.example/", "b.co.uk", Script) || matches(l, "https://ads.example/", "a.co.uk", Script) || !matches(l, "https://h.example/1-ads-", "", Script) {
					t.Error("a wrong verdict")
					return
				}
			}
		})
	}
	all.Wait()
}
