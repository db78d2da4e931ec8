package policies

import "testing"

// The digests of the empty text, as everyone publishes them.
func TestDigests(t *testing.T) {
	for _, digest := range []string{
		emptySHA256,
		"sha384-OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb",
		"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
	} {
		var d Digest
		if err := d.UnmarshalText([]byte(digest)); err != nil {
			t.Fatal(err)
		}
		algorithm, sum := d.decode()
		c := textCondition{algorithm: algorithm, sum: sum}
		var made digests
		for range 2 { // made, and kept
			if !c.matches(&made, nil) {
				t.Errorf("%s does not match", digest)
			}
		}
		if c.matches(&digests{}, []byte("a")) {
			t.Errorf("%s matches another text", digest)
		}
		for a := range made.made {
			if made.made[a] != (a == int(algorithm)) {
				t.Errorf("%s: made are %v", digest, made.made)
			}
		}
	}
}

// A URL that a glob matches passes the glob's key, whatever the glob ends in.
func TestNoKeyHidesAMatch(t *testing.T) {
	for _, test := range []struct{ glob, src string }{
		{"/**", "/a.js"},
		{"https://www.example.com/**", "/a.js"},
		{"https://WWW.example.com:443/**", "//www.example.com/a.js"},
		{"http://a/*", "http://a/x"},
		{"http://*/*", "http://a/x"},
		{"http://*a/*", "http://a/x"},
		{"https://*.long-name.example:8443/*", "https://a.long-name.example:8443/x"},
		{"https://*.long-name.example:443/*", "https://a.long-name.example/x"},
		{"https://a.*/*", "https://a.example/x"},
		{"https://a.example:*/*", "https://a.example:8443/x"},
		{"https://*:8443/*", "https://a:8443/x"},
		{"https://[2001:DB8::1]:*/*", "https://[2001:db8::1]:8443/x"},
	} {
		p := mustParse(t, "scripts: {rules: [{name: a, match: {src: [\""+test.glob+"\"]}, action: strip}]}")
		u := mustResolve(t, pageOfTests, test.src)
		if got := p.Scripts.Decide(&Script{Page: pageOfTests, URL: u}); got.Rule != "a" {
			t.Errorf("%s on %s: %+v", test.glob, test.src, got)
		}
	}
}
