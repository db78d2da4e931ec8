package bosh

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// newSID makes a session id of 192 random bits. Whoever knows it and the RID
// owns the session (XEP-0124 §14.2 asks for unpredictable ones; CWE-330).
func newSID() string {
	var b [24]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// logName names a session in the log without giving its id away (CWE-532).
func logName(sid string) string {
	sum := sha256.Sum256([]byte(sid))
	return hex.EncodeToString(sum[:4])
}
