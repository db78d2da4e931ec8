package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"chatproxy/integration/browsers"
)

var attackFolder = filepath.Join("..", "testdata", "attacks")

// An attackFile is what the first lines of a hostile script say.
//
//	// Tries: read the page's text.
//	// Engines: chromium firefox – WebKit has no cookieStore.
//	// Lacks: !("cookieStore" in window)
//
// The second and third line are there where not every engine has what it needs: the
// expression is true in an engine that lacks it.
type attackFile struct {
	tries   string
	engines []browsers.Engine
	reason  string
	lacks   string
}

var (
	triesLine   = regexp.MustCompile(`^// Tries: (.+\.)$`)
	enginesLine = regexp.MustCompile(`^// Engines: ([a-z ]+) – (.+)$`)
	lacksLine   = regexp.MustCompile(`^// Lacks: (.+)$`)
)

func readAttack(t *testing.T, name string) attackFile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(attackFolder, name+".js"))
	if err != nil {
		t.Fatal(err)
	}
	head := strings.SplitN(string(text), "\n", 4)
	var file attackFile
	if found := triesLine.FindStringSubmatch(head[0]); found != nil {
		file.tries = found[1]
	} else {
		t.Fatalf("%s.js: the first line does not say what it tries: %q", name, head[0])
	}
	file.engines = browsers.All
	if found := enginesLine.FindStringSubmatch(head[1]); found != nil {
		lacks := lacksLine.FindStringSubmatch(head[2])
		if lacks == nil {
			t.Fatalf("%s.js names engines and does not say how one can tell what the others lack", name)
		}
		file.reason, file.lacks, file.engines = found[2], lacks[1], nil
		for _, engine := range strings.Fields(found[1]) {
			if !slices.Contains(browsers.All, browsers.Engine(engine)) {
				t.Fatalf("%s.js: there is no engine %q", name, engine)
			}
			file.engines = append(file.engines, browsers.Engine(engine))
		}
	}
	return file
}

func (f attackFile) isFor(engine browsers.Engine) bool { return slices.Contains(f.engines, engine) }

// whichStandIn returns which of the texts stand in s.
func whichStandIn(s string, texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !strings.Contains(s, text) })
}
