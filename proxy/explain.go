package proxy

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"chatproxy/csp"
	"chatproxy/policies"
	"chatproxy/proxy/rewrite"
)

// An Explanation says what becomes of a page and why.
type Explanation struct {
	// Mode is the page's.
	Mode policies.Mode
	// Rewritten is false for a response that is no page, where nothing runs, and in
	// mode off, where everything does.
	Rewritten bool
	// CSP is the enforced policy that the page gets, or the reported one in mode
	// report-only; "" in mode off. The nonce in it is one of many.
	CSP     string
	Scripts []ExplainedScript // in the page's order
	Events  []rewrite.Event   // what could not be decided
	// Compartments are those that scripts of the page run in, in the order in which
	// they are met.
	Compartments []ExplainedCompartment
}

// An ExplainedCompartment is a frame for isolated scripts, and its limits. Of one that is
// named by an origin the policy says nothing: it is hidden, keeps nothing, and reaches
// that origin.
type ExplainedCompartment struct {
	Name string
	policies.Compartment
	Forward []policies.CallPath // functions of the page whose calls go into it
	Sandbox []string            // what its sandbox allows
	CSP     string              // of its document
	Limits  csp.Compartment
}

// An ExplainedScript is a script, a handler or a javascript: URL of a page.
type ExplainedScript struct {
	Line, Column int
	Kind         rewrite.Kind
	Type         string // "" for a classic script, else "module", "importmap", "speculationrules"
	Src          string // of an external one, as written with character references decoded
	URL          string // the same resolved; "" for one that is ambiguous
	Attribute    string // the name, of a handler or a javascript: URL
	Text         []byte // the code of what is not external; nil where it is not known
	Digest       string // of Text, "sha384-…"; "" where it is not known
	Verdict      policies.Verdict
	Rule         string // that gave the verdict, or what did in its stead
	Reason       string // for people
	Compartment  string
	Forward      []policies.CallPath // by the rule
}

// A PolicyOf is the policy that one kind of response gets.
type PolicyOf struct {
	Response string // for people
	CSP      string // the nonce in it is one of many
}

// Policies returns the policy of each kind of response, beside which the upstream's
// own stay in force unless csp.upstream is replace. Those of pages in mode report-only
// are reported and not enforced.
func (s *Site) Policies() []PolicyOf {
	nonce := csp.NewNonce()
	x := &exchange{page: &url.URL{Scheme: "https", Host: "localhost", Path: "/"}}
	if hosts := s.policy.Site.Hosts; len(hosts) > 0 {
		x.page.Host = hosts[0]
	}
	ofPage := func(chat bool) string { return s.pagePolicies[index(chat)][0].With(nonce, policies.OriginOf(x.page)) }
	all := []PolicyOf{{"a page", ofPage(false)}}
	if s.chat != nil {
		all = append(all, PolicyOf{"a page with the chat", ofPage(true)})
	}
	for _, name := range slices.Sorted(maps.Keys(s.policy.Compartments)) {
		if p, ok := s.compartmentPolicy(x, name); ok {
			all = append(all, PolicyOf{"the compartment " + name, p.String()})
		}
	}
	return append(all, PolicyOf{"every other document, and what cannot be decided", s.noGrants})
}

// Fetch asks the upstream for a page or a file of the site, with no cookies and in no
// content coding. page is its URL as the browser has it. An answer that is not 200 is an
// error.
func (s *Site) Fetch(ctx context.Context, page *url.URL) (*http.Response, error) {
	target := *s.policy.Site.Upstream.URL
	target.Path, target.RawPath, target.RawQuery = page.Path, page.RawPath, page.RawQuery
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Host = page.Host
	for name, value := range map[string]string{
		"User-Agent": "chatproxy", "Accept": "text/html,*/*", "Accept-Encoding": "identity",
		"X-Forwarded-Host": page.Host, "X-Forwarded-Proto": page.Scheme,
	} {
		r.Header.Set(name, value)
	}
	res, err := s.roundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if location := res.Header.Get("Location"); location != "" && res.StatusCode/100 == 3 {
		return nil, errors.Join(fmt.Errorf("%s is redirected to %q: ask for that", page, location), res.Body.Close())
	}
	if res.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("the site answers %d %s for %s", res.StatusCode, http.StatusText(res.StatusCode), page), res.Body.Close())
	}
	return res, nil
}

// Explain reads the page at u that is the response's body, which it closes, and decides on
// its scripts as for a visitor.
func (s *Site) Explain(u *url.URL, res *http.Response) (_ *Explanation, err error) {
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	x := &exchange{id: "explain", page: u, mode: s.mode(u), nonce: csp.NewNonce()}
	x.chat = s.chat != nil && s.policy.HasChat(u.Path)
	e := &Explanation{Mode: x.mode}
	if res.Request == nil {
		res.Request = &http.Request{Method: http.MethodGet, Header: http.Header{}, URL: u}
	}
	if err := s.classify(x, res); err != nil {
		return nil, err
	}
	if x.kind == page && x.mode != modeOff {
		e.Rewritten = true
		if err := s.decode(x, res); err != nil {
			return nil, err
		}
		if err := s.explainScripts(x, res.Body, e); err != nil {
			return nil, err
		}
	}
	if x.mode != modeOff {
		h := http.Header{}
		s.writePolicy(x, h)
		if e.CSP = h.Get(csp.Header); x.mode == policies.ModeReportOnly {
			e.CSP = h.Get(csp.HeaderReportOnly)
		}
	}
	return e, nil
}

func (s *Site) explainScripts(x *exchange, src io.Reader, e *Explanation) error {
	j := s.newJudge(x)
	r := rewrite.NewReader(src, rewrite.Options{
		Nonce:   x.nonce,
		Observe: x.mode != policies.ModeEnforce,
		Decide: func(script *rewrite.Script) rewrite.Action {
			switch {
			case script.Kind == rewrite.Style:
				return j.decide(script)
			case script.Kind == rewrite.Inline && !script.HasText && !script.TooLong:
				return rewrite.Action{Do: rewrite.NeedText} // for its digest
			}
			decision := j.verdict(script)
			explained := j.explained(script, decision)
			e.Scripts = append(e.Scripts, explained)
			s.explainCompartment(x, explained, e)
			return j.action(script, decision)
		},
		Report: func(event rewrite.Event) { e.Events = append(e.Events, event) },
	})
	_, err := io.Copy(io.Discard, r)
	return errors.Join(err, r.Close())
}

// explainCompartment adds the compartment of a script, if it is not there yet.
func (s *Site) explainCompartment(x *exchange, script ExplainedScript, e *Explanation) {
	name := script.Compartment
	if script.Verdict != policies.Isolate || slices.ContainsFunc(e.Compartments, func(c ExplainedCompartment) bool { return c.Name == name }) {
		return
	}
	if limits, ok := s.compartment(x, name); ok {
		policy, _ := s.compartmentPolicy(x, name)
		e.Compartments = append(e.Compartments, ExplainedCompartment{
			Name: name, Compartment: s.policy.Compartments[name], Forward: s.policy.Forwards(name),
			Sandbox: limits.Sandbox(), CSP: policy.String(), Limits: limits,
		})
	}
}

func (j *judge) explained(script *rewrite.Script, decision policies.Decision) ExplainedScript {
	e := ExplainedScript{
		Kind: script.Kind, Type: script.Type, Src: string(script.Src), Attribute: string(script.Attribute),
		Verdict: decision.Verdict, Rule: decision.Rule, Compartment: string(decision.Compartment),
	}
	for i := range j.site.policy.Scripts.Rules {
		if rule := &j.site.policy.Scripts.Rules[i]; rule.Name == decision.Rule && decision.Verdict == policies.Isolate {
			e.Forward = rule.Forward
			break
		}
	}
	e.Line, e.Column = script.Position()
	e.Reason = j.reason(script, decision)
	switch {
	case script.Kind == rewrite.External || script.Kind == rewrite.Preload:
		var u policies.ScriptURL
		if u.Resolve(j.script.Page, script.Src) == nil {
			e.URL = string(u.Bytes())
		}
	case script.HasText:
		e.Text = bytes.Clone(script.Text)
		sum := sha512.Sum384(script.Text)
		e.Digest = "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
	}
	return e
}

// reason says why a decision is as it is.
func (j *judge) reason(script *rewrite.Script, decision policies.Decision) string {
	scripts := &j.site.policy.Scripts
	switch decision.Rule {
	case policies.ByLock:
		return "it is pinned"
	case policies.ByUpstreamNonce:
		return "it carries the nonce that the site's own policy announced"
	case policies.ByAmbiguousURL:
		return "parsers and servers may read its address in different ways"
	case policies.ByHandlers:
		if script.Kind == rewrite.JavaScriptURL {
			return "no javascript: URL may run"
		}
		return "it is not pinned"
	case policies.ByInline:
		if entry, line, ok := scripts.Pinned().Nearest(script.Text); ok && script.HasText {
			return fmt.Sprintf("it differs from line %d on from what was pinned as %s", line, entry)
		}
		return "no rule names it, and it is not pinned"
	case policies.ByDefault:
		return "no rule names it"
	}
	for i, rule := range scripts.Rules {
		if rule.Name == decision.Rule {
			return fmt.Sprintf("rule %d of scripts.rules is the first that matches", i+1)
		}
	}
	return ""
}
