package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chatproxy/policies"
	"chatproxy/proxy"
)

// fetchTimeout is how long the upstream may take over a page that a command asks for.
const fetchTimeout = 30 * time.Second

func explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain --policy FILE [--json] URL|FILE",
		Short: "Show every script of a page, its verdict, and the rule that gave it",
		Long: `Show every script, handler and javascript: URL of a page, its verdict, and the rule that gave it.

The page is a URL of the site, which is fetched from its upstream, or a file.`,
		Args: cobra.ExactArgs(1),
	}
	file := policyFlag(cmd)
	at := cmd.Flags().String("url", "", "the `URL` that the page of a file has; default: the root of the policy's first host")
	asJSON := cmd.Flags().Bool("json", false, "print one JSON object")
	cmd.RunE = doing(func(cmd *cobra.Command, args []string) error {
		policy, err := policyFor(*file, args[0])
		if err != nil {
			return err
		}
		site, err := newOfflineSite(policy, newLog(cmd.ErrOrStderr(), false))
		if err != nil {
			return err
		}
		defer site.Close()
		u, res, err := openPage(cmd.Context(), policy, site, args[0], *at)
		if err != nil {
			return err
		}
		explained, err := site.Explain(u, res)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		out := cmd.OutOrStdout()
		if *asJSON {
			return writeExplanation(out, u, explained)
		}
		return printExplanation(out, u, explained, isTerminal(out))
	})
	return cmd
}

// policyFor loads the policy of the site that has the page; of a folder with several
// it is the one with the URL's host.
func policyFor(file, page string) (*policies.Policy, error) {
	sites, err := policies.LoadSites(file)
	if err != nil {
		return nil, err
	}
	if len(sites) == 1 {
		return sites[0], nil
	}
	u, err := url.Parse(page)
	if err == nil && u.Host != "" {
		for _, policy := range sites {
			for _, host := range policy.Site.Hosts {
				if strings.EqualFold(host, u.Host) {
					return policy, nil
				}
			}
		}
	}
	return nil, fmt.Errorf("%s has %d sites and none of them has the host of %s; name the site's own file", file, len(sites), page)
}

// openPage returns the page that a command was given: a URL, fetched through the
// site's upstream, or a file, of which at is the URL.
func openPage(ctx context.Context, policy *policies.Policy, site *proxy.Site, name, at string) (*url.URL, *http.Response, error) {
	if strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") {
		u, err := pageURL(policy, name)
		if err != nil {
			return nil, nil, err
		}
		if u.Path == "" {
			u.Path = "/"
		}
		ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
		res, err := site.Fetch(ctx, u)
		if err != nil {
			cancel()
			return nil, nil, err
		}
		res.Body = closing{res.Body, cancel}
		return u, res, nil
	}
	u, err := pageURL(policy, at)
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return u, &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/html"}}, Body: f, ContentLength: -1}, nil
}

// closing is a body that lets go of something else when it is closed.
type closing struct {
	io.ReadCloser
	also func()
}

func (c closing) Close() error {
	defer c.also()
	return c.ReadCloser.Close()
}

// An explanation is what explain --json prints. Its names are in the contract.
type explanation struct {
	URL     string            `json:"url"`
	Mode    policies.Mode     `json:"mode"`
	CSP     string            `json:"csp"`
	Scripts []explainedScript `json:"scripts"`
	Events  []explainedEvent  `json:"events"`
	// Compartments are by their name, as scripts have it.
	Compartments map[string]explainedCompartment `json:"compartments"`
}

type explainedScript struct {
	Line        int    `json:"line"`
	Column      int    `json:"column"`
	Kind        string `json:"kind"` // external, inline, preload, handler, javascript-url
	Type        string `json:"type,omitempty"`
	Attribute   string `json:"attribute,omitempty"`
	Src         string `json:"src,omitempty"`
	URL         string `json:"url,omitempty"`
	Digest      string `json:"digest,omitempty"`
	Verdict     string `json:"verdict"`
	Rule        string `json:"rule"`
	Reason      string `json:"reason"`
	Compartment string `json:"compartment,omitempty"`
	// Forward are the functions whose calls the script's rule forwards.
	Forward []policies.CallPath `json:"forward,omitempty"`
}

type explainedEvent struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Event  string `json:"event"`
	Reason string `json:"reason"`
}

func writeExplanation(w io.Writer, u *url.URL, e *proxy.Explanation) error {
	out := explanation{URL: u.String(), Mode: e.Mode, CSP: e.CSP, Scripts: []explainedScript{}, Events: []explainedEvent{}, Compartments: map[string]explainedCompartment{}}
	for _, s := range e.Scripts {
		out.Scripts = append(out.Scripts, explainedScript{
			s.Line, s.Column, string(s.Kind), s.Type, s.Attribute, s.Src, s.URL, s.Digest, string(s.Verdict), s.Rule, s.Reason, s.Compartment, s.Forward,
		})
	}
	for _, c := range e.Compartments {
		out.Compartments[c.Name] = jsonOfCompartment(c)
	}
	for _, event := range e.Events {
		out.Events = append(out.Events, explainedEvent{event.Line, event.Column, string(event.Kind), event.Reason})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

// printExplanation prints a table for people.
func printExplanation(w io.Writer, u *url.URL, e *proxy.Explanation, colour bool) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s  mode %s\n", u, e.Mode)
	switch {
	case e.Mode == policies.ModeOff:
		out.WriteString("The page passes as it is: every script in it runs.\n")
	case !e.Rewritten:
		out.WriteString("This is no page: it gets a policy under which no script runs.\n")
	case len(e.Scripts) == 0:
		out.WriteString("No scripts.\n")
	default:
		out.WriteByte('\n')
		printScripts(&out, e.Scripts, colour)
		printCompartments(&out, e.Compartments)
	}
	for _, event := range e.Events {
		fmt.Fprintf(&out, "\n%d:%d: %s: %s\n", event.Line, event.Column, event.Kind, event.Reason)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func printScripts(out *strings.Builder, scripts []proxy.ExplainedScript, colour bool) {
	rows := [][]string{{"LINE", "KIND", "VERDICT", "RULE", "COMPARTMENT", "SCRIPT"}}
	counts := map[policies.Verdict]int{}
	for _, s := range scripts {
		rows = append(rows, []string{fmt.Sprintf("%d:%d", s.Line, s.Column), string(s.Kind), string(s.Verdict), s.Rule, s.Compartment, summary(s)})
		counts[s.Verdict]++
	}
	var widths [5]int // the last column has none
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], len([]rune(row[i])))
		}
	}
	for n, row := range rows {
		for i, width := range widths {
			cell := row[i] + strings.Repeat(" ", width-len([]rune(row[i]))+2)
			if colour && (n == 0 || i == 2) {
				cell = colours[row[i]] + cell + reset
			}
			out.WriteString(cell)
		}
		out.WriteString(row[len(row)-1])
		out.WriteByte('\n')
	}
	out.WriteByte('\n')
	told := map[string]bool{}
	for _, s := range scripts {
		// Of a rule the name says enough.
		if reason := s.Rule + ": " + s.Reason; !told[reason] && !strings.HasPrefix(s.Reason, "rule ") {
			told[reason] = true
			fmt.Fprintln(out, reason)
		}
	}
	fmt.Fprintf(out, "\n%d allowed, %d isolated, %d stripped\n", counts[policies.Allow], counts[policies.Isolate], counts[policies.Strip])
}

// Colours of a terminal, by verdict.
const reset = "\x1b[0m"

var colours = map[string]string{
	string(policies.Allow): "\x1b[32m", string(policies.Isolate): "\x1b[33m", string(policies.Strip): "\x1b[31m",
}

// maxSummary is how much of a script the table shows, in characters.
const maxSummary = 72

// summary shows which script it is, on one line and without what a terminal would
// obey (CWE-150).
func summary(s proxy.ExplainedScript) string {
	text := s.Src
	switch {
	case s.Attribute != "":
		text = fmt.Sprintf("%s=%q", s.Attribute, s.Text)
	case s.Kind == "inline" && s.Text == nil:
		return "(too long to be known)"
	case s.Kind == "inline":
		text = string(s.Text)
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r == 0x200e || r == 0x200f || r == 0x61c || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxSummary {
		text = string(runes[:maxSummary-1]) + "…"
	}
	return text
}

// isTerminal reports whether colours can be shown (no-color.org).
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
