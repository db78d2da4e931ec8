package filters

import (
	"sync/atomic"

	"golang.org/x/net/publicsuffix"
)

// A site is what the public suffix list says of a host name: for www.example.co.uk
// the registrable domain begins at 4 and the suffix at 12. A name that is itself a
// suffix, or an address, is registrable as a whole.
type site struct {
	host        string
	registrable int
	suffix      int
}

// maxHost is the length of the longest host name in the DNS. Longer ones lead
// nowhere and are not looked up.
const maxHost = 253

// sites remembers host names, for the public suffix list allocates, and takes
// longer than matching does. It is of fixed size: a page with ever new names
// displaces what is there and grows nothing (CWE-770).
var sites [4096]atomic.Pointer[site]

// siteOf returns the site of a host name in lower case.
func siteOf(host []byte) site {
	if len(host) > maxHost {
		return site{suffix: len(host)}
	}
	slot := &sites[hostKey(host)%uint32(len(sites))]
	if s := slot.Load(); s != nil && s.host == string(host) {
		return *s
	}
	s := &site{host: string(host)}
	suffix, _ := publicsuffix.PublicSuffix(s.host)
	s.suffix = len(host) - len(suffix)
	for i := s.suffix - 2; i >= 0; i-- {
		if host[i] == '.' {
			s.registrable = i + 1
			break
		}
	}
	slot.Store(s)
	return *s
}

// sameSite reports whether two host names have the same registrable domain.
func sameSite(a, b []byte) bool {
	if string(a) == string(b) {
		return true
	}
	// Names that share no more than their last label share at most a suffix: most
	// requests to third parties end here.
	n, labels := 0, 0
	for n < min(len(a), len(b)) && a[len(a)-1-n] == b[len(b)-1-n] {
		if a[len(a)-1-n] == '.' {
			labels++
		}
		n++
	}
	if labels == 0 {
		return false
	}
	return string(a[siteOf(a).registrable:]) == string(b[siteOf(b).registrable:])
}
