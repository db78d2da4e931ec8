package rewrite

import "bytes"

// Start tags longer than maxHeld, or with more than maxAttributes attributes. An
// image whose data: URL has a megabyte is common and passes as it comes; what would
// have to be looked at in such a tag is refused unseen:
//
//   - its nonce, handlers and srcdoc are taken out;
//   - a <script> is taken out with its text;
//   - nothing is granted to it.
//
// javascript: URLs and preloads of scripts stay, and our policy refuses them.
type longTag struct {
	name    [maxName]byte
	nameLen int // 0 for a name that is too long
	kind    kind
	slash   bool // the byte before was a slash that would close the tag
	cut     bool // the attribute at hand is left out
}

// beginLongTag begins the tag anew at i, to be read piece by piece.
func (r *Rewriter) beginLongTag(b []byte, i int) {
	r.tagOpen, r.inText = false, false
	r.mode, r.tail = inLongTag, tagTail{state: tagName}
	r.long = longTag{}
	r.at = i
	if n := r.tag.nameEnd; n > 0 {
		name := foldName(&r.long.name, b[i+1:i+n])
		r.long.nameLen, r.long.kind = len(name), kindOf(name)
	}
	if r.long.kind != htmlElement && (r.long.kind != headElement || r.headDone) {
		r.insertHead(i)
	}
	r.headSeen = true
	r.stopDropping(i)
	if r.long.kind == script && !r.Observe && r.tree.htmlRules() {
		r.report(TooLong, "a script is taken out: its start tag is longer than what can be held")
		r.flush(i)
		r.keepApart()
		r.dropping = dropElement
	}
}

// longTag reads on in the tag.
func (r *Rewriter) longTag(b []byte, i int) (int, bool) {
	t := &r.tail
	for ; i < len(b); i++ {
		switch is := class[b[i]]; {
		case t.state == attributeValueQuoted:
			k := bytes.IndexByte(b[i:], t.quote)
			if k < 0 {
				return len(b), false
			}
			i += k
		case t.state == beforeAttributeName && is&endsTagName == 0, t.state == afterAttributeName && is&endsAttrName == 0:
			refused := r.refusedAttribute(b[i:])
			if refused == more {
				return i, false
			}
			r.endCut(i)
			r.beginCut(i, refused == yes)
		}
		before := t.state
		ended := t.step(b[i])
		if ended || t.state == beforeAttributeName && before != beforeAttributeName {
			end := i
			if before == attributeValueQuoted {
				end++ // with its quote
			}
			r.endCut(end)
		}
		if ended {
			r.endLongTag(i+1, r.long.slash)
			return i + 1, true
		}
		r.long.slash = b[i] == '/' && t.state == beforeAttributeName
	}
	return i, false
}

// beginCut leaves out the attribute that begins at i, in a tag that is not left out.
func (r *Rewriter) beginCut(i int, refused bool) {
	if refused && r.dropping == dropNothing {
		r.flush(i)
		r.long.cut, r.dropping = true, dropText
	}
}

// endCut goes on after it. See emitWithout for what must not join.
func (r *Rewriter) endCut(i int) {
	if r.long.cut {
		r.flush(i)
		r.long.cut, r.dropping = false, dropNothing
		r.emit(apart)
	}
}

// endLongTag does what is done with every start tag.
func (r *Rewriter) endLongTag(i int, selfClosing bool) {
	r.mode = inData
	name := r.long.name[:r.long.nameLen]
	if r.long.nameLen == 0 {
		name = nil
	}
	if !r.tree.htmlRules() && (name == nil || string(name) == "font") {
		r.tree.doubt(doubtName)
	}
	tag := startTag{selfClosing: selfClosing}
	ns, ignored := r.tree.startTag(name, r.long.kind, &tag, nil)
	r.reportDoubt(i)
	if ns == inHTML && !ignored {
		r.enter(r.long.kind, name)
	}
}

// refusedAttribute reports whether an attribute whose name begins b is taken out of
// a long tag.
func (r *Rewriter) refusedAttribute(b []byte) match {
	if r.Observe {
		return attributeNamed(b, "nonce")
	}
	if b[0]|0x20 == 'o' {
		switch {
		case len(b) == 1 || b[1]|0x20 == 'n' && len(b) == 2:
			return more
		case b[1]|0x20 == 'n' && class[b[2]]&endsAttrName == 0:
			return yes
		}
		return no
	}
	return max(attributeNamed(b, "nonce"), attributeNamed(b, "srcdoc"))
}

// attributeNamed reports whether an attribute that begins b has that name.
func attributeNamed(b []byte, name string) match {
	n := min(len(b), len(name))
	switch {
	case !hasPrefixFold(b[:n], name[:n]):
		return no
	case len(b) <= len(name):
		return more
	case class[b[len(name)]]&endsAttrName == 0:
		return no
	}
	return yes
}
