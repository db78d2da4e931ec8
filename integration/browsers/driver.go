package browsers

import "context"

// A driver is one open session with one browser, in whatever protocol the
// browser speaks. Its methods return when the browser has done what was asked
// or ctx ends.
type driver interface {
	// navigate and reload return once the page's load event has fired.
	navigate(ctx context.Context, url string) error
	reload(ctx context.Context) error

	// call runs body as the body of a function in the page's own realm, in
	// the frame at the given path of CSS selectors (none: the page itself).
	// The function gets one string, arguments[0], and must return a promise
	// of a string. A Content-Security-Policy does not bind it.
	call(ctx context.Context, frame []string, body, arg string) (string, error)

	// act performs input as the user would, so that events are trusted and
	// count as user activation.
	act(ctx context.Context, source inputSource) error

	// dismiss dismisses a modal window, and tells whether there was one.
	dismiss(ctx context.Context) (bool, error)

	screenshot(ctx context.Context) ([]byte, error)
	url(ctx context.Context) (string, error)
}

// An inputSource is a device and what it does, tick by tick. WebDriver
// (§15.3) and WebDriver BiDi (input.performActions) share this form.
type inputSource struct {
	Type       string         `json:"type"`
	ID         string         `json:"id"`
	Parameters map[string]any `json:"parameters,omitempty"`
	Actions    []inputAction  `json:"actions"`
}

// An inputAction is one tick of a device.
type inputAction map[string]any

// clickAt is a mouse that moves to a point of the viewport and clicks.
func clickAt(x, y int) inputSource {
	return inputSource{
		Type: "pointer", ID: "mouse",
		Parameters: map[string]any{"pointerType": "mouse"},
		Actions: []inputAction{
			{"type": "pointerMove", "duration": 0, "origin": "viewport", "x": x, "y": y},
			{"type": "pointerDown", "button": 0},
			{"type": "pointerUp", "button": 0},
		},
	}
}
