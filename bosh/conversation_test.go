package bosh

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatproxy/xmpp"
)

var update = flag.Bool("update", false, "rewrite what is expected in testdata/conversations")

// TestConversations plays testdata/conversations/*.txt. A line is one of
//
//	# a remark
//	limits hold=2 streams=1     Limits, before everything else
//	C1: <body …/>               the client sends a request on connection 1
//	S1: <body …/>               which is answered so; with a status if it is not 200
//	S1: -                       which has no answer yet
//	H1                          the client gives up connection 1
//	D: <message/>               the server says this
//	U: <message/>               the server has got this since the last U, "" for nothing
//	D2:, U2:                    the same for the second stream
//	X                           the server's connection is lost
//	+5s                         time goes by
//
// $SID, $STREAM1 and $STREAM2 stand for names that the manager makes, $HEADER for the
// server's stream header. Run with -update to have the S and U lines written, and
// then read them.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/conversations/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d conversations, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var played string
			synctest.Test(t, func(t *testing.T) { played = play(t, string(text)) })
			switch {
			case played == string(text):
			case *update:
				if err := os.WriteFile(file, []byte(played), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s", firstDifference(string(text), played))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			return fmt.Sprintf("line %d: got\n%s\nwant\n%s", i+1, g[i], w[i])
		}
	}
	return "the conversation goes on"
}

var lineForm = regexp.MustCompile(`^([CSUDHX+])(\d*)(?:: ?(.*)|([0-9.]*m?s))?$`)

// conversation is one that is being played.
type conversation struct {
	*lab
	calls   map[string]*call
	taken   map[int]int       // how much of what each server got was in a U line
	names   map[string]string // what the manager made, by its name here
	streams int
}

func play(t *testing.T, text string) string {
	var o Options
	for line := range strings.Lines(text) {
		if settings, ok := strings.CutPrefix(line, "limits "); ok {
			setLimits(t, &o.Limits, strings.Fields(settings))
		}
	}
	c := &conversation{calls: map[string]*call{}, taken: map[int]int{}, names: map[string]string{"$HEADER": stubHead}}
	o.FormerDomains = []string{"old.example"}
	o.Dial = func(context.Context) (*xmpp.Stream, error) { return c.dial(true), nil }
	c.lab = newLab(t, o)
	defer c.close()
	var out strings.Builder
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "limits ") {
			out.WriteString(line + "\n")
			continue
		}
		m := lineForm.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("line %d is none of a conversation: %s", n+1, line)
		}
		out.WriteString(c.line(line, m[1], m[2], m[3]) + "\n")
	}
	return out.String()
}

// line plays one line, and returns it as it should be.
func (c *conversation) line(line, kind, number, text string) string {
	c.t.Helper()
	peer := 0
	if number != "" && strings.Contains("UDX", kind) {
		peer = int(number[0]-'0') - 1
	}
	switch kind {
	case "C":
		c.calls[number] = c.send(c.real(text))
	case "S":
		made := c.calls[number]
		if made == nil {
			c.t.Fatalf("no C%s before %s", number, line)
		}
		if !made.answered() {
			return "S" + number + ": -"
		}
		status := ""
		if made.w.Code != 200 {
			status = fmt.Sprintf("%d ", made.w.Code)
		}
		return "S" + number + ": " + status + c.masked(made.w.Body.String())
	case "H":
		c.calls[number].hangUp()
		synctest.Wait()
	case "D":
		c.peers[peer].say(c.real(text))
	case "U":
		got := ""
		if peer < len(c.peers) {
			got = c.peers[peer].got()
		}
		news := got[c.taken[peer]:]
		c.taken[peer] = len(strings.TrimSuffix(got, "EOF"))
		return "U" + number + ": " + c.masked(news)
	case "X":
		c.peers[peer].conn.Close()
		synctest.Wait()
	case "+":
		d, err := time.ParseDuration(line[1:])
		if err != nil {
			c.t.Fatal(err)
		}
		time.Sleep(d)
		synctest.Wait()
	}
	return line
}

func (c *conversation) real(text string) string {
	for name, value := range c.names {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

var madeNames = regexp.MustCompile(` (sid|stream)="([\w-]{32})"`)

func (c *conversation) masked(text string) string {
	for _, m := range madeNames.FindAllStringSubmatch(text, -1) {
		name := "$SID"
		if m[1] == "stream" {
			if c.known(m[2]) {
				continue
			}
			c.streams++
			name = fmt.Sprintf("$STREAM%d", c.streams)
		}
		c.names[name] = m[2]
	}
	for name, value := range c.names {
		text = strings.ReplaceAll(text, value, name)
	}
	return text
}

func (c *conversation) known(value string) bool {
	for _, v := range c.names {
		if v == value {
			return true
		}
	}
	return false
}

func setLimits(t *testing.T, l *Limits, settings []string) {
	for _, s := range settings {
		var n int
		name, _, _ := strings.Cut(s, "=")
		if _, err := fmt.Sscanf(s, name+"=%d", &n); err != nil {
			t.Fatal(err)
		}
		switch name {
		case "hold":
			l.Hold = n
		case "streams":
			l.Streams = n
		case "gap":
			l.Gap = time.Duration(n) * time.Second
		case "replay":
			l.Replay = n
		default:
			t.Fatalf("no such limit: %s", s)
		}
	}
}
