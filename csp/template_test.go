package csp

import "testing"

func TestTemplateIsThePolicy(t *testing.T) {
	for _, page := range []Page{
		{},
		{InlineChat: true, ReportURI: "/report"},
		{Sources: []Source{{Own: true, Rest: "/static/"}, {Rest: "https://cdn.example"}}, Workers: []Source{{Own: true, Rest: "/static/"}}},
		{InlineChat: true, Directives: map[string][]string{"style-src": {"https://fonts.example"}, "img-src": {"*"}}},
	} {
		template := page.Template()
		for range 2 {
			page.Nonce, page.Origin = NewNonce(), "https://"+NewNonce().value+".example"
			if got, want := template.With(page.Nonce, page.Origin), page.Policies(); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		}
	}
}
