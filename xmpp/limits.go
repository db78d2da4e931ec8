package xmpp

// Limits bound what one peer can make the splitter hold or do. A zero field
// means its default; there is no way to say "unlimited", because every one of
// them has been an attack on some server (CWE-400, CWE-776).
type Limits struct {
	// StanzaBytes caps one stanza, stream header or BOSH body tag, in bytes
	// as sent. Default: 1 MiB. Large rosters and avatars need it large;
	// every stream may hold this much.
	StanzaBytes int

	// Depth caps how deep elements nest in a stanza, the stanza itself being
	// 1. Default: 64.
	Depth int

	// Attributes caps the attributes of one element, namespace declarations
	// included. Default: 64.
	Attributes int

	// NameBytes caps the name of an element or attribute, prefix included.
	// Default: 256.
	NameBytes int

	// Stanzas caps the children of one client payload. It does not apply to
	// a server's stream. Default: 256.
	Stanzas int

	// lenient leaves out a stanza in which something is too much, see leaveOut.
	lenient bool
}

// maxBindings caps the namespace declarations in force at one place, so that
// looking one up takes bounded time.
const maxBindings = 128

// maxNamespaceBytes caps a namespace name, and maxChildren how many children of a
// stanza are looked into. What is taken out of its place has the namespaces of that
// place written on it: without these bounds, and the one of grown, a client could make
// gigabytes of a message with a long namespace and many empty children (CWE-409).
const (
	maxNamespaceBytes = 512
	maxChildren       = 1024
)

// grown is how large the parts of a document of n bytes may be together, each with
// its namespaces.
func grown(n int) int { return 4*n + 16<<10 }

// ofServer are the limits for what a server sends.
func (l Limits) ofServer() Limits {
	l.lenient = true
	return l
}

func (l Limits) withDefaults() Limits {
	set := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&l.StanzaBytes, 1<<20)
	set(&l.Depth, 64)
	set(&l.Attributes, 64)
	set(&l.NameBytes, 256)
	set(&l.Stanzas, 256)
	return l
}
