package browsers

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// namedKeys maps names of KeyboardEvent.key to WebDriver's code points for
// keys without a character (§15.4.2, "normalised key value").
var namedKeys = map[string]string{
	"Backspace": "\uE003", "Tab": "\uE004", "Enter": "\uE007", "Escape": "\uE00C",
	"PageUp": "\uE00E", "PageDown": "\uE00F", "End": "\uE010", "Home": "\uE011",
	"ArrowLeft": "\uE012", "ArrowUp": "\uE013", "ArrowRight": "\uE014", "ArrowDown": "\uE015",
	"Insert": "\uE016", "Delete": "\uE017", "Space": " ",
	"F1": "\uE031", "F2": "\uE032", "F3": "\uE033", "F4": "\uE034", "F5": "\uE035", "F6": "\uE036",
	"F7": "\uE037", "F8": "\uE038", "F9": "\uE039", "F10": "\uE03A", "F11": "\uE03B", "F12": "\uE03C",
	"Shift": "\uE008", "Control": "\uE009", "Alt": "\uE00A", "Meta": "\uE03D",
}

// keyValue is the code point that WebDriver wants for a key.
func keyValue(key string) (string, error) {
	if v, ok := namedKeys[key]; ok {
		return v, nil
	}
	if utf8.RuneCountInString(key) == 1 {
		return key, nil
	}
	return "", fmt.Errorf("no key is named %q", key)
}

// chord presses the keys of "Control+Shift+a" in turn and releases them in the
// opposite order. A lone "+" is the key of that name.
func chord(keys string) ([]inputAction, error) {
	parts := []string{keys}
	if keys != "+" {
		parts = strings.Split(keys, "+")
	}
	var down, up []inputAction
	for _, part := range parts {
		value, err := keyValue(part)
		if err != nil {
			return nil, err
		}
		down = append(down, inputAction{"type": "keyDown", "value": value})
		up = append([]inputAction{{"type": "keyUp", "value": value}}, up...)
	}
	return append(down, up...), nil
}

// keystrokes presses and releases the key of each character.
func keystrokes(text string) []inputAction {
	actions := []inputAction{}
	for _, r := range text {
		value := string(r)
		switch r {
		case '\n':
			value = namedKeys["Enter"]
		case '\t':
			value = namedKeys["Tab"]
		}
		actions = append(actions,
			inputAction{"type": "keyDown", "value": value},
			inputAction{"type": "keyUp", "value": value})
	}
	return actions
}

func keyboard(actions []inputAction) inputSource {
	return inputSource{Type: "key", ID: "keyboard", Actions: actions}
}
