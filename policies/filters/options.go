package filters

import (
	"bytes"
	"strings"
)

// options are what stands behind the "$" of a filter.
type options struct {
	named, excluded Type   // types
	behaviour       string // a type that no request has, such as generichide
	thirdParty      bool   // for requests to another site than the page's
	firstParty      bool   // for requests to the page's own site
	domains         []byte // the value of domain=, nil for none
	matchCase       bool
	important       bool
	badfilter       bool
}

// An unsupported error names the option that makes a filter inactive.
type unsupported string

func (u unsupported) Error() string { return "the option " + string(u) + " is not supported" }

// A malformed error says why a line is no filter.
type malformed string

func (m malformed) Error() string { return string(m) }

// effect is what an option does.
type effect uint8

const (
	// modify is also the effect of options that the table lacks. A filter that
	// changes a request or response, or that asks for what we do not know, does
	// not block as written, so it must not block here.
	modify effect = iota
	ofType
	ofEveryType
	ofBehaviour // a type that is asked for by other means than a request, if at all
	ofThirdParty
	ofFirstParty
	ofDomains
	withCase
	beImportant
	beBadfilter
	nothing
)

type option struct {
	effect effect
	types  Type
}

// optionNames holds the options by their names and aliases.
var optionNames = map[string]option{
	"script": {ofType, Script}, "image": {ofType, Image}, "stylesheet": {ofType, Stylesheet},
	"css": {ofType, Stylesheet}, "object": {ofType, Object}, "object-subrequest": {ofType, Object},
	"xmlhttprequest": {ofType, XHR}, "xhr": {ofType, XHR}, "subdocument": {ofType, Subdocument},
	"frame": {ofType, Subdocument}, "document": {ofType, Document}, "doc": {ofType, Document},
	"ping": {ofType, Ping}, "beacon": {ofType, Ping}, "media": {ofType, Media},
	"font": {ofType, Font}, "websocket": {ofType, WebSocket}, "other": {ofType, Other},
	"popup": {ofType, Popup}, "all": {ofEveryType, everyType},

	"elemhide": {ofBehaviour, 0}, "ehide": {ofBehaviour, 0}, "generichide": {ofBehaviour, 0},
	"ghide": {ofBehaviour, 0}, "specifichide": {ofBehaviour, 0}, "shide": {ofBehaviour, 0},
	"inline-script": {ofBehaviour, 0}, "inline-font": {ofBehaviour, 0},
	"popunder": {ofBehaviour, 0}, "webrtc": {ofBehaviour, 0},

	"third-party": {ofThirdParty, 0}, "3p": {ofThirdParty, 0},
	"first-party": {ofFirstParty, 0}, "1p": {ofFirstParty, 0},
	"domain": {ofDomains, 0}, "from": {ofDomains, 0},
	"match-case": {withCase, 0}, "important": {beImportant, 0},
	"badfilter": {beBadfilter, 0}, "_": {nothing, 0},

	"cname": {}, "cookie": {}, "csp": {}, "denyallow": {}, "empty": {}, "genericblock": {},
	"header": {}, "hls": {}, "ipaddress": {}, "jsonprune": {}, "method": {}, "mp4": {},
	"permissions": {}, "queryprune": {}, "reason": {}, "redirect": {}, "redirect-rule": {},
	"referrerpolicy": {}, "removeheader": {}, "removeparam": {}, "replace": {},
	"requestheader": {}, "responseheader": {}, "rewrite": {}, "sitekey": {}, "strict1p": {},
	"strict-first-party": {}, "strict3p": {}, "strict-third-party": {}, "tag": {}, "to": {},
	"top": {}, "uritransform": {}, "urlskip": {}, "urltransform": {},
}

// maxName caps the name of an option, so that to look for the "$" in a line of
// dollar signs takes linear time (CWE-407).
const maxName = 32

// splitOptions cuts a filter at the "$" of its options, which is the last one that
// a known option follows: patterns, regular expressions and values hold it too.
// Failing that, it is the last that is followed by what looks like an option of
// another dialect. Without options, opts is nil.
func splitOptions(filter []byte) (pattern, opts []byte) {
	foreign := -1
	for end := len(filter); ; {
		i := bytes.LastIndexByte(filter[:end], '$')
		if i < 0 {
			break
		}
		if name := leadingName(filter[i+1:]); name != nil {
			if _, known := optionNames[string(name)]; known {
				return filter[:i], filter[i+1:]
			}
			if foreign < 0 {
				foreign = i
			}
		}
		end = i
	}
	if foreign >= 0 {
		return filter[:foreign], filter[foreign+1:]
	}
	return filter, nil
}

// leadingName returns the name of the first option, or nil if that is no option.
func leadingName(opts []byte) []byte {
	opts = bytes.TrimPrefix(opts, []byte("~"))
	n := 0
	for n < len(opts) && n <= maxName && (isAlphanumeric(opts[n]) || opts[n] == '-' || opts[n] == '_') {
		n++
	}
	if n == 0 || n > maxName || n < len(opts) && opts[n] != '=' && opts[n] != ',' {
		return nil
	}
	return opts[:n]
}

// parseOptions reads what stands behind the "$". Its error is [unsupported] or
// [malformed].
func parseOptions(text []byte) (o options, err error) {
	if text == nil {
		return o, nil
	}
	for item := range bytes.SplitSeq(text, []byte(",")) {
		name := leadingName(item)
		if name == nil {
			return o, malformed("an option is empty or has no name")
		}
		_, not := bytes.CutPrefix(item, []byte("~"))
		_, value, hasValue := bytes.Cut(item, []byte("="))
		if len(bytes.Trim(name, "_")) == 0 {
			name = name[:1] // uBlock Origin's spacer may have any length
		}
		opt := optionNames[string(name)]
		if opt.effect == modify {
			return o, unsupported(strings.ToLower(string(name)))
		}
		if hasValue != (opt.effect == ofDomains) {
			return o, malformed("an option has a value that takes none, or none where it needs one")
		}
		if not {
			switch opt.effect {
			case ofType, ofBehaviour, ofThirdParty, ofFirstParty:
			default:
				return o, malformed("an option cannot be negated")
			}
		}
		switch opt.effect {
		case ofType, ofEveryType:
			if not {
				o.excluded |= opt.types
			} else {
				o.named |= opt.types
			}
		case ofBehaviour:
			if !not {
				o.behaviour = string(name)
			}
		case ofThirdParty, ofFirstParty:
			if not == (opt.effect == ofFirstParty) {
				o.thirdParty = true
			} else {
				o.firstParty = true
			}
		case ofDomains:
			if len(value) == 0 || o.domains != nil {
				return o, malformed("domain= needs domains, once")
			}
			o.domains = value
		case withCase:
			o.matchCase = true
		case beImportant:
			o.important = true
		case beBadfilter:
			o.badfilter = true
		}
	}
	return o, nil
}
