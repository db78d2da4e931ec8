package xmpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// targets lists the addresses to try, in order (RFC 6120 §3.2, XEP-0368).
func (d *Dialer) targets(ctx context.Context, ascii string) ([]string, error) {
	if d.Server != "" {
		return []string{d.Server}, nil
	}
	service, port := "xmpp-client", "5222"
	if d.Security == DirectTLS {
		service, port = "xmpps-client", "5223"
	}
	resolver := d.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	_, records, err := resolver.LookupSRV(ctx, service, "tcp", ascii)
	var dnsErr *net.DNSError
	switch {
	case errors.As(err, &dnsErr) && dnsErr.IsNotFound, err == nil && len(records) == 0:
		return []string{net.JoinHostPort(ascii, port)}, nil
	case err != nil && len(records) == 0:
		return nil, fmt.Errorf("looking up SRV records: %w", err)
	}
	return srvTargets(records)
}

// srvTargets writes records, which are sorted by priority and weight already,
// as addresses. A single "." says that there is no such service (RFC 2782).
func srvTargets(records []*net.SRV) ([]string, error) {
	if len(records) == 1 && records[0].Target == "." {
		return nil, ErrNotOffered
	}
	var targets []string
	for _, r := range records {
		host := strings.TrimSuffix(r.Target, ".")
		if host == "" || r.Port == 0 {
			continue
		}
		targets = append(targets, net.JoinHostPort(host, strconv.Itoa(int(r.Port))))
	}
	if len(targets) == 0 {
		return nil, ErrNotOffered
	}
	return targets, nil
}
