package policies

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func memoOfTests(t testing.TB) *Memo {
	t.Helper()
	p := mustParse(t, `
compartments: {ads: {}}
scripts:
  rules:
    - {name: bad, match: {src: ["https://ads.example/bad/*.js"]}, action: strip}
    - {name: ads, match: {src: ["https://ads.example/**"]}, action: isolate, compartment: ads}
    - {name: own, match: {src: ["/static/**"], digest: [`+emptySHA256+`, `+aSHA384+`]}, action: allow}
    - {name: vendor, match: {digest: [`+bSHA512+`]}, action: isolate, compartment: ads}
`)
	return NewMemo(&p.Scripts)
}

// ask puts one question to the memo and to the rules, and fails where they differ.
func ask(t *testing.T, m *Memo, page *PageURL, inline, trusted bool, text string) Decision {
	t.Helper()
	var u ScriptURL
	script := Script{Page: page, Inline: inline, TrustedNonce: trusted}
	var got, want Decision
	if inline {
		script.Text, script.HasText = []byte(text), true
		got, want = m.Inline(&script), m.scripts.Decide(&script)
	} else {
		got = m.External(&script, []byte(text), &u)
		script.URL = nil
		if u.Resolve(page, []byte(text)) == nil {
			script.URL = &u
		}
		want = m.scripts.Decide(&script)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q, inline %t, trusted %t, on %s: got %+v (%s), want %+v (%s)", text, inline, trusted, page.origin, got, got.Compartment, want, want.Compartment)
	}
	return got
}

func pageAt(tb testing.TB, text string) *PageURL {
	tb.Helper()
	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return NewPageURL(u)
}

// Whatever came before, and however often, the memo decides as the rules do. The
// questions are such that one answer would be wrong for its neighbours.
func TestTheMemoDecidesAsTheRulesDo(t *testing.T) {
	m := memoOfTests(t)
	var pages []*PageURL
	for _, page := range []string{
		"https://www.example.com/", "https://www.example.com/static/", "https://www.example.com/news/today?x=1",
		"http://www.example.com/", "https://ads.example/bad/", "https://www.example.com:8443/static/a", "https://WWW.example.com:443/",
	} {
		pages = append(pages, pageAt(t, page))
	}
	texts := []string{
		"", "a", "b", "c", "/static/a.js", "static/a.js", "../static/a.js", "a.js", "?static", "/static/../a.js", "//www.example.com/static/a.js",
		"https://www.example.com/static/a.js", "https://ads.example/bad/a.js", "https://ads.example/a.js", "//ads.example/a.js", "http://ads.example/a.js",
		"https:static/a.js", "http/static/a.js", `/\ads.example/a.js`, "/static//a.js", " /static/a.js", "HTTPS://ads.example/a.js",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		ask(t, m, pages[random.IntN(len(pages))], random.IntN(2) == 0, random.IntN(2) == 0, texts[random.IntN(len(texts))])
	}
	if used := m.table.Load().used.Load(); used < 100 {
		t.Errorf("only %d decisions are remembered: the test tests nothing", used)
	}
}

func TestTheMemoIsForManyAtOnce(t *testing.T) {
	m := memoOfTests(t)
	var all sync.WaitGroup
	for seed := range uint64(4) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, 0))
			for range 5_000 {
				ask(t, m, pageOfTests, random.IntN(2) == 0, false, fmt.Sprintf("https://ads.example/%d.js", random.IntN(3_000)))
			}
		})
	}
	all.Wait()
}

// An answer lives in the memo and not in the buffers of who asked.
func TestTheMemoKeepsNothingOfTheCallers(t *testing.T) {
	m := memoOfTests(t)
	var u ScriptURL
	decide := func(src []byte) Decision { return m.External(&Script{Page: pageOfTests}, src, &u) }
	src := []byte("https://one.example/a.js")
	for range 3 {
		if got := decide(src); string(got.Compartment) != "https://one.example" {
			t.Errorf("%s", got.Compartment)
		}
		decide([]byte("https://two.example/b.js"))
	}
	got := decide(src)
	copy(src, "https://bad.example/a.js")
	if decide(src); string(got.Compartment) != "https://one.example" {
		t.Errorf("%s", got.Compartment)
	}
	if got := decide(src); string(got.Compartment) != "https://bad.example" {
		t.Errorf("%s", got.Compartment)
	}
}

func TestTheMemoRemembersFromTheSecondTimeOn(t *testing.T) {
	m := memoOfTests(t)
	for i, want := range []int32{0, 1, 1} {
		ask(t, m, pageOfTests, true, false, "text")
		if got := m.table.Load().used.Load(); got != want {
			t.Errorf("after %d: %d remembered, want %d", i+1, got, want)
		}
	}
}

// A key that finds no place costs no memory either, however often it comes.
func TestAFullPlaceInTheMemoCostsNothing(t *testing.T) {
	m := memoOfTests(t)
	table := m.table.Load()
	for i := range table.slots {
		table.slots[i].Store(&memory{})
	}
	script := Script{Page: pageOfTests, Inline: true, HasText: true, Text: []byte("text")}
	m.Inline(&script)
	if n := testing.AllocsPerRun(100, func() { m.Inline(&script) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Who sends ever new scripts, twice each, gets no more memory than the bounds say,
// and the rest still has a memo.
func TestTheMemoIsBounded(t *testing.T) {
	m := memoOfTests(t)
	tables := map[*memoTable]bool{}
	for i := range 3 * memoSlots {
		size := []int{10, 1000, 40 << 10}[i%3]
		text := fmt.Sprint(i, strings.Repeat("x", size))
		for range 2 {
			script := Script{Page: pageOfTests, Inline: true, HasText: true, Text: []byte(text)}
			m.Inline(&script)
		}
		table := m.table.Load()
		tables[table] = true
		if used, bytes := table.used.Load(), table.bytes.Load(); used > memoSlots/2 || bytes > maxMemo {
			t.Fatalf("%d decisions with %d bytes are remembered", used, bytes)
		}
	}
	if len(tables) < 2 {
		t.Error("the memo never was full: the test tests nothing")
	}
	ask(t, m, pageOfTests, true, false, strings.Repeat("y", maxMemoKey))
	ask(t, m, pageOfTests, true, false, strings.Repeat("y", maxMemoKey))
}
