package policies

// Files returns the files that the policy was made from, as they can be opened: the
// policy file itself, its lists, its lock, certificates and keys. When one of them
// changes, the policy has to be loaded again.
func (p *Policy) Files() []string {
	var files []string
	for _, file := range []string{p.File, p.Scripts.Lock, p.TLS.Certificate, p.TLS.Key, p.XMPP.CA} {
		if file != "" {
			files = append(files, file)
		}
	}
	for _, list := range p.Scripts.Lists {
		files = append(files, beside(p.File, list))
	}
	return files
}
