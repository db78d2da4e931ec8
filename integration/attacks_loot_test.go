package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// An attack says how one file of testdata/attacks is tried, and what shows that it has
// succeeded. At least one of loot, effect, away and logged is needed.
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
	// steps is what the reader does once the attack is ready.
	steps func(b *browsers.Browser)
	// loot is what it sends off, each, when it succeeds.
	loot []string
	// effect is an expression that is true in the page once it has succeeded.
	effect string
	// away is true where the page itself goes to another place.
	away bool
	// logged is what the site's own server notes when it has succeeded.
	logged string
}

// succeeded returns what the attack has not reached yet, or "" when it has all.
func (at attack) missing(b *browsers.Browser, name, address string, a *attacker, log *lines) string {
	loot := a.all(name)
	for _, want := range at.loot {
		if !strings.Contains(loot, want) {
			return fmt.Sprintf("it did not get %q, but:\n%.1000s", want, loot)
		}
	}
	if at.logged != "" && !strings.Contains(log.String(), at.logged) {
		return fmt.Sprintf("the site did not note %q, but: %.500s", at.logged, log.String())
	}
	if at.away && b.URL() == address {
		return "the page is where it was"
	}
	if at.effect != "" && b.Eval("return !!("+at.effect+")") != true {
		return fmt.Sprintf("%s is not true; it says:\n%.1000s", at.effect, loot)
	}
	return ""
}

// succeeds waits until the attack has all that it is after.
func (at attack) succeeds(b *browsers.Browser, name, address string, a *attacker, log *lines, patience time.Duration) string {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		missing := at.missing(b, name, address, a, log)
		if missing == "" || time.Now().After(deadline) {
			return missing
		}
	}
}

// gains returns everything that the attack has reached of what it was after, or of
// what any attack is after.
func (at attack) gains(b *browsers.Browser, name, address string, a *attacker, log *lines) []string {
	var gains []string
	if url := b.URL(); url != address {
		return append(gains, "it took the page to "+url)
	}
	loot := a.all(name)
	for _, secret := range append(deskSecrets, at.loot...) {
		if strings.Contains(loot, secret) {
			gains = append(gains, fmt.Sprintf("it got %q", secret))
		}
	}
	if at.logged != "" && strings.Contains(log.String(), at.logged) {
		gains = append(gains, fmt.Sprintf("the site noted %q", at.logged))
	}
	if at.effect != "" && b.Eval("return !!("+at.effect+")") == true {
		gains = append(gains, at.effect)
	}
	for _, harm := range b.Eval(harms).([]any) {
		gains = append(gains, harm.(string))
	}
	return gains
}

// harms returns what is wrong with the page after any attack: nothing may cover it,
// change it, or run in it.
const harms = `const wrong = [];
const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
if (middle?.id !== "send") wrong.push("the middle of the page is covered by " + middle?.outerHTML);
if (document.title !== "The desk") wrong.push("the title is " + document.title);
if (!document.querySelector("#own").contentDocument?.body.textContent.includes("` + secretFrame + `")) wrong.push("the page's own frame is elsewhere");
if (secret.textContent !== "` + secretText + `") wrong.push("the text is " + secret.textContent);
if (Object.keys(Object.prototype).length || ({}).polluted) wrong.push("Object.prototype is polluted");
if (theirs.settings) wrong.push("window.settings was not the page's own");
if (localStorage.draft !== "` + secretLocal + `") wrong.push("the draft is " + localStorage.draft);
if (!document.cookie.includes("` + secretCookie + `")) wrong.push("the cookies are " + document.cookie);
if (believed.some((data) => data !== "` + secretMessage + `")) wrong.push("the page believes " + JSON.stringify(believed));
if (document.fullscreenElement || document.pointerLockElement) wrong.push("the screen or the pointer is taken");
return wrong;`

// isOver waits until the attack has told that it has run to its end, so that silence
// is no success of ours.
func isOver(t *testing.T, a *attacker, name string) bool {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	return a.wait(ctx, name, func(loot []string) bool {
		for _, line := range loot {
			if line == "over" {
				return true
			}
		}
		return false
	})
}
