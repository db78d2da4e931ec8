// Package integration tests the whole of chatproxy: the built program, a real
// XMPP server, real vendor scripts, and real browsers.
//
//	chat_test.go      two people chat through the proxy, over BOSH and WebSocket
//	hostile_test.go   six hostile scripts, with and without the proxy
//	injected_test.go  markup injected into the upstream's pages
//	stanzas_test.go   a stanza policy before Prosody and ejabberd
//	drain_test.go     the program is replaced by another while people chat
//	demo_test.go      the demo, from start to Ctrl-C
//	bridge_*_test.go  independent clients over a network that breaks, on Prosody and ejabberd;
//	                  Converse after the proxy and the server were killed
//
// Every attack has its control: without the proxy it must succeed, or the test fails.
package integration
