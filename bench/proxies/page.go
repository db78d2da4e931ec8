package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A page is one HTML document of the origin.
type page struct {
	name    string // "32 KiB"
	file    string // "32k.html"
	always  bool   // under another address each time, so that no peer knows it
	html    string
	scripts int      // every <script>, each of which the policy allows
	inline  []string // the texts of the inline ones, each once
}

// Where the scripts of the pages come from.
const (
	ownScripts    = "/static/js/"
	vendorScripts = "https://cdn.vendor.example/lib/"
)

// One external script for so many bytes of page, and half as many inline ones: the
// share that news pages have.
const scriptEvery = 4 << 10

func makePages() []page {
	return []page{
		makePage("4 KiB", "4k.html", 4<<10),
		makePage("32 KiB", "32k.html", 32<<10),
		anew(makePage("32 KiB, never seen", "32k.html", 32<<10)),
		makePage("1 MB", "1m.html", 1_000_000),
	}
}

// anew returns the page as one that nobody has asked for before.
func anew(p page) page {
	p.always = true
	return p
}

// makePage returns a page of exactly size bytes that looks like one of a news site.
// It is the same each time.
func makePage(name, file string, size int) page {
	const end = "\n</main>\n</body>\n</html>\n"
	p := page{name: name, file: file}
	r := rand.New(rand.NewPCG(1, 2)) // any seed; always this one
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html>
<html lang="en" class="no-js">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The Daily Example &ndash; news, weather &amp; sport</title>
<link rel="stylesheet" href="/static/css/site.css?v=20260714">
<link rel="canonical" href="https://www.example.com/news">
<style>body{margin:0;font:16px/1.5 Georgia,serif}.card{border:1px solid #ccc;padding:1em}</style>
</head>
<body class="home page" data-edition="en">
<!-- generated for the benchmark -->
<main id="content">
`)
	for next := scriptEvery / 2; ; {
		if b.Len() >= next {
			next += scriptEvery
			b.WriteString(externalScript(p.scripts))
			p.scripts++
			if next/scriptEvery%2 == 1 {
				text := inlineTexts[p.scripts%len(inlineTexts)]
				fmt.Fprintf(&b, "<script>%s</script>\n", text)
				p.scripts++
			}
		}
		article := article(r)
		if b.Len()+len(article)+len(end) > size {
			break
		}
		b.WriteString(article)
	}
	b.WriteString(strings.Repeat(" ", size-b.Len()-len(end)))
	b.WriteString(end)
	p.html, p.inline = b.String(), inlineTexts
	return p
}

func externalScript(n int) string {
	if n%4 == 3 {
		return fmt.Sprintf(`<script async src="%swidget-%d.min.js" crossorigin="anonymous" data-site="EX-1"></script>`+"\n", vendorScripts, n)
	}
	return fmt.Sprintf(`<script defer src="%spart-%d.js?v=20260714"></script>`+"\n", ownScripts, n)
}

// inlineTexts are the inline scripts, as pages repeat them.
var inlineTexts = []string{
	`window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag("js",new Date());gtag("config","G-EXAMPLE");`,
	`document.documentElement.className=document.documentElement.className.replace("no-js","js");`,
	"\n  (function (w, d) {\n    var q = w._q = w._q || [];\n    if (q.length < 1 && d.cookie.indexOf(\"seen=\") < 0) {\n      q.push([\"view\", d.title, d.location.pathname]);\n    }\n  })(window, document);\n",
	`var slots=[{"id":"top","size":[728,90]},{"id":"side","size":[300,250]}];for(var i=0;i<slots.length;i++){register(slots[i])}`,
}

// article returns one teaser: markup, attributes and running text.
func article(r *rand.Rand) string {
	id := r.IntN(1_000_000)
	return fmt.Sprintf(`<article class="card card--%d" id="story-%d" data-id="%d">
<a class="card__link" href="/news/2026/07/story-%d.html?from=home&amp;pos=%d" title="%s">
<img class="card__image" src="/media/%d/thumb.jpg" srcset="/media/%d/1x.jpg 1x, /media/%d/2x.jpg 2x" width="320" height="180" alt="%s" loading="lazy"></a>
<h2>%s</h2>
<p>%s <em>%s</em> %s</p>
<p class="meta"><time datetime="2026-07-14T08:00:00Z">14 July</time> &middot; <span>%d comments</span></p>
</article>
`, id%7, id, id, id, id%40, words(r, 6), id, id, id, words(r, 5), words(r, 8), words(r, 40), words(r, 3), words(r, 25), id%300)
}

func words(r *rand.Rand, n int) string {
	chosen := make([]string, n)
	for i := range chosen {
		chosen[i] = vocabulary[r.IntN(len(vocabulary))]
	}
	return strings.Join(chosen, " ")
}

var vocabulary = strings.Fields(`the of and to in a is that for it as was with be by on not he his but at are this
have from or had an they which one you were all her she there would their we him been has when who will no more if
out so up said what its about than into them can only other time new some could these two may first then do any like
my now over such our man me even most made after also did many off before must well back through years much where your
way down should because long each just state those people too mr how little good world make very year still see work
government council minister weather storm train station election budget harbour museum festival caf&eacute; r&eacute;sum&eacute;`)
