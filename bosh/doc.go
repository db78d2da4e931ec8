// Package bosh lets a browser reach an XMPP server: over BOSH (XEP-0124 and
// XEP-0206) with a [Manager], over WebSocket (RFC 7395) with a [WebSocket],
// and tells clients where the two are with [HostMeta] (XEP-0156).
//
// [New] makes both for one XMPP domain. Every session has a connection of its
// own to the server, the domain's and no other: what a client writes into
// "to" or "route" never chooses where the proxy connects (CWE-918).
//
// A BOSH request comes in through the Manager (manager.go, encoding.go) and is
// a creation (creation.go) or belongs to a session (session.go). There it is
// put into order (rid.go, pump.go, gap.go), is checked (keys.go, pace.go), goes to one
// of the session's streams to the server (stream.go), and waits for something
// to say (queue.go). What was said is kept (replay.go, ack.go) until the client
// has it. Silence, pauses and ends are in inactivity.go and end.go. What the
// standards demand stands in conformance/, each MUST with its test; whole
// conversations are in testdata/conversations.
//
// Payloads, session ids and request ids are secrets (they carry or are
// credentials) and are never logged.
package bosh
