package browsers

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
)

// startXvfb starts an X display without a screen, for one browser alone: two
// windows on one display would compete for the focus. It returns the value of
// DISPLAY.
func startXvfb(ctx context.Context, l *launch) (display string, err error) {
	path, err := findProgram("Xvfb", "xvfb")
	if err != nil {
		return "", err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer read.Close()
	// With -displayfd the server takes a free number itself, without a race,
	// and writes it once clients can connect. ExtraFiles begin at 3. The screen
	// is larger than the window: Chromium shrinks one that would fill it.
	screen := fmt.Sprintf("%dx%dx24", windowWidth+200, windowHeight+200)
	p, err := l.startGently(path, []string{"-displayfd", "3", "-screen", "0", screen, "-nolisten", "tcp"}, l.env(), write)
	write.Close()
	if err != nil {
		return "", err
	}
	number := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(read).ReadString('\n')
		number <- strings.TrimSpace(line)
	}()
	select {
	case n := <-number:
		if n == "" {
			return "", fmt.Errorf("%s named no display", p.name)
		}
		return ":" + n, nil
	case <-ctx.Done():
		return "", fmt.Errorf("%s has named no display: %w", p.name, ctx.Err())
	}
}
