package policies

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// maxFile bounds a policy file. One of 1 MiB is already a mistake.
const maxFile = 1 << 20

// Load reads the policy file, checks it and fills in the defaults. A file with
// faults gives [Problems]; one that cannot be read gives the cause.
func Load(file string) (*Policy, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("the policy file cannot be read: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; this version takes one policy file", file)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes; a policy file has at most %d", file, info.Size(), maxFile)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the policy file cannot be read: %w", err)
	}
	return Parse(file, data)
}

// Parse is Load for a file's content; file names it in problems, and paths
// inside the policy are relative to its folder.
func Parse(file string, data []byte) (*Policy, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, syntaxProblem(file, err)
	}
	if len(document.Content) == 0 {
		return nil, Problems{{file, 1, 1, "the file is empty; the smallest policy names version, site.upstream and xmpp.domain"}}
	}
	var problems Problems
	d := decoder{file: file, problems: &problems, places: map[string]*yaml.Node{}}
	policy := &Policy{}
	d.decode(document.Content[0], reflect.ValueOf(policy).Elem(), "")
	if len(problems) == 0 {
		policy.setDefaults(filepath.Dir(file))
		d.check(policy)
		policy.Scripts.compile(d.loadLists(policy.Scripts.Lists))
	}
	if len(problems) > 0 {
		problems.sort()
		return nil, problems
	}
	return policy, nil
}

// syntaxProblem gives the YAML library's error its place.
func syntaxProblem(file string, err error) error {
	p := Problem{File: file, Line: 1, Column: 1, Message: "this is not YAML: " + err.Error()}
	var loadErr *yaml.LoadError
	if errors.As(err, &loadErr) && loadErr.Mark.Line > 0 {
		p.Line, p.Column = loadErr.Mark.Line, max(loadErr.Mark.Column, 1)
	}
	p.Message = strings.ReplaceAll(p.Message, "\n", " ")
	return Problems{p}
}

// setDefaults fills in what the file left out; dir is the policy file's folder.
func (p *Policy) setDefaults(dir string) {
	or(&p.Chat.Client, "embedded")
	or(&p.Chat.Placement, PlacementInline)
	or(&p.Chat.Cache, CacheEncrypted)
	or(&p.XMPP.TLS, StreamStartTLS)
	or(&p.XMPP.BOSH.Path, "/http-bind")
	or(&p.XMPP.WebSocket.Path, "/xmpp-websocket")
	or(&p.Scripts.Default, Isolate)
	or(&p.Scripts.Inline, Strip)
	or(&p.CSP.Upstream, UpstreamCombine)
	or(&p.CSP.Reports.Keep, Duration(30*24*time.Hour))
	or(&p.Limits.Body, 10<<20)
	or(&p.Limits.Header, 32<<10)
	or(&p.Limits.SessionsPerAddress, 20)
	if p.Listen == nil {
		p.Listen = []string{"127.0.0.1:8080"}
	}
	if p.Chat.Pages == nil {
		p.Chat.Pages = make([]Glob, 1)
		_ = p.Chat.Pages[0].UnmarshalText([]byte("/**")) // a constant that compiles
	}
	for _, file := range []*string{&p.TLS.Certificate, &p.TLS.Key, &p.XMPP.CA, &p.Chat.Client, &p.Scripts.Lock} {
		if *file != "" && *file != "embedded" && !filepath.IsAbs(*file) {
			*file = filepath.Join(dir, *file)
		}
	}
	for name, c := range p.Compartments {
		or(&c.Width, 300)
		or(&c.Height, 250)
		or(&c.MaxHeight, c.Height)
		p.Compartments[name] = c
	}
}

func or[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

// Mode returns the mode of the page with the given path.
func (p *Policy) Mode(path string) Mode {
	for _, rule := range p.Pages {
		if rule.Match.Match(path) {
			return rule.Mode
		}
	}
	return ModeEnforce
}

// HasChat reports whether the page with the given path gets the chat. Where
// nothing is enforced, a hostile script would read it.
func (p *Policy) HasChat(path string) bool {
	if p.Mode(path) != ModeEnforce {
		return false
	}
	for _, glob := range p.Chat.Pages {
		if glob.Match(path) {
			return true
		}
	}
	return false
}
