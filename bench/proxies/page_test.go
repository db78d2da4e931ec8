package main

import (
	"strings"
	"testing"
)

func TestPagesAreOfTheirSizeAndAlwaysTheSame(t *testing.T) {
	again := makePages()
	for i, p := range makePages() {
		if p.html != again[i].html {
			t.Errorf("%s: two pages differ", p.name)
		}
		if want := []int{4 << 10, 32 << 10, 32 << 10, 1_000_000}[i]; len(p.html) != want {
			t.Errorf("%s: %d bytes, want %d", p.name, len(p.html), want)
		}
		if got := strings.Count(p.html, "<script"); got != p.scripts || got == 0 {
			t.Errorf("%s: %d scripts, told %d", p.name, got, p.scripts)
		}
		if !strings.HasSuffix(p.html, "</html>\n") {
			t.Errorf("%s is cut off", p.name)
		}
	}
}
