package rewrite

import (
	"bytes"
	"slices"
)

// maxAttributes bounds what is kept of one start tag. A tag with more is handled
// as one that is too long (longtag.go).
const maxAttributes = 128

// An attribute of a start tag: where it stands in the tag's bytes.
type attribute struct {
	start, nameEnd  int32 // of the name
	value, valueEnd int32 // of the value, without quotes
	end             int32 // of the whole attribute
	edit            edit
}

func (a *attribute) name(tok []byte) []byte { return tok[a.start:a.nameEnd] }

// edit is what becomes of an attribute.
type edit byte

const (
	keep edit = iota
	drop
	replaced // with the next of startTag.with
)

// traits are what a start tag's attributes have that somebody must look at.
type traits byte

const (
	hasNonce   traits = 1 << iota // nonce
	hasHandler                    // a name that begins with "on"
	hasSrcdoc                     // srcdoc
	maybeURL                      // a value that may turn out to be a javascript: URL
	hasID                         // id
)

// A startTag takes a start tag apart as HTML §13.2.5.8 and §13.2.5.32–40 do it. It
// can stop at any byte and go on when more has come; offsets count from the "<".
type startTag struct {
	nameEnd     int
	selfClosing bool // §13.2.5.40: only the two bytes "/>" make it so
	traits      traits
	tooMany     bool // more than maxAttributes

	state tagState // where to go on
	pos   int      // and at which byte
	quote byte

	count int // of attributes
	all   [maxAttributes]attribute
	with  [][]byte // the new values of those to replace, in order
}

// tagState is a state of the tokenizer inside a tag.
type tagState byte

const (
	tagName tagState = iota
	beforeAttributeName
	attributeName
	afterAttributeName
	beforeAttributeValue
	attributeValueQuoted
	attributeValueUnquoted
)

func (t *startTag) reset() {
	t.nameEnd, t.selfClosing, t.traits, t.tooMany = 0, false, 0, false
	t.state, t.pos, t.count = tagName, 1, 0
	t.with = t.with[:0]
}

func (t *startTag) attributes() []attribute { return t.all[:t.count] }

// scan reads on in b, which begins with the tag's "<". It returns where the tag
// ends, or false when b ends before the tag does (or the tag has too many attributes).
func (t *startTag) scan(b []byte) (end int, ok bool) {
	i, n := t.pos, len(b)
	a := &t.all[max(0, t.count-1)]
	switch t.state {
	case beforeAttributeName:
		goto before
	case attributeName:
		goto name
	case afterAttributeName:
		goto after
	case beforeAttributeValue:
		goto beforeValue
	case attributeValueQuoted:
		goto quoted
	case attributeValueUnquoted:
		goto unquoted
	}
	for i < n && class[b[i]]&endsTagName == 0 {
		i++
	}
	if i == n {
		return t.suspend(tagName, i)
	}
	t.nameEnd = i
before:
	for i < n && class[b[i]]&(isSpace|isSlash) != 0 {
		i++
	}
	if i == n {
		return t.suspend(beforeAttributeName, i)
	}
	if b[i] == '>' {
		t.selfClosing = b[i-1] == '/'
		return i + 1, true
	}
	if t.count == maxAttributes {
		t.tooMany = true
		return t.suspend(beforeAttributeName, i)
	}
	a = &t.all[t.count]
	t.count++
	a.start, a.edit = int32(i), keep
	i++ // an equals sign here belongs to the name
name:
	for i < n && class[b[i]]&endsAttrName == 0 {
		i++
	}
	if i == n {
		return t.suspend(attributeName, i)
	}
	a.nameEnd, a.value, a.valueEnd, a.end = int32(i), int32(i), int32(i), int32(i)
after:
	for i < n && class[b[i]]&isSpace != 0 {
		i++
	}
	if i == n {
		return t.suspend(afterAttributeName, i)
	}
	if b[i] != '=' {
		t.note(a, b)
		goto before
	}
	i++
beforeValue:
	for i < n && class[b[i]]&isSpace != 0 {
		i++
	}
	if i == n {
		return t.suspend(beforeAttributeValue, i)
	}
	switch b[i] {
	case '"', '\'':
		t.quote = b[i]
		i++
		a.value = int32(i)
	case '>': // a missing value ends the tag
		a.value, a.valueEnd, a.end = int32(i), int32(i), int32(i)
		t.note(a, b)
		return i + 1, true
	default:
		a.value = int32(i)
		goto unquoted
	}
quoted:
	{
		k := bytes.IndexByte(b[i:], t.quote)
		if k < 0 {
			return t.suspend(attributeValueQuoted, n)
		}
		a.valueEnd = int32(i + k)
		i += k + 1
		a.end = int32(i)
		t.note(a, b)
		goto before
	}
unquoted:
	for i < n && class[b[i]]&endsUnquoted == 0 {
		i++
	}
	if i == n {
		return t.suspend(attributeValueUnquoted, i)
	}
	a.valueEnd, a.end = int32(i), int32(i)
	t.note(a, b)
	if b[i] == '>' { // a slash before it belongs to the value: "<svg a=b/>" is open
		return i + 1, true
	}
	goto before
}

func (t *startTag) suspend(state tagState, i int) (int, bool) {
	t.state, t.pos = state, i
	return 0, false
}

// note adds what an attribute has to the tag's traits.
func (t *startTag) note(a *attribute, b []byte) {
	switch b[a.start] | 0x20 {
	case 'o':
		if isHandler(b[a.start:a.nameEnd]) {
			t.traits |= hasHandler
		}
	case 'n':
		if equalFold(b[a.start:a.nameEnd], "nonce") {
			t.traits |= hasNonce
		}
	case 's':
		if equalFold(b[a.start:a.nameEnd], "srcdoc") {
			t.traits |= hasSrcdoc
		}
	case 'i':
		if a.nameEnd-a.start == 2 && b[a.start+1]|0x20 == 'd' {
			t.traits |= hasID
		}
	case 'v':
		if equalFold(b[a.start:a.nameEnd], "values") {
			t.traits |= maybeURL // a list of them, SVG 2 §19.2.9
		}
	}
	if mayBeJavaScriptURL(b[a.value:a.valueEnd]) {
		t.traits |= maybeURL
	}
}

// find returns the first attribute of that lower-case name: of duplicates browsers
// keep the first (§13.2.5.33).
func (t *startTag) find(tok []byte, name string) *attribute {
	for i := range t.attributes() {
		a := &t.all[i]
		if int(a.nameEnd-a.start) == len(name) && lower[tok[a.start]] == name[0] && equalFold(a.name(tok), name) {
			return a
		}
	}
	return nil
}

// replace gives a the new value with.
func (t *startTag) replace(a *attribute, with []byte) {
	// In the order of the attributes, as they are written.
	at := 0
	for i := range t.attributes() {
		if &t.all[i] == a {
			break
		}
		if t.all[i].edit == replaced {
			at++
		}
	}
	if a.edit == replaced {
		t.with[at] = with
		return
	}
	a.edit = replaced
	t.with = slices.Insert(t.with, at, with)
}

func (t *startTag) edited() bool {
	for i := range t.attributes() {
		if t.all[i].edit != keep {
			return true
		}
	}
	return false
}

// isDuplicate reports whether an attribute before the i-th has its name.
func (t *startTag) isDuplicate(tok []byte, i int) bool {
	name := t.all[i].name(tok)
	for j := range i {
		other := t.all[j].name(tok)
		if len(other) == len(name) && lower[other[0]] == lower[name[0]] && sameFold(other, name) {
			return true
		}
	}
	return false
}

// nonceable is CSP3 §6.7.3 "Is element nonceable?", which browsers check when a
// nonce comes with the page's markup, and we check before we hand one out:
// "<p title='<script src=evil' <script nonce=…>" left open by an injector would
// make the next script's attributes its own (dangling markup, CWE-79). Duplicate
// attributes hide the same trick from the check (whatwg/html#3257). A swallowed <link>
// is not in the standard's list, and WebKit falls for it.
func (r *Rewriter) nonceable(tok []byte) bool {
	t := &r.tag
	for i := range t.attributes() {
		a := &t.all[i]
		name := a.name(tok)
		if equalFold(name, "nonce") {
			continue // every one of them is taken out
		}
		if bytes.IndexByte(name, '<') >= 0 || t.isDuplicate(tok, i) {
			return false
		}
		value := r.value(tok, a)
		if bytes.IndexByte(value, '<') < 0 {
			continue
		}
		for _, opened := range [...]string{"<script", "<style", "<link"} {
			if containsFold(value, opened) {
				return false
			}
		}
	}
	return true
}

// foldName returns a name in lower case, or nil when it is longer than maxName.
func foldName(buf *[maxName]byte, name []byte) []byte {
	if len(name) > maxName {
		return nil
	}
	for i, c := range name {
		buf[i] = lower[c]
	}
	return buf[:len(name)]
}
