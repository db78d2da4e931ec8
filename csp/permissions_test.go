package csp

import (
	"slices"
	"strings"
	"testing"
)

func TestPermissionsPolicyDeniesWhatIsNotAllowed(t *testing.T) {
	if !slices.IsSorted(Features) {
		t.Error("the features are not sorted")
	}
	for _, allowed := range [][]string{nil, {"autoplay"}, {"autoplay", "not-known-yet"}} {
		entries := strings.Split(PermissionsPolicy(allowed), ", ")
		for _, feature := range append(slices.Clone(Features), allowed...) {
			want := feature + "=()"
			if slices.Contains(allowed, feature) {
				want = feature + "=*"
			}
			n := 0
			for _, entry := range entries {
				if strings.HasPrefix(entry, feature+"=") {
					n++
				}
			}
			if n != 1 || !slices.Contains(entries, want) {
				t.Errorf("with %q: %s stands %d times, want %s", allowed, feature, n, want)
			}
		}
	}
}
