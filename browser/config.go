package browser

import (
	"encoding/json"
	"slices"
)

// Config is what the guard is told about its page: as JSON, in the data-config
// attribute that its first line sets on its own element. guard/config.ts has the same
// shape.
type Config struct {
	// Rules decide on scripts that scripts create; the first match wins.
	Rules []Rule `json:"rules"`
	// Default is the verdict on an external script that no rule names.
	Default string `json:"default"`
	// Pinned are the URLs of scripts that may run in the page only as they were
	// pinned: the guard, which cannot check them, allows none.
	Pinned []string `json:"pinned,omitempty"`
	// Digests are those of inline scripts that are pinned, as hash-sources without
	// quotes. One that is pinned by template is not among them: the guard allows none.
	Digests []string `json:"digests,omitempty"`
	// Texts are the rules on inline scripts that scripts create; the first match wins.
	Texts []TextRule `json:"texts,omitempty"`
	// Inline is the verdict on an inline script that no rule names.
	Inline string `json:"inline"`
	// Report is the path that reports of refusals go to.
	Report string `json:"report"`
	// Compartments are the policy's own, by name. Others are named by the origin
	// of their scripts and hidden.
	Compartments map[string]Frame `json:"compartments"`
	// Marker is the query parameter that makes a page's URL its compartment's.
	Marker string `json:"marker"`
	// Observe is true on pages in report-only mode: the guard stands aside.
	Observe bool `json:"observe,omitempty"`
	// Chat is the chat client where the page has it inline.
	Chat *Chat `json:"chat,omitempty"`
}

// namesDigests reports whether the guard has to make digests.
func (c *Config) namesDigests() bool {
	return len(c.Digests) > 0 ||
		slices.ContainsFunc(c.Texts, func(r TextRule) bool { return len(r.Digests) > 0 })
}

// anyFrame reports whether the function holds for one of the compartments.
func (c *Config) anyFrame(holds func(Frame) bool) bool {
	for _, f := range c.Compartments {
		if holds(f) {
			return true
		}
	}
	return false
}

// Rule is a rule of the policy as the guard needs it.
type Rule struct {
	Match       []Pattern `json:"match"`
	Verdict     string    `json:"verdict"`
	Compartment string    `json:"compartment,omitempty"`
	// Unknown is true when the rule also matches scripts that the guard cannot
	// tell: behind it nothing is allowed, and what would be is isolated.
	Unknown bool `json:"unknown,omitempty"`
}

// TextRule is a rule of the policy on the texts of inline scripts. One without
// digests and texts is for all of them.
type TextRule struct {
	Digests     []string `json:"digests,omitempty"` // hash-sources without quotes
	Texts       []string `json:"texts,omitempty"`   // strings that the text has
	Verdict     string   `json:"verdict"`
	Compartment string   `json:"compartment,omitempty"`
	// Unknown is true when the rule matches only some of these scripts, and the guard
	// cannot tell which: behind it nothing is allowed, and what would be is isolated.
	Unknown bool `json:"unknown,omitempty"`
}

// Pattern matches a URL with regular expressions on its origin (empty: the
// page's own) and on its path, with "?" and the query if Query is true.
type Pattern struct {
	Origin string `json:"origin,omitempty"`
	Path   string `json:"path"`
	Query  bool   `json:"query,omitempty"`
}

// Frame is how a compartment looks, and what it may do. Sizes are CSS pixels; 0 is
// the slot's own.
type Frame struct {
	Visible   bool   `json:"visible,omitempty"`
	Slot      string `json:"slot,omitempty"` // CSS selector of where a visible one is put
	Width     int    `json:"width,omitempty"`
	Height    int    `json:"height,omitempty"`
	MaxWidth  int    `json:"maxWidth,omitempty"`
	MaxHeight int    `json:"maxHeight,omitempty"`
	// Popups and TopNavigation are what a click may do.
	Popups        bool `json:"popups,omitempty"`
	TopNavigation bool `json:"topNavigation,omitempty"`
	// Permissions are the features that the frame may use.
	Permissions []string `json:"permissions,omitempty"`
	// Storage has the names that live on; "*" in them stands for anything.
	Storage []string `json:"storage,omitempty"`
	// Forward has the paths of the functions whose calls are passed on.
	Forward []string `json:"forward,omitempty"`
}

// Chat is how the guard starts Converse in the page.
type Chat struct {
	Base       string          `json:"base"`                // path of the client's folder, ends in "/"
	BOSH       string          `json:"bosh,omitempty"`      // path of the BOSH endpoint
	WebSocket  string          `json:"websocket,omitempty"` // path of the WebSocket endpoint
	Domain     string          `json:"domain"`              // XMPP domain
	Settings   json.RawMessage `json:"settings"`            // the operator's own
	Stylesheet string          `json:"stylesheet"`          // file in the folder
	Module     string          `json:"module"`              // file in the folder
}
