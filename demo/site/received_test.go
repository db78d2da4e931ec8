package site

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReceivedFeed(t *testing.T) {
	v := NewVendor(VendorOptions{})
	v.log.add(Hit{Path: "/collect/pageview", Body: "first"})
	v.log.add(Hit{Path: "/collect/replay", Body: strings.Repeat("ü", 400) + " needle in the part that is not shown"})
	v.log.add(Hit{Path: "/e/", Body: "third"})

	_, body := get(t, v, "/received.json?after=1&find=NEEDLE")
	var answer receivedAnswer
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Hits) != 2 || answer.Hits[0].Seq != 2 || answer.Total != 3 || answer.Kept != 3 || answer.Found != 1 {
		t.Errorf("the feed is %+v", answer)
	}
	if n := utf8.RuneCountInString(answer.Hits[0].Text); n != textShown+1 {
		t.Errorf("%d characters are shown, want %d and an ellipsis", n, textShown)
	}
}
