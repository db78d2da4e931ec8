package site

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

var inlineState = regexp.MustCompile(`window\.__page = (\{.*\});</script>`)

func TestInlineStateIsJSON(t *testing.T) {
	_, body := get(t, NewSite(Options{}), "/news/night-ferry")
	found := inlineState.FindStringSubmatch(body)
	if found == nil {
		t.Fatal("the page has no inline state")
	}
	var state pageState
	if err := json.Unmarshal([]byte(found[1]), &state); err != nil {
		t.Fatalf("the inline state is not JSON: %v", err)
	}
	if state.Page != "article" || state.Slug != "night-ferry" || state.Section != "Harbour" || state.Words < 200 || state.Served == "" {
		t.Errorf("the inline state is %+v", state)
	}
}

func TestEveryArticleIsComplete(t *testing.T) {
	if len(articles) < 3 {
		t.Fatalf("the newspaper has %d articles, want at least 3", len(articles))
	}
	for _, a := range articles {
		if a.Teaser == "" || a.Author == "" || a.Caption == "" || a.Standfirst == "" {
			t.Errorf("article %q lacks a part", a.Slug)
		}
		_, body := get(t, NewSite(Options{}), "/news/"+a.Slug)
		if !strings.Contains(body, a.Headline) || !strings.Contains(body, "<blockquote>") {
			t.Errorf("article %q did not render", a.Slug)
		}
	}
}

func TestUnknownPictureIsAnError(t *testing.T) {
	if _, err := art("nessie"); err == nil {
		t.Error("a picture that does not exist was found")
	}
}
