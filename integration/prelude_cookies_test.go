package integration

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// randomCookies writes the rounds of the probe cookies-random: each a few cookie
// strings that are set one after the other. CHATPROXY_SEED chooses others.
func randomCookies(t *testing.T) string {
	t.Helper()
	seed := uint64(20260514)
	if text := os.Getenv("CHATPROXY_SEED"); text == "now" {
		seed = uint64(time.Now().UnixNano())
	} else if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		seed = n
	}
	t.Logf("the seed of the random cookies is %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	pick := func(choices ...string) string { return choices[random.IntN(len(choices))] }
	some := func(n, d int, text func() string) string {
		if random.IntN(d) < n {
			return text()
		}
		return ""
	}
	space := func() string { return some(1, 4, func() string { return pick(" ", "\t", "  ") }) }
	name := func() string {
		return pick("a", "b", "ab", "A", "_ga", "__Host-a", "__Secure-a", "__host-b", "__sEcUrE-b", "a b", "ä", "a:b", `"q"`, "a,b", "$v", "é=", "[x]", "__Hostile")
	}
	value := func() string {
		return pick("", "1", "2", "x=y", "a b", `"quoted"`, "ünïcode", "%20", "a,b", "1;", "=", "==2", "\u00a0x", "long"+strings.Repeat("l", random.IntN(64)))
	}
	attribute := func() string {
		return pick(
			"Path=/", "path=/shop", "PATH=/shop/", "Path=/shop/probe", "Path=/other", "path=shop", "Path", "Path=", "Path = /shop ", "path=/sho",
			"Domain=www.shop.localhost", "domain=.www.shop.localhost", "Domain=shop.localhost", "Domain=.SHOP.localhost", "Domain=other.localhost", "Domain", "Domain=", "Domain=evil.example", "domain=hop.localhost",
			"Secure", "secure=x", "HttpOnly", "httponly", "SameSite=Lax", "samesite=STRICT", "SameSite=None", "SameSite=None; Secure", "SameSite=bogus", "SameSite",
			"Max-Age=100", "max-age=0", "Max-Age=-1", "Max-Age=1x", "Max-Age=", "Max-Age= 60",
			"Expires=Wed, 21 Oct 2099 07:28:00 GMT", "expires=Thu, 01 Jan 1970 00:00:00 GMT", "Expires=Thu, 01-Jan-70 00:00:01 GMT", "Expires=21 Oct 2099", "Expires=garbage", "Expires=2099 oct 21 7:8:9",
			"Expires=Wed, 31 Feb 2099 07:28:00 GMT", "Expires=Wed, 21 Oct 2099 24:00:00 GMT", "Expires=Wednesday, 21-October-99 07:28:00", "Expires=0",
			"Bogus", "bogus=1", "", " ", "=", "Partitioned",
		)
	}
	rounds := make([][]string, 0, 400)
	for range cap(rounds) {
		round := make([]string, 0, 5)
		for range 1 + random.IntN(cap(round)) {
			var b strings.Builder
			b.WriteString(space())
			b.WriteString(some(9, 10, func() string { return name() + space() }))
			b.WriteString(some(9, 10, func() string { return "=" }))
			b.WriteString(space() + value() + space())
			dated := false
			for range random.IntN(4) {
				// Of two dates Chromium takes the last even if it is none.
				a := attribute()
				if isDate := strings.HasPrefix(strings.ToLower(a), "expires"); !isDate || !dated {
					b.WriteString(";" + space() + a + space())
					dated = dated || isDate
				}
			}
			text := b.String()
			if random.IntN(40) == 0 {
				at := random.IntN(len(text) + 1)
				text = strings.ToValidUTF8(text[:at], "") + pick("\x00", "\r", "\n", "\x01", "\x1f", "\x7f") + strings.ToValidUTF8(text[at:], "")
			}
			round = append(round, text)
		}
		rounds = append(rounds, round)
	}
	encoded, err := json.Marshal(rounds)
	if err != nil {
		t.Fatal(err)
	}
	return "window.rounds = " + string(encoded) + ";"
}
