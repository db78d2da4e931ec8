package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"chatproxy/csp"
	"chatproxy/policies"
	"chatproxy/proxy/rewrite"
)

// A judge answers the rewriter's questions about one page by the site's policy.
type judge struct {
	site      *Site
	x         *exchange
	announced []string // the nonces of the upstream's own header
	trusted   []string // those that came with no response before
	script    policies.Script
	url       policies.ScriptURL
	changes   int // that were looked into
}

func (s *Site) newJudge(x *exchange) *judge {
	j := &judge{site: s, x: x, announced: csp.Nonces(x.upstream), script: policies.Script{Page: policies.NewPageURL(x.page)}}
	for _, nonce := range j.announced {
		if s.nonces.first([]byte(nonce)) {
			j.trusted = append(j.trusted, nonce)
			continue
		}
		s.events.add(StaleNonce)
		s.log.Warn("page", "request", x.id, "path", x.page.Path, "event", StaleNonce,
			"reason", "the upstream's nonce came with an earlier response, so it proves nothing; scripts that carry it are decided on by the rules")
	}
	return j
}

// carries reports whether the script has one of the nonces.
func carries(script *rewrite.Script, nonces []string) bool {
	return len(script.Nonce) > 0 && slices.ContainsFunc(nonces, func(nonce string) bool { return nonce == string(script.Nonce) })
}

// decide answers the rewriter.
func (j *judge) decide(script *rewrite.Script) rewrite.Action {
	if script.Kind == rewrite.Style {
		if carries(script, j.trusted) {
			return rewrite.Action{Do: rewrite.Allow}
		}
		return rewrite.Action{}
	}
	decision := j.verdict(script)
	if decision.NeedText {
		return rewrite.Action{Do: rewrite.NeedText}
	}
	if j.site.logsVerdicts() {
		line, column := script.Position()
		j.site.log.Debug("script", "request", j.x.id, "line", line, "column", column,
			"kind", script.Kind, "verdict", decision.Verdict, "rule", decision.Rule)
	}
	return j.action(script, decision)
}

// logsVerdicts reports whether the verdict on every script is logged.
func (s *Site) logsVerdicts() bool { return s.log.Enabled(context.Background(), slog.LevelDebug) }

// verdict asks the policy about a script of the page.
func (j *judge) verdict(script *rewrite.Script) policies.Decision {
	switch script.Kind {
	case rewrite.Handler, rewrite.JavaScriptURL:
		// No nonce can stand on them, and no rule names them. The policy has the
		// hashes of pinned handlers; those of javascript: URLs it cannot have, since
		// Trusted Types refuse them before (§4.6 there).
		if _, pinned := j.site.policy.Scripts.Pinned().Handler(script.Text); pinned && script.Kind == rewrite.Handler {
			return policies.Decision{Verdict: policies.Allow, Rule: policies.ByLock}
		}
		return policies.Decision{Verdict: policies.Strip, Rule: policies.ByHandlers}
	}
	j.script = policies.Script{
		Page: j.script.Page, TrustedNonce: carries(script, j.trusted),
		Module: script.Type == "module", NotJavaScript: script.Type != "" && script.Type != "module",
	}
	if j.site.policy.Scripts.LooksAtElements() {
		j.script.Type, j.script.ID, j.script.Class = script.Value("type"), script.Value("id"), script.Value("class")
	}
	if script.Kind == rewrite.Inline {
		j.script.Inline, j.script.Text, j.script.HasText, j.script.TooLong = true, script.Text, script.HasText, script.TooLong
		decision := j.site.memo.Inline(&j.script)
		if script.HasText && decision.Verdict != policies.Allow {
			j.reportChange(script)
		}
		return decision
	}
	return j.site.memo.External(&j.script, script.Src, &j.url)
}

// action is what the rewriter does by a verdict.
func (j *judge) action(script *rewrite.Script, decision policies.Decision) rewrite.Action {
	action := rewrite.Action{Compartment: decision.Compartment, Integrity: decision.Integrity, CrossOrigin: decision.CrossOrigin}
	switch {
	case decision.Verdict == policies.Allow:
		action.Do = rewrite.Allow
	case j.x.mode == policies.ModeReportOnly && carries(script, j.announced):
		// The header has our nonce in place of the upstream's: what ran with that
		// one goes on running.
		action.Do = rewrite.Allow
	case decision.Verdict == policies.Isolate:
		action.Do = rewrite.Isolate
	default:
		action.Do = rewrite.Strip
	}
	return action
}

// maxChanges bounds how many changed scripts of one page are looked into: that may take
// some ms each (CWE-400).
const maxChanges = 8

// reportChange logs that an inline script is not what was pinned, if it looks like
// one that was. What stands in the line may be the visitor's own, and is not logged.
func (j *judge) reportChange(script *rewrite.Script) {
	pinned := j.site.policy.Scripts.Pinned()
	if pinned == nil || j.changes == maxChanges || !j.site.changed.first(script.Text) {
		return
	}
	j.changes++
	entry, line, ok := pinned.Nearest(script.Text)
	if !ok {
		return
	}
	j.x.eventful = true
	j.site.events.add(ChangedScript)
	at, _ := script.Position()
	j.site.log.Warn("page", "request", j.x.id, "path", j.x.page.Path, "line", at, "event", ChangedScript,
		"entry", entry.String(), "first difference", fmt.Sprintf("line %d of the script", line))
}

// report notes what the rewriter could not decide.
func (j *judge) report(e rewrite.Event) {
	j.x.eventful = true
	j.site.events.add(e.Kind)
	j.site.log.Warn("page", "request", j.x.id, "path", j.x.page.Path, "line", e.Line, "column", e.Column, "event", e.Kind, "reason", e.Reason)
}
