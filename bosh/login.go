package bosh

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"chatproxy/xmpp"

	"golang.org/x/text/secure/precis"
)

const (
	nsSASL  = "urn:ietf:params:xml:ns:xmpp-sasl" // RFC 6120 §6
	nsSASL2 = "urn:xmpp:sasl:2"                  // XEP-0388

	nsOldAuth = "jabber:iq:auth" // XEP-0078, obsolete
)

// maxFailures is how often one stream may fail to log in (RFC 6120 §6.4.5 wants no
// less than 2 and no more than 5).
const maxFailures = 5

// login is where one session stands with SASL.
type login struct {
	pending   bool       // a mechanism was begun and has not ended
	mechanism string     // in capitals
	named     bool       // the first message of the mechanism was seen
	account   string     // as the client named it, prepared, or ""
	acting    bool       // and asks to act as somebody else
	held      []loginKey // what the attempt counts under
	failures  int

	begun time.Time
	clock *time.Timer // runs while pending
	late  []loginKey  // held, until the attempt had taken too long
}

// longestAttempt is how long an attempt counts that has no end. An attempt under way
// keeps others from the account once many have failed: whoever left his open could keep
// its owner out for ever, and an office from behind one address (CWE-645).
const longestAttempt = 30 * time.Second

// overdue is called when an attempt may have taken too long. It may still end, and
// a failure counts then, but its client may say nothing more to it.
func (g *gate) overdue() {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := &g.login
	if !l.pending || l.late != nil || time.Since(l.begun) < longestAttempt {
		return
	}
	l.late = l.held
	l.release(g.logins)
}

// finish counts the attempt.
func (l *login) finish(all *logins, how outcome) {
	if l.clock != nil {
		l.clock.Stop()
	}
	if l.late != nil {
		all.late(l.late, how)
	}
	all.finish(l.held, how)
	l.held, l.late, l.pending = nil, nil, false
}

// loginUp sees what the client says to log in. Passwords go by here: nothing of it is
// kept but the account's name, and nothing is logged.
func (g *gate) loginUp(st xmpp.Stanza) (on, back xmpp.Stanza, err error) {
	l := &g.login
	switch st.Name.Local {
	case "auth", "authenticate":
		if l.pending {
			// Whose answer comes next could not be told any more, and with that
			// whether a password was right.
			return on, back, errTwoAuth
		}
		if l.failures >= maxFailures {
			return on, back, errLogins
		}
		*l = login{mechanism: strings.ToUpper(st.StartAttributes()["mechanism"]), failures: l.failures}
		message, given := firstMessage(st)
		return g.begin(st, message, given)
	case "response":
		if l.late != nil {
			return on, back, errLateLogin
		}
		if l.pending && !l.named {
			text, ok := st.Text()
			message, err := base64.StdEncoding.DecodeString(text)
			if ok && err == nil {
				if account, acting, known := accountOf(l.mechanism, message); known {
					key, free := g.logins.tryAccount(account)
					l.account, l.acting, l.named = account, acting, true
					clear(message)
					if !free {
						return on, back, errLogins
					}
					l.held = append(l.held, key...)
					return st, back, nil
				}
			}
			clear(message)
			return on, back, errUnreadable
		}
	}
	return st, back, nil
}

var (
	errUnreadable = errors.New("a log-in that cannot be read")
	errLateLogin  = errors.New("a log-in that takes too long")
)

// firstMessage returns the initial response of a mechanism, if it was given. A message
// of no bytes is written "=" (RFC 6120 §6.4.2).
func firstMessage(st xmpp.Stanza) (text string, given bool) {
	if st.Name.Space == nsSASL2 {
		// One that is hidden, or a second one, could name another account to the
		// server than to us (CWE-436).
		children, ok := st.Children()
		if !ok {
			return undecodable, true
		}
		for _, child := range children {
			if !child.Is(nsSASL2, "initial-response") {
				continue
			}
			if given {
				return undecodable, true
			}
			if text, given = child.Text(); !given {
				return undecodable, true
			}
		}
		return text, given
	}
	text, ok := st.Text()
	if !ok {
		return undecodable, true
	}
	return text, text != ""
}

// undecodable is no base64.
const undecodable = "?"

// begin lets an attempt to log in through, or answers it.
func (g *gate) begin(st xmpp.Stanza, message string, given bool) (on, back xmpp.Stanza, err error) {
	l := &g.login
	l.named = true
	if namesAccount(l.mechanism) {
		l.named = given
		if given {
			decoded := []byte{}
			if message != "=" {
				decoded, err = base64.StdEncoding.DecodeString(message)
			}
			var known bool
			l.account, l.acting, known = accountOf(l.mechanism, decoded)
			clear(decoded)
			if err != nil || !known {
				// What is not understood here the server may understand, and so the
				// account would not be counted.
				return on, g.refuseLogin(st, "malformed-request"), nil
			}
		}
	}
	held, free := g.logins.try(g.client, l.account)
	if !free {
		g.o.Log.Warn("a log-in is refused: too many have failed", "client", g.client)
		return on, g.refuseLogin(st, "temporary-auth-failure"), nil
	}
	l.pending, l.held, l.begun = true, held, time.Now()
	l.clock = time.AfterFunc(longestAttempt, g.overdue)
	return st, back, nil
}

// refuseLogin answers an attempt in the server's place.
func (g *gate) refuseLogin(st xmpp.Stanza, condition string) xmpp.Stanza {
	g.login.failures++
	g.login.release(g.logins)
	space := st.Name.Space
	answer := xmpp.Stanza{XML: []byte(`<failure xmlns="` + space + `"><` + condition + ` xmlns="` + nsSASL + `"/></failure>`)}
	answer.Name.Space, answer.Name.Local = space, "failure"
	return answer
}

// harmless are the failures that tell nothing about a password (RFC 6120 §6.5).
var harmless = map[string]bool{
	"aborted": true, "encryption-required": true, "incorrect-encoding": true, "invalid-mechanism": true,
	"malformed-request": true, "mechanism-too-weak": true, "temporary-auth-failure": true,
}

// loginDown sees what the server answers.
func (g *gate) loginDown(st xmpp.Stanza) xmpp.Stanza {
	l := &g.login
	switch st.Name.Local {
	case "success":
		if !l.pending {
			break
		}
		l.finish(g.logins, succeeded)
		g.authenticated = true
		if l.account != "" && l.account != unprepared && !l.acting {
			g.self = l.account + "@" + g.o.Domain // until a resource is bound
		}
		if st.Name.Space == nsSASL2 {
			g.learnFromSASL2(st)
		}
	case "failure":
		if !l.pending {
			break
		}
		children, ok := st.Children()
		guessed := true
		for _, child := range children {
			guessed = guessed && !harmless[child.Name.Local]
		}
		l.failures++
		if guessed || !ok {
			l.finish(g.logins, failed)
		} else {
			l.finish(g.logins, aborted)
		}
	}
	return st
}

// learnFromSASL2 reads what XEP-0388 and XEP-0386 put into <success/>: the client's
// JID, and stream management that was enabled on the way.
func (g *gate) learnFromSASL2(st xmpp.Stanza) {
	if jid := textBelow(st, "authorization-identifier"); jid != "" {
		g.self, g.bound = jid, true
	}
	g.counted.on = true // if it is not, its ways do no harm
}

// release gives back what an attempt without an end counted under.
func (l *login) release(all *logins) {
	all.finish(l.held, aborted)
	l.held = nil
}

// namesAccount reports whether the account of a mechanism can be read from its first
// message. Of the others only the address is counted.
func namesAccount(mechanism string) bool {
	return mechanism == "PLAIN" || strings.HasPrefix(mechanism, "SCRAM-")
}

// unprepared stands for all names that are none; they count as one.
const unprepared = "?"

// accountOf reads the account from the first message of PLAIN (RFC 4616) or SCRAM
// (RFC 5802 §7), prepared as servers do it, so that other spellings of a name count
// as the same. acting is whether the client asks to act as yet another.
func accountOf(mechanism string, message []byte) (account string, acting, ok bool) {
	var name string
	if mechanism == "PLAIN" {
		parts := strings.SplitN(string(message), "\x00", 3)
		if len(parts) != 3 {
			return "", false, false
		}
		name, acting = parts[1], parts[0] != ""
	} else {
		parts := strings.SplitN(string(message), ",", 4)
		if len(parts) != 4 {
			return "", false, false
		}
		var found bool
		if name, found = strings.CutPrefix(parts[2], "n="); !found {
			return "", false, false
		}
		name, acting = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(name), parts[1] != ""
	}
	if len(name) > maxID {
		return "", false, false
	}
	prepared, err := precis.UsernameCaseMapped.String(name)
	if err != nil || prepared == "" || strings.ContainsAny(prepared, "@/") {
		return unprepared, acting, true
	}
	return prepared, acting, true
}
