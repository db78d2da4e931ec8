package proxy

import (
	"slices"
	"strings"

	"chatproxy/browser"
	"chatproxy/csp"
	"chatproxy/policies"
)

// anySource is every place that a script can come from that has an address: no
// data: and no blob: URL is ever allowed.
var anySource = []csp.Source{{Rest: "http:"}, {Rest: "https:"}}

// sourcesOf returns where the scripts of a page may come from: our own, and those that
// the policy allows by their URL.
func sourcesOf(scripts *policies.Scripts) []csp.Source {
	sources := []csp.Source{{Own: true, Rest: browser.Prefix}}
	for _, source := range scripts.Sources() {
		if source.Any {
			return anySource
		}
		sources = append(sources, csp.Source{Own: source.Own, Rest: source.Rest})
	}
	slices.SortFunc(sources, func(a, b csp.Source) int {
		if a.Own != b.Own {
			return map[bool]int{true: -1, false: 1}[a.Own]
		}
		return strings.Compare(a.Rest, b.Rest)
	})
	return slices.Compact(sources)
}

// refusedWorker is what the guard has a worker load that it refuses: the worker fails
// as one whose script is not there.
const refusedWorker = browser.Prefix + "refused.js"

// workersOf returns where the scripts of workers may come from. They have the site's
// origin and so come from there (HTML §10.2.6.3).
func workersOf(scripts []csp.Source) []csp.Source {
	workers := []csp.Source{{Own: true, Rest: refusedWorker}}
	for _, source := range scripts {
		switch {
		case source == csp.Source{Own: true, Rest: browser.Prefix}:
		case strings.HasSuffix(source.Rest, ":"):
			workers = append(workers, csp.Source{Rest: "'self'"})
		default:
			workers = append(workers, source)
		}
	}
	return slices.Compact(workers)
}
