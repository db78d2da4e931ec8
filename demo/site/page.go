package site

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"time"
)

//go:embed pages static
var files embed.FS

// page is what the templates know.
type page struct {
	Title, Description   string
	Vendor, Nonce        string
	ExtraHead, ExtraBody template.HTML // markup of the test's own, verbatim
	Today, Published     string
	Slot                 string // the name of the ad slot
	State                pageState
	Articles, Others     []article
	Lead, Article        *article
}

// pageState is what the site's inline script puts into window.__page. Served
// changes with every response, as such scripts do on real sites.
type pageState struct {
	Page    string `json:"page"`
	Slug    string `json:"slug,omitempty"`
	Section string `json:"section,omitempty"`
	Words   int    `json:"words,omitempty"`
	Served  string `json:"served"`
}

// templates holds one template set per kind of page, and per article.
type templates map[string]*template.Template

func parseTemplates() templates {
	parse := func(names ...string) *template.Template {
		paths := []string{"pages/layout.html", "pages/parts.html"}
		for _, name := range names {
			paths = append(paths, "pages/"+name+".html")
		}
		set := template.New("layout.html").Funcs(template.FuncMap{"art": art})
		return template.Must(set.ParseFS(files, paths...))
	}
	parsed := templates{"front": parse("front"), "about": parse("about"), "missing": parse("missing")}
	for _, a := range articles {
		parsed["news-"+a.Slug] = parse("article", "news-"+a.Slug)
	}
	return parsed
}

// art puts a picture into the page itself, where it can take the page's colours.
func art(name string) (template.HTML, error) {
	svg, err := files.ReadFile("static/art/" + name + ".svg")
	if err != nil {
		return "", fmt.Errorf("no picture named %q: %w", name, err)
	}
	return template.HTML(svg), nil
}

// render writes the page that name stands for.
func (t templates) render(name string, p page) ([]byte, error) {
	set, ok := t[name]
	if !ok {
		return nil, fmt.Errorf("no page named %q", name)
	}
	var out bytes.Buffer
	if err := set.Execute(&out, p); err != nil {
		return nil, fmt.Errorf("failed to render the page %q: %w", name, err)
	}
	return out.Bytes(), nil
}

var tags = regexp.MustCompile(`<[^>]*>`)

// words counts the words of an article.
func (t templates) words(name string) int {
	var out bytes.Buffer
	if err := t[name].ExecuteTemplate(&out, "story", nil); err != nil {
		return 0
	}
	return len(strings.Fields(tags.ReplaceAllString(out.String(), " ")))
}

// newPage fills in what all pages have in common.
func (o Options) newPage(kind string, now time.Time) page {
	return page{
		Title:       "The Aldermouth Heron",
		Description: "The weekly newspaper of Aldermouth, Saltby and the river villages.",
		Vendor:      o.Vendor,
		Nonce:       o.freshNonce(),
		ExtraHead:   template.HTML(o.ExtraHead),
		ExtraBody:   template.HTML(o.ExtraBody),
		Today:       now.Format("Monday, 2 January 2006"),
		Slot:        kind + "-rail",
		State:       pageState{Page: kind, Served: now.UTC().Format(time.RFC3339Nano)},
		Articles:    articles,
	}
}

// freshNonce returns the nonce of one response, or "" where the policy has none.
func (o Options) freshNonce() string {
	if !strings.Contains(o.CSP, nonceMark) {
		return ""
	}
	return rand.Text()
}
