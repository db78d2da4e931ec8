package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// An attack says how one file of testdata/attacks is tried, and what shows that it has
// succeeded: at least one of loot, effect, away, saved and logged.
type attack struct {
	// topic is the heading under which it is counted.
	topic topic
	// early puts it into the head, before everything else of the page.
	early bool
	// visible gives its compartment a place on the page; popups lets a click in it open
	// a window.
	visible, popups bool
	// allowed is true for a script that the policy allows in the page.
	allowed bool
	// alone is true where it is to have the page for itself; disturbs where that is so
	// only without chatproxy.
	alone, disturbs bool
	// order is less than 0 where it comes before the others, and more where behind.
	order int
	// steps is what the reader does once the attack is ready.
	steps func(b *browsers.Browser)

	// must is what it sends off in any case.
	must []string
	// loot is what it sends off, each, when it succeeds.
	loot []string
	// effect is an expression that is true in the page once it has succeeded.
	effect string
	// away is true where the page itself goes to another place.
	away bool
	// saved is how the name of a file begins that the browser has saved then.
	saved string
	// logged is what the site's own server notes when it has succeeded.
	logged string
	// stands says in which engines it succeeds behind chatproxy too, and why.
	stands map[browsers.Engine]string
}

// A visit is a browser at the desk, with the attacks that stand in its address.
type visit struct {
	*browsers.Browser
	address string
	a       *attacker
	log     *lines // what the site's own server notes
}

// isOver waits until the attack has told that it has run to its end: silence alone
// would show nothing.
func (v *visit) isOver(t *testing.T, name string) bool {
	t.Helper()
	return v.sends(t, name, "over")
}

// sends waits until the attack has sent the line.
func (v *visit) sends(t *testing.T, name, line string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	return v.a.wait(ctx, name, func(loot []string) bool { return slices.Contains(loot, line) })
}

// take takes the steps of the attacks.
func (v *visit) take(names []string) {
	for _, name := range names {
		v.Wait("window.ready", patience)
		if steps := corpus[name].steps; steps != nil {
			steps(v.Browser)
		}
	}
}

// calm returns when what the attacks have set going has had its time: a load and some
// turns later.
func (v *visit) calm() {
	v.Eval(`await fetch("/static/favicon.svg?" + Math.random(), { cache: "no-store" });
for (let i = 0; i < 4; i++) await new Promise((done) => setTimeout(done, 60));`)
}

// missing returns what the attack has not reached yet, or "" when it has all.
func (v *visit) missing(name string) string {
	at, loot := corpus[name], v.a.all(name)
	for _, want := range at.loot {
		if !strings.Contains(loot, want) {
			return fmt.Sprintf("it did not get %q, but:\n%.1000s", want, loot)
		}
	}
	if at.logged != "" && !strings.Contains(v.log.String(), at.logged) {
		return fmt.Sprintf("the site did not note %q, but: %.500s", at.logged, v.log.String())
	}
	if at.saved != "" && !v.Saved(at.saved) {
		return "no file was saved"
	}
	if at.away && v.URL() == v.address {
		return fmt.Sprintf("the page is where it was; it says:\n%.1000s", loot)
	}
	if at.effect != "" && v.Eval("return !!("+at.effect+")") != true {
		return fmt.Sprintf("%s is not true; it says:\n%.1000s", at.effect, loot)
	}
	return ""
}

// succeeds waits until the attack has all that it is after, and returns what it lacks.
func (v *visit) succeeds(name string, patience time.Duration) string {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		missing := v.missing(name)
		if missing == "" || time.Now().After(deadline) {
			return missing
		}
	}
}

// check fails for everything that the attack has reached behind chatproxy, and where
// one that is known to succeed does not.
func (v *visit) check(t *testing.T, name string) {
	t.Helper()
	if corpus[name].topic == hogging && v.URL() == v.address {
		t.Logf("%s: the page stood still for %.0f ms at most", name, v.Eval("return longest"))
	}
	if reason, known := corpus[name].stands[v.Engine()]; known {
		if missing := v.succeeds(name, 8*time.Second); missing != "" {
			t.Errorf("%s no longer succeeds (%s): take it off the list of what stands; %s", name, reason, missing)
		}
		return
	}
	at := corpus[name]
	for _, loot := range whichStandIn(v.a.all(name), append(deskSecrets, at.loot...)) {
		t.Errorf("%s got %q", name, loot)
	}
	if at.logged != "" && strings.Contains(v.log.String(), at.logged) {
		t.Errorf("%s: the site noted %q", name, at.logged)
	}
	if at.saved != "" && v.Saved(at.saved) {
		t.Errorf("%s: the browser saved %s", name, at.saved)
	}
	if at.effect != "" && v.URL() == v.address && v.Eval("return !!("+at.effect+")") == true {
		t.Errorf("%s: %s", name, at.effect)
	}
}

// harms returns what is wrong with the page after any attack: nothing may take it away,
// cover it, change it, or break a rule in it.
func (v *visit) harms(group []string) []string {
	if v.leaves(group) {
		return nil
	}
	if url := v.URL(); url != v.address {
		return []string{"the page went to " + url}
	}
	if slices.ContainsFunc(group, func(name string) bool { return corpus[name].allowed }) {
		return nil // what the policy allows may do all this
	}
	var harms []string
	v.EvalInto(&harms, pageHarms)
	return harms
}

// leaves reports whether one of the attacks is known to take the page away.
func (v *visit) leaves(group []string) bool {
	return slices.ContainsFunc(group, func(name string) bool { return corpus[name].away && corpus[name].stands[v.Engine()] != "" })
}

const pageHarms = `const wrong = [];
const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
if (middle?.id !== "send") wrong.push("the middle of the page is covered by " + middle?.outerHTML);
if (document.title !== "The desk") wrong.push("the title is " + document.title);
if (!document.querySelector("#own").contentDocument?.body.textContent.includes("` + secretFrame + `")) wrong.push("the page's own frame is elsewhere");
if (secret.textContent !== "` + secretText + `") wrong.push("the text is " + secret.textContent);
if (({}).polluted) wrong.push("Object.prototype is polluted");
if (localStorage.draft !== "` + secretLocal + `") wrong.push("the draft is " + localStorage.draft);
if (!document.cookie.includes("` + secretCookie + `") || document.cookie.includes("attacker")) wrong.push("the cookies are " + document.cookie);
if (believed.some((data) => data !== "` + secretMessage + `")) wrong.push("the page believes " + JSON.stringify(believed));
if (document.fullscreenElement || document.pointerLockElement) wrong.push("the screen or the pointer is taken");
for (const violation of violations) wrong.push("the page's policy was violated: " + violation);
return wrong;`
