package browsers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

// bidi is a connection of WebDriver BiDi, which is JSON over a WebSocket:
// https://www.w3.org/TR/webdriver-bidi/
type bidi struct {
	conn *websocket.Conn

	mu      sync.Mutex
	last    int
	waiting map[int]chan bidiMessage
	broken  error // why there will be no more answers
}

// A bidiMessage is what the browser sends: the answer to a command, or an
// event, which has no id. Events are not subscribed to.
type bidiMessage struct {
	Type    string          `json:"type"`
	ID      *int            `json:"id"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
}

func dialBidi(ctx context.Context, url string) (*bidi, error) {
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, fmt.Errorf("bidi: %w", err)
	}
	conn.SetReadLimit(-1) // screenshots
	c := &bidi{conn: conn, waiting: map[int]chan bidiMessage{}}
	go c.read()
	return c, nil
}

// close ends the connection, and with it the reading goroutine.
func (c *bidi) close() { _ = c.conn.CloseNow() }

// read hands each answer to the command that waits for it.
func (c *bidi) read() {
	for {
		var m bidiMessage
		_, text, err := c.conn.Read(context.Background())
		if err == nil {
			err = json.Unmarshal(text, &m)
		}
		c.mu.Lock()
		if err != nil {
			c.broken = err
			for _, answer := range c.waiting {
				close(answer)
			}
			c.waiting = nil
			c.mu.Unlock()
			return
		}
		if m.ID != nil {
			if answer, ok := c.waiting[*m.ID]; ok {
				answer <- m
				delete(c.waiting, *m.ID)
			}
		}
		c.mu.Unlock()
	}
}

// enlist numbers a command and gives the channel that its answer comes on.
func (c *bidi) enlist() (int, chan bidiMessage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return 0, nil, c.broken
	}
	c.last++
	answer := make(chan bidiMessage, 1)
	c.waiting[c.last] = answer
	return c.last, answer, nil
}

// do sends one command; into, unless nil, gets the result.
func (c *bidi) do(ctx context.Context, method string, params, into any) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("bidi %s: %w", method, err)
		}
	}()
	id, answer, err := c.enlist()
	if err != nil {
		return err
	}
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, id)
	}()
	text, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := c.conn.Write(ctx, websocket.MessageText, text); err != nil {
		return err
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return errors.New("the browser closed the connection")
		case m.Type == "error":
			return fmt.Errorf("%s: %s", m.Error, m.Message)
		case into == nil:
			return nil
		}
		return json.Unmarshal(m.Result, into)
	case <-ctx.Done():
		return ctx.Err()
	}
}
