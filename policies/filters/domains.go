package filters

import (
	"bytes"
	"cmp"
	"slices"

	"golang.org/x/net/idna"
)

// A domain is one name in a domain= option.
type domain struct {
	key    uint32
	name   uint32 // offset into List.text
	length uint16 // in bytes, at most maxHost
	entity bool   // "example.*": example under any public suffix; the name is "example"
}

// A domainSet says on which pages a filter works.
type domainSet struct {
	first    uint32 // of the list's domains: the included ones, then the excluded
	included uint32
	excluded uint32
	entities bool
}

// addDomains reads the value of domain= into a new set, and returns its number.
func (l *List) addDomains(value []byte) (uint32, error) {
	set := domainSet{first: uint32(len(l.domains))}
	var excluded []domain
	for item := range bytes.SplitSeq(value, []byte("|")) {
		name, not := bytes.CutPrefix(bytes.TrimSpace(item), []byte("~"))
		if bytes.ContainsAny(name, "/>") {
			return 0, unsupported("domain") // a regular expression, a path, an ancestor
		}
		name, entity := bytes.CutSuffix(name, []byte(".*"))
		name, err := hostName(bareHost(name))
		if err != nil {
			return 0, err
		}
		d := domain{hostKey(name), l.intern(name), uint16(len(name)), entity}
		set.entities = set.entities || entity
		if not {
			excluded = append(excluded, d)
		} else {
			l.domains = append(l.domains, d)
		}
	}
	set.included, set.excluded = uint32(len(l.domains))-set.first, uint32(len(excluded))
	l.domains = append(l.domains, excluded...)
	for _, part := range [][]domain{l.included(set), l.excluded(set)} {
		slices.SortFunc(part, func(a, b domain) int { return cmp.Compare(a.key, b.key) })
	}
	l.sets = append(l.sets, set)
	return uint32(len(l.sets) - 1), nil
}

func (l *List) included(s domainSet) []domain { return l.domains[s.first:][:s.included] }

func (l *List) excluded(s domainSet) []domain { return l.domains[s.first+s.included:][:s.excluded] }

func (l *List) nameOf(d domain) []byte { return l.text[d.name:][:d.length] }

// hostName returns a host name in a filter as URLs have it: in lower case and
// Punycode.
func hostName(name []byte) ([]byte, error) {
	for _, c := range name {
		if c >= 0x80 {
			ascii, err := idna.Lookup.ToASCII(string(name))
			if err != nil {
				return nil, malformed("a name is no host name")
			}
			name = []byte(ascii)
			break
		}
	}
	if len(name) == 0 || len(name) > maxHost {
		return nil, malformed("a host name is empty or too long")
	}
	for _, c := range name {
		if !isAlphanumeric(c) && c != '-' && c != '_' && c != '.' && c != ':' {
			return nil, malformed("a name is no host name")
		}
	}
	if hasUpper(name) {
		name = toLower(bytes.Clone(name))
	}
	return name, nil
}

// worksOn reports whether the request's page is where the filter works.
func (l *List) worksOn(f *filter, r *Request) bool {
	if f.set == 0 {
		return true
	}
	set := l.sets[f.set]
	if set.excluded > 0 && l.anyOf(l.excluded(set), set.entities, r) {
		return false
	}
	return set.included == 0 || l.anyOf(l.included(set), set.entities, r)
}

// anyOf reports whether the page is on one of the domains or below it.
func (l *List) anyOf(domains []domain, entities bool, r *Request) bool {
	for _, p := range r.pages {
		i, found := slices.BinarySearchFunc(domains, p.key(), func(d domain, key uint32) int { return cmp.Compare(d.key, key) })
		for ; found && i < len(domains) && domains[i].key == p.key(); i++ {
			// Keys may collide: the name decides.
			if !domains[i].entity && string(l.nameOf(domains[i])) == string(r.page[p.at():]) {
				return true
			}
		}
	}
	if !entities || len(r.page) == 0 {
		return false
	}
	name := r.page[:max(0, siteOf(r.page).suffix-1)]
	for _, d := range domains {
		if d.entity && within(name, l.nameOf(d)) {
			return true
		}
	}
	return false
}

// within reports whether the host name is the domain or below it.
func within(name, domain []byte) bool {
	rest, ok := bytes.CutSuffix(name, domain)
	return ok && (len(rest) == 0 || rest[len(rest)-1] == '.')
}
