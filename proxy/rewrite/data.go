package rewrite

import "bytes"

// data reads text and tags: the data state and the tag open state (HTML §13.2.5.1
// and §13.2.5.6). It returns when another mode begins, at the first token that
// begins at until or after, or with false at a token that has not ended.
//
// Here nearly all of every page is read, and most of its tags are passed by skipTag.
func (r *Rewriter) data(b []byte, i, until int) (int, bool) {
	if r.held {
		return r.heldScript(b, i)
	}
	watchesID := len(r.Inside) > 0
	// In plain HTML, after our own markup is in, a tag may mean nothing at all.
	mayskip := r.headDone && r.tree.plain() && !r.tagOpen
	for i < until {
		k := 0
		if b[i] != '<' {
			k = bytes.IndexByte(b[i:], '<')
		}
		if k != 0 {
			end := i + k
			if k < 0 {
				end = len(b)
			}
			if !r.tree.text || !r.headDone {
				r.seeText(b, i, end)
			}
			if i = end; i >= until {
				break
			}
		}
		if i+1 == len(b) {
			return i, false
		}
		switch c := b[i+1]; {
		case class[c]&isLetter != 0:
			if mayskip {
				if n := skipTag(b[i:], watchesID); n > 0 {
					i += n
					r.inText = false
					continue
				}
			}
			if !r.tagOpen {
				r.tag.reset()
			}
			end, ended := r.tag.scan(b[i:])
			if !ended {
				if r.tag.tooMany || r.full {
					r.beginLongTag(b, i)
					return i, true
				}
				r.tagOpen = true
				return i, false
			}
			r.tagOpen, r.inText = false, false
			next, ended := r.startTag(b, i, end)
			if !ended || r.mode != inData {
				return next, ended
			}
			i = next
			mayskip = r.headDone && r.tree.plain()
		case c == '/':
			if mayskip {
				if n := skipEndTag(b[i:]); n > 0 {
					i += n
					r.inText = false
					continue
				}
			}
			next, ended := r.endTag(b, i)
			if !ended || r.mode != inData {
				return next, ended
			}
			i = next
			mayskip = r.headDone && r.tree.plain()
		case c == '!':
			return r.declaration(b, i)
		case c == '?':
			r.comesMarkup(i)
			r.mode = inBogusComment
			return i + 1, true
		default: // the "<" is text
			if !r.tree.text || !r.headDone {
				r.inText = false
				r.seeText(b, i, i+1)
			}
			i++
		}
	}
	return i, true
}

// endTag is the end tag open state, §13.2.5.7.
func (r *Rewriter) endTag(b []byte, i int) (int, bool) {
	if i+2 == len(b) {
		return i, false
	}
	if class[b[i+2]]&isLetter == 0 {
		r.comesMarkup(i)
		if b[i+2] == '>' {
			return i + 3, true // "</>" is nothing
		}
		r.mode = inBogusComment
		return i + 2, true
	}
	end := i + 2
	for end < len(b) && class[b[end]]&endsTagName == 0 {
		end++
	}
	name := b[i+2 : end]
	if end == len(b) && len(name) <= maxName {
		return i, false
	}
	r.inText = false
	var buf [maxName]byte
	r.endElement(i, foldName(&buf, name))
	if end < len(b) && b[end] == '>' && r.dropping == dropNothing {
		return end + 1, true
	}
	r.mode = inEndTag
	r.tail = tagTail{state: tagName}
	return end, true
}

// endElement notes the end tag at i for the head and the tree.
func (r *Rewriter) endElement(i int, name []byte) {
	r.insertHead(i)
	if r.dropping == dropElement && string(name) == "script" {
		return // of an SVG script that is left out; the tree never saw its start tag
	}
	r.stopDropping(i)
	r.tree.endTag(name)
	r.reportDoubt(i)
}

// stopDropping ends the dropping of an SVG script at markup inside of it.
func (r *Rewriter) stopDropping(i int) {
	if r.dropping != dropNothing {
		r.flush(i)
		r.dropping = dropNothing
	}
}

// declaration is the markup declaration open state, §13.2.5.42.
func (r *Rewriter) declaration(b []byte, i int) (int, bool) {
	r.inText = false
	rest := b[i+2:]
	dashes, cdata := literal(rest, "--"), literal(rest, "[CDATA[")
	switch {
	case dashes == more || cdata == more:
		return i, false
	case dashes == yes:
		r.comesMarkup(i)
		r.mode, r.comment = inComment, comment{}
		return i + 4, true
	case cdata == yes && len(r.tree.open) > 0:
		if r.tree.htmlRules() {
			r.tree.doubt(doubtCDATA)
			r.reportDoubt(i)
		}
		if r.tree.foreign() {
			r.mode, r.brackets = inCDATA, 0
			return i + 9, true
		}
	}
	r.comesMarkup(i)
	r.mode = inBogusComment
	return i + 2, true
}

// comesMarkup notes what is neither a tag nor text.
func (r *Rewriter) comesMarkup(i int) {
	r.tree.markup()
	r.reportDoubt(i)
}

// bogusCommentEnd is §13.2.5.41; the doctype's states end at the same byte.
func bogusCommentEnd(b []byte, i int) (int, bool) {
	k := bytes.IndexByte(b[i:], '>')
	if k < 0 {
		return len(b), false
	}
	return i + k + 1, true
}

// cdata reads on in a CDATA section. To a preload scanner it is a comment that ends
// at the first ">", and a "<" after that is a tag.
func (r *Rewriter) cdata(b []byte, i int) (int, bool) {
	end, ended := r.cdataEnd(b, i)
	if bytes.IndexByte(b[i:end], '<') >= 0 {
		r.tree.doubt(doubtPreload)
		r.reportDoubt(i)
	}
	return end, ended
}

// cdataEnd is §13.2.5.69–71.
func (r *Rewriter) cdataEnd(b []byte, i int) (int, bool) {
	for i < len(b) {
		if r.brackets == 0 {
			k := bytes.IndexByte(b[i:], ']')
			if k < 0 {
				return len(b), false
			}
			i += k
		}
		switch {
		case b[i] == ']':
			r.brackets = min(r.brackets+1, 2)
		case b[i] == '>' && r.brackets == 2:
			return i + 1, true
		default:
			r.brackets = 0
		}
		i++
	}
	return i, false
}

// seeText looks for the first visible byte of a text: our markup goes before it, and
// it begins the body. A character reference may stand for white space, so text that
// begins with one begins nothing.
func (r *Rewriter) seeText(b []byte, i, end int) {
	if r.inText {
		return
	}
	for ; i < end; i++ {
		if class[b[i]]&isSpace != 0 || b[i] == 0 {
			continue
		}
		r.inText = true
		if r.dropping == dropNothing {
			r.insertHead(i)
		}
		if b[i] != '&' && r.tree.plain() {
			r.tree.text = true
		}
		return
	}
}
