package vendors

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed snippets
var snippetFiles embed.FS

// A Vendor is one third party and how a page has it.
type Vendor struct {
	// Key names its files, its host in the tests and its compartment.
	Key string
	// Title is how people know it.
	Title string
	// Package is its name on npm; empty for what is made here in its shape.
	Package string
	// Library is where its script comes from.
	Library Library
	// Before are further scripts that stand before its own, by name in libraries/.
	Before []string
	// Synchronous is whether the library stands before the snippet, which calls it,
	// and not after a snippet that queues.
	Synchronous bool
	// InBody is whether library and snippet stand where the advertisement is.
	InBody bool
	// Forward are the functions that the page's own script calls.
	Forward []string
	// Storage are the names under which it keeps its visitor.
	Storage []string
	// ID is the name of the field with the visitor's identifier in what it sends;
	// empty where it has none.
	ID string
	// Computed is whether the identifier is computed of the browser and not kept.
	Computed bool
	// Sends is what it sends of a plain page.
	Sends Sends
	// Leaves is whether it sends what it has only when the visitor leaves the page; its
	// snippet then tells the collector, as trouble "may leave", that it has all.
	Leaves bool
}

// Sends is what a vendor's script sends of the page that it stands in.
type Sends struct {
	Address, Title, Referrer bool
	// Secret is whether it sends texts of the page, as recorders do, or of what is
	// clicked on.
	Secret bool
}

// A Library is where a vendor's script comes from.
type Library struct {
	// File is a script under node_modules that is served as it is, Tail behind it.
	File, Tail string
	// Entry is a module in libraries/ that is bundled. One of File and Entry is given.
	Entry string
}

// All are the vendors of the matrix.
var All = []Vendor{
	{Key: "posthog", Title: "PostHog", Package: "posthog-js", Library: Library{File: "posthog-js/dist/array.js"},
		Forward: []string{"posthog.capture"}, Storage: []string{"ph_*"}, ID: "distinct_id",
		Sends: Sends{Address: true, Title: true, Referrer: true, Secret: true}},
	{Key: "mixpanel", Title: "Mixpanel", Package: "mixpanel-browser", Library: Library{File: "mixpanel-browser/dist/mixpanel.min.js"},
		Forward: []string{"mixpanel.track"}, Storage: []string{"mp_*"}, ID: "distinct_id",
		Sends: Sends{Address: true, Title: true, Referrer: true}},
	{Key: "countly", Title: "Countly", Package: "countly-sdk-web", Library: Library{File: "countly-sdk-web/lib/countly.min.js", Tail: "Countly.init();"},
		Forward: []string{"Countly.q.push"}, Storage: []string{"heron/*"}, ID: "device_id",
		Sends: Sends{Address: true}},
	{Key: "ackee", Title: "Ackee", Package: "ackee-tracker", Library: Library{File: "ackee-tracker/dist/ackee-tracker.min.js"}, Synchronous: true,
		Forward: []string{"ackee.action"},
		Sends:   Sends{Address: true, Referrer: true}},
	{Key: "applicationinsights", Title: "Application Insights", Package: "@microsoft/applicationinsights-web",
		Library: Library{File: "@microsoft/applicationinsights-web/browser/es5/ai.3.gbl.min.js"}, Synchronous: true,
		Forward: []string{"appInsights.trackEvent"}, Storage: []string{"ai_user", "ai_session"}, ID: "ai.user.id",
		Sends: Sends{Address: true, Title: true, Referrer: true}},
	{Key: "datadog", Title: "Datadog RUM", Package: "@datadog/browser-rum", Library: Library{File: "@datadog/browser-rum/bundle/datadog-rum.js"}, Synchronous: true, Leaves: true,
		Forward: []string{"DD_RUM.addAction"}, Storage: []string{"_dd_s*"}, ID: "anonymous_id",
		Sends: Sends{Address: true, Referrer: true, Secret: true}},
	{Key: "elastic", Title: "Elastic APM RUM", Package: "@elastic/apm-rum", Library: Library{File: "@elastic/apm-rum/dist/bundles/elastic-apm-rum.umd.min.js"}, Synchronous: true,
		Forward: []string{"elasticApm.captureError"},
		Sends:   Sends{Address: true, Referrer: true}},
	{Key: "rudderstack", Title: "RudderStack", Package: "@rudderstack/analytics-js", Library: Library{File: "@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"}, Synchronous: true,
		Forward: []string{"rudder.track"}, Storage: []string{"rl_*", "rudder_*"}, ID: "anonymousId",
		Sends: Sends{Address: true, Title: true, Referrer: true}},
	{Key: "fingerprintjs", Title: "FingerprintJS", Package: "@fingerprintjs/fingerprintjs", Library: Library{File: "@fingerprintjs/fingerprintjs/dist/fp.umd.min.js"}, Synchronous: true,
		Forward: []string{"visitor.send"}, ID: "visitorId", Computed: true,
		Sends: Sends{Address: true, Title: true, Referrer: true}},
	{Key: "plausible", Title: "Plausible", Package: "@plausible-analytics/tracker", Library: Library{Entry: "plausible.js"},
		Forward: []string{"plausible"},
		Sends:   Sends{Address: true, Referrer: true}},
	{Key: "rrweb", Title: "rrweb", Package: "rrweb", Library: Library{File: "rrweb/umd/rrweb.min.js"}, Synchronous: true,
		Forward: []string{"rrweb.record.addCustomEvent"}, Storage: []string{"rrweb_visitor"}, ID: "visitor",
		Sends: Sends{Address: true, Title: true, Referrer: true, Secret: true}},
	{Key: "prebid", Title: "Prebid Universal Creative", Package: "prebid-universal-creative", Library: Library{File: "prebid-universal-creative/dist/creative.js"},
		Before: []string{"pbjs"}, Synchronous: true, InBody: true, Forward: []string{"pbjs.setConfig"}, Storage: []string{"_pubcid"}, ID: "pubcid",
		Sends: Sends{Address: true, Title: true, Referrer: true}},
	{Key: "gtag", Title: "in the shape of gtag", Library: Library{Entry: "gtag.js"},
		Forward: []string{"gtag", "dataLayer.push"}, Storage: []string{"_ga", "_ga_*"}, ID: "cid",
		Sends: Sends{Address: true, Title: true, Referrer: true}},
	{Key: "metapixel", Title: "in the shape of Meta Pixel", Library: Library{Entry: "fbevents.js"},
		Forward: []string{"fbq"}, Storage: []string{"_fbp"}, ID: "fbp",
		Sends: Sends{Address: true, Referrer: true}},
	{Key: "matomo", Title: "in the shape of Matomo", Library: Library{Entry: "matomo.js"},
		Forward: []string{"_paq.push"}, Storage: []string{"_pk_id.*"}, ID: "_id",
		Sends: Sends{Address: true, Title: true, Referrer: true}},
}

// Named returns the vendors with these keys.
func Named(keys ...string) []Vendor {
	var found []Vendor
	for _, key := range keys {
		i := slices.IndexFunc(All, func(v Vendor) bool { return v.Key == key })
		if i < 0 {
			panic(fmt.Sprintf("vendors: there is no %q", key))
		}
		found = append(found, All[i])
	}
	return found
}

// Cargo is in every event that the page's own script tells a vendor of.
const Cargo = "eels and lanterns"

// snippet returns the vendor's snippet for a collector, whose URL has no path.
func (v Vendor) snippet(collector, secureHost string) string {
	return fill(v.Key+".js", collector, secureHost)
}

// calls returns what the page's own script does with the vendor.
func (v Vendor) calls() string { return fill(v.Key+".page.js", "", "") }

func fill(name, collector, secureHost string) string {
	text, err := snippetFiles.ReadFile("snippets/" + name)
	if err != nil {
		panic("vendors: " + err.Error()) // embedded, and so there
	}
	return strings.NewReplacer("COLLECTOR_HOST", strings.TrimPrefix(collector, "http://"), "COLLECTOR", collector, "SECURE_HOST", secureHost, "CARGO", Cargo).Replace(strings.TrimSpace(string(text)))
}
