package main

import (
	"fmt"
	"slices"
	"strings"

	"chatproxy/policies"
	"chatproxy/proxy"
)

// An explainedCompartment is what explain --json prints of one. Sizes are CSS pixels;
// those of a slot are not known here and left out.
type explainedCompartment struct {
	Visible       bool                `json:"visible"`
	Slot          string              `json:"slot,omitempty"`
	Width         int                 `json:"width,omitempty"`
	Height        int                 `json:"height,omitempty"`
	MaxWidth      int                 `json:"max_width,omitempty"`
	MaxHeight     int                 `json:"max_height,omitempty"`
	Forward       []policies.CallPath `json:"forward"`
	Scripts       []string            `json:"scripts"` // where scripts come from, as CSP sources
	Connect       []string            `json:"connect"` // where it may connect to
	Images        []string            `json:"images"`
	Frames        []string            `json:"frames"`
	Storage       []string            `json:"storage"` // names that live on
	Popups        bool                `json:"popups"`
	TopNavigation bool                `json:"top_navigation"`
	Permissions   []policies.Feature  `json:"permissions"`
	Sandbox       []string            `json:"sandbox"`
	CSP           string              `json:"csp"`
}

func jsonOfCompartment(c proxy.ExplainedCompartment) explainedCompartment {
	e := explainedCompartment{
		Visible: c.Visible, Slot: c.Slot, Forward: list(c.Forward),
		Scripts: slices.Concat(c.Limits.Origins, c.Limits.Scripts), Connect: list(c.Limits.Origins),
		Images: slices.Concat(c.Limits.Origins, c.Limits.Images), Frames: slices.Concat(c.Limits.Origins, c.Limits.Frames),
		Storage: list(c.Storage), Popups: c.Popups, TopNavigation: c.TopNavigation, Permissions: list(c.Permissions),
		Sandbox: c.Sandbox, CSP: c.CSP,
	}
	for _, sources := range []*[]string{&e.Scripts, &e.Images, &e.Frames} {
		*sources = list(*sources)
	}
	if c.Visible {
		e.Width, e.Height, e.MaxWidth, e.MaxHeight = c.Width, c.Height, c.MaxWidth, c.MaxHeight
	}
	return e
}

// list is never null in JSON.
func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// printCompartments prints what each may do, for people.
func printCompartments(out *strings.Builder, compartments []proxy.ExplainedCompartment) {
	for _, c := range compartments {
		fmt.Fprintf(out, "\ncompartment %s: %s\n", c.Name, looks(c))
		own := strings.Join(c.Limits.Origins, " ")
		for _, row := range []struct{ what, value string }{
			{"gets calls of", words(c.Forward)},
			{"connects to", orElse(own, "nothing")},
			{"scripts also from", strings.Join(c.Limits.Scripts, " ")},
			{"images also from", strings.Join(c.Limits.Images, " ")},
			{"frames also from", strings.Join(c.Limits.Frames, " ")},
			{"keeps", orElse(strings.Join(c.Storage, " "), "nothing")},
			{"may use", words(c.Permissions)},
			{"a click may", clicks(c)},
		} {
			if row.value != "" {
				fmt.Fprintf(out, "  %-18s %s\n", row.what, row.value)
			}
		}
	}
}

// looks says where a compartment stands and how large.
func looks(c proxy.ExplainedCompartment) string {
	if !c.Visible {
		return "hidden"
	}
	size := func(width, height int) string {
		side := func(n int) string {
			if n == 0 {
				return "the slot's"
			}
			return fmt.Sprint(n)
		}
		return side(width) + " × " + side(height)
	}
	text := "visible, " + size(c.Width, c.Height)
	if c.MaxWidth != c.Width || c.MaxHeight != c.Height {
		text += ", at most " + size(c.MaxWidth, c.MaxHeight)
	}
	if c.Slot != "" {
		text += ", in " + c.Slot
	}
	return text
}

func clicks(c proxy.ExplainedCompartment) string {
	var may []string
	if c.Popups {
		may = append(may, "open a window")
	}
	if c.TopNavigation {
		may = append(may, "send the page elsewhere")
	}
	return strings.Join(may, ", ")
}

func words[T ~string](values []T) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return strings.Join(all, " ")
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
