package rewrite

import "bytes"

// A comment finds the end of a comment, HTML §13.2.5.43–51. Everything between is
// passed on, so all that is kept is how the last bytes go on towards "-->" or "--!>".
type comment struct {
	dashes int  // the dashes just read, up to 2
	bang   bool // "--!" was just read
	begun  bool // something other than a dash was read, or two dashes were
}

// end looks from i on for the comment's end. It returns the position after it, or
// false when b ends first.
func (c *comment) end(b []byte, i int) (int, bool) {
	for i < len(b) {
		if c.dashes == 0 && !c.bang && c.begun {
			// Text: nothing can happen before a dash.
			k := bytes.IndexByte(b[i:], '-')
			if k < 0 {
				return len(b), false
			}
			i += k
		}
		ch := b[i]
		i++
		switch {
		case ch == '>' && (c.dashes == 2 || c.bang || !c.begun):
			// "<!-->" and "<!--->" end at once (§13.2.5.43–44).
			return i, true
		case ch == '-':
			if c.bang {
				c.bang, c.dashes = false, 0
			}
			c.dashes = min(c.dashes+1, 2)
			if c.dashes == 2 {
				c.begun = true
			}
		case ch == '!' && c.dashes == 2:
			c.bang, c.dashes = true, 0
		default:
			c.bang, c.dashes, c.begun = false, 0, true
		}
	}
	return i, false
}
