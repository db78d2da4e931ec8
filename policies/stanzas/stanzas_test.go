package stanzas

import (
	"strings"
	"testing"
)

func TestJIDGlobs(t *testing.T) {
	for _, test := range []struct {
		glob, jid string
		want      answer
	}{
		{"example.com", "example.com", yes},
		{"example.com", "EXAMPLE.com", yes},
		{"example.com", "example.com.", yes},
		{"example.com", "example.com/res", yes},
		{"example.com", "ann@example.com", no},
		{"example.com", "xexample.com", no},
		{"*@example.com", "ann@example.com", yes},
		{"*@example.com", "ann@example.com/phone", yes},
		{"*@example.com", "example.com", no},
		{"*@example.com", "ann@a.example.com", no},
		{"support@example.com", "support@example.com", yes},
		{"support@example.com", "SUPPORT@Example.COM/desk", yes},
		{"Support@Example.com", "support@example.com", yes},
		{"support@example.com", "support2@example.com", no},
		{"support@example.com", "support@example.com.evil.example", no},
		{"support@example.com", "evil@evil.example/support@example.com", no},
		{"support@example.com/*", "support@example.com", no},
		{"support@example.com/*", "support@example.com/desk", yes},
		{"support@example.com/desk", "support@example.com/Desk", no},
		{"support@example.com/desk", "support@example.com/desk", yes},
		{"guest-*@example.com", "Guest-7@example.com", yes},
		{"Guest-*@example.com", "guest-7@example.com", yes},
		{"guest-*@example.com", "ann@example.com", no},
		{"*@*.example.com", "ann@a.example.com", yes},
		{"*@*.example.com", "ann@b.a.example.com", no},
		{"*@**.example.com", "ann@b.a.example.com", yes},
		{"*.example.com", "a.example.com", yes},
		{"bücher@example.com", "BÜCHER@example.com", yes},
		{"x@bücher.example", "x@xn--bcher-kva.example", yes},
		{"**", "ann@example.com", yes},
		{"**", "@@@", yes},

		// What no server would take, or servers take for different things.
		{"support@example.com", "", unknown},
		{"support@example.com", "@example.com", unknown},
		{"support@example.com", "support@", unknown},
		{"support@example.com", "support@example.com/", unknown},
		{"support@example.com", "support@x@example.com", unknown},
		{"support@example.com", "support @example.com", unknown},
		{"strasse@example.com", "straße@example.com", unknown}, // nodeprep: the same
		{"support@example.com", "ſupport@example.com", unknown},
		{"support@example.com", "sup\u00adport@example.com", unknown},
		{"file@example.com", "ﬁle@example.com", unknown},
		{"ann@strasse.example", "ann@straße.example", unknown},
		{"ann@example.com/1", "ann@example.com/①", unknown},
	} {
		glob, err := parseJIDGlob(test.glob)
		if err != nil {
			t.Errorf("%s: %v", test.glob, err)
			continue
		}
		parsed := parseJID(test.jid)
		if got := matchAny([]jidGlob{glob}, &parsed); got != test.want {
			t.Errorf("%s for %q: %v, want %v", test.glob, test.jid, got, test.want)
		}
	}
	// Full-width letters are the same letters everywhere.
	glob, _ := parseJIDGlob("support@example.com")
	if wide := parseJID("ｓｕｐｐｏｒｔ@example.com"); matchAny([]jidGlob{glob}, &wide) == no {
		t.Error("full-width letters get around a rule")
	}
}

func TestJIDGlobsThatAreNone(t *testing.T) {
	for _, glob := range []string{"", "@example.com", "ann@", "ann@example.com/", "a@b@c", "ann @example.com", "bü*@example.com", "a b.example", "a:*@example.com", "straße@example.com"} {
		if err := CheckJIDGlob(glob); err == nil {
			t.Errorf("%q passes", glob)
		}
	}
}

// The rules that the example policy for guests has.
func guests(t *testing.T) *Policy {
	t.Helper()
	p, err := Compile([]Rule{
		{Kinds: []string{"iq"}, Namespaces: []string{"jabber:iq:register", "http://jabber.org/protocol/commands*"}, Deny: true, Condition: "not-allowed"},
		{Kinds: []string{"message"}, To: []string{"support@example.com"}},
		{Kinds: []string{"message", "presence"}, To: []string{"lobby@rooms.example.com"}},
		{Kinds: []string{"iq"}, To: []string{"example.com"}},
		{Direction: FromServer, From: []string{"example.com", "*@example.com"}},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestJudge(t *testing.T) {
	client := func(kind, to string, namespaces ...string) Facts {
		return Facts{FromClient: true, Authenticated: true, Kind: kind, To: to, Namespaces: namespaces}
	}
	early := client("iq", "example.com", "jabber:iq:register")
	early.Authenticated = false
	opaque := client("iq", "example.com")
	opaque.Opaque = true
	for name, test := range map[string]struct {
		f    Facts
		want string
	}{
		"to support":             {client("message", "Support@example.com/desk", "jabber:client"), ""},
		"to another":             {client("message", "ann@example.com", "jabber:client"), "policy-violation"},
		"to the room":            {client("presence", "lobby@rooms.example.com/me"), ""},
		"to another room":        {client("presence", "board@rooms.example.com/me"), "policy-violation"},
		"asks its server":        {client("iq", "example.com", "jabber:iq:roster"), ""},
		"registers":              {client("iq", "example.com", "jabber:iq:register"), "not-allowed"},
		"registers, hidden":      {client("iq", "example.com", "urn:x", "jabber:iq:register"), "not-allowed"},
		"a command":              {client("iq", "example.com", "http://jabber.org/protocol/commands"), "not-allowed"},
		"may have more inside":   {opaque, "not-allowed"},
		"registers before":       {early, "not-authorized"},
		"asks another":           {client("iq", "ann@example.com", "jabber:iq:version"), "service-unavailable"},
		"to no JID":              {client("message", "support@x@example.com"), "policy-violation"},
		"from the server":        {Facts{Authenticated: true, Kind: "message", From: "ann@example.com"}, ""},
		"from another server":    {Facts{Authenticated: true, Kind: "message", From: "ann@evil.example"}, "policy-violation"},
		"from who is not known":  {Facts{Authenticated: true, Kind: "message"}, "policy-violation"},
		"from the server, early": {Facts{Kind: "message", From: "example.com"}, "not-authorized"},
	} {
		if got := guests(t).Judge(test.f); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestBeforeTheLogIn(t *testing.T) {
	p, err := Compile([]Rule{{BeforeAuth: true, Kinds: []string{"iq"}, Namespaces: []string{"jabber:iq:register"}}}, false)
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{FromClient: true, Kind: "iq", Namespaces: []string{"jabber:iq:register"}}
	if got := p.Judge(f); got != "" {
		t.Errorf("what is allowed before the log-in is denied: %s", got)
	}
	f.Namespaces = []string{"jabber:iq:roster"}
	if p.Judge(f) == "" {
		t.Error("the default for after the log-in holds before it")
	}
	// A rule says by name that it is for before the log-in; all others are for after.
	p, _ = Compile([]Rule{{Kinds: []string{"iq"}}}, false)
	if p.Judge(f) == "" {
		t.Error("a rule without authenticated: false lets stanzas pass before the log-in")
	}
}

// A rule that denies must not be got around by what is not certain, and a rule that
// allows must not be reached by it.
func TestWhatIsNotCertainIsDenied(t *testing.T) {
	for _, f := range []Facts{
		{FromClient: true, Authenticated: true, Kind: "message", To: "straße@example.com", From: "ann@example.com"},
		{FromClient: true, Authenticated: true, Kind: "message", To: "boss@example.com/", From: "ann@example.com"},
		{FromClient: true, Authenticated: true, Kind: "message", To: strings.Repeat("a", 4000) + "@example.com", From: "ann@example.com"},
	} {
		for _, deny := range []bool{true, false} {
			p, err := Compile([]Rule{{To: []string{"strasse@example.com", "boss@example.com"}, Deny: deny}}, !deny)
			if err != nil {
				t.Fatal(err)
			}
			if p.Judge(f) == "" {
				t.Errorf("deny %v: a message to %.40q passes", deny, f.To)
			}
		}
	}
}

func FuzzJID(f *testing.F) {
	for _, seed := range []string{"ann@example.com/x", "@", "a@b@c/d/e", "straße@x", "ann@[::1]", "\u00ad@x", "A@XN--BCHER-KVA.example", "ann@example.com."} {
		f.Add(seed)
	}
	all, _ := parseJIDGlob("**")
	f.Fuzz(func(t *testing.T, text string) {
		j := parseJID(text)
		if matchAny([]jidGlob{all}, &j) != yes {
			t.Errorf("** is not for %q", text)
		}
		if !j.sure {
			return
		}
		// What is prepared stays as it is, and a glob of it is for it.
		written := j.domain
		if j.local != "" {
			written = j.local + "@" + written
		}
		if j.resource != "" {
			written += "/" + j.resource
		}
		if again := parseJID(written); again != j {
			t.Errorf("%q is %+v, and that is %+v", text, j, again)
		}
		if strings.Contains(written, "*") {
			return
		}
		glob, err := parseJIDGlob(written)
		if err != nil || matchAny([]jidGlob{glob}, &j) != yes {
			t.Errorf("the glob %q is not for %q: %v", written, text, err)
		}
	})
}
