package filters

import "bytes"

// An index finds the filters that may match a request. Each filter stands in one
// table only, under the key that the fewest others have.
type index struct {
	hosts  table   // by the host name that follows "||"
	tokens table   // by a whole token of the pattern
	pages  table   // by each domain that the filter works on
	rest   []entry // the filters without any of these, asked of every request
}

// find returns a filter that matches the request, or nil.
func (x *index) find(l *List, r *Request) *filter {
	for _, p := range r.labels {
		for i := x.hosts.bucket(p.key()); i != 0; i = x.hosts.next(i) {
			if f := l.try(x.hosts.entries[i], r, p.at()); f != nil {
				return f
			}
		}
	}
	for n, p := range r.tokens {
		for i := x.tokens.bucket(p.key()); i != 0; i = x.tokens.next(i) {
			e := x.tokens.entries[i]
			if e.offset == anywhere && e.types&r.kind != 0 && r.repeated(n) {
				continue
			}
			if f := l.try(e, r, p.at()); f != nil {
				return f
			}
		}
	}
	for _, p := range r.pages {
		for i := x.pages.bucket(p.key()); i != 0; i = x.pages.next(i) {
			if f := l.try(x.pages.entries[i], r, 0); f != nil {
				return f
			}
		}
	}
	for _, e := range x.rest {
		if f := l.try(e, r, 0); f != nil {
			return f
		}
	}
	return nil
}

// try returns the filter of the entry if it matches the request, which has its
// token at the offset.
func (l *List) try(e entry, r *Request, at int) *filter {
	if e.types&r.kind == 0 {
		return nil
	}
	f := &l.filters[e.id()]
	if e.offset == anywhere {
		if l.matches(f, r) {
			return f
		}
	} else if l.matchesAt(f, r, at-int(e.offset)) {
		return f
	}
	return nil
}

// common are tokens that most URLs hold, or that many do. A filter goes under one
// of them only when it has nothing better.
var common = func() map[uint32]uint32 {
	m := map[uint32]uint32{}
	for weight, words := range map[uint32][]string{
		10000: {"http", "https", "com", "www", "js"},
		500:   {"net", "org", "html", "php", "css", "cdn", "static", "assets", "api", "v1", "v2", "0", "1", "2", "3", "min", "script", "scripts", "images", "img", "google", "content", "wp", "main", "index", "co", "de", "uk", "io"},
	} {
		for _, word := range words {
			m[tokens(nil, []byte(word), startAnchor|endAnchor)[0].key()] = weight
		}
	}
	return m
}()

// pageWeight is what a filter's domains weigh against a token: requests of other
// pages pay nothing for it, those of its own look at it each.
const pageWeight = 50

// newIndex indexes the filters by their numbers.
func (l *List) newIndex(ids []uint32) index {
	var (
		x                    index
		host, token, page    []keyed
		hostCount, tokenUses = make(map[uint32]uint32, len(ids)), map[uint32]uint32{}
		places               []place
	)
	for _, id := range ids {
		f := &l.filters[id]
		key, whole, ok := l.boundHost(f)
		if ok {
			hostCount[key]++
		}
		if !whole {
			for _, p := range l.tokensOf(places[:0], f) {
				tokenUses[p.key()]++
			}
		}
	}
	for _, id := range ids {
		f := &l.filters[id]
		e := entry{filter: id, types: f.types, offset: anywhere}
		literal := f.flags&(wild|isRegexp) == 0
		name, whole, ok := l.boundHost(f)
		places = places[:0]
		if !whole {
			places = l.tokensOf(places, f)
		}
		var best place
		weight := uint32(1 << 31)
		for _, p := range places {
			if w := tokenUses[p.key()] + common[p.key()]; w < weight {
				best, weight = p, w
			}
		}
		set := l.sets[f.set]
		switch {
		case ok && hostCount[name] <= weight:
			if literal {
				e.offset = 0
			}
			host = append(host, keyed{name, e})
		case set.included > 0 && !set.entities && weight > pageWeight:
			for _, d := range l.included(set) {
				page = append(page, keyed{d.key, e})
			}
		case len(places) > 0:
			if literal {
				e.offset = uint16(best.at())
			}
			token = append(token, keyed{best.key(), e})
		default:
			x.rest = append(x.rest, e)
		}
	}
	x.hosts, x.tokens, x.pages = newTable(host), newTable(token), newTable(page)
	return x
}

// boundHost returns the key of the host name to which the filter's pattern is bound.
// whole says that there is no more to the pattern.
func (l *List) boundHost(f *filter) (key uint32, whole, ok bool) {
	p := l.patternOf(f)
	n := 0
	if address := bytes.IndexByte(p, ']'); address > 0 && p[0] == '[' && !bytes.ContainsAny(p[:address], "*^") {
		n = address + 1
	}
	for n < len(p) && (isAlphanumeric(p[n]) || p[n] == '-' || p[n] == '_' || p[n] == '.' && n > 0) {
		n++
	}
	// The name must end where the URL's does: at a character that no name has.
	if f.flags&hostAnchor == 0 || n == 0 || n == len(p) || p[n] != '/' && p[n] != '^' && p[n] != ':' && p[n] != '?' {
		return 0, false, false
	}
	name := p[:n]
	if hasUpper(name) {
		name = toLower(bytes.Clone(name))
	}
	return hostKey(name), n == len(p)-1 && p[n] == '^', true
}

// tokensOf appends the tokens of the filter's pattern.
func (l *List) tokensOf(to []place, f *filter) []place {
	p := l.patternOf(f)
	if f.flags&isRegexp != 0 {
		p = literalsOf(string(p), f.flags&withCaseFlag != 0)
	}
	return tokens(to, p, f.flags)
}
