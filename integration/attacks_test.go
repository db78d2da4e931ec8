package integration

import (
	"cmp"
	"flag"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"chatproxy/demo/site"
	"chatproxy/integration/browsers"
)

var onlyAttack = flag.String("attack", "", "a regular expression: try only the attacks of these names")

// Without chatproxy every attack of the corpus gets what it is after. This is the
// control of TestAttacksGetNothing.
func TestAttacksSucceedWithoutTheProxy(t *testing.T) {
	for _, engine := range browsers.All {
		t.Run(string(engine), func(t *testing.T) {
			server := newXMPP(t)
			var log lines
			v := visit{a: newAttackerAt(t, attackerHost, cdnHost), log: &log}
			page := plainSite(t, server, newDesk(v.a, &log, site.Options{}))
			v.Browser = atTheDesk(t, engine, page)
			for _, name := range chosen(t) {
				file := readAttack(t, name)
				if lacks := file.lacks != "" && v.Eval("return !!("+file.lacks+")") == true; lacks == file.isFor(engine) {
					t.Errorf("%s: says that %s lacks what it needs: %t; %s is %t", name, engine, !file.isFor(engine), file.lacks, lacks)
				}
			}
			try := func(group []string) (missing map[string]string) {
				missing = map[string]string{}
				log.reset()
				v.address = page + "/desk?run=" + strings.Join(group, ",")
				v.Open(v.address)
				var steps []string
				for _, name := range group {
					if corpus[name].away && corpus[name].steps == nil {
						continue
					}
					if !v.isOver(t, name) {
						missing[name] = "it does not run to its end"
					} else {
						steps = append(steps, name)
					}
				}
				v.take(steps)
				for _, name := range group {
					if why := v.succeeds(name, 8*time.Second); why != "" && missing[name] == "" {
						missing[name] = why
					}
				}
				return missing
			}
			for _, group := range groups(t, engine, func(at attack) bool { return at.alone || at.disturbs }) {
				for name := range try(group) {
					// On a slow machine one is in another's way: it is tried once more, alone.
					if why := try([]string{name})[name]; why != "" {
						t.Errorf("control: %s does not succeed without chatproxy, so it shows nothing: %s", name, why)
					}
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
			var log lines
			v := visit{a: newAttackerAt(t, attackerHost, cdnHost), log: &log}
			upstream := serveAt(t, "127.0.0.1", newDesk(v.a, &log, site.Options{}))
			page, _ := protectedDesk(t, server, upstream, v.a)
			v.Browser = atTheDesk(t, engine, page)
			var tried []string
			var again []string // what did not run to its end is tried once more, alone
			all := groups(t, engine, func(at attack) bool { return at.alone })
			for i := 0; i < len(all); i++ {
				group := all[i]
				log.reset()
				v.address = page + "/desk?run=" + strings.Join(group, ",")
				v.Open(v.address)
				var over []string
				for _, name := range group {
					if v.isOver(t, name) {
						over = append(over, name)
					} else if !slices.Contains(again, name) {
						again, all = append(again, name), append(all, []string{name})
					} else {
						t.Errorf("%s does not run to its end, so this test shows nothing about it; it sent: %.500s", name, v.a.all(name))
					}
				}
				if !v.leaves(group) && v.URL() == v.address {
					v.take(over)
					v.calm()
				}
				for _, name := range over {
					for _, must := range corpus[name].must {
						if !v.sends(t, name, must) {
							t.Errorf("%s does not get as far as it may: it did not send %q", name, must)
						}
					}
					v.check(t, name)
				}
				for _, harm := range v.harms(group) {
					t.Errorf("%s: %s", strings.Join(group, ", "), harm)
				}
				tried = append(tried, over...)
			}
			// What came late.
			for _, name := range tried {
				if corpus[name].stands[engine] != "" {
					continue
				}
				for _, leaked := range whichStandIn(v.a.all(name), append(deskSecrets, corpus[name].loot...)) {
					t.Errorf("%s got %q", name, leaked)
				}
			}
			t.Logf("%d attacks ran to their end", len(tried))
		})
	}
}

// groups returns the names of the attacks to try in this engine, in order, those
// together that can be tried on one page.
func groups(t *testing.T, engine browsers.Engine, alone func(attack) bool) [][]string {
	t.Helper()
	const size = 10
	var before, after [][]string
	var together []string
	for _, name := range chosen(t) {
		switch {
		case !readAttack(t, name).isFor(engine):
		case !alone(corpus[name]):
			together = append(together, name)
		case corpus[name].order > 0:
			after = append(after, []string{name})
		default:
			before = append(before, []string{name})
		}
	}
	return slices.Concat(before, slices.Collect(slices.Chunk(together, size)), after)
}

// chosen returns the names of the attacks to try, in order. Those on the history come
// first, since it has room for some 50 entries, and read-caches before them, since WebKit
// loses what is cached when a tab goes to another site; those that open windows, save files or
// resize the browser's window come last, since these take the focus.
func chosen(t *testing.T) []string {
	t.Helper()
	only, err := regexp.Compile(*onlyAttack)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range corpus {
		if only.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(corpus[a].order-corpus[b].order, strings.Compare(a, b))
	})
	return names
}

// atTheDesk returns a browser that has been at the desk once, so that what it keeps is
// there.
func atTheDesk(t *testing.T, engine browsers.Engine, page string) *browsers.Browser {
	t.Helper()
	// WebRTC on a machine that is in no network.
	options := []browsers.Option{browsers.Preferences(`user_pref("media.peerconnection.ice.loopback", true)`)}
	if engine == browsers.Chromium {
		options = append(options, browsers.Switches("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE "+attackerHost+", EXCLUDE "+cdnHost))
	}
	b := browsers.Start(t, engine, options...)
	b.Open(page + "/desk")
	b.Wait("window.ready", patience)
	return b
}
