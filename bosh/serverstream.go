package bosh

import (
	"context"

	"chatproxy/xmpp"
)

// serverStream is the way to the server: an [xmpp.Stream], or a stream over the
// server's own WebSocket endpoint. The methods are as [xmpp.Stream] has them.
type serverStream interface {
	Open(ctx context.Context, lang string) error
	Send(ctx context.Context, stanzas ...xmpp.Stanza) error
	NextOrIdle(ctx context.Context) (xmpp.Stanza, error)
	WhenReadable(f func()) bool
	Header() *xmpp.Header
	Close() error
	Abort()
}

// dialer returns what connects WebSocket sessions to the server.
func (o *Options) dialer() func(context.Context) (serverStream, error) {
	if o.Through.WebSocket != nil {
		return newWebSocketThrough(o).dial
	}
	dial := o.Dial
	return func(ctx context.Context) (serverStream, error) {
		s, err := dial(ctx)
		if err != nil {
			return nil, err // not s: an interface that holds a nil pointer is not nil
		}
		return s, nil
	}
}
