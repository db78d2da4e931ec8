// Package site is what the demo and the integration tests put behind the proxy:
// a small local newspaper, and the third party whose scripts the newspaper
// carries.
//
// [NewSite] is the upstream: ordinary pages with a stylesheet and a script of
// their own, an inline script, an advertisement, analytics and session replay.
// [NewVendor] is the other side of those last three: it serves the scripts, and
// keeps what they send, so that a test can wait for a page view and a person at
// the demo can see that nothing of the chat arrives.
package site
