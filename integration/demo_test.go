package integration

import (
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"chatproxy/policies"
)

// The demo serves the protected newspaper, prints what to look at, and leaves
// nothing behind after Ctrl-C.
func TestDemo(t *testing.T) {
	listen, vendor := freeAddress(t), freeAddress(t)
	demo := run(t, "demo", "--listen", listen, "--vendor", vendor)
	demo.waitFor(t, "Ctrl-C stops everything.")
	for _, want := range []string{"http://" + listen + "/", "http://" + vendor + "/", "alice@demo.localhost", "bob@demo.localhost"} {
		if !strings.Contains(demo.output.String(), want) {
			t.Errorf("the demo does not print %q", want)
		}
	}

	answer, err := http.Get("http://" + listen + "/")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(page), "/.chatproxy/guard-chat.") {
		t.Fatalf("the protected site: %s, %v", answer.Status, err)
	}
	for _, script := range regexp.MustCompile(`<script[^>]*>`).FindAllString(string(page), -1) {
		if strings.Contains(script, vendor) && !strings.Contains(script, `type="text/x-chatproxy"`) {
			t.Errorf("a vendor's script is live in the page: %s", script)
		}
	}

	file := regexp.MustCompile(`The policy +(\S+)`).FindStringSubmatch(demo.output.String())
	if file == nil {
		t.Fatal("the demo does not say where its policy is")
	}
	policy, err := policies.Load(file[1])
	if err != nil {
		t.Fatalf("the demo's policy: %v", err)
	}
	if _, err := net.Dial("tcp", policy.XMPP.Server); err != nil {
		t.Errorf("the demo's XMPP server: %v", err)
	}

	demo.interrupt(t)
	if code := demo.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the demo ended with %d", code)
	}
	for _, address := range []string{listen, vendor, policy.XMPP.Server} {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			t.Errorf("something still listens on %s", address)
		}
	}
	if _, err := os.Stat(file[1]); !os.IsNotExist(err) {
		t.Errorf("the demo's folder is still there: %v", err)
	}
}
