package filters

// Tokens are runs of letters and digits. A key stands for one in the tables: a hash
// of the token, or of a host name or a page's domain, which are other kinds. Two of
// one key cost time, never a wrong result: what a key finds is always matched.
type hash uint64

// add hashes one more character, by its number in ciphers or hostCiphers: the sum
// by rotation and exclusive or is the fastest that tells the order apart.
func (h hash) add(cipher hash) hash { return h<<9 | h>>(64-9) ^ cipher }

func (h hash) key() uint32 { return uint32((h ^ h>>31) * 0x9e3779b97f4a7c15 >> 32) }

// ciphers are numbers without order for the characters of tokens, whose case does
// not count, and 0 for all others. hostCiphers are for every character.
var ciphers, hostCiphers = func() (token, host [256]hash) {
	for i := range 256 {
		n := hash(lowered[i]) + 1
		for range 3 { // the mixing function of SplitMix64, thrice
			n += 0x9e3779b97f4a7c15
			n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
			n = (n ^ n>>27) * 0x94d049bb133111eb
			n ^= n >> 31
		}
		host[i] = n
		if isAlphanumeric(byte(i)) {
			token[i] = n
		}
	}
	return token, host
}()

// hostKey returns the key of a host name, hashed from its end.
func hostKey(name []byte) uint32 {
	var h hash
	for i := len(name) - 1; i >= 0; i-- {
		h = h.add(hostCiphers[name[i]])
	}
	return h.key()
}

// A place is a key and the offset where what it stands for begins.
type place uint64

func placed(key uint32, at int) place { return place(key)<<32 | place(uint32(at)) }

func (p place) key() uint32 { return uint32(p >> 32) }
func (p place) at() int     { return int(uint32(p)) }

// suffixes appends the places of a host name's parts from each label on: of
// www.example.com also example.com and com. Their offsets count from base.
func suffixes(to []place, name []byte, base int) []place {
	var h hash
	for i := len(name) - 1; i >= 0; i-- {
		h = h.add(hostCiphers[name[i]])
		if i == 0 || name[i-1] == '.' {
			to = append(to, placed(h.key(), base+i))
		}
	}
	return to
}

// tokens appends the places of the tokens that every URL must hold as whole tokens
// to match the pattern: those that the pattern bounds on both sides.
func tokens(to []place, p []byte, f flags) []place {
	for i := 0; i < len(p); {
		if !isAlphanumeric(p[i]) {
			i++
			continue
		}
		start, h := i, hash(0)
		for i < len(p) && isAlphanumeric(p[i]) {
			h = h.add(ciphers[p[i]])
			i++
		}
		left := start > 0 && p[start-1] != '*' || start == 0 && f&(startAnchor|hostAnchor) != 0
		right := i < len(p) && p[i] != '*' || i == len(p) && f&endAnchor != 0
		if left && right {
			to = append(to, placed(h.key(), start))
		}
	}
	return to
}
