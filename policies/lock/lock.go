package lock

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind is how a script stands in a page.
type Kind string

// The kinds, spelled as explain --json does.
const (
	External      Kind = "external"       // with src
	Inline        Kind = "inline"         // a script element's text
	Handler       Kind = "handler"        // an event handler attribute's value
	JavaScriptURL Kind = "javascript-url" // a URL whose scheme is javascript
)

var kinds = []Kind{External, Inline, Handler, JavaScriptURL}

// Bounds of a lock file.
const (
	MaxFile    = 4 << 20 // bytes
	MaxEntries = 10_000
	maxText    = 2048 // bytes of a URL, a page, a place, a note
	maxExcerpt = 120  // bytes
	maxLines   = 200
	maxOpen    = 500
)

// A Lock is a lock file's content. [Read] and [Pin] make locks whose entries are sorted
// and of which no two are for the same script.
type Lock struct {
	Entries []Entry
}

// An Entry is one trusted script.
type Entry struct {
	Kind Kind
	// URL is an external script's: absolute, as the browser serialises it.
	URL string
	// Page is the URL or file of the page where the script was found first, Place is
	// where it stood there, like "script 3" or "button#buy onclick". They are for
	// people, and tell a script that changed from one that is new; they do not matter
	// for what matches.
	Page, Place string
	// Module is true for a script of type module.
	Module bool
	// Digest is the SHA-384 of the content as CSP writes it: sha384-<base64>. CSP hashes
	// of a handler its code, and of a javascript: URL all of it.
	Digest string
	// Template is the digest ([TemplateDigest]) of an inline script's text with the values
	// open that Open names, by their ordinals from 0 among all that could be; or empty
	// when only the very text matches. Skeleton is the digest with all of them open,
	// which finds the entry, and tells that a script has changed in its data only.
	Template, Skeleton string
	Open               []int
	// Size is the content's, in bytes.
	Size int
	// FirstSeen is a day, like 2025-12-31.
	FirstSeen string
	// Note says why the script is trusted; people write it.
	Note string
	// Excerpt is the beginning of an inline script, a handler or a javascript: URL, to
	// recognise it by.
	Excerpt string
	// Lines has a short hash of each of the first 200 lines of an inline script, or of
	// what its template was made of, so that the line that changed can be named.
	Lines []LineHash

	// text is an inline script's; only Pin knows it, and no file has it.
	text []byte
}

// A LineHash is the first six bytes of the SHA-256 of a line without its end. It tells
// lines apart and proves nothing.
type LineHash [6]byte

// String returns the hash in eight characters of base64.
func (h LineHash) String() string { return base64.StdEncoding.EncodeToString(h[:]) }

// hashLine returns the hash of a line.
func hashLine(line []byte) LineHash {
	sum := sha256.Sum256(line)
	return LineHash(sum[:6])
}

// hashLines returns the hashes of the first maxLines lines of an inline script or of a
// skeleton.
func hashLines(text []byte) []LineHash {
	hashes := make([]LineHash, 0, min(bytes.Count(text, []byte("\n"))+1, maxLines))
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if len(hashes) == maxLines {
			break
		}
		hashes = append(hashes, hashLine(line))
	}
	return hashes
}

// excerpt returns the first line that is not blank, made safe to show.
func excerpt(text []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	shown := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(line[:min(len(line), 4*maxExcerpt)]), " "))
	shown = strings.TrimSpace(shown)
	if len(shown) <= maxExcerpt {
		return shown
	}
	cut := maxExcerpt - len("…")
	for !utf8.RuneStart(shown[cut]) {
		cut--
	}
	return shown[:cut] + "…"
}

// parseDigest returns the sum that a digest spells.
func parseDigest(digest string) (sum [sha512.Size384]byte, ok bool) {
	encoded, found := strings.CutPrefix(digest, digestPrefix)
	if !found || len(encoded) != base64.StdEncoding.EncodedLen(sha512.Size384) {
		return sum, false
	}
	n, err := base64.StdEncoding.Strict().Decode(sum[:], []byte(encoded))
	return sum, err == nil && n == len(sum)
}

// compare orders entries by kind, URL, page, place and digest.
func compare(a, b *Entry) int {
	if c := slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind); c != 0 {
		return c
	}
	for _, pair := range [][2]string{{a.URL, b.URL}, {a.Page, b.Page}} {
		if c := strings.Compare(pair[0], pair[1]); c != 0 {
			return c
		}
	}
	if c := comparePlaces(a.Place, b.Place); c != 0 {
		return c
	}
	if c := strings.Compare(a.Digest, b.Digest); c != 0 {
		return c
	}
	if a.Module != b.Module {
		if a.Module {
			return 1
		}
		return -1
	}
	return 0
}

// comparePlaces puts script 2 before script 10.
func comparePlaces(a, b string) int {
	digits := "0123456789"
	wordA, wordB := strings.TrimRight(a, digits), strings.TrimRight(b, digits)
	if wordA == wordB && len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func (l *Lock) sort() {
	slices.SortFunc(l.Entries, func(a, b Entry) int { return compare(&a, &b) })
}

// identity is what may stand only once in a lock.
func (e *Entry) identity() string {
	if e.Kind == External {
		return "external " + e.URL
	}
	return fmt.Sprintf("%s %t %s", e.Kind, e.Module, e.Digest)
}

// A fault is what is wrong with an entry, and at which key of it.
type fault struct{ key, message string }

// check returns the entry's faults.
func (e *Entry) check() (faults []fault) {
	add := func(key, format string, args ...any) {
		faults = append(faults, fault{key, fmt.Sprintf(format, args...)})
	}
	if !slices.Contains(kinds, e.Kind) {
		add("kind", "want external, inline, handler or javascript-url, not %q", e.Kind)
		return faults
	}
	if e.Kind == External && e.URL == "" {
		add("kind", "an external script needs its url")
	}
	if e.Kind != External && e.URL != "" {
		add("url", "only an external script has a url")
	}
	if e.Kind != External && e.Page == "" {
		add("kind", "a script that stands in a page needs the page")
	}
	if e.Module && e.Kind != External && e.Kind != Inline {
		add("module", "only a script element can be a module")
	}
	if _, ok := parseDigest(e.Digest); !ok {
		add("digest", "want sha384- and 64 characters of base64, not %q", e.Digest)
	}
	if e.Template != "" || e.Skeleton != "" || len(e.Open) > 0 {
		if e.Kind != Inline {
			add("template", "only an inline script has a template")
		}
		if _, ok := parseDigest(e.Template); !ok {
			add("template", "want sha384- and 64 characters of base64, not %q", e.Template)
		}
		if _, ok := parseDigest(e.Skeleton); !ok {
			add("skeleton", "want sha384- and 64 characters of base64, not %q", e.Skeleton)
		}
		if len(e.Open) == 0 || len(e.Open) > maxOpen || e.Open[0] < 0 || !increasing(e.Open) {
			add("open", "want 1 to %d numbers from 0, each larger than the one before", maxOpen)
		}
	}
	if e.Size < 0 {
		add("size", "want a number of bytes, not %d", e.Size)
	}
	if day, err := time.Parse(time.DateOnly, e.FirstSeen); err != nil || day.Format(time.DateOnly) != e.FirstSeen {
		add("first_seen", "want a day like 2025-12-31, not %q", e.FirstSeen)
	}
	for _, text := range []struct{ key, value string }{{"url", e.URL}, {"page", e.Page}, {"place", e.Place}, {"note", e.Note}, {"excerpt", e.Excerpt}} {
		if len(text.value) > maxText {
			add(text.key, "has %d bytes; at most %d are taken", len(text.value), maxText)
		}
		if !utf8.ValidString(text.value) {
			add(text.key, "is not UTF-8")
		}
	}
	if len(e.Lines) > maxLines {
		add("lines", "has %d hashes; at most %d are taken", len(e.Lines), maxLines)
	}
	if len(e.Lines) > 0 && e.Kind != Inline {
		add("lines", "only an inline script has them")
	}
	return faults
}

func increasing(numbers []int) bool {
	for i := 1; i < len(numbers); i++ {
		if numbers[i] <= numbers[i-1] {
			return false
		}
	}
	return true
}

// header stands at the beginning of each lock file.
const header = `# chatproxy.lock: the scripts that may run in the pages, as they were when someone
# looked. "chatproxy pin" writes this file and shows what changed; commit it beside the
# policy. A script that no longer matches does not run. Only "note" is for editing: say
# there why the script is trusted.
`

// Write returns the lock as a file's content. The same entries give the same bytes, in
// whatever order they stand.
func Write(l *Lock) ([]byte, error) {
	if len(l.Entries) > MaxEntries {
		return nil, fmt.Errorf("the lock has %d entries; at most %d are taken", len(l.Entries), MaxEntries)
	}
	sorted := Lock{Entries: slices.Clone(l.Entries)}
	sorted.sort()
	var b bytes.Buffer
	b.WriteString(header)
	b.WriteString("version: 1\nscripts:")
	if len(sorted.Entries) == 0 {
		b.WriteString(" []")
	}
	b.WriteByte('\n')
	seen := map[string]bool{}
	for i := range sorted.Entries {
		e := &sorted.Entries[i]
		if faults := e.check(); len(faults) > 0 {
			return nil, fmt.Errorf("the entry %s cannot be written: %s: %s", e.where(), faults[0].key, faults[0].message)
		}
		if seen[e.identity()] {
			return nil, fmt.Errorf("the entry %s stands twice", e.where())
		}
		seen[e.identity()] = true
		writeEntry(&b, e)
	}
	if b.Len() > MaxFile {
		return nil, fmt.Errorf("the lock has %d bytes; at most %d are taken", b.Len(), MaxFile)
	}
	return b.Bytes(), nil
}

func writeEntry(b *bytes.Buffer, e *Entry) {
	fmt.Fprintf(b, "  - kind: %s\n", e.Kind)
	text := func(key, value string) {
		if value != "" {
			fmt.Fprintf(b, "    %s: %s\n", key, quoteYAML(value))
		}
	}
	text("url", e.URL)
	text("page", e.Page)
	text("place", e.Place)
	text("excerpt", e.Excerpt)
	if e.Module {
		b.WriteString("    module: true\n")
	}
	fmt.Fprintf(b, "    digest: %s\n", e.Digest)
	if e.Template != "" {
		fmt.Fprintf(b, "    template: %s\n    skeleton: %s\n    open: %s\n", e.Template, e.Skeleton, strings.ReplaceAll(fmt.Sprint(e.Open), " ", ", "))
	}
	fmt.Fprintf(b, "    size: %d\n", e.Size)
	fmt.Fprintf(b, "    first_seen: %q\n", e.FirstSeen)
	text("note", e.Note)
	if len(e.Lines) > 0 {
		b.WriteString("    lines: |-")
		for i, h := range e.Lines {
			if i%8 == 0 {
				b.WriteString("\n     ")
			}
			b.WriteByte(' ')
			b.WriteString(h.String())
		}
		b.WriteByte('\n')
	}
}

// quoteYAML writes a text as YAML's double-quoted scalar, which takes any text.
func quoteYAML(s string) string {
	b := append(make([]byte, 0, len(s)+2), '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r < 0x10000:
			b = fmt.Appendf(b, `\u%04X`, r)
		default:
			b = fmt.Appendf(b, `\U%08X`, r)
		}
	}
	return string(append(b, '"'))
}

// where names the entry for people.
func (e *Entry) where() string {
	switch {
	case e.Kind == External:
		return e.URL
	case e.Place == "":
		return fmt.Sprintf("%s of %s", e.Kind, e.Page)
	}
	return fmt.Sprintf("%s of %s, %s", e.Kind, e.Page, e.Place)
}

// String names the entry in one line of a log, with what came from a page quoted.
func (e *Entry) String() string {
	s := e.where()
	if quoted := strconv.Quote(s); quoted[1:len(quoted)-1] != s {
		s = quoted
	}
	if e.Excerpt != "" {
		s += " " + strconv.Quote(e.Excerpt)
	}
	return s
}

// Load reads the lock file. One with faults gives [Problems]; one that cannot be read
// gives the cause.
func Load(file string) (*Lock, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("the lock cannot be read: %w", err)
	}
	if info.Size() > MaxFile {
		return nil, fmt.Errorf("%s has %d bytes; a lock has at most %d", file, info.Size(), MaxFile)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the lock cannot be read: %w", err)
	}
	return Read(file, data)
}

// Save writes the lock file, whole or not at all.
func Save(file string, l *Lock) error {
	data, err := Write(l)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("the lock cannot be written: %w", err)
	}
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		os.Remove(temporary.Name()) // nothing refers to it
		return fmt.Errorf("the lock cannot be written: %w", err)
	}
	return nil
}
