package browsers

import (
	"fmt"
	"testing"
)

func TestChord(t *testing.T) {
	for keys, want := range map[string]string{
		"a":         `a↓ a↑`,
		"+":         `+↓ +↑`,
		"Enter":     "\uE007↓ \uE007↑",
		"Control+a": "\uE009↓ a↓ a↑ \uE009↑",
		"Shift+Tab": "\uE008↓ \uE004↓ \uE004↑ \uE008↑",
		"Nokey":     `no key is named "Nokey"`,
		"":          `no key is named ""`,
	} {
		actions, err := chord(keys)
		got := spell(actions)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("chord(%q) = %q, want %q", keys, got, want)
		}
	}
}

func TestKeystrokes(t *testing.T) {
	const want = "a↓ a↑ \uE007↓ \uE007↑ é↓ é↑ \uE004↓ \uE004↑"
	if got := spell(keystrokes("a\né\t")); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// spell writes actions in one line.
func spell(actions []inputAction) (s string) {
	for i, a := range actions {
		if i > 0 {
			s += " "
		}
		s += fmt.Sprint(a["value"], map[any]string{"keyDown": "↓", "keyUp": "↑"}[a["type"]])
	}
	return s
}
