package bosh

import "net/netip"

// addressKey is what the sessions and log-ins of an address are counted under: an
// IPv4 address itself, and of an IPv6 address its first 64 bits. Whoever has one IPv6
// address has 2^64 of them and could begin anew with each (CWE-770).
func addressKey(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, _ := ip.Prefix(64) // 64 is not more than an address has
	return network.String()
}
