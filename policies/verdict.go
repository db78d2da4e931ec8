package policies

// Verdict is what happens to a script.
type Verdict string

// The verdicts.
const (
	Allow   Verdict = "allow"   // it gets the nonce and runs in the page
	Isolate Verdict = "isolate" // it becomes inert data and runs in a compartment
	Strip   Verdict = "strip"   // it is removed
)

// A Script is what the rules look at.
type Script struct {
	// Page is the page. URL must have been resolved against it.
	Page *PageURL
	// Inline is true for a script without src.
	Inline bool
	// URL is an external script's; nil when it is ambiguous.
	URL *ScriptURL
	// Text is an inline script's, when HasText.
	Text    []byte
	HasText bool
	// TooLong is true when an inline script's text is longer than can be held: it
	// will never be known.
	TooLong bool
	// Module is true for a script of type module, NotJavaScript for an import map and
	// for speculation rules. The lock asks.
	Module, NotJavaScript bool
	// Type, ID and Class are the element's attributes, for rules that look at them
	// ([Scripts.LooksAtElements]).
	Type, ID, Class []byte
	// TrustedNonce is true when the script carries a nonce that the upstream's
	// own header announced.
	TrustedNonce bool
}

// A Decision is the verdict on one script and why.
type Decision struct {
	Verdict Verdict
	Rule    string // the rule's name, or what decided in its stead
	// Compartment is where an isolated script runs. It must not be changed, and is
	// valid until the next Resolve of the script's URL.
	Compartment []byte
	// Integrity is the digest that an allowed external script must have; "" for any.
	// CrossOrigin is true when such a script comes from another origin than the page.
	Integrity   string
	CrossOrigin bool
	// NeedText asks to be called again with the text of an inline script, or with
	// TooLong: a rule depends on it. The verdict is strip until then.
	NeedText bool
}

// Names of what decides when no rule does.
const (
	ByUpstreamNonce = "upstream nonce"
	ByDefault       = "scripts.default"
	ByInline        = "scripts.inline"
	ByAmbiguousURL  = "ambiguous URL"
	ByHandlers      = "handlers and javascript: URLs" // for which there are no rules
)

// Decide gives the verdict on a script: by the lock, by the first rule that matches,
// by the upstream's nonce, by the default for its kind. It allocates nothing and writes
// only to the script's URL, so that pages can be decided on at once. The rules are
// those that [Parse] compiled.
func (s *Scripts) Decide(script *Script) Decision {
	if s.compiled == nil {
		panic("policies: Scripts that Load or Parse did not make have no compiled rules")
	}
	return s.decide(script, s.compiled.holding(script))
}

// decide is Decide, with the wheres that hold.
func (s *Scripts) decide(script *Script, holding uint64) Decision {
	decision, pinned, needText := s.decideLocked(script)
	switch {
	case pinned:
		return decision
	case needText:
		return Decision{Verdict: Strip, NeedText: true}
	case script.Inline:
		return s.decideInline(script, holding)
	}
	u := script.URL
	if u == nil || u.page == nil {
		return Decision{Verdict: Strip, Rule: ByAmbiguousURL}
	}
	for i := range s.compiled.urls {
		c := &s.compiled.urls[i]
		if c.may(u) && c.where&^holding == 0 && c.matches(u) {
			return s.Rules[c.rule].decision(u.Origin())
		}
	}
	switch {
	case script.TrustedNonce:
		return Decision{Verdict: Allow, Rule: ByUpstreamNonce}
	case s.Default == Allow && !u.certain:
		// A rule that would strip it may have been evaded by the spelling.
		return Decision{Verdict: Isolate, Rule: ByAmbiguousURL, Compartment: u.Origin()}
	}
	return decisionOf(s.Default, ByDefault, u.Origin())
}

func (s *Scripts) decideInline(script *Script, holding uint64) Decision {
	var digests digests
	for i := range s.compiled.texts {
		c := &s.compiled.texts[i]
		switch {
		case c.where&^holding != 0:
			continue
		case c.any:
		case script.TooLong:
			// What cannot be read is taken for the worst: it is nothing that a rule
			// allows, and whatever another one is against.
			if c.allow {
				continue
			}
		case !script.HasText:
			return Decision{Verdict: Strip, NeedText: true}
		case !c.matches(&digests, script.Text):
			continue
		}
		return s.Rules[c.rule].decision(script.Page.origin)
	}
	if script.TrustedNonce {
		return Decision{Verdict: Allow, Rule: ByUpstreamNonce}
	}
	return decisionOf(s.Inline, ByInline, script.Page.origin)
}

// decision returns the rule's verdict. Isolated scripts of one origin share a
// compartment where the rule names none; inline scripts have the page's.
func (r *Rule) decision(origin []byte) Decision {
	if len(r.compartment) > 0 {
		origin = r.compartment
	}
	return decisionOf(r.Action, r.Name, origin)
}

func decisionOf(verdict Verdict, rule string, compartment []byte) Decision {
	d := Decision{Verdict: verdict, Rule: rule}
	if verdict == Isolate {
		d.Compartment = compartment
	}
	return d
}

// SurelyAllows reports whether a script of that URL, which must have been resolved, is
// allowed by its URL alone, on every page: no rule before may be against it.
func (s *Scripts) SurelyAllows(u *ScriptURL) bool {
	if u.page == nil {
		return false
	}
	for i := range s.compiled.urls {
		c := &s.compiled.urls[i]
		if c.allow && c.where != 0 || !c.may(u) || !c.matches(u) {
			continue
		}
		return c.allow
	}
	return s.Default == Allow && u.certain
}

// MayAllow reports whether a script of that URL, which must have been resolved, is
// allowed somewhere: on some page, with some nonce of the upstream.
func (s *Scripts) MayAllow(u *ScriptURL) bool {
	if u.page == nil {
		return false
	}
	for i := range s.compiled.urls {
		if c := &s.compiled.urls[i]; c.allow && c.may(u) && c.matches(u) {
			return true
		}
	}
	return s.Default == Allow && u.certain
}
