package program

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// Lines is a writer that can be waited on. The zero value is ready.
type Lines struct {
	mu      sync.Mutex
	text    bytes.Buffer
	waiting map[string]chan struct{}
}

var _ io.Writer = (*Lines)(nil)

// Write keeps what is written.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.text.Write(p)
	for text, found := range l.waiting {
		if strings.Contains(l.text.String(), text) {
			close(found)
			delete(l.waiting, text)
		}
	}
	return n, err
}

// Has returns a channel that is closed once the text has been written.
func (l *Lines) Has(text string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := make(chan struct{})
	if strings.Contains(l.text.String(), text) {
		close(found)
		return found
	}
	if known, ok := l.waiting[text]; ok {
		return known
	}
	if l.waiting == nil {
		l.waiting = map[string]chan struct{}{}
	}
	l.waiting[text] = found
	return found
}

// Reset forgets what was written.
func (l *Lines) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

// String returns what was written.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
