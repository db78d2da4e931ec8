package rewrite

import "bytes"

// scriptTag handles the start tag b[i:i+end] of an HTML <script>.
func (r *Rewriter) scriptTag(b []byte, i, end int) (int, bool) {
	tok := b[i : i+end]
	r.mode, r.text = inScriptData, scriptText{}
	typ, runs := r.scriptType(tok)
	if !runs {
		r.plainTag(tok, i)
		return i + end, true
	}
	r.readScript(tok, typ, "src")
	action := r.Decide(&r.script)
	if action.Do == NeedText && r.script.Kind == Inline {
		r.mode, r.held, r.tagEnd, r.textRead = inData, true, end, end
		return r.heldScript(b, i)
	}
	r.apply(tok, i, action)
	return i + end, true
}

// readScript fills in what is known of a script by its start tag; src and alias
// are the names of the attribute that makes it external.
func (r *Rewriter) readScript(tok []byte, typ string, sources ...string) {
	r.script = Script{page: r, tok: tok, Kind: Inline, Type: typ, Nonce: r.attributeValue(tok, "nonce")}
	for _, source := range sources {
		if a := r.tag.find(tok, source); a != nil {
			r.script.Kind, r.script.Src = External, r.value(tok, a)
			return
		}
	}
}

// heldScript goes on with the inline script at i whose text must be known.
func (r *Rewriter) heldScript(b []byte, i int) (int, bool) {
	if r.heldSVG {
		r.held, r.heldSVG = false, false
		r.values = r.values[:0]
		r.at = i
		return r.svgScript(b, i, r.tagEnd)
	}
	textEnd, ended := r.text.end(b[i:], r.textRead)
	r.textRead = textEnd
	if !ended && !r.full {
		return i, false
	}
	tok := b[i : i+r.tagEnd]
	r.values = r.values[:0]
	r.at = i
	typ, _ := r.scriptType(tok)
	r.readScript(tok, typ)
	r.script.HasText, r.script.TooLong = ended, !ended
	if ended {
		r.script.Text = r.normalized(b[i+r.tagEnd : i+textEnd])
	} else {
		r.report(TooLong, "an inline script is longer than what can be held, so no rule can know its text")
	}
	r.held, r.mode = false, inScriptData
	r.apply(tok, i, r.Decide(&r.script))
	return i + textEnd, true
}

// apply does to the script at i what was decided; its text and end tag follow.
func (r *Rewriter) apply(tok []byte, i int, action Action) {
	switch {
	case action.Do == Allow:
		r.carriers(tok)
		added := r.scratch[:0]
		if r.mayGrant(tok) {
			added = r.appendNonce(added)
		}
		r.scratch = r.appendIntegrity(tok, added, action)
		added = r.scratch
		if len(added) > 0 || r.tag.edited() {
			r.writeTag(tok, i, added)
		}
	case r.Observe:
		r.plainTag(tok, i)
	case action.Do == Isolate && r.outer == nil:
		r.inert(tok, i, action.Compartment)
		if r.script.Kind == External {
			r.dropping = dropText
		}
	default:
		r.flush(i)
		r.keepApart()
		r.dropping = dropElement
	}
}

// appendIntegrity appends what makes the browser check the script's bytes, where
// something has to be. Who only observes lets run what ran.
func (r *Rewriter) appendIntegrity(tok, added []byte, action Action) []byte {
	if action.Integrity == "" || r.Observe {
		return added
	}
	if own := r.tag.find(tok, "integrity"); own != nil {
		r.tag.replace(own, []byte(action.Integrity))
	} else {
		added = appendAttribute(added, "integrity", action.Integrity)
	}
	if action.CrossOrigin && r.tag.find(tok, "crossorigin") == nil {
		added = appendAttribute(added, "crossorigin", "anonymous")
	}
	return added
}

// inert writes the start tag of a script that became data. The element marks the
// place where the script stood, and keeps its own attributes, which vendors read
// from document.currentScript, but for those that the browser would act on.
func (r *Rewriter) inert(tok []byte, i int, compartment []byte) {
	added := appendAttribute(r.scratch[:0], "type", InertType)
	added = appendAttribute(added, AttrCompartment, compartment)
	if r.script.Kind == External {
		added = appendAttribute(added, AttrSrc, r.script.Src)
	}
	if r.script.Type != "" {
		added = appendAttribute(added, AttrType, r.script.Type)
	}
	if r.mayGrant(tok) {
		added = r.appendNonce(added)
	}
	r.scratch = added
	for j := range r.tag.attributes() {
		a := &r.tag.all[j]
		name := a.name(tok)
		if isHandler(name) || isInertOwn(name) {
			a.edit = drop
		}
	}
	r.writeTag(tok, i, added)
}

// isInertOwn reports whether an attribute has a meaning on an inert script.
func isInertOwn(name []byte) bool {
	for _, own := range [...]string{"type", "src", "href", "xlink:href", "nonce", "language", "integrity", AttrCompartment, AttrSrc, AttrType} {
		if equalFold(name, own) {
			return true
		}
	}
	return false
}

// svgScript handles the start tag b[i:i+end] of an SVG <script>. The browser runs
// it as it runs an HTML one (SVG 2 §15.3), but reads its content as markup.
func (r *Rewriter) svgScript(b []byte, i, end int) (int, bool) {
	tok := b[i : i+end]
	r.tree.markup() // before it is granted anything
	r.reportDoubt(i)
	typ, runs := r.scriptType(tok)
	if runs {
		r.readScript(tok, typ, "href", "xlink:href")
		action := r.Decide(&r.script)
		if action.Do == NeedText {
			text, known, ended := []byte{}, true, true
			if !r.tag.selfClosing {
				text, known, ended = svgText(b[i+end:])
			}
			if !ended && !r.full {
				r.held, r.heldSVG, r.tagEnd = true, true, end
				return i, false
			}
			r.script.HasText, r.script.TooLong = known, !known
			if known {
				r.script.Text = r.normalized(text)
			}
			action = r.Decide(&r.script)
		}
		if action.Integrity != "" && !r.Observe {
			action = Action{Do: Strip} // browsers check no SVG script (SVG 2 §15.3 has no such attribute)
		}
		dropped := action.Do != Allow && (action.Do != Isolate || r.outer != nil) && !r.Observe
		r.apply(tok, i, action)
		if dropped {
			if r.tag.selfClosing {
				r.cut(i, i+end)
				r.dropping = dropNothing
			}
			return i + end, true
		}
		r.dropping = dropNothing // its content is markup and stays
	} else {
		r.plainTag(tok, i)
	}
	r.tree.startTag(scriptName, script, &r.tag, tok)
	r.reportDoubt(i)
	return i + end, true
}

var scriptName = []byte("script")

// svgText returns the text of an SVG script whose content is one text or one CDATA
// section; of others it is not known. Not ended means that more bytes are needed.
func svgText(b []byte) (text []byte, known, ended bool) {
	const opening, closing = "<![CDATA[", "]]>"
	i := bytes.IndexByte(b, '<')
	if i < 0 {
		return nil, false, false
	}
	if bytes.IndexByte(b[:i], '&') >= 0 {
		return nil, false, true
	}
	switch closes, cdata := endTag(b[i+1:], "script"), literal(b[i:], opening); {
	case closes == yes:
		return b[:i], true, true
	case closes == more || cdata == more:
		return nil, false, false
	case cdata == no || i > 0:
		return nil, false, true
	}
	k := bytes.Index(b[len(opening):], []byte(closing))
	if k < 0 {
		return nil, false, false
	}
	text = b[len(opening):][:k]
	closes := no
	if rest := b[len(opening)+k+len(closing):]; len(rest) == 0 {
		closes = more
	} else if rest[0] == '<' {
		closes = endTag(rest[1:], "script")
	}
	return text, closes == yes, closes != more
}

// normalized returns the text of a script as the browser hashes it: line ends
// normalised (§13.2.3.5) and NUL replaced (§13.2.5.4).
func (r *Rewriter) normalized(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 && bytes.IndexByte(text, 0) < 0 {
		return text
	}
	from := len(r.values)
	for i, c := range text {
		switch {
		case c == '\r':
			c = '\n'
		case c == '\n' && i > 0 && text[i-1] == '\r':
			continue
		case c == 0:
			r.values = append(r.values, "\uFFFD"...)
			continue
		}
		r.values = append(r.values, c)
	}
	return r.values[from:]
}
