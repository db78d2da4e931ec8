package policies

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// UnmarshalText reads an absolute http or https URL that names a server only.
func (u *URL) UnmarshalText(text []byte) error {
	parsed, err := parseOrigin(string(text))
	if err != nil {
		return err
	}
	u.URL = parsed
	return nil
}

// UnmarshalText reads the URL of an endpoint.
func (e *EndpointURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	switch {
	case err != nil, !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme), u.Host == "", u.Opaque != "":
		return fmt.Errorf("%q is not the URL of an endpoint like http://127.0.0.1:5280/http-bind", text)
	case u.User != nil:
		return errors.New("a user name or password does not belong into this URL")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.ContainsAny(u.Host, "*'\"; ,"):
		return fmt.Errorf("%q has more than scheme, host, port and path", text)
	}
	e.URL = u
	return nil
}

// Origin is a scheme and host, like https://ads.example, as a CSP source.
type Origin string

// UnmarshalText reads an origin.
func (o *Origin) UnmarshalText(text []byte) error {
	parsed, err := parseOrigin(string(text))
	if err != nil {
		return err
	}
	*o = Origin(OriginOf(parsed))
	return nil
}

func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		return nil, fmt.Errorf("%q is not an http or https URL like http://127.0.0.1:3000", s)
	case u.User != nil:
		return nil, errors.New("a user name or password does not belong into this URL")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q names more than a server: give scheme, host and port only", s)
	case strings.ContainsAny(u.Host, "*'\"; ,"):
		return nil, fmt.Errorf("the host of %q has a character that no host has", s)
	}
	return u, nil
}

// OriginOf returns scheme, host and port of u in lower case, without the port
// where it is the scheme's own: the serialization of HTML §7.1.1 for http and
// https. For other schemes it returns "null".
func OriginOf(u *url.URL) string {
	scheme := strings.ToLower(u.Scheme)
	if scheme != "http" && scheme != "https" || u.Host == "" {
		return "null"
	}
	host := strings.ToLower(u.Host)
	if scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	} else {
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + strings.TrimSuffix(host, ":")
}

// UnmarshalText reads a CIDR prefix or an address.
func (p *Prefix) UnmarshalText(text []byte) error {
	s := string(text)
	if addr, err := netip.ParseAddr(s); err == nil {
		p.Prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return fmt.Errorf("%q is neither an address nor a network like 10.0.0.0/8", s)
	}
	p.Prefix = prefix
	return nil
}

// Bytes is a size, written like 512, 32KiB, 10MiB or 1GiB.
type Bytes int64

// UnmarshalText reads a size.
func (b *Bytes) UnmarshalText(text []byte) error {
	s, unit := string(text), int64(1)
	for suffix, size := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			s, unit = number, size
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return fmt.Errorf("%q is not a size like 32KiB or 10MiB", text)
	}
	*b = Bytes(n * unit)
	return nil
}

// Duration is a length of time, written like 45s, 10m, 12h or 30d.
type Duration time.Duration

// UnmarshalText reads a length of time.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36500 {
			*d = Duration(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	} else if parsed, err := time.ParseDuration(s); err == nil && parsed > 0 {
		*d = Duration(parsed)
		return nil
	}
	return fmt.Errorf("%q is not a length of time like 12h or 30d", text)
}

// Digest is a CSP hash-source without its quotes, like sha256-….
type Digest string

// UnmarshalText reads a digest.
func (d *Digest) UnmarshalText(text []byte) error {
	algorithm, value, ok := strings.Cut(strings.Trim(string(text), "'"), "-")
	sizes := map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}
	sum, err := base64.StdEncoding.DecodeString(value)
	if !ok || err != nil || sizes[algorithm] == 0 || len(sum) != sizes[algorithm] {
		return fmt.Errorf("%q is not a digest like sha384-… (base64)", text)
	}
	*d = Digest(algorithm + "-" + value)
	return nil
}

// decode returns the digest's algorithm and bytes.
func (d Digest) decode() (algorithm, []byte) {
	name, value, _ := strings.Cut(string(d), "-")
	sum, _ := base64.StdEncoding.DecodeString(value) // UnmarshalText has checked it
	return map[string]algorithm{"sha256": sha2_256, "sha384": sha2_384, "sha512": sha2_512}[name], sum
}

// A word is a value out of a closed set of words.
type word interface{ words() []string }

// oneOf is what every closed set of words shares.
func oneOf[T interface {
	~string
	word
}](target *T, text []byte) error {
	words := (*target).words()
	if !slices.Contains(words, string(text)) {
		return fmt.Errorf("%q is not one of: %s%s", text, strings.Join(words, ", "), didYouMean(string(text), words))
	}
	*target = T(text)
	return nil
}

func wordsOf[T ~string](words ...T) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return all
}

func (Mode) words() []string      { return wordsOf(ModeEnforce, ModeReportOnly, ModeOff) }
func (Placement) words() []string { return wordsOf(PlacementInline, PlacementVault) }
func (Cache) words() []string     { return wordsOf(CacheEncrypted, CacheMemory, CachePlain) }
func (StreamTLS) words() []string {
	return wordsOf(StreamStartTLS, StreamDirect, StreamAuto, StreamNone)
}
func (UpstreamCSP) words() []string { return wordsOf(UpstreamCombine, UpstreamReplace) }
func (Verdict) words() []string     { return wordsOf(Allow, Isolate, Strip) }

// UnmarshalText reads a mode.
func (m *Mode) UnmarshalText(text []byte) error { return oneOf(m, text) }

// UnmarshalText reads a placement.
func (p *Placement) UnmarshalText(text []byte) error { return oneOf(p, text) }

// UnmarshalText reads a way to keep messages.
func (c *Cache) UnmarshalText(text []byte) error { return oneOf(c, text) }

// UnmarshalText reads a way to encrypt.
func (s *StreamTLS) UnmarshalText(text []byte) error { return oneOf(s, text) }

// UnmarshalText reads what becomes of the upstream's policies.
func (u *UpstreamCSP) UnmarshalText(text []byte) error { return oneOf(u, text) }

// UnmarshalText reads a verdict.
func (v *Verdict) UnmarshalText(text []byte) error { return oneOf(v, text) }

// wanted says what a value has to be, for messages that must not show what it is.
func wanted(value any) string {
	switch value := value.(type) {
	case word:
		return "one of: " + strings.Join(value.words(), ", ")
	case *URL, *Origin:
		return "scheme, host and port of a server like http://127.0.0.1:3000"
	case *Source:
		return "an origin like https://ads.example, https://*.ads.example, or https: for all of them"
	case *CallPath:
		return "the path of a function like dataLayer.push"
	case *Feature:
		return "the name of a feature like autoplay"
	case *Prefix:
		return "an address or a network like 10.0.0.0/8"
	case *Bytes:
		return "a size like 32KiB or 10MiB"
	case *Duration:
		return "a length of time like 12h or 30d"
	case *Digest:
		return "a digest like sha384-… (base64)"
	case *Glob:
		return "a glob of a path like /news/**"
	case *JIDGlob:
		return "a JID like support@example.com, *@example.com or **"
	case *URLGlob:
		return "a path like /static/** or a URL like https://ads.example/**"
	}
	return "what fits here"
}
