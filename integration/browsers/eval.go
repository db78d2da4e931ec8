package browsers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Eval runs js as the body of an async function in the page: it may use await,
// sees args as arguments[0] and so on, and gives what it returns (a promise is
// awaited), as JSON has it: nil, bool, float64, string, []any, map[string]any.
// The page's Content-Security-Policy and Trusted Types do not bind js itself,
// but they do bind what it does, such as eval or innerHTML.
func (b *Browser) Eval(js string, args ...any) any {
	b.t.Helper()
	var v any
	b.EvalInto(&v, js, args...)
	return v
}

// EvalInto is Eval with a result that is unmarshalled into v.
func (b *Browser) EvalInto(v any, js string, args ...any) {
	b.t.Helper()
	b.do(callDeadline, func(ctx context.Context) error {
		return b.evalInto(ctx, v, nil, js, args)
	}, "Eval", append([]any{js}, args...)...)
}

// EvalInFrame is Eval inside of a frame of the page, of whatever origin, also
// an opaque one. frame is the iframe's CSS selector; a frame within a frame is
// named by both, joined by " >>> ".
func (b *Browser) EvalInFrame(frame, js string, args ...any) any {
	b.t.Helper()
	var v any
	b.do(callDeadline, func(ctx context.Context) error {
		return b.evalInto(ctx, &v, strings.Split(frame, " >>> "), js, args)
	}, "EvalInFrame", append([]any{frame, js}, args...)...)
	return v
}

func (b *Browser) evalInto(ctx context.Context, v any, frame []string, js string, args []any) error {
	value, err := b.eval(ctx, frame, js, args)
	if err != nil {
		return err
	}
	return json.Unmarshal(value, v)
}

// evalBody surrounds the caller's script. Arguments and result cross as JSON
// text, so that all protocols, which each have their own idea of a value,
// agree; errors come back as text for the same reason. The clock frees a driver
// that would wait for the promise and answer nothing else.
//
// The script runs in a task of its own: for the task in which Chromium's and
// Firefox's debuggers call a function they also let it use eval, against the
// page's policy, and a test would see an open door that is shut. A page whose
// policy has the word sandbox and no allow-scripts has no timers, so there the
// script runs at once.
const evalBody = `
const { args, limit } = JSON.parse(arguments[0]);
return (async () => {
	let clock;
	const late = new Promise((_, reject) => {
		clock = setTimeout(() => reject(new Error("no result after " + limit + " ms")), limit);
	});
	try {
		if (!matchMedia("(scripting: none)").matches) {
			await new Promise(task => setTimeout(task));
		}
		const value = await Promise.race([(async function () {
%s
		}).apply(undefined, args), late]);
		return JSON.stringify({ value: value === undefined ? null : value });
	} catch (e) {
		return JSON.stringify({ error: String(e) });
	} finally {
		clearTimeout(clock);
	}
})();`

// eval runs a script in the page or one of its frames.
func (b *Browser) eval(ctx context.Context, frame []string, js string, args []any) (json.RawMessage, error) {
	limit := callDeadline
	if deadline, ok := ctx.Deadline(); ok {
		// The browser's answer should come before our own deadline.
		// The rest is for a busy browser to say so.
		left := time.Until(deadline)
		limit = max(left-3*time.Second, left/2, 10*time.Millisecond)
	}
	if args == nil {
		args = []any{}
	}
	arg, err := json.Marshal(map[string]any{"args": args, "limit": limit.Milliseconds()})
	if err != nil {
		return nil, fmt.Errorf("arguments: %w", err)
	}
	text, err := b.driver.call(ctx, frame, fmt.Sprintf(evalBody, js), string(arg))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Value json.RawMessage
		Error *string
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, fmt.Errorf("result %.200q: %w", text, err)
	}
	if answer.Error != nil {
		return nil, errors.New(*answer.Error)
	}
	if answer.Value == nil { // a function or a symbol, which JSON drops
		return json.RawMessage("null"), nil
	}
	return answer.Value, nil
}
