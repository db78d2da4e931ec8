package filters

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"
)

// The naive matcher tries each line in turn and knows neither tokens nor tables.
// It shares with the package how a line is cut into pattern and options, which
// table tests hold, and nothing of the matching. The index must lose nothing.

type naiveFilter struct {
	line               string
	exception          bool
	options            options
	types              Type
	domains            []string
	pattern            string
	start, host, end   bool // anchors
	expression, anchor *regexp.Regexp
}

// naiveList reads the lines that the package says are active.
func naiveList(t testing.TB, l *List) []naiveFilter {
	t.Helper()
	var all []naiveFilter
	for i := range l.filters {
		all = append(all, naively(t, l.lineOf(&l.filters[i])))
	}
	return all
}

func naively(t testing.TB, line string) naiveFilter {
	t.Helper()
	rest, isException := strings.CutPrefix(line, "@@")
	pattern, opts := splitOptions([]byte(rest))
	o, err := parseOptions(opts)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	f := naiveFilter{line: line, exception: isException, options: o, pattern: string(pattern)}
	f.types = typesOf(o.named, o.excluded, isException)
	if o.domains != nil {
		f.domains = strings.Split(strings.ToLower(string(o.domains)), "|")
	}
	p := f.pattern
	if len(p) > 2 && strings.HasPrefix(p, "/") && strings.HasSuffix(p, "/") {
		p = p[1 : len(p)-1]
		if !o.matchCase {
			p = "(?i)" + p
		}
		f.expression = regexp.MustCompile(p)
		return f
	}
	if strings.HasPrefix(p, "||") {
		p, f.host = p[2:], true
	} else if strings.HasPrefix(p, "|") {
		p, f.start = p[1:], true
	}
	if strings.HasSuffix(p, "|") {
		p, f.end = p[:len(p)-1], true
	}
	if !o.matchCase {
		p = strings.ToLower(p)
	}
	if strings.HasPrefix(p, "*") || p == "" {
		f.host, f.start = false, false
	}
	if p == "" {
		f.end = false
	}
	f.pattern = p
	return f
}

// naiveURL is a request as the naive matcher has it.
type naiveURL struct {
	url, lower, page string
	host, hostEnd    int
	third            bool
	kind             Type
}

var (
	naiveAuthority = regexp.MustCompile(`^[^:]*://(?:[^/?\\]*@)?(\[[^\]/?\\]*\][^:/?\\]*|[^:/?\\]*)`)
	naiveName      = regexp.MustCompile(`[^A-Za-z0-9._%-]`)
	naiveAddress   = regexp.MustCompile(`^\[[A-Za-z0-9:_%-]*\]$`)
	naiveForeign   = regexp.MustCompile(`[^\x00-\x7f]`)
)

func naiveRequest(url, page string, kind Type) naiveURL {
	q := naiveURL{kind: kind}
	url, _, _ = strings.Cut(url, "#")
	if m := naiveAuthority.FindStringSubmatchIndex(url); m != nil {
		host := strings.TrimSuffix(url[m[2]:m[3]], ".")
		if !naiveAddress.MatchString(host) {
			if strings.HasPrefix(host, "[") {
				return q // no browser serialises it: see the caller
			}
			host = naiveName.ReplaceAllString(host, "\xff")
		}
		q.host, q.hostEnd = m[2], m[2]+len(host)
		url = url[:m[2]] + host + url[m[3]:]
		page = strings.TrimSuffix(strings.ToLower(page), ".")
		page = strings.TrimSuffix(strings.TrimPrefix(page, "["), "]")
		q.page = page
		host = strings.Trim(strings.ToLower(host), "[]")
		q.third = page == "" || naiveSite(host) != naiveSite(page)
	} else {
		q.page, q.third = strings.TrimSuffix(strings.ToLower(page), "."), true
	}
	q.url = naiveForeign.ReplaceAllString(url, "\xff")
	q.lower = naiveForeign.ReplaceAllString(strings.ToLower(q.url), "\xff")
	return q
}

func naiveSite(host string) string {
	if site, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return site
	}
	return host
}

// naiveGlob matches a pattern from the beginning of s on, by trying everything.
func naiveGlob(p, s string, toEnd bool) bool {
	if p == "" {
		return !toEnd || s == ""
	}
	switch p[0] {
	case '*':
		for i := 0; i <= len(s); i++ {
			if naiveGlob(p[1:], s[i:], toEnd) {
				return true
			}
		}
		return false
	case '^':
		if s == "" {
			return naiveGlob(p[1:], s, toEnd)
		}
		return strings.IndexByte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f !\"#$&'()*+,/:;<=>?@[\\]^`{|}~\x7f", s[0]) >= 0 && naiveGlob(p[1:], s[1:], toEnd)
	}
	return s != "" && s[0] == p[0] && naiveGlob(p[1:], s[1:], toEnd)
}

// naiveExpression is the same as a regular expression.
func naiveExpression(p string, toEnd bool) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	for i := range len(p) {
		switch p[i] {
		case '*':
			b.WriteString(`(?s:.*)`)
		case '^':
			b.WriteString(`(?:[\x00-\x24\x26-\x2C\x2F\x3A-\x40\x5B-\x5E\x60\x7B-\x7F]|\z)`)
		default:
			b.WriteString(regexp.QuoteMeta(p[i : i+1]))
		}
	}
	if toEnd {
		b.WriteString(`\z`)
	}
	return regexp.MustCompile(b.String())
}

func (f *naiveFilter) matches(q naiveURL) bool {
	o := f.options
	if f.types&q.kind == 0 || o.thirdParty && !o.firstParty && !q.third || o.firstParty && !o.thirdParty && q.third {
		return false
	}
	if len(f.domains) > 0 && !naiveDomains(f.domains, q.page) {
		return false
	}
	if f.expression != nil {
		return f.expression.MatchString(q.url)
	}
	url := q.lower
	if o.matchCase {
		url = q.url
	}
	for i := 0; i <= len(url); i++ {
		switch {
		case f.start && i > 0:
			return false
		case f.host && (i < q.host || i >= q.hostEnd):
			continue
		case f.host && strings.HasPrefix(f.pattern, "."):
			if url[i] != '.' {
				continue
			}
		case f.host && i > q.host && url[i-1] != '.':
			continue
		}
		if f.anchor != nil && f.anchor.MatchString(url[i:]) || f.anchor == nil && naiveGlob(f.pattern, url[i:], f.end) {
			return true
		}
	}
	return false
}

func naiveDomains(domains []string, page string) bool {
	needed, on := false, false
	for _, d := range domains {
		d, not := strings.CutPrefix(strings.TrimSpace(d), "~")
		var is bool
		if entity, ok := strings.CutSuffix(d, ".*"); ok {
			suffix, _ := publicsuffix.PublicSuffix(page)
			name, ok := strings.CutSuffix(page, "."+suffix)
			is = ok && strings.HasSuffix("."+name, "."+entity)
		} else {
			d = strings.Trim(strings.TrimSuffix(d, "."), "[]")
			is = strings.HasSuffix("."+page, "."+d)
		}
		if not && is {
			return false
		}
		if !not {
			needed, on = true, on || is
		}
	}
	return !needed || on
}

// naiveVerdict is what Match should say.
func naiveVerdict(all []naiveFilter, q naiveURL) bool {
	var blocked, excepted, important bool
	for i := range all {
		f := &all[i]
		if f.exception && excepted || blocked && !f.exception && !f.options.important {
			continue
		}
		if f.matches(q) {
			excepted = excepted || f.exception
			blocked = blocked || !f.exception
			important = important || f.options.important
		}
	}
	return blocked && (!excepted || important)
}

// agree fails when the list and the naive matcher differ on a request.
func agree(t testing.TB, l *List, all []naiveFilter, url, page string, kind Type) (blocked bool) {
	t.Helper()
	var r Request
	r.Set([]byte(url), []byte(page), kind)
	got, want := l.Match(&r), naiveVerdict(all, naiveRequest(url, page, kind))
	if got != want {
		t.Errorf("%s on %q as %d: %t, the naive matcher says %t; of %d filters, the last is %s", url, page, kind, got, want, len(all), all[len(all)-1].line)
	}
	if m := l.MatchFilter(&r); m.Blocked != got || got && m.Filter == "" || !got && m.Filter != "" && m.Exception == "" {
		t.Errorf("%s on %q: %t, but %+v", url, page, got, m)
	}
	return want
}

func TestAgreesWithTheNaiveMatcherOnTheCorpus(t *testing.T) {
	stride := 60
	if testing.Short() {
		stride = 400
	}
	requests := corpusRequests(t)
	for i, l := range corpusLists(t) {
		all, blocked, asked := naiveList(t, l), 0, 0
		for n := i; n < len(requests); n += stride {
			c := requests[n]
			_, rest, _ := strings.Cut(c.SourceURL, "://")
			page, _, _ := strings.Cut(rest, "/")
			if agree(t, l, all, c.URL, page, c.kind()) {
				blocked++
			}
			asked++
		}
		t.Logf("%s: %d requests, %d blocked", listFiles[i], asked, blocked)
		if blocked == 0 || blocked == asked {
			t.Errorf("%s: %d of %d blocked: the sample tests nothing", listFiles[i], blocked, asked)
		}
	}
}

// The pieces of generated filters and URLs, chosen so that they meet.
var (
	urlPieces     = []string{"a", "ads", "ad", "b", "1", "-", "-", "_", ".", "/", "/", "?", "=", "&", "%2f", "com", "js", "A", "Ads", "*", "^", "!", ":", "@", "$"}
	hostPieces    = []string{"ads.example", "example.com", "a.b.example.co.uk", "b.example.co.uk", "example.co.uk", "ads.a.s3.amazonaws.com", "a.s3.amazonaws.com", "com", "1.2.3.4", "[::1]", "ads.example.", "x!y.ads.example", "localhost", "ADS.example", "a-ads.example", "github.io", "ads.github.io", ""}
	patternPieces = append([]string{"*", "*", "^", "^", "|", "||", "^*", "ads.example", "example.com", "://", "https"}, urlPieces...)
	optionPieces  = []string{"script", "~script", "image", "~image", "document", "third-party", "~third-party", "1p", "match-case", "important", "domain=example.com", "domain=~example.com", "domain=example.*|~b.example.co.uk", "from=example.co.uk|github.io|ads.example", "all", "domain=~example.*", "domain=[::1]|1.2.3.4"}
	expressions   = []string{`/ads\.js/`, `/^https?:\/\/ads\.[a-z]+\//`, `/\/(ad|ads)[-_]\d/`, `/\bads\b/`, `/[0-9]$/`, `/ads[^a-z0-9]+js/`, `/ads.?/`, `/\/a\/-ads-$/`}
)

func generated(rng *rand.Rand, from []string, n int) string {
	var b strings.Builder
	for range rng.IntN(n) {
		b.WriteString(from[rng.IntN(len(from))])
	}
	return b.String()
}

func generatedFilter(rng *rand.Rand) string {
	line := generated(rng, patternPieces, 7)
	switch rng.IntN(8) {
	case 0:
		line = "||" + hostPieces[rng.IntN(len(hostPieces))] + "^" + line
	case 1:
		line = "||" + hostPieces[rng.IntN(len(hostPieces))] + "/" + line
	case 2:
		line = expressions[rng.IntN(len(expressions))]
	}
	if rng.IntN(2) == 0 {
		line += "$" + optionPieces[rng.IntN(len(optionPieces))]
		if rng.IntN(2) == 0 {
			line += "," + optionPieces[rng.IntN(len(optionPieces))]
		}
	}
	if rng.IntN(4) == 0 {
		line = "@@" + line
	}
	return line
}

func TestAgreesWithTheNaiveMatcherOnGeneratedFilters(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	lists, blocked, asked := 4_000, 0, 0
	if testing.Short() {
		lists /= 4
	}
	for range lists {
		var text strings.Builder
		for range 1 + rng.IntN(6) {
			text.WriteString(generatedFilter(rng) + "\n")
		}
		l := parse(t, text.String())
		all := naiveList(t, l)
		if len(all) == 0 {
			continue
		}
		for range 10 {
			url := []string{"https", "http"}[rng.IntN(2)] + "://" + hostPieces[rng.IntN(len(hostPieces))] + "/" + generated(rng, urlPieces, 10)
			asked++
			if agree(t, l, all, url, hostPieces[rng.IntN(len(hostPieces))], []Type{Script, Image, Document}[rng.IntN(3)]) {
				blocked++
			}
			if t.Failed() {
				t.Fatalf("the list is\n%s", text.String())
			}
		}
	}
	t.Logf("%d requests, %d blocked", asked, blocked)
	if blocked < asked/20 || blocked > asked*19/20 {
		t.Errorf("%d of %d blocked: the generator tests nothing", blocked, asked)
	}
}

func FuzzMatch(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		f.Add(generatedFilter(rng)+"\n"+generatedFilter(rng), "https://"+hostPieces[rng.IntN(len(hostPieces))]+"/"+generated(rng, urlPieces, 10), "example.com", uint16(Script))
	}
	f.Add("a*a*a*a*a*a*a*b", string(hostile("a-", 8<<10)), "", uint16(Image))
	f.Fuzz(func(t *testing.T, text, url, page string, kind uint16) {
		l, err := Parse(strings.NewReader(text))
		// The naive matcher knows no other spelling of a host name than its own.
		if err != nil || len(text) > 1<<10 || strings.ContainsFunc(text+page, func(c rune) bool { return c >= 0x80 }) || strings.Contains(url+page, "[") {
			return
		}
		if len(url) > 512 {
			// The naive matcher takes too long where the package must not.
			var r Request
			r.Set([]byte(url), []byte(page), Type(kind))
			l.Match(&r)
			return
		}
		all := naiveList(t, l)
		if len(all) == 0 {
			return
		}
		for i := range all {
			if all[i].expression == nil {
				all[i].anchor = naiveExpression(all[i].pattern, all[i].end)
			}
		}
		agree(t, l, all, url, page, Type(kind))
	})
}

// What is active stays active when the list is read again, and no line is lost.
func FuzzParse(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		f.Add([]byte(generatedFilter(rng) + "\n" + generatedFilter(rng) + "$badfilter"))
	}
	for _, line := range []string{"! c", "[Adblock Plus 2.0]", "a##b", "a#@$?#b", "a$$b", "||ä.example/é^", "/(?=a)/", "$$$$", "a$csp=x y", "\ufeff||a^", "\ufeff\ufeffa", "a$domain=x|~y|z.*"} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Parse(bytes.NewReader(text))
		if err != nil {
			return
		}
		s := l.Stats()
		counted := s.Active + s.Cosmetic + s.Malformed + s.Disabled
		for _, n := range s.Inactive {
			counted += n
		}
		if lines := bytes.Count(text, []byte("\n")) + 1; counted > lines || s.Exceptions > s.Active {
			t.Errorf("%d lines, %+v", lines, s)
		}
		var again strings.Builder
		again.WriteString("!\n") // only a file may begin with a byte order mark
		for i := range l.filters {
			again.WriteString(l.lineOf(&l.filters[i]) + "\n")
		}
		if got := parse(t, again.String()).Stats(); got.Active != s.Active || got.Exceptions != s.Exceptions || got.Malformed != 0 {
			t.Errorf("%+v, read again %+v:\n%s", s, got, again.String())
		}
	})
}
