package integration

import (
	"flag"
	"fmt"
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

var updateAttacks = flag.Bool("update", false, "write the tables of the attacks anew")

// triedElsewhere are the files that are tried by a test of their own.
var triedElsewhere = map[string]topic{"leave-frame": navigating}

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

// Every file of the folder is an attack that some test tries, or says whose accomplice it
// is; and the tables for people have all of them.
func TestAttackFiles(t *testing.T) {
	topics := map[string]topic{}
	for name, at := range corpus {
		topics[name] = at.topic
		if len(at.loot) == 0 && at.effect == "" && !at.away && at.saved == "" && at.logged == "" {
			t.Errorf("%s: nothing would show that it has succeeded", name)
		}
	}
	for _, at := range attacks {
		topics[at.name] = listening
		if len(at.proof) == 0 {
			t.Errorf("%s: nothing would show that it has succeeded", at.name)
		}
	}
	for name, topic := range triedElsewhere {
		topics[name] = topic
	}

	files, err := filepath.Glob(filepath.Join(attackFolder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var rows, stands strings.Builder
	counts := map[topic]int{}
	total := 0
	for _, file := range files {
		name, isScript := strings.CutSuffix(filepath.Base(file), ".js")
		text, err := os.ReadFile(file)
		switch {
		case err != nil:
			t.Fatal(err)
		case name == "README.md", regexp.MustCompile(`(?m)^(//|<!--) Is `).Match(text):
			continue // what an attack brings in or leads to
		case !isScript || topics[name] == "":
			t.Errorf("%s: no test tries it", filepath.Base(file))
			continue
		}
		attack := readAttack(t, name)
		note := ""
		if attack.lacks != "" {
			note = fmt.Sprintf(" (%s)", strings.TrimSuffix(attack.reason, "."))
		}
		fmt.Fprintf(&rows, "| `%s` | %s%s |\n", name, strings.TrimSuffix(attack.tries, "."), note)
		for _, engine := range browsers.All {
			if reason := corpus[name].stands[engine]; reason != "" {
				fmt.Fprintf(&stands, "| `%s` | %s | %s |\n", name, engine, reason)
			}
		}
		counts[topics[name]]++
		total++
		delete(topics, name)
	}
	for name := range topics {
		t.Errorf("%s.js: there is no such file", name)
	}
	if total < 60 {
		t.Errorf("there are %d attacks, want at least 60", total)
	}

	golden(t, filepath.Join(attackFolder, "README.md"), "| attack | tries to |\n|---|---|\n"+rows.String())
	var summary strings.Builder
	fmt.Fprintf(&summary, "%d hostile scripts:\n\n| what they are after | scripts |\n|---|---|\n", total)
	for _, topic := range allTopics {
		fmt.Fprintf(&summary, "| %s | %d |\n", topic, counts[topic])
	}
	fmt.Fprintf(&summary, "\nWhat still succeeds behind chatproxy, in part of the browsers:\n\n| script | browser | why |\n|---|---|---|\n%s", stands.String())
	golden(t, filepath.Join("..", "docs", "security.md"), summary.String())
}

// golden compares what stands between the marks of a file with what is to stand there,
// and with -update writes it.
func golden(t *testing.T, file, want string) {
	t.Helper()
	const begin, end = "<!-- attacks: made by go test -run TestAttackFiles ./integration -update -->\n", "<!-- end of attacks -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	got, after, closed := strings.Cut(rest, end)
	switch {
	case !found || !closed:
		t.Errorf("%s has no place for the attacks", file)
	case got == want:
	case *updateAttacks:
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s does not have the attacks as they are; write it anew with -update", file)
	}
}
