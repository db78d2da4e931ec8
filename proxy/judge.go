package proxy

import (
	"context"
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
}

func (s *Site) newJudge(x *exchange) *judge {
	j := &judge{site: s, x: x, announced: csp.Nonces(x.upstream), script: policies.Script{Page: policies.NewPageURL(x.page)}}
	for _, nonce := range j.announced {
		if s.nonces.isFresh(nonce) {
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

// decide gives the verdict on a script of the page.
func (j *judge) decide(script *rewrite.Script) rewrite.Action {
	trusted := carries(script, j.trusted)
	var decision policies.Decision
	switch script.Kind {
	case rewrite.Style:
		if trusted {
			return rewrite.Action{Do: rewrite.Allow}
		}
		return rewrite.Action{}
	case rewrite.Handler, rewrite.JavaScriptURL:
		// No nonce can stand on them, and no rule names them.
		decision = policies.Decision{Verdict: policies.Strip, Rule: policies.ByHandlers}
	default:
		j.script = policies.Script{Page: j.script.Page, TrustedNonce: trusted}
		if j.site.policy.Scripts.LooksAtElements() {
			j.script.Type, j.script.ID, j.script.Class = script.Value("type"), script.Value("id"), script.Value("class")
		}
		if script.Kind == rewrite.Inline {
			j.script.Inline, j.script.Text, j.script.HasText, j.script.TooLong = true, script.Text, script.HasText, script.TooLong
			decision = j.site.memo.Inline(&j.script)
		} else {
			decision = j.site.memo.External(&j.script, script.Src, &j.url)
		}
	}
	if decision.NeedText {
		return rewrite.Action{Do: rewrite.NeedText}
	}
	if j.site.log.Enabled(context.Background(), slog.LevelDebug) {
		line, column := script.Position()
		j.site.log.Debug("script", "request", j.x.id, "line", line, "column", column,
			"kind", script.Kind, "verdict", decision.Verdict, "rule", decision.Rule)
	}
	action := rewrite.Action{Compartment: decision.Compartment}
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

// report notes what the rewriter could not decide.
func (j *judge) report(e rewrite.Event) {
	j.site.events.add(e.Kind)
	j.site.log.Warn("page", "request", j.x.id, "path", j.x.page.Path, "line", e.Line, "column", e.Column, "event", e.Kind, "reason", e.Reason)
}
