package policies

import (
	"net"
)

// findWarnings finds what is allowed and seldom meant.
func (d *decoder) findWarnings(p *Policy) {
	if len(p.Site.Hosts) == 0 && d.sound("site") {
		d.warn("site.hosts", "site.hosts is empty: a name that an attacker points here (DNS rebinding) is served as the site; name the site's hosts")
	}
	if _, _, err := net.SplitHostPort(p.Console); err == nil && !isLoopback(p.Console) {
		d.warn("console", "the console has no log-in: keep it on loopback")
	}
	if d.has("scripts.default") && p.Scripts.Default == Allow {
		d.warn("scripts.default", "scripts.default: allow runs every external script that nothing names in the page, beside the chat")
	}
	if d.has("scripts.inline") && p.Scripts.Inline == Allow {
		d.warn("scripts.inline", "scripts.inline: allow runs whatever is injected into a page (CWE-79)")
	}
	d.warnOfForeignCode(p)
	d.warnOfUnused(p)
	d.warnOfCompartments(p.Compartments)
	d.warnOfNoEffect(p)
}

// warnOfForeignCode warns of scripts that other servers may change at will.
func (d *decoder) warnOfForeignCode(p *Policy) {
	for i := range p.Scripts.Rules {
		rule := &p.Scripts.Rules[i]
		if rule.Action != Allow {
			continue
		}
		for j := range rule.Match.Src {
			g, at := &rule.Match.Src[j], index(index("scripts.rules", i)+".match.src", j)
			if !d.has(at) || isOwnOrigin(g, p.Site.Hosts) {
				continue
			}
			// A glob without wildcards is one URL, which the lock may have by name.
			if _, pinned := p.Scripts.Pinned().External([]byte(g.text)); pinned {
				continue
			}
			d.warn(at, "%s is another server's: whatever that server sends runs in the page; pin the script with chatproxy pin, or isolate it", d.text(at))
		}
	}
}

func (d *decoder) warnOfUnused(p *Policy) {
	if !d.sound("scripts.rules") {
		return
	}
	used := map[string]bool{}
	for i := range p.Scripts.Rules {
		used[p.Scripts.Rules[i].Compartment] = true
	}
	for _, name := range sortedKeys(p.Compartments) {
		if !used[name] {
			d.warn("compartments."+name, "no rule uses the compartment %q", name)
		}
	}
}

// warnOfNoEffect warns of keys that are part of the format and not built yet.
func (d *decoder) warnOfNoEffect(p *Policy) {
	noEffect := func(path, name string) {
		if d.has(path) {
			d.warn(path, "%s has no effect in this version", name)
		}
	}
	for _, path := range []string{"chat.plugins", "chat.cache", "csp.reports"} {
		noEffect(path, path)
	}
	if p.Chat.Placement == PlacementInline {
		noEffect("chat.origin", "chat.origin with placement: inline")
	}
}
