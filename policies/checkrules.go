package policies

import (
	"fmt"
	"slices"
	"strings"
)

// checkRules checks each rule by itself, then whether the ones before leave it
// anything.
func (d *decoder) checkRules(p *Policy) {
	rules := p.Scripts.Rules
	wheres := 0
	for i := range rules {
		rule, where := &rules[i], index("scripts.rules", i)
		if d.missing(where+".name", "this rule has no name; reports and logs show it") && rule.Name == "" {
			d.problemAt(where+".name", "the name is empty; reports and logs show it")
		}
		d.missing(where+".action", "this rule has no action: allow, isolate or strip")
		if _, any := whereOf(rule); any {
			if wheres++; wheres == maxWheres+1 {
				d.problemAt(where, "more than %d rules have page, type, id or class: this is one too many", maxWheres)
			}
		}
		d.checkMatch(rule, where)
		d.checkList(p, rule, where+".match.list")
		d.checkCompartment(p, rule, where+".compartment")
		d.checkForward(rule, where)
	}
	d.checkCoverage(p)
}

// checkMatch checks what a rule asks.
func (d *decoder) checkMatch(rule *Rule, where string) {
	where += ".match"
	for _, words := range []struct {
		key    string
		values []string
		spaces string // what no value can have
	}{
		{"text", rule.Match.Text, ""}, {"type", rule.Match.Type, ""}, {"id", rule.Match.ID, ""}, {"class", rule.Match.Class, " \t\n\f\r"},
	} {
		for i, value := range words.values {
			switch at := index(where+"."+words.key, i); {
			case !d.has(at):
			case value == "":
				d.problemAt(at, "match.%s has an empty string: write what to look for", words.key)
			case strings.ContainsAny(value, words.spaces):
				d.problemAt(at, "%s is more than one class: write a list", d.text(at))
			case words.key == "type" && strings.TrimSpace(value) != value:
				d.problemAt(at, "%s has white space around it, which is taken off before types are compared", d.text(at))
			}
		}
	}
	if !d.sound(where) {
		return
	}
	m := &rule.Match
	proof := len(m.Src)+len(m.Digest) > 0 || m.List != ""
	_, narrowed := whereOf(rule)
	allows := d.has(above(where)+".action") && rule.Action == Allow
	switch {
	case allows && len(m.Text) > 0:
		d.problemAtKey(where+".text", "match.text cannot allow: whoever can inject a script can write any string into it (CWE-79); pin the script by match.digest")
	case proof:
	case allows && narrowed:
		d.problemAt(where, "page, type, id and class prove nothing about who wrote a script (CWE-79): a rule that allows needs match.src, match.digest or match.list")
	case allows:
		d.problemAt(where, "this rule matches nothing: a rule that allows needs match.src, match.digest or match.list")
	case !narrowed && len(m.Text) == 0:
		d.problemAt(where, "this rule matches nothing: give match.src, match.digest, match.text, match.list, match.page, match.type, match.id or match.class")
	}
}

func (d *decoder) checkList(p *Policy, rule *Rule, where string) {
	if list := rule.Match.List; d.has(where) && d.sound("scripts.lists") && !slices.Contains(p.Scripts.Lists, list) {
		d.problemAt(where, "there is no list %s under scripts.lists; %s", d.text(where), d.nearestSource(where, "scripts.lists", p.Scripts.Lists, "write it here as it is written there"))
	}
}

// nearestSource returns "did you mean" with the nearest of the values of the list at
// a path, as the file has them, or otherwise what to do.
func (d *decoder) nearestSource(where, list string, values []string, otherwise string) string {
	written := make([]string, len(values))
	for i := range values {
		written[i] = d.source(d.at(index(list, i)))
	}
	if meant := nearest(d.source(d.at(where)), written); meant != "" {
		return fmt.Sprintf("did you mean %s?", meant)
	}
	return otherwise
}

func (d *decoder) checkCompartment(p *Policy, rule *Rule, where string) {
	if !d.has(where) {
		return
	}
	if rule.Compartment == "" {
		d.problemAt(where, "the compartment's name is empty: leave the key out for one for each origin")
		return
	}
	if d.has(above(where)+".action") && rule.Action != Isolate {
		d.problemAtKey(where, "only a rule with action: isolate has a compartment")
	}
	if _, ok := p.Compartments[rule.Compartment]; !ok && !d.fault["compartments"] {
		d.problemAt(where, "there is no compartment %s under compartments%s", d.text(where), didYouMean(d.source(d.at(where)), sortedKeys(p.Compartments)))
	}
}

func (d *decoder) checkForward(rule *Rule, where string) {
	at := where + ".forward"
	switch {
	case !d.given(at):
	case d.has(where+".action") && rule.Action != Isolate:
		d.problemAtKey(at, "only a rule with action: isolate forwards calls: there is no compartment to forward them into")
	case !d.given(where + ".compartment"):
		d.problemAtKey(at, "a rule that forwards calls needs compartment: name the one that they go into")
	}
}

// checkCoverage finds rules that can never match, since each script that they are
// for is decided on by a rule before them.
func (d *decoder) checkCoverage(p *Policy) {
	rules := p.Scripts.Rules
	for i := range rules {
		if where := index("scripts.rules", i); d.has(where) {
			if by := coveredBy(rules, i, func(j int) bool { return d.has(index("scripts.rules", j)) }); by != nil {
				names := make([]string, len(by))
				for k, j := range by {
					names[k] = fmt.Sprintf("%s on line %d", d.ruleName(rules, j), d.at(index("scripts.rules", j)).Line)
				}
				verb := "comes first and matches all that it does"
				if len(names) > 1 {
					verb = "come first and match all that it does"
				}
				d.problemAt(where, "this rule can never match: %s %s", inWords(names), verb)
			}
		}
	}
}

// inWords returns a, b and c.
func inWords(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
