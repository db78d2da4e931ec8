package rewrite

// startTag handles the start tag b[i:i+end]. It returns where to go on, or false
// when the tag's script waits for its text.
func (r *Rewriter) startTag(b []byte, i, end int) (int, bool) {
	tok := b[i : i+end]
	r.values = r.values[:0]
	r.at = i
	var buf [maxName]byte
	name := foldName(&buf, tok[1:r.tag.nameEnd])
	k := kindOf(name)
	if !r.headDone && !r.beforeHead(k, tok) {
		r.insertHead(i)
	}
	r.stopDropping(i)
	if k == script && r.tree.htmlRules() {
		r.tree.startTag(name, k, &r.tag, tok)
		r.reportDoubt(i)
		return r.scriptTag(b, i, end)
	}
	if k == script && r.tree.inSVG() {
		return r.svgScript(b, i, end)
	}
	ns, ignored := r.tree.startTag(name, k, &r.tag, tok)
	r.reportDoubt(i)
	if ignored {
		return i + end, true
	}
	r.carriers(tok)
	added := r.scratch[:0]
	if ns == inHTML {
		var dropped bool
		if added, dropped = r.element(k, tok, added); dropped {
			r.cut(i, i+end)
			return i + end, true
		}
	}
	r.scratch = added
	if len(added) > 0 || r.tag.edited() {
		r.writeTag(tok, i, added)
	}
	if ns == inHTML {
		if r.tag.traits&hasID != 0 && k == other && len(r.Inside) > 0 {
			r.insertInside(tok, i+end)
		}
		r.enter(k, name)
	}
	return i + end, true
}

// element does what a kind of HTML element asks for. It returns the markup to add
// to the start tag, and whether the element is taken out.
func (r *Rewriter) element(k kind, tok, added []byte) (_ []byte, dropped bool) {
	switch k {
	case link:
		if r.loadsScript(tok) {
			return r.preload(tok, added)
		}
		return r.styleNonce(tok, added), false
	case style:
		return r.styleNonce(tok, added), false
	case base:
		r.report(Base, "<base> has no effect under our policy; relative addresses are the page's own")
	case meta:
		r.metaElement(tok)
	case iframe:
		if r.tag.traits&hasSrcdoc != 0 {
			r.srcdoc(tok)
		}
	}
	return added, false
}

// enter switches the tokenizer as the tree builder does after the start tag of an
// HTML element (§13.2.6.4.4, §13.2.6.4.7).
func (r *Rewriter) enter(k kind, name []byte) {
	switch k {
	case rawText, style, iframe:
		r.mode = inRawText
		r.rawLength = copy(r.rawName[:], name)
	case script:
		r.mode, r.text = inScriptData, scriptText{}
	case plaintext:
		r.mode = inPlaintext
	}
}

// beforeHead reports whether our markup goes after this tag. A <meta charset> keeps
// its place within the first 1024 bytes (HTML §4.2.5.4).
func (r *Rewriter) beforeHead(k kind, tok []byte) bool {
	switch k {
	case htmlElement, headElement:
	case meta:
		if r.tag.find(tok, "charset") == nil {
			httpEquiv := r.tag.find(tok, "http-equiv")
			if httpEquiv == nil || !equalFold(r.value(tok, httpEquiv), "content-type") {
				return false
			}
		}
	default:
		return false
	}
	r.headSeen = true
	return true
}

// preload decides on a <link> that fetches a script; it follows the script's verdict.
func (r *Rewriter) preload(tok, added []byte) (_ []byte, dropped bool) {
	r.script = Script{page: r, tok: tok, Kind: Preload, Nonce: r.attributeValue(tok, "nonce"), Src: r.attributeValue(tok, "href")}
	switch action := r.Decide(&r.script); {
	case action.Do == Allow && r.mayGrant(tok):
		// The script itself is not checked again: a module that was loaded ahead is in
		// the module map, whatever its own element says.
		return r.appendIntegrity(tok, r.appendNonce(added), action), false
	case action.Do == Allow || r.Observe:
		return added, false
	}
	return added, true
}

// styleNonce decides on the nonce of a style element or a link. Without one there is
// nothing to decide: the policy knows the style by its address or its hash.
func (r *Rewriter) styleNonce(tok, added []byte) []byte {
	if r.tag.traits&hasNonce == 0 {
		return added
	}
	r.script = Script{page: r, Kind: Style, Nonce: r.attributeValue(tok, "nonce")}
	if r.Decide(&r.script).Do == Allow && r.mayGrant(tok) {
		return r.appendNonce(added)
	}
	return added
}

// mayGrant reports whether an element may carry the nonce at all.
func (r *Rewriter) mayGrant(tok []byte) bool {
	if r.Nonce.IsZero() || r.tree.doubts != certain {
		return false
	}
	if !r.nonceable(tok) {
		r.report(Dangling, "no nonce for an element that looks like dangling markup")
		return false
	}
	return true
}

func (r *Rewriter) appendNonce(added []byte) []byte {
	added = append(append(added, ` nonce="`...), r.Nonce.String()...) // in base64 nothing is to escape
	return append(added, '"')
}

// attributeValue returns the value of the first attribute of that name, or nil.
func (r *Rewriter) attributeValue(tok []byte, name string) []byte {
	if a := r.tag.find(tok, name); a != nil {
		return r.value(tok, a)
	}
	return nil
}

// insertInside puts in the markup for the element whose start tag ended before at.
func (r *Rewriter) insertInside(tok []byte, at int) {
	if r.tree.doubts != certain {
		return
	}
	id := r.attributeValue(tok, "id")
	for i, insertion := range r.Inside {
		if done := uint64(1) << i; r.inserted&done == 0 && insertion.ID == string(id) {
			r.inserted |= done
			r.flush(at)
			r.emit(insertion.Markup)
		}
	}
}

// cut leaves out b[from:to].
func (r *Rewriter) cut(from, to int) {
	r.flush(from)
	r.keepApart()
	r.from = to
}

// keepApart is called where an element is left out after what was passed on. Text
// before it must not become something else with what comes next: a "<" a tag, as in
// "<<script>…</script>img src='", a "&" a character reference (CWE-79).
func (r *Rewriter) keepApart() {
	if r.last != 0 && r.last != '>' && class[r.last]&isSpace == 0 {
		r.emit(emptyComment)
	}
}

var emptyComment = []byte("<!---->")

// plainTag writes the tag that begins at i with nothing added: its nonce never
// survives, and its handlers are decided on.
func (r *Rewriter) plainTag(tok []byte, i int) {
	r.carriers(tok)
	if r.tag.edited() {
		r.writeTag(tok, i, nil)
	}
}

// writeTag writes the tag that begins at i, with the attributes in added put first
// and each attribute's edit made. All else of it stays byte for byte.
func (r *Rewriter) writeTag(tok []byte, i int, added []byte) {
	t := &r.tag
	r.flush(i)
	r.emit(tok[:t.nameEnd])
	r.emit(added)
	at, with := t.nameEnd, t.with
	for j := range t.attributes() {
		a := &t.all[j]
		switch a.edit {
		case drop:
			r.emitWithout(tok[at:a.start], tok[a.end:])
			at = int(a.end)
		case replaced:
			r.emit(tok[at:a.nameEnd])
			from := len(r.values)
			r.values = append(appendEscaped(append(r.values, `="`...), with[0]), '"')
			r.emit(r.values[from:])
			at, with = int(a.end), with[1:]
		}
	}
	r.emit(tok[at:])
	r.from = i + len(tok)
}

// emitWithout writes what stands before an attribute that is left out, so that what
// follows is read as it was. The pieces must not join: an injector who writes
//
//	<script src=good nonce=""/..\evil\x.js>   <script src nonce=1 =\\evil\x.js>   <svg/nonce>
//
// would have another address on an allowed script, or an element closed that the
// rewriter has open, and the nonce with it (CWE-79).
func (r *Rewriter) emitWithout(before, after []byte) {
	end := len(before)
	for end > 0 && class[before[end-1]]&isSpace != 0 {
		end--
	}
	next := 0
	for class[after[next]]&isSpace != 0 { // the tag's ">" is there
		next++
	}
	switch {
	case after[next] == '=':
		// It would become the value of the attribute before. After a slash the
		// tokenizer is before an attribute's name, whatever stood there.
		r.emit(before)
		r.emit(apart)
	case next > 0:
		r.emit(before[:end]) // the white space that follows keeps them apart
	case after[0] == '>' && (end > 0 && before[end-1] != '/' || end == 0 && r.last != '/'):
		r.emit(before[:end]) // it does not close the element, and ends all else
	default:
		r.emit(before)
		if end == len(before) {
			r.emit(oneSpace)
		}
	}
}

var oneSpace, apart = []byte(" "), []byte(" / ")

// appendAttribute appends an attribute of ours.
func appendAttribute[T string | []byte](out []byte, name string, value T) []byte {
	out = append(append(append(out, ' '), name...), `="`...)
	return append(appendEscaped(out, value), '"')
}
