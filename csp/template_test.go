package csp

import "testing"

func TestTemplateIsThePolicy(t *testing.T) {
	for _, page := range []Page{
		{},
		{InlineChat: true, ReportURI: "/report"},
		{InlineChat: true, Directives: map[string][]string{"style-src": {"https://fonts.example"}, "img-src": {"*"}}},
	} {
		template := page.Template()
		for range 2 {
			page.Nonce = NewNonce()
			if got, want := template.With(page.Nonce), page.Policy().String(); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		}
	}
}
