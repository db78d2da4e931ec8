package rewrite

import "bytes"

// Position returns where in the page the script's start tag is: the line, and the
// column in bytes, both from 1. Like the script's bytes it is there until Decide
// returns.
func (s *Script) Position() (line, column int) { return s.page.position() }

// position returns the position of the token at hand, buf[at]. It is counted when
// somebody asks, and once for each chunk.
func (r *Rewriter) position() (line, column int) {
	if r.outer != nil {
		return r.outer.position()
	}
	return after(r.line, r.column, r.buf[:r.at])
}

// after returns the position that follows passed, which begins at line and column.
func after(line, column int, passed []byte) (int, int) {
	n := bytes.Count(passed, newline)
	if n == 0 {
		return line, column + len(passed)
	}
	return line + n, len(passed) - lastNewline(passed)
}

// lastNewline returns where the last newline of b is, which has one. bytes.Count and
// bytes.IndexByte take many bytes at once, bytes.LastIndexByte takes one.
func lastNewline(b []byte) int {
	at := len(b)
	for {
		from := max(0, at-512)
		if bytes.IndexByte(b[from:at], '\n') >= 0 {
			return from + bytes.LastIndexByte(b[from:at], '\n')
		}
		at = from
	}
}

var newline = []byte{'\n'}
