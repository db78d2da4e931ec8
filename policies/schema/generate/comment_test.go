package main

import "testing"

func TestComments(t *testing.T) {
	tests := []struct {
		name, text string
		want       comment
	}{
		{"a constant default", "Keep is how long, like 30d or 12h.\nDefault 30d.", comment{meaning: "How long, like 30d or 12h.", fallback: "30d", constant: true}},
		{"a default with dots", "Keep is an address. Default 127.0.0.1:8080.", comment{meaning: "An address.", fallback: "127.0.0.1:8080", constant: true}},
		{"a default in words", "Keep are files. Default: none, plain HTTP.", comment{meaning: "Files.", fallback: "none, plain HTTP"}},
		{"more behind the default", "Keep is a list. Default: none.\nThe guard has none.", comment{meaning: "A list. The guard has none.", fallback: "none"}},
		{"required", "Keep is `it`, not \"that\". Required.", comment{meaning: "`it`, not \"that\".", required: true}},
		{"required at times", "Keep is it. Required with placement vault.", comment{meaning: "It.", fallback: "required with placement vault"}},
		{"danger to the end", "Keep is it. Default: none.\nDanger: it burns. It drowns.", comment{meaning: "It.", fallback: "none", danger: "it burns. It drowns."}},
		{"another verb", "Keep sets the mode.", comment{meaning: "`keep` sets the mode."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseComment(tt.text, "Keep", "keep")
			if err != nil || got != tt.want {
				t.Errorf("\n got %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
	if got, err := parseComment("Default is the verdict. Default isolate.", "Default", "default"); err != nil || got.meaning != "The verdict." || got.fallback != "isolate" {
		t.Errorf("a key that is called default: %+v, %v", got, err)
	}
	for _, text := range []string{"", "Default: none.", "Required.", "Keep is it. Default 1. Default 2."} {
		if got, err := parseComment(text, "Keep", "keep"); err == nil {
			t.Errorf("%q gives %+v, want an error", text, got)
		}
	}
}
