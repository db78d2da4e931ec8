package browsers

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var bidiLine = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// firefox is a Firefox and the one tab of it that is steered.
type firefox struct {
	bidi *bidi
	tab  string
}

// startFirefox starts Firefox with its remote agent and opens a session.
func startFirefox(ctx context.Context, l *launch, o options) (driver, error) {
	path, err := findProgram("firefox-esr", "firefox-esr")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(l.path("profile"), "user.js"), []byte(firefoxPreferences+strings.Join(o.preferences, ";\n")+";\n"), 0o600); err != nil {
		return nil, err
	}
	args := []string{
		"--profile", l.path("profile"), "--no-remote", "--new-instance", "--remote-debugging-port=0",
		"--width", strconv.Itoa(windowWidth), "--height", strconv.Itoa(windowHeight),
	}
	env := l.env(
		"MOZ_CRASHREPORTER_DISABLE=1",
		"MOZ_REMOTE_SETTINGS_DEVTOOLS=1", // or services.settings.server is ignored
	)
	if o.headed {
		display, err := startXvfb(ctx, l)
		if err != nil {
			return nil, err
		}
		env = append(env, "DISPLAY="+display)
	} else {
		args = append(args, "--headless")
		env = append(env, fmt.Sprint("MOZ_HEADLESS_WIDTH=", windowWidth), fmt.Sprint("MOZ_HEADLESS_HEIGHT=", windowHeight))
	}
	p, err := l.start(path, append(args, o.switches...), env)
	if err != nil {
		return nil, err
	}
	address, err := p.awaitLine(ctx, bidiLine)
	if err != nil {
		return nil, err
	}
	c, err := dialBidi(ctx, address[1]+"/session")
	if err != nil {
		return nil, err
	}
	l.atEnd(c.close)
	prompts := map[string]any{"alert": "dismiss", "confirm": "dismiss", "prompt": "dismiss", "beforeUnload": "accept"}
	always := map[string]any{"acceptInsecureCerts": true, "unhandledPromptBehavior": prompts}
	session := map[string]any{"capabilities": map[string]any{"alwaysMatch": always}}
	if err := c.do(ctx, "session.new", session, nil); err != nil {
		return nil, err
	}
	// Not the tab that Firefox came with: there the address bar has the focus
	// and keeps it even when BiDi's mouse clicks into the page, which then sees
	// neither focus events nor document.hasFocus().
	var tab struct{ Context string }
	if err := c.do(ctx, "browsingContext.create", map[string]any{"type": "tab"}, &tab); err != nil {
		return nil, err
	}
	return &firefox{bidi: c, tab: tab.Context}, nil
}

type contextTree struct {
	Contexts []struct{ Context, URL string }
}

// navigate tries again where the page was just going elsewhere by itself, which ends
// our navigation.
func (f *firefox) navigate(ctx context.Context, url string) error {
	params := map[string]any{"context": f.tab, "url": url, "wait": "complete"}
	err := f.bidi.do(ctx, "browsingContext.navigate", params, nil)
	if err != nil && strings.Contains(err.Error(), "NS_BINDING_ABORTED") {
		err = f.bidi.do(ctx, "browsingContext.navigate", params, nil)
	}
	return err
}

func (f *firefox) reload(ctx context.Context) error {
	return f.bidi.do(ctx, "browsingContext.reload", map[string]any{"context": f.tab, "wait": "complete"}, nil)
}

// A remoteValue is a value of the page: a string, or a window, whose value
// names the browsing context.
type remoteValue struct {
	Type  string `json:"type"`
	Value any    `json:"value"`
}

// callFunction runs a function in the realm of a browsing context. The
// debugger compiles it, so neither CSP nor Trusted Types are asked.
func (f *firefox) callFunction(ctx context.Context, tab, function, arg string) (remoteValue, error) {
	var answer struct {
		Type             string
		Result           remoteValue
		ExceptionDetails struct{ Text string }
	}
	err := f.bidi.do(ctx, "script.callFunction", map[string]any{
		"target":              map[string]any{"context": tab},
		"functionDeclaration": function,
		"arguments":           []remoteValue{{"string", arg}},
		"awaitPromise":        true,
	}, &answer)
	if err == nil && answer.Type != "success" {
		err = fmt.Errorf("bidi script.callFunction: %s", answer.ExceptionDetails.Text)
	}
	return answer.Result, err
}

func (f *firefox) call(ctx context.Context, frame []string, body, arg string) (string, error) {
	tab := f.tab
	for _, css := range frame {
		v, err := f.callFunction(ctx, tab, "css => document.querySelector(css)?.contentWindow ?? null", css)
		if err != nil {
			return "", err
		}
		window, _ := v.Value.(map[string]any)
		inner, ok := window["context"].(string)
		if !ok {
			return "", fmt.Errorf("no frame %q", css)
		}
		tab = inner
	}
	v, err := f.callFunction(ctx, tab, "function() {"+body+"\n}", arg)
	if err != nil {
		return "", err
	}
	result, ok := v.Value.(string)
	if !ok {
		return "", fmt.Errorf("the script gave a %s, not a string", v.Type)
	}
	return result, nil
}

func (f *firefox) act(ctx context.Context, source inputSource) error {
	return f.bidi.do(ctx, "input.performActions", map[string]any{"context": f.tab, "actions": []inputSource{source}}, nil)
}

// dismiss finds no modal window where the session's unhandledPromptBehavior was quicker.
func (f *firefox) dismiss(ctx context.Context) (bool, error) {
	err := f.bidi.do(ctx, "browsingContext.handleUserPrompt", map[string]any{"context": f.tab, "accept": false}, nil)
	if err != nil && strings.Contains(err.Error(), "no such alert") {
		return false, nil
	}
	return err == nil, err
}

func (f *firefox) screenshot(ctx context.Context) ([]byte, error) {
	var answer struct{ Data string }
	if err := f.bidi.do(ctx, "browsingContext.captureScreenshot", map[string]any{"context": f.tab}, &answer); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(answer.Data)
}

func (f *firefox) url(ctx context.Context) (string, error) {
	var tree contextTree
	if err := f.bidi.do(ctx, "browsingContext.getTree", map[string]any{"root": f.tab, "maxDepth": 0}, &tree); err != nil {
		return "", err
	}
	if len(tree.Contexts) == 0 {
		return "", errors.New("the tab is gone")
	}
	return tree.Contexts[0].URL, nil
}
