package policies

import (
	"errors"

	"chatproxy/policies/lock"
)

// ByLock is what a [Decision] names when an entry of the lock gave it.
const ByLock = "lock"

// Pinned returns the scripts that are pinned; nil, which answers like an empty lock,
// when the policy has none.
func (s *Scripts) Pinned() *lock.Compiled { return s.locked }

// PinnedHandlers returns the hash-sources, with their quotes, of the event handlers
// that are pinned.
func (s *Scripts) PinnedHandlers() []string {
	var hashes []string
	for _, e := range s.locked.Entries() {
		if e.Kind == lock.Handler {
			hashes = append(hashes, "'"+e.Digest+"'")
		}
	}
	return hashes
}

// decideLocked gives the verdict on a script that is pinned. needText is true when
// only its text can tell.
func (s *Scripts) decideLocked(script *Script) (_ Decision, pinned, needText bool) {
	if s.locked == nil || script.NotJavaScript {
		return Decision{}, false, false
	}
	if script.Inline {
		switch {
		case !s.pinsInline || script.TooLong:
			return Decision{}, false, false
		case !script.HasText:
			return Decision{}, false, true
		}
		_, pinned = s.locked.Inline(script.Text, script.Module)
		return Decision{Verdict: Allow, Rule: ByLock}, pinned, false
	}
	u := script.URL
	if u == nil || u.page == nil || !u.certain {
		return Decision{}, false, false
	}
	e, pinned := s.locked.External(u.Bytes())
	if !pinned {
		return Decision{}, false, false
	}
	return Decision{Verdict: Allow, Rule: ByLock, Integrity: e.Digest, CrossOrigin: !u.sameOrigin}, true, false
}

// loadLock reads the lock that the policy names, which checkLock has found there.
func (d *decoder) loadLock(s *Scripts) {
	const path = "scripts.lock"
	l, err := lock.Load(s.Lock)
	var problems lock.Problems
	switch {
	case errors.As(err, &problems):
		for _, p := range problems {
			if n := d.at(path); d.source(n) != n.Value {
				p.File = d.source(n) // what a variable holds may be a secret
			}
			d.problems = append(d.problems, Problem{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message})
		}
		return
	case err != nil:
		d.problemAt(path, "%v", err) // it has changed since it was looked at
		return
	}
	s.locked = l.Compile()
	for _, e := range s.locked.Entries() {
		s.pinsInline = s.pinsInline || e.Kind == lock.Inline
	}
}
