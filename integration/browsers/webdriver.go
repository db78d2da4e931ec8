package browsers

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// webdriver is a session of W3C WebDriver, which is JSON over HTTP:
// https://www.w3.org/TR/webdriver2/
type webdriver struct {
	base   string // of the driver, later of the session
	client *http.Client
}

// newWebdriver waits until the driver at addr is ready and opens a session.
func newWebdriver(ctx context.Context, p *process, addr string, capabilities map[string]any) (*webdriver, error) {
	w := &webdriver{
		base:   "http://" + addr,
		client: &http.Client{Transport: &http.Transport{Proxy: nil}},
	}
	if err := w.awaitReady(ctx, p); err != nil {
		return nil, err
	}
	always := map[string]any{
		"acceptInsecureCerts":     true,
		"unhandledPromptBehavior": "dismiss",
		"timeouts": map[string]any{
			"script":   callDeadline.Milliseconds(),
			"pageLoad": callDeadline.Milliseconds(),
		},
	}
	for k, v := range capabilities {
		always[k] = v
	}
	var session struct {
		SessionID string `json:"sessionId"`
	}
	request := map[string]any{"capabilities": map[string]any{"alwaysMatch": always}}
	if err := w.do(ctx, "POST", "/session", request, &session); err != nil {
		return nil, err
	}
	w.base += "/session/" + session.SessionID
	return w, nil
}

// awaitReady polls §8.3 Status until the driver takes sessions.
func (w *webdriver) awaitReady(ctx context.Context, p *process) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var status struct {
			Ready bool `json:"ready"`
		}
		err := w.do(ctx, "GET", "/status", nil, &status)
		select {
		case <-p.exited:
			return fmt.Errorf("%s has ended", p.name)
		default:
		}
		if err == nil && status.Ready {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s does not get ready: %w", p.name, ctx.Err())
		}
	}
}

// do sends one command; into, unless nil, gets the response's value.
func (w *webdriver) do(ctx context.Context, method, path string, body, into any) error {
	var payload bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&payload).Encode(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, w.base+path, &payload)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := w.client.Do(req)
	if err != nil {
		return fmt.Errorf("webdriver %s: %w", path, err)
	}
	defer resp.Body.Close()
	var answer struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("webdriver %s: status %d: %w", path, resp.StatusCode, err)
	}
	if resp.StatusCode != http.StatusOK {
		var failure struct{ Error, Message string }
		_ = json.Unmarshal(answer.Value, &failure)
		return fmt.Errorf("webdriver %s: %s: %s", path, failure.Error, failure.Message)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Value, into); err != nil {
		return fmt.Errorf("webdriver %s: %w", path, err)
	}
	return nil
}

func (w *webdriver) post(ctx context.Context, path string, body any) error {
	if body == nil {
		body = struct{}{}
	}
	return w.do(ctx, "POST", path, body, nil)
}

func (w *webdriver) navigate(ctx context.Context, url string) error {
	return w.post(ctx, "/url", map[string]any{"url": url})
}

func (w *webdriver) reload(ctx context.Context) error { return w.post(ctx, "/refresh", nil) }

func (w *webdriver) call(ctx context.Context, frame []string, body, arg string) (result string, err error) {
	if len(frame) > 0 {
		defer func() {
			// Back to the page, also when the frame is gone.
			if back := w.post(ctx, "/frame", map[string]any{"id": nil}); err == nil {
				err = back
			}
		}()
	}
	for _, css := range frame {
		var element map[string]string
		find := map[string]any{"using": "css selector", "value": css}
		if err := w.do(ctx, "POST", "/element", find, &element); err != nil {
			return "", err
		}
		if err := w.post(ctx, "/frame", map[string]any{"id": element}); err != nil {
			return "", err
		}
	}
	script := map[string]any{"script": body, "args": []string{arg}}
	err = w.do(ctx, "POST", "/execute/sync", script, &result)
	return result, err
}

func (w *webdriver) act(ctx context.Context, source inputSource) error {
	return w.post(ctx, "/actions", map[string]any{"actions": []inputSource{source}})
}

// dismiss is §16.1 Dismiss Alert.
func (w *webdriver) dismiss(ctx context.Context) (bool, error) {
	err := w.post(ctx, "/alert/dismiss", nil)
	if err != nil && strings.Contains(err.Error(), "no such alert") {
		return false, nil
	}
	return err == nil, err
}

func (w *webdriver) screenshot(ctx context.Context) ([]byte, error) {
	var text string
	if err := w.do(ctx, "GET", "/screenshot", nil, &text); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

func (w *webdriver) url(ctx context.Context) (string, error) {
	var url string
	err := w.do(ctx, "GET", "/url", nil, &url)
	return url, err
}
