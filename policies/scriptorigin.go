package policies

import (
	"bytes"
	"net/netip"
)

// cutScheme cuts off the scheme, "" for none. Only those of the web are ok.
func cutScheme(written []byte) (scheme string, rest []byte, ok bool) {
	if len(written) == 0 || written[0] == '/' {
		return "", written, true
	}
	colon := bytes.IndexByte(written, ':')
	if slash := bytes.IndexByte(written, '/'); colon < 0 || slash >= 0 && slash < colon {
		return "", written, true
	}
	switch {
	case colon == 5 && bytes.EqualFold(written[:colon], []byte("https")):
		return "https", written[colon+1:], true
	case colon == 4 && bytes.EqualFold(written[:colon], []byte("http")):
		return "http", written[colon+1:], true
	}
	return "", nil, false // another scheme, or no scheme at all: "a_b:c"
}

// setOrigin sets scheme, host and port, and reports whether every parser reads the
// authority alike: a name of letters, digits, hyphens and underscores or an address
// in its one canonical form, without user name. Browsers read "0x7f.1" and "127.1"
// as 127.0.0.1, decode "%61" and turn "İ" into two letters.
func (u *ScriptURL) setOrigin(page *PageURL, scheme string, authority []byte) bool {
	u.scheme = scheme
	u.buf = append(append(u.buf[:0], scheme...), "://"...)
	u.hostStart = len(u.buf)
	colon := len(authority)
	if len(authority) > 0 && authority[0] == '[' {
		colon = bytes.IndexByte(authority, ']') + 1
		if colon < len(authority) && authority[colon] != ':' {
			return false
		}
	} else if i := bytes.IndexByte(authority, ':'); i >= 0 {
		colon = i
	}
	var ok bool
	if u.buf, ok = appendHost(u.buf, authority[:colon]); !ok {
		return false
	}
	if colon < len(authority) {
		port := authority[colon+1:]
		if !isPort(port) {
			return false
		}
		if isDefault := scheme == "https" && string(port) == "443" || scheme == "http" && string(port) == "80"; !isDefault {
			u.buf = append(u.buf, authority[colon:]...)
		}
	}
	u.pathStart = len(u.buf)
	u.sameOrigin = bytes.Equal(u.buf, page.origin)
	u.keys = [kinds]uint64{ownOrigin: isOwnKey(u.sameOrigin), exactOrigin: exactKey(u.buf), wildOrigin: wildKey(u.buf)}
	return true
}

// appendHost appends the host in lower case, if it is plain.
func appendHost(buf, host []byte) (_ []byte, ok bool) {
	start := len(buf)
	if len(host) == 0 {
		return buf, false
	}
	if host[0] == '[' {
		return appendIPv6(buf, host)
	}
	buf = append(buf, host...)
	name := buf[start:]
	label := 0 // where the last label begins that is not empty
	for i, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			name[i] = c + ('a' - 'A')
		case bytesOfURLs[c]&ofHost == 0:
			return buf, false
		case c == '.':
			if i == 0 || name[i-1] == '.' {
				return buf, false
			}
			if i+1 < len(name) {
				label = i + 1
			}
		}
	}
	// The URL Standard takes a host for an address by its last label, also where a
	// dot follows.
	return buf, !isDigit(name[label]) || isIPv4(name)
}

// isIPv4 reports whether name is an IPv4 address in its canonical form.
func isIPv4(name []byte) bool {
	numbers, n, digits := 0, 0, 0
	for i := 0; i <= len(name); i++ {
		if i == len(name) || name[i] == '.' {
			if digits == 0 || n > 255 {
				return false
			}
			numbers, n, digits = numbers+1, 0, 0
			continue
		}
		if !isDigit(name[i]) || digits > 0 && n == 0 || digits == 3 {
			return false
		}
		n, digits = 10*n+int(name[i]-'0'), digits+1
	}
	return numbers == 4
}

// appendIPv6 appends an IPv6 address in brackets. Browsers write "::ffff:1.2.3.4"
// without dots and net/netip with them: there is no one form of it. This allocates;
// scripts have names.
func appendIPv6(buf, host []byte) (_ []byte, ok bool) {
	text := string(bytes.ToLower(host[1 : len(host)-1]))
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is6() || addr.Zone() != "" || addr.String() != text || bytes.IndexByte(host, '.') >= 0 {
		return buf, false
	}
	return append(append(append(buf, '['), text...), ']'), true
}

// isPort reports whether port is a number in its canonical form.
func isPort(port []byte) bool {
	if len(port) == 0 || len(port) > 5 || port[0] == '0' && len(port) > 1 {
		return false
	}
	n := 0
	for _, c := range port {
		if !isDigit(c) {
			return false
		}
		n = 10*n + int(c-'0')
	}
	return n <= 65535
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
