package filters

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func corpus(t testing.TB, elements ...string) string {
	t.Helper()
	dir := os.Getenv("CHATPROXY_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	path := filepath.Join(append([]string{dir}, elements...)...)
	if _, err := os.Stat(path); err != nil {
		// Others' data is never committed, and the project must pass without it.
		t.Skipf("the corpus is not here (%v); set CHATPROXY_CORPUS to its folder", err)
	}
	return path
}

// listFiles are the two lists of the corpus.
var listFiles = []string{"easylist.txt", "easyprivacy.txt"}

func listText(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(corpus(t, "lists", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func corpusLists(t testing.TB) []*List {
	t.Helper()
	var lists []*List
	for _, name := range listFiles {
		l, err := Parse(bytes.NewReader(listText(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, l)
	}
	return lists
}

// A corpusRequest is a request and filters that each match it.
type corpusRequest struct {
	Filters   []string
	SourceURL string
	Type      string
	URL       string
}

func (c corpusRequest) set(r *Request) {
	_, rest, _ := strings.Cut(c.SourceURL, "://")
	host, _, _ := strings.Cut(rest, "/")
	r.Set([]byte(c.URL), []byte(host), c.kind())
}

func (c corpusRequest) kind() Type {
	return map[string]Type{
		"script": Script, "image": Image, "xhr": XHR, "subdocument": Subdocument,
		"stylesheet": Stylesheet, "font": Font, "media": Media,
		"other": Other, "fetch": Other, // the corpus's own reading
	}[c.Type]
}

func corpusRequests(t testing.TB) []corpusRequest {
	t.Helper()
	text, err := os.ReadFile(corpus(t, "lists", "matching-requests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var requests []corpusRequest
	if err := json.Unmarshal(text, &requests); err != nil {
		t.Fatal(err)
	}
	if len(requests) == 0 {
		t.Fatal("the corpus has no requests")
	}
	return requests
}

// Every filter that the corpus says matches a request does so when it is alone.
func TestCorpusFiltersMatchTheirRequests(t *testing.T) {
	tried := 0
	var r Request
	for _, c := range corpusRequests(t) {
		c.set(&r)
		for _, line := range c.Filters {
			tried++
			rest, isException := strings.CutPrefix(line, "@@")
			l := parse(t, rest)
			switch stats := l.Stats(); {
			case strings.Contains(line, "redirect="):
				if stats.Active != 0 || stats.Inactive["redirect"] != 1 {
					t.Errorf("%s: %+v", line, stats)
				}
				continue
			case strings.HasPrefix(rest, "|ws://") && !strings.HasPrefix(c.URL, "ws"):
				continue // the corpus cut such URLs down to "https://", which it cannot match
			}
			if !l.Match(&r) {
				t.Errorf("%s does not match %+v", line, c)
			}
			if !isException {
				continue
			}
			if l := parse(t, "*$all\n"+line); l.Match(&r) || l.Stats().Exceptions != 1 {
				t.Errorf("%s makes no exception for %+v", line, c)
			}
		}
	}
	if tried < 4000 {
		t.Errorf("only %d filters tried", tried)
	}
}

// What the lists of the corpus hold is all understood, but for these options.
func TestCorpusListsAreUnderstood(t *testing.T) {
	for i, l := range corpusLists(t) {
		s := l.Stats()
		t.Logf("%s: %+v", listFiles[i], s)
		inactive := 0
		for option, n := range s.Inactive {
			inactive += n
			switch option {
			case "csp", "generichide", "rewrite", "method", "redirect", "redirect-rule", "replace":
			default:
				t.Errorf("%s: %d filters have the option %s", listFiles[i], n, option)
			}
		}
		if s.Malformed > 0 || s.Active < 50_000 || s.Exceptions < 500 || inactive > 200 {
			t.Errorf("%s: %+v", listFiles[i], s)
		}
		if n := len(l.blocking.rest) + len(l.exceptions.rest); n > 5 {
			t.Errorf("%s: %d filters are looked at for every request", listFiles[i], n)
		}
	}
}
