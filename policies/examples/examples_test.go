package examples

import (
	"io/fs"
	"testing"

	"chatproxy/policies"
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
