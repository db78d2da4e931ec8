// Package vendors has pages of the newspaper with the scripts of real vendors, as their
// packages on npm ship them, in four forms: plain, behind chatproxy, and under
// Partytown in both of its modes. A collector serves the scripts and keeps what they
// send. The tests of this package are the vendor matrix, whose table is docs/vendors.md;
// bench/compartments measures the same pages.
//
//	libraries, err := vendors.LoadLibraries("node_modules")
//	collector := vendors.NewCollector(libraries)          // an http.Handler of another origin
//	page := vendors.Page{Vendors: vendors.Named("posthog", "countly", "plausible"), Form: vendors.Plain, Collector: collectorURL}
//	handler, err := page.Handler("node_modules")           // an http.Handler: the site
//	policy, err := page.Policy(listen, host, upstreamURL)  // for Form Compartment: what chatproxy is told
//
// Open [Path] of it: the articles have the vendors, the other pages have none.
package vendors
