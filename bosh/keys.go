package bosh

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"strings"
)

// keys is the key sequence of a session (XEP-0124 §15). The client shows with
// every request the value whose hash it showed before, so that somebody who
// reads a session in the clear, and so has its sid and rid, cannot put a
// request of his own into it (CWE-294, CWE-345). It is of no use against
// somebody who changes requests on their way; TLS is.
//
// SHA-1 is the standard's choice. What counts here is that it cannot be
// turned around; collisions (CWE-328) do not help the attacker (§19.4).
//
// A wrong key ends the session, which the standard demands. That an attacker
// can end a session so is known to it; he can do so with a wrong rid as well.
type keys struct {
	expected string           // the hash of the next key, in lower case; empty if no keys are used
	seen     map[int64]string // keys of requests that may be repeated, by RID
}

// keysRemembered is how many keys are kept for repetitions, besides those
// whose responses are.
const keysRemembered = 16

func isKey(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha1.Size
}

// next checks the key of the request that is next in order, and remembers it.
func (k *keys) next(q *request) bool {
	if k.expected != "" {
		// The hash is taken of the letters that the client wrote, the
		// comparison does not mind their case (§15.4).
		sum := sha1.Sum([]byte(q.key))
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(k.expected)) != 1 {
			return false
		}
		k.expected = strings.ToLower(q.key)
	}
	if q.newkey != "" {
		k.expected = strings.ToLower(q.newkey)
	}
	if k.expected != "" {
		if k.seen == nil {
			k.seen = map[int64]string{}
		}
		k.seen[q.rid] = strings.ToLower(q.key)
	}
	return true
}

// again checks the key of a request that came before. A repetition is an
// exact copy, so it has the key of the first; otherwise whoever knows sid and
// rid could fetch the client's responses.
func (k *keys) again(q *request) bool {
	if k.expected == "" {
		return true
	}
	want, ok := k.seen[q.rid]
	return ok && subtle.ConstantTimeCompare([]byte(strings.ToLower(q.key)), []byte(want)) == 1
}

// forget drops the keys of requests below rid, so that they stay bounded.
func (k *keys) forget(rid int64) {
	if len(k.seen) > keysRemembered {
		maps.DeleteFunc(k.seen, func(r int64, _ string) bool { return r < rid })
	}
}
