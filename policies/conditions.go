package policies

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash/maphash"
	"strings"

	"chatproxy/policies/filters"
)

// conditions are all rules in their order, one condition after the other, as
// Decide walks over them: a script of a page is compared with each, so what most
// scripts fail is compared first and stands in the condition itself.
type conditions struct {
	urls     []urlCondition
	texts    []textCondition
	wheres   []where
	elements bool // a where looks at more than the page
}

// A urlCondition is one glob or one list of a rule, or stands for any URL. A URL can
// match only when its key of the same kind has the condition's bits under the mask.
type urlCondition struct {
	key, mask uint64
	kind      kind
	allow     bool // the rule's verdict
	rule      int32
	where     uint64   // which of conditions.wheres must hold
	glob      *URLGlob // nil for a list and for any
	list      *filters.List
}

// kind is where a condition looks first, and what its key is.
type kind uint8

const (
	ownOrigin   kind = iota // a glob of the site's own origin: 1
	exactOrigin             // a glob of one origin: its hash
	wildOrigin              // a glob of many origins: the last eight bytes
	anyOrigin               // a list, or any: none
	kinds       int  = iota
)

// originSeed makes the hash of an origin.
var originSeed = maphash.MakeSeed()

func isOwnKey(own bool) uint64 {
	if own {
		return 1
	}
	return 0
}

func exactKey(origin []byte) uint64 { return maphash.Bytes(originSeed, origin) }

// wildKey returns the last eight bytes of an origin; there is none that is shorter.
func wildKey(origin []byte) uint64 { return binary.BigEndian.Uint64(origin[len(origin)-8:]) }

// keyOf returns the key and mask of a glob.
func keyOf(g *URLGlob) (k kind, key, mask uint64) {
	switch {
	case g.scheme == "":
		return ownOrigin, isOwnKey(true), 1
	case !g.wild:
		return exactOrigin, exactKey([]byte(g.scheme + "://" + g.host)), ^uint64(0)
	}
	end := g.host[strings.LastIndexByte(g.host, '*')+1:]
	end = end[max(len(end)-8, 0):]
	var padded [8]byte
	copy(padded[8-len(end):], end)
	return wildOrigin, wildKey(padded[:]), uint64(1)<<(8*len(end)) - 1
}

// A textCondition is one digest or one substring of a rule, or stands for any text.
type textCondition struct {
	allow     bool // the rule's verdict
	any       bool
	rule      int32
	where     uint64 // which of conditions.wheres must hold
	algorithm algorithm
	sum       []byte // nil for a substring and for any
	contains  []byte
}

// compile prepares the rules for Decide, once they are known to be valid.
func (s *Scripts) compile(lists map[string]*filters.List) {
	s.compiled, s.lists = &conditions{}, lists
	for i := range s.Rules {
		rule := &s.Rules[i]
		rule.compartment = []byte(rule.Compartment)
		allow := rule.Action == Allow
		where := s.compiled.addWhere(rule)
		for j := range rule.Match.Src {
			glob := &rule.Match.Src[j]
			kind, key, mask := keyOf(glob)
			s.compiled.urls = append(s.compiled.urls, urlCondition{key: key, mask: mask, kind: kind, allow: allow, rule: int32(i), where: where, glob: glob})
		}
		if list := lists[rule.Match.List]; list != nil {
			s.compiled.urls = append(s.compiled.urls, urlCondition{kind: anyOrigin, allow: allow, rule: int32(i), where: where, list: list})
		}
		for _, digest := range rule.Match.Digest {
			algorithm, sum := digest.decode()
			s.compiled.texts = append(s.compiled.texts, textCondition{allow: allow, rule: int32(i), where: where, algorithm: algorithm, sum: sum})
		}
		for _, text := range rule.Match.Text {
			s.compiled.texts = append(s.compiled.texts, textCondition{allow: allow, rule: int32(i), where: where, contains: []byte(text)})
		}
		if m := &rule.Match; where != 0 && len(m.Src)+len(m.Digest)+len(m.Text) == 0 && m.List == "" {
			s.compiled.urls = append(s.compiled.urls, urlCondition{kind: anyOrigin, allow: allow, rule: int32(i), where: where})
			s.compiled.texts = append(s.compiled.texts, textCondition{allow: allow, any: true, rule: int32(i), where: where})
		}
	}
}

// addWhere adds what the rule asks beside URL and text, and returns its bit, or 0.
func (c *conditions) addWhere(rule *Rule) uint64 {
	w, any := whereOf(rule)
	if !any || len(c.wheres) == maxWheres { // check refuses more
		return 0
	}
	c.wheres = append(c.wheres, w)
	c.elements = c.elements || len(w.types)+len(w.ids)+len(w.classes) > 0
	return 1 << (len(c.wheres) - 1)
}

// may is what most URLs fail.
func (c *urlCondition) may(u *ScriptURL) bool {
	return (u.keys[c.kind]^c.key)&c.mask == 0 && (u.certain || !c.allow)
}

func (c *urlCondition) matches(u *ScriptURL) bool {
	switch {
	case c.list != nil:
		return c.list.Match(u.filtersRequest())
	case c.glob != nil:
		return c.glob.Match(u)
	}
	return true
}

func (c *textCondition) matches(d *digests, text []byte) bool {
	if c.sum == nil {
		return bytes.Contains(text, c.contains)
	}
	return bytes.Equal(d.of(c.algorithm, text), c.sum)
}

// algorithm is a hash algorithm of CSP.
type algorithm uint8

const (
	sha2_256 algorithm = iota
	sha2_384
	sha2_512
)

// digests are those of one text, each made when a rule first asks for it. They
// live no longer than one Decide, so that no text is taken for another.
type digests struct {
	made   [3]bool
	sha256 [sha256.Size]byte
	sha384 [sha512.Size384]byte
	sha512 [sha512.Size]byte
}

// of returns the digest of text, which is the same text on every call.
func (d *digests) of(a algorithm, text []byte) []byte {
	made := d.made[a]
	d.made[a] = true
	switch a {
	case sha2_256:
		if !made {
			d.sha256 = sha256.Sum256(text)
		}
		return d.sha256[:]
	case sha2_384:
		if !made {
			d.sha384 = sha512.Sum384(text)
		}
		return d.sha384[:]
	default:
		if !made {
			d.sha512 = sha512.Sum512(text)
		}
		return d.sha512[:]
	}
}
