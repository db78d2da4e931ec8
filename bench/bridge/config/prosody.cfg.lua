-- Prosody as an island: anonymous guests over BOSH, WebSocket and TCP on loopback.
-- TLS is left out everywhere, as it is in the other servers of this comparison.
run_as_root = true
pidfile = "{{.Dir}}/prosody.pid"
data_path = "{{.Dir}}/data"
log = { warn = "{{.Dir}}/prosody.log" }
interfaces = { "127.0.0.1" }
c2s_ports = { {{.UpstreamPort}} }
c2s_direct_tls_ports = {}
http_interfaces = { "127.0.0.1" }
http_ports = { {{.ListenPort}} }
https_ports = {}
http_default_host = "{{.Domain}}"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
consider_bosh_secure = true
consider_websocket_secure = true
modules_enabled = { "saslauth", "disco", "ping", "bosh", "websocket", "posix" }
modules_disabled = { "s2s", "tls" }
VirtualHost "{{.Domain}}"
	authentication = "anonymous"
