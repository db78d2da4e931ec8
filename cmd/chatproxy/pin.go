package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chatproxy/policies"
	"chatproxy/policies/lock"
	"chatproxy/proxy"
	"chatproxy/proxy/rewrite"
)

// maxScript bounds an external script that is pinned, in bytes.
const maxScript = 16 << 20

func pinCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pin --policy FILE [--lock FILE] [--check] URL|FILE…",
		Short: "Write the lock: the scripts of these pages, as they are now",
		Long: `Write the lock, in which each trusted script of the pages stands with its digest, and show what changed.

A page is a URL of the site, which is fetched from its upstream twice, or a file. Pinned are the inline
scripts that no rule isolates or strips, event handlers, and the external scripts that a rule allows. An
inline script of which only the data differs between the two fetches is pinned by template.

Read what is new before you use the file: whatever is in it runs in the page, beside the chat, and a proxy
that serves this policy takes it at once. With --check it is only shown.`,
		Args: cobra.MinimumNArgs(1),
	}
	file := policyFlag(cmd)
	lockFile := cmd.Flags().String("lock", "", "the lock `FILE`; default: scripts.lock of the policy")
	check := cmd.Flags().Bool("check", false, "write nothing; exit 1 when something changed")
	cmd.RunE = doing(func(cmd *cobra.Command, pages []string) error {
		policy, err := policies.LoadUnpinned(*file)
		if err != nil {
			return err
		}
		if *lockFile == "" {
			*lockFile = policy.Scripts.Lock
		}
		if *lockFile == "" {
			return errors.New("the policy names no lock: give scripts.lock there, or --lock FILE here")
		}
		site, err := newOfflineSite(policy, newLog(cmd.ErrOrStderr(), false))
		if err != nil {
			return err
		}
		defer site.Close()
		before, err := lock.Load(*lockFile)
		if errors.Is(err, fs.ErrNotExist) {
			before, err = &lock.Lock{}, nil
		}
		if err != nil {
			return err
		}
		p := &pinning{policy: policy, site: site, out: cmd.OutOrStdout(), files: map[string]fetchedScript{}}
		found, err := p.find(cmd.Context(), pages)
		if err != nil {
			return err
		}
		after := lock.Merge(before, found, p.pages)
		changes := lock.Diff(before, after)
		fmt.Fprint(p.out, lock.Render(changes))
		fmt.Fprintf(p.out, "%d pinned, %d changed, %d not pinned\n", len(after.Entries), len(changes), p.left)
		switch {
		case *check && len(changes) > 0:
			return fmt.Errorf("the pages are not what %s says", *lockFile)
		case *check || len(changes) == 0 && len(before.Entries) > 0:
			return nil
		}
		return lock.Save(*lockFile, after)
	})
	return cmd
}

// pinning looks at the pages for the lock.
type pinning struct {
	policy *policies.Policy
	site   *proxy.Site
	out    io.Writer
	pages  []string // their URLs, or names of files
	left   int      // scripts that cannot be pinned
	files  map[string]fetchedScript
}

type fetchedScript struct {
	text []byte
	err  error
}

// find looks at each page twice.
func (p *pinning) find(ctx context.Context, pages []string) (*lock.Lock, error) {
	var rounds [2][]lock.Found
	for _, name := range pages {
		for i := range rounds {
			clear(p.files) // each round fetches anew
			found, err := p.look(ctx, name, i == 0)
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], found...)
		}
	}
	found, unpinned := lock.Pin(rounds[0], rounds[1], time.Now())
	for _, u := range unpinned {
		p.leave(u.String())
	}
	return found, nil
}

// leave tells of a script that cannot be pinned.
func (p *pinning) leave(why string) {
	p.left++
	fmt.Fprintf(p.out, "! %s\n", why)
}

// look returns what of a page is to be pinned; it tells what is not, the first time.
func (p *pinning) look(ctx context.Context, name string, first bool) ([]lock.Found, error) {
	u, res, err := openPage(ctx, p.policy, p.site, name, "")
	if err != nil {
		return nil, err
	}
	explained, err := p.site.Explain(u, res)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !explained.Rewritten {
		return nil, fmt.Errorf("%s is no page that is rewritten: it is in mode off, or no HTML", name)
	}
	page := name
	if res.Request != nil && strings.Contains(name, "://") {
		page = u.String()
	}
	if !slices.Contains(p.pages, page) {
		p.pages = append(p.pages, page)
	}
	var all []lock.Found
	places := map[string]int{}
	for _, s := range explained.Scripts {
		f, why := p.found(ctx, u, s)
		if why != "" {
			if first {
				p.leave(fmt.Sprintf("%s:%d:%d: %s: %s", page, s.Line, s.Column, summary(s), why))
			}
			continue
		}
		if f == nil {
			continue
		}
		if first && f.Module && imports.Match(f.Text) {
			fmt.Fprintf(p.out, "? %s:%d:%d: %s: what this module imports is not pinned, and runs as it comes\n", page, s.Line, s.Column, summary(s))
		}
		f.Page = page
		if f.Kind != lock.External {
			what := "script"
			if f.Kind == lock.Handler {
				what = s.Attribute
			}
			places[what]++
			f.Place = fmt.Sprintf("%s %d", what, places[what])
		}
		all = append(all, *f)
	}
	return all, nil
}

// found returns what is to be pinned of a script; nil and no reason for what the rules
// isolate or strip.
func (p *pinning) found(ctx context.Context, page *url.URL, s proxy.ExplainedScript) (_ *lock.Found, why string) {
	switch s.Kind {
	case rewrite.Handler:
		return &lock.Found{Kind: lock.Handler, Text: s.Text}, ""
	case rewrite.JavaScriptURL:
		return nil, "a javascript: URL cannot be pinned: Trusted Types refuse it before the policy is asked"
	case rewrite.Inline:
		switch {
		case s.Verdict != policies.Allow && (s.Rule != policies.ByInline || s.Verdict != policies.Strip):
			return nil, "" // as a rule says
		case s.Type != "" && s.Type != "module":
			return nil, "an import map is no script; allow it by a rule with its digest"
		case s.Text == nil:
			return nil, "it is too long to be known"
		}
		return &lock.Found{Kind: lock.Inline, Module: s.Type == "module", Text: s.Text}, ""
	case rewrite.External:
		if s.Verdict != policies.Allow {
			return nil, ""
		}
		script, ok := p.files[s.URL]
		if !ok {
			script.text, script.err = p.fetch(ctx, page, s.URL)
			p.files[s.URL] = script
		}
		if script.err != nil {
			return nil, script.err.Error()
		}
		return &lock.Found{Kind: lock.External, URL: s.URL, Module: s.Type == "module", Text: script.text}, ""
	}
	return nil, "" // preloads have their script's verdict
}

// imports finds a module that may have imports, static or not.
var imports = regexp.MustCompile(`\bimport\b|\bfrom\s*["']`)

// fetch returns an external script's content: the site's own from its upstream,
// another's from its server.
func (p *pinning) fetch(ctx context.Context, page *url.URL, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var res *http.Response
	own := policies.OriginOf(u) == policies.OriginOf(page)
	if own {
		res, err = p.site.Fetch(ctx, u)
	} else {
		res, err = fetchOther(ctx, u, policies.OriginOf(page))
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was read
	text, err := io.ReadAll(io.LimitReader(res.Body, maxScript+1))
	coding := res.Header.Get("Content-Encoding")
	switch allowed := res.Header.Get("Access-Control-Allow-Origin"); {
	case err != nil:
		return nil, err
	case len(text) > maxScript:
		return nil, fmt.Errorf("it has more than %d MiB", maxScript>>20)
	case coding != "" && coding != "identity":
		return nil, fmt.Errorf("its server sends it in the coding %q, unasked", coding)
	case !own && allowed != "*" && allowed != policies.OriginOf(page):
		// The browser would not run it at all (SRI §3.5).
		return nil, errors.New("its server does not let browsers check it: Access-Control-Allow-Origin is missing")
	}
	return text, nil
}

func fetchOther(ctx context.Context, u *url.URL, origin string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"User-Agent": "chatproxy", "Accept-Encoding": "identity", "Origin": origin, "Sec-Fetch-Dest": "script"} {
		r.Header.Set(name, value)
	}
	res, err := http.DefaultTransport.RoundTrip(r) // a redirect would have to be trusted too
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		// Its own words may talk to the terminal (CWE-150).
		return nil, errors.Join(fmt.Errorf("its server answers %d %s", res.StatusCode, http.StatusText(res.StatusCode)), res.Body.Close())
	}
	return res, nil
}
