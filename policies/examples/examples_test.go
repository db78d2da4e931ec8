package examples

import (
	"io/fs"
	"testing"

	"chatproxy/policies"
	"chatproxy/policies/stanzas"
)

func TestExamplesLoadWithoutWarnings(t *testing.T) {
	files, err := fs.Glob(FS, "*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			policy, err := policies.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, warning := range policy.Warnings() {
				t.Errorf("a warning: %v", warning)
			}
		})
	}
}

// What the comments of the examples promise.
func TestExamplesDoWhatTheySay(t *testing.T) {
	tests := []struct {
		file, page string
		mode       policies.Mode
		chat       bool
	}{
		{"minimal.yaml", "/", policies.ModeEnforce, true},
		{"news-site.yaml", "/2026/news", policies.ModeEnforce, true},
		{"support-chat.yaml", "/help", policies.ModeEnforce, true},
		{"support-chat.yaml", "/help/returns", policies.ModeEnforce, true},
		{"support-chat.yaml", "/cart", policies.ModeEnforce, false},
		{"observe.yaml", "/", policies.ModeReportOnly, false},
		{"observe.yaml", "/help/returns", policies.ModeReportOnly, false},
	}
	for _, tt := range tests {
		policy, err := policies.Load(tt.file)
		if err != nil {
			t.Fatal(err)
		}
		if mode, chat := policy.Mode(tt.page), policy.HasChat(tt.page); mode != tt.mode || chat != tt.chat {
			t.Errorf("%s: %s is in mode %s, chat %v; want %s, %v", tt.file, tt.page, mode, chat, tt.mode, tt.chat)
		}
	}
}

// What guest-chat.yaml says about who may write to whom.
func TestGuestsWriteToTheDeskAndOneRoom(t *testing.T) {
	policy, err := policies.Load("guest-chat.yaml")
	if err != nil {
		t.Fatal(err)
	}
	judge, err := policy.XMPP.Stanzas.Compile()
	if err != nil {
		t.Fatal(err)
	}
	client := func(kind, typ, to string, namespaces ...string) stanzas.Facts {
		return stanzas.Facts{FromClient: true, Authenticated: true, Kind: kind, Type: typ, To: to, From: "g7@guests.example.com/web", Namespaces: namespaces}
	}
	server := func(kind, typ, from string) stanzas.Facts {
		return stanzas.Facts{Authenticated: true, Kind: kind, Type: typ, From: from, To: "g7@guests.example.com/web"}
	}
	early := client("iq", "set", "guests.example.com", "jabber:iq:register")
	early.Authenticated = false
	for _, test := range []struct {
		what string
		f    stanzas.Facts
		want string
	}{
		{"asks support", client("message", "chat", "support@example.com", "jabber:client"), ""},
		{"answers the person at the desk", client("message", "chat", "Support@example.com/desk-3", "jabber:client"), ""},
		{"writes to the director", client("message", "chat", "director@example.com", "jabber:client"), "policy-violation"},
		{"writes to another guest", client("message", "chat", "g8@guests.example.com/web", "jabber:client"), "policy-violation"},
		{"comes into the room", client("presence", "available", "lobby@rooms.example.com/g7", "http://jabber.org/protocol/muc"), ""},
		{"talks in the room", client("message", "groupchat", "lobby@rooms.example.com", "jabber:client"), ""},
		{"whispers in the room", client("message", "chat", "lobby@rooms.example.com/g8", "jabber:client"), "policy-violation"},
		{"comes into another room", client("presence", "available", "board@rooms.example.com/g7"), "policy-violation"},
		{"makes friends", client("presence", "subscribe", "director@example.com"), "policy-violation"},
		{"asks for its roster", client("iq", "get", "guests.example.com", "jabber:iq:roster"), ""},
		{"registers", client("iq", "set", "guests.example.com", "jabber:iq:register"), "not-allowed"},
		{"registers before the log-in", early, "not-authorized"},
		{"runs a command", client("iq", "set", "guests.example.com", "http://jabber.org/protocol/commands"), "not-allowed"},
		{"sends a file to another guest", client("iq", "set", "g8@guests.example.com/web", "http://jabber.org/protocol/ibb"), "service-unavailable"},
		{"is answered by the desk", server("message", "chat", "support@example.com/desk-3"), ""},
		{"hears the room", server("message", "groupchat", "lobby@rooms.example.com/g8"), ""},
		{"is written to by a stranger", server("message", "chat", "spam@evil.example"), "policy-violation"},
	} {
		if got := judge.Judge(test.f); got != test.want {
			t.Errorf("a guest who %s gets %q, want %q", test.what, got, test.want)
		}
	}
}
