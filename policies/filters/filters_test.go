package filters

import (
	"strings"
	"testing"
)

func parse(t testing.TB, text string) *List {
	t.Helper()
	l, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}
