package policies

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxFile bounds a policy file. One of 1 MiB is already a mistake.
const maxFile = 1 << 20

// Load reads the policy file, checks it and fills in the defaults. A file with
// faults gives [Problems]; one that cannot be read gives the cause. A folder is an
// error: see [LoadSites].
func Load(file string) (*Policy, error) { return load(file, false) }

// LoadUnpinned is Load for the command that writes the lock: that it does not exist
// yet is no problem.
func LoadUnpinned(file string) (*Policy, error) { return load(file, true) }

func load(file string, unpinned bool) (*Policy, error) {
	data, err := readPolicy(file)
	if err != nil {
		return nil, err
	}
	d := newDecoder(file)
	d.unpinned = unpinned
	return d.finish(d.parse(data))
}

// readPolicy reads a policy file, which may also be a pipe.
func readPolicy(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("the policy file cannot be read: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name one policy file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the policy file cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the policy file cannot be read: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s is too large: a policy file has at most %d bytes", file, maxFile)
	}
	return data, nil
}

// Parse is Load for a file's content; file names it in problems, and paths
// inside the policy are relative to its folder.
func Parse(file string, data []byte) (*Policy, error) {
	d := newDecoder(file)
	return d.finish(d.parse(data))
}

// parse decodes and checks a file. The policy is whole when there are no problems.
func (d *decoder) parse(data []byte) *Policy {
	policy := &Policy{File: d.file}
	root, ok := d.parseYAML(data)
	if !ok {
		d.fails("")
		return policy
	}
	d.expand(root)
	d.decode(root, reflect.ValueOf(policy).Elem(), "")
	policy.setDefaults(d.file)
	d.check(policy)
	lists := d.loadLists(policy.Scripts.Lists)
	if d.checkLock(policy.Scripts.Lock) {
		d.loadLock(&policy.Scripts)
	}
	d.findWarnings(policy)
	d.keepInside(data)
	if len(d.problems) == 0 {
		policy.Scripts.compile(lists)
	}
	return policy
}

// finish returns the policy if there are no problems.
func (d *decoder) finish(policy *Policy) (*Policy, error) {
	if len(d.problems) > 0 {
		d.problems.sort(d.file)
		return nil, d.problems
	}
	d.warnings.sort(d.file)
	policy.warnings = d.warnings
	return policy, nil
}

// keepInside moves what the library places behind the file's end to its end.
func (d *decoder) keepInside(data []byte) {
	line, column := placeOf(data, len(data))
	for _, all := range []Problems{d.problems, d.warnings} {
		for i := range all {
			if all[i].File == d.file && all[i].Line > line {
				all[i].Line, all[i].Column = line, column
			}
		}
	}
}

// parseYAML returns the root of the file's one document.
func (d *decoder) parseYAML(data []byte) (root *yaml.Node, ok bool) {
	documents := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := documents.Decode(&document)
	if err == nil && len(document.Content) > 0 && !isNull(document.Content[0]) {
		switch err = documents.Decode(&second); {
		case errors.Is(err, io.EOF):
			return document.Content[0], true
		case err == nil:
			d.problem(&second, "the file has a second document behind ---: write one file for each site")
			return nil, false
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		d.problem(&yaml.Node{Line: 1, Column: 1}, "the file is empty; the smallest policy names version, site.upstream and xmpp.domain")
		return nil, false
	}
	d.syntaxProblem(data, err)
	return nil, false
}

// syntaxProblem gives the YAML library's error its place, which the library puts
// behind the file where something is missing at its end.
func (d *decoder) syntaxProblem(data []byte, err error) {
	n := &yaml.Node{Line: 1, Column: 1}
	message := err.Error()
	var loadErr *yaml.LoadError
	if errors.As(err, &loadErr) {
		message = loadErr.Message
		if loadErr.Mark.Line > 0 {
			n.Line, n.Column = loadErr.Mark.Line, max(loadErr.Mark.Column, 1)
		} else if bad := firstBadByte(data); bad >= 0 {
			n.Line, n.Column = placeOf(data, bad)
		}
	}
	if lastLine, lastColumn := placeOf(data, len(data)); n.Line > lastLine {
		n.Line, n.Column = lastLine, lastColumn
	}
	hint := ""
	if lines := strings.Split(string(data), "\n"); n.Line <= len(lines) && strings.Contains(lines[n.Line-1], "${") {
		hint = "; inside [ ] and { } a value with ${ needs quotes"
	}
	d.problem(n, "this is not YAML: %s%s", strings.ReplaceAll(message, "\n", " "), hint)
}

// firstBadByte returns where the first byte is that is no UTF-8, or a control
// character that YAML does not know, or -1.
func firstBadByte(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return i
		}
		i += size
	}
	return -1
}

// placeOf returns the line and column, from 1, of the byte at the offset.
func placeOf(data []byte, offset int) (line, column int) {
	before := lineBreaks.Replace(string(data[:offset]))
	line = 1 + strings.Count(before, "\n")
	return line, 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// lineBreaks are those of YAML 1.1, by which the library counts lines.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// setDefaults fills in what the policy file left out.
func (p *Policy) setDefaults(policyFile string) {
	or(&p.Chat.Client, "embedded")
	or(&p.Chat.Placement, PlacementInline)
	or(&p.Chat.Cache, CacheEncrypted)
	if p.XMPP.Server != "" {
		or(&p.XMPP.TLS, StreamStartTLS)
	}
	or(&p.XMPP.TLS, StreamAuto)
	or(&p.XMPP.ConnectTimeout, Duration(10*time.Second))
	or(&p.XMPP.HandshakeTimeout, Duration(10*time.Second))
	or(&p.XMPP.BOSH.Path, "/http-bind")
	or(&p.XMPP.BOSH.Wait, Duration(60*time.Second))
	or(&p.XMPP.BOSH.Hold, 1)
	or(&p.XMPP.BOSH.Inactivity, Duration(60*time.Second))
	or(&p.XMPP.BOSH.Polling, Duration(2*time.Second))
	or(&p.XMPP.BOSH.MaxPause, Duration(2*time.Minute))
	or(&p.XMPP.BOSH.Streams, 4)
	or(&p.XMPP.BOSH.Replay, 4<<20)
	or(&p.XMPP.WebSocket.Path, "/xmpp-websocket")
	or(&p.Scripts.Default, Isolate)
	or(&p.Scripts.Inline, Strip)
	or(&p.CSP.Upstream, UpstreamCombine)
	or(&p.CSP.Reports.Keep, Duration(30*24*time.Hour))
	or(&p.Limits.Body, 10<<20)
	or(&p.Limits.Header, 32<<10)
	or(&p.Limits.SessionsPerAddress, 20)
	or(&p.Limits.Sessions, 20_000)
	or(&p.Limits.NewSessionsPerAddress, 5)
	or(&p.Limits.NewSessions, 500)
	or(&p.Limits.LoginFailuresPerAddress, 20)
	or(&p.Limits.LoginFailuresPerAccount, 10)
	or(&p.Limits.StanzasPerSecond, 100)
	or(&p.Limits.StanzaBytesPerSecond, 256<<10)
	or(&p.Limits.Flood, Duration(30*time.Second))
	or(&p.Limits.SessionIdle, Duration(24*time.Hour))
	or(&p.Limits.SessionLife, Duration(7*24*time.Hour))
	or(&p.XMPP.Drain.Spread, Duration(10*time.Second))
	or(&p.XMPP.Drain.Wait, Duration(10*time.Second))
	p.XMPP.Stanzas.setDefaults()
	if p.Listen == nil {
		p.Listen = []string{"127.0.0.1:8080"}
	}
	if p.Chat.Pages == nil {
		p.Chat.Pages = make([]Glob, 1)
		_ = p.Chat.Pages[0].UnmarshalText([]byte("/**")) // a constant that compiles
	}
	for _, file := range []*string{&p.TLS.Certificate, &p.TLS.Key, &p.XMPP.CA, &p.Chat.Client, &p.Scripts.Lock} {
		if *file != "" && *file != "embedded" {
			*file = beside(policyFile, *file)
		}
	}
	for name, c := range p.Compartments {
		if c.Slot == "" { // a slot has sizes of its own
			or(&c.Width, 300)
			or(&c.Height, 250)
		}
		or(&c.MaxWidth, c.Width)
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
