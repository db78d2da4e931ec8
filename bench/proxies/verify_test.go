package main

import (
	"strings"
	"testing"
)

func TestVerifyNonces(t *testing.T) {
	p := page{html: "<head></head><script>1</script><script src=a></script>", scripts: 2}
	const policy = "script-src 'nonce-abc'"
	right := "<head></head><script nonce=\"abc\">1</script><script src=a nonce=\"abc\"></script>"
	withOwn := strings.Replace(right, "<head>", "<head><script nonce=\"abc\" src=own></script>", 1)
	for _, c := range []struct {
		name, policy, body string
		edit               edit
		ok                 bool
	}{
		{"right", policy, right, nonces, true},
		{"with one of its own", policy, withOwn, nonceAndOne, true},
		{"without one of its own", policy, right, nonceAndOne, false},
		{"no policy", "", right, nonces, false},
		{"another nonce", "script-src 'nonce-abd'", right, nonces, false},
		{"one is missing", policy, strings.Replace(right, ` nonce="abc"`, "", 1), nonces, false},
		{"another page", policy, right + " ", nonces, false},
	} {
		if err := verifyNonces(c.policy, c.body, p, c.edit); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
