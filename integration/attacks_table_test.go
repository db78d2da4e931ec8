package integration

import "chatproxy/integration/browsers"

// A topic is what attacks have in common.
type topic string

const (
	reading topic = "reading the page"
)

var corpus = map[string]attack{
	"read-text":   {topic: reading, loot: []string{secretText}},
	"read-fields": {topic: reading, loot: []string{typedText, typedPassword}, steps: typeBoth},
}

// typeBoth is a reader who fills in the desk's form.
func typeBoth(b *browsers.Browser) {
	b.Type("#letter", typedText)
	b.Type("#password", typedPassword)
}
