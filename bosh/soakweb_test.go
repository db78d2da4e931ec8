package bosh

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// webTalk is a session of a regular client over WebSocket.
func webTalk(c *regular, _ *era) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	conn, rsp, err := websocket.Dial(ctx, c.at.url+"/xmpp-websocket", &websocket.DialOptions{
		Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"Origin": {site}}})
	if err != nil {
		if rsp != nil && (rsp.StatusCode == http.StatusServiceUnavailable || rsp.StatusCode == http.StatusTooManyRequests) {
			return &drainedError{"refused: " + rsp.Status}
		}
		return err
	}
	conn.SetReadLimit(1 << 20)
	c.sessions.Add(1)
	frames, broken := make(chan string), make(chan error, 1)
	go func() {
		for {
			_, b, err := conn.Read(ctx)
			if err != nil {
				broken <- err
				return
			}
			select {
			case frames <- string(b):
			case <-ctx.Done():
				broken <- ctx.Err()
				return
			}
		}
	}()
	defer func() {
		cancel()
		_ = conn.CloseNow()
		<-broken
	}()
	send := func(all ...string) {
		for _, one := range all {
			if conn.Write(ctx, websocket.MessageText, []byte(one)) != nil {
				return // what happened, reading tells
			}
		}
	}
	send(openMessage)
	tick, end := time.NewTimer(c.pause()), time.Now().Add(c.length())
	defer tick.Stop()
	resumed, leaving, last := false, false, ""
	for {
		select {
		case <-tick.C:
			switch over := c.w.ending() || time.Now().After(end); {
			case resumed && !over:
				send(c.burst()...)
			case resumed && c.heard == c.said && !leaving:
				leaving = true
				send(closeFrame)
			}
			tick.Reset(c.pause())
		case frame := <-frames:
			last = frame
			switch {
			case strings.HasPrefix(frame, "<open "):
				send(resumption(c.id, c.heard))
			case frame == closeFrame, strings.HasPrefix(frame, "<stream:error "):
			default:
				st, err := understood(frame)
				if err != nil {
					return err
				}
				again, begins, err := c.hear(st)
				if err != nil {
					return err
				}
				resumed = resumed || begins
				send(again...)
			}
		case err := <-broken:
			broken <- nil
			switch code := websocket.CloseStatus(err); {
			case last == closeFrame && code == websocket.StatusNormalClosure && leaving:
				return errOver
			case last == closeFrame && code == websocket.StatusGoingAway:
				return &drainedError{"going away"}
			}
			return fmt.Errorf("%w, after %.200s", err, last)
		}
	}
}
