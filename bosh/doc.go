// Package bosh lets a browser reach an XMPP server: over BOSH (XEP-0124 and
// XEP-0206) with a [Manager], over WebSocket (RFC 7395) with a [WebSocket],
// and tells clients where the two are with [HostMeta] (XEP-0156).
//
// [New] makes both for one XMPP domain. Every session has a connection of its
// own to the server, the domain's and no other: what a client writes into
// "to" or "route" never chooses where the proxy connects (CWE-918).
//
// Payloads, session ids and request ids are secrets (they carry or are
// credentials) and are never logged.
package bosh
