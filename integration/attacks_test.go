package integration

import (
	"maps"
	"slices"
	"testing"
	"time"

	"chatproxy/demo/site"
	"chatproxy/integration/browsers"
)

// Without chatproxy every attack of the corpus gets what it is after. This is the
// control of TestAttacksGetNothing.
func TestAttacksSucceedWithoutTheProxy(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			a := newAttackerAt(t, attackerHost, cdnHost)
			var log lines
			page := plainSite(t, server, newDesk(a, &log, site.Options{}))
			b := atTheDesk(t, engine, page)
			for _, name := range namesOf(corpus) {
				at, file := corpus[name], readAttack(t, name)
				if !file.isFor(engine) {
					if b.Eval("return !!("+file.lacks+")") != true {
						t.Errorf("%s: says that %s lacks what it needs, but %s is not true", name, engine, file.lacks)
					}
					continue
				}
				log.reset()
				address := page + "/desk?run=" + name
				b.Open(address)
				if !at.away && !isOver(t, a, name) {
					t.Errorf("control: %s does not run to its end", name)
					continue
				}
				if at.steps != nil {
					b.Wait("window.ready", patience)
					at.steps(b)
				}
				if missing := at.succeeds(b, name, address, a, &log, 10*time.Second); missing != "" {
					t.Errorf("control: %s does not succeed without chatproxy, so it shows nothing: %s", name, missing)
				}
			}
		})
	}
}

// Behind chatproxy the same files run to their end and get nothing.
func TestAttacksGetNothing(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			a := newAttackerAt(t, attackerHost, cdnHost)
			var log lines
			upstream := serveAt(t, "127.0.0.1", newDesk(a, &log, site.Options{}))
			page, _ := protectedDesk(t, server, upstream, a)
			b := atTheDesk(t, engine, page)
			var tried []string
			for _, name := range namesOf(corpus) {
				at, file := corpus[name], readAttack(t, name)
				if !file.isFor(engine) {
					continue
				}
				log.reset()
				address := page + "/desk?run=" + name
				b.Open(address)
				if !isOver(t, a, name) {
					t.Errorf("%s does not run to its end, so this test shows nothing about it; it sent: %.500s", name, a.all(name))
					continue
				}
				if at.steps != nil {
					b.Wait("window.ready", patience)
					at.steps(b)
				}
				calm(b)
				for _, gain := range at.gains(b, name, address, a, &log) {
					t.Errorf("%s: %s", name, gain)
				}
				tried = append(tried, name)
			}
			// What came late.
			for _, name := range tried {
				for _, leaked := range whichStandIn(a.all(name), append(deskSecrets, corpus[name].loot...)) {
					t.Errorf("%s got %q in the end", name, leaked)
				}
			}
			t.Logf("%d attacks got nothing", len(tried))
		})
	}
}

// atTheDesk returns a browser that has been at the desk once, so that what it keeps is
// there.
func atTheDesk(t *testing.T, engine browsers.Engine, page string) *browsers.Browser {
	t.Helper()
	var options []browsers.Option
	if engine == browsers.Chromium {
		options = append(options, browsers.Switches("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE "+attackerHost+", EXCLUDE "+cdnHost))
	}
	b := browsers.Start(t, engine, options...)
	b.Open(page + "/desk")
	b.Wait("window.ready", patience)
	return b
}

// calm returns when what an attack has set going has had its time: a load and some
// frames later.
func calm(b *browsers.Browser) {
	b.Eval(`await fetch("/static/favicon.svg?" + Math.random(), { cache: "no-store" });
for (let i = 0; i < 3; i++) await new Promise((done) => setTimeout(done, 60));`)
}

func namesOf(corpus map[string]attack) []string { return slices.Sorted(maps.Keys(corpus)) }

