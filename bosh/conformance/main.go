// Command conformance makes docs/conformance.md: what the standards of the bridge
// demand, and which test shows that it is met.
//
// Each standard has a file beside this one, named like its tests: XEP0124.txt. Its
// first line is the title, after "# ". Every other line that does not begin with "#"
// is one requirement:
//
//	SECTION NAME STATEMENT
//
// The test of it is called Test, the file's name, the section and NAME: "9.1
// AckThroughout" in XEP0124.txt is TestXEP0124_9_1_AckThroughout. A NAME of "-" is
// what the other side must do; it has no test. Trap.txt holds the traps that others
// fell into; its sections are numbers of two digits and its tests are called
// TestTrap07AWriteIsNoDelivery. A trap has one test or more: all whose names begin with
// its number, so its NAME is "*".
//
// A requirement without a test is an error, and so is a test without a requirement.
package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:generate go run . ../..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: conformance ROOT, the folder of go.mod")
		os.Exit(2)
	}
	page, err := table(os.Args[1])
	if err == nil {
		err = os.WriteFile(filepath.Join(os.Args[1], pageFile), []byte(page), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	pageFile = "docs/conformance.md"
	folder   = "bosh/conformance"
)

// searched are the folders whose tests count.
var searched = []string{"bosh", "xmpp", "integration"}

// standard is one file of requirements.
type standard struct {
	name, title  string
	requirements []requirement
}

type requirement struct {
	section, name, statement string
	test                     string // "" if it is the other side's; may end with "*"
}

// table makes the page. The error tells of every requirement without a test, and of
// every test without a requirement.
func table(root string) (string, error) {
	files, err := filepath.Glob(filepath.Join(root, folder, "*.txt"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("no requirements in %s: %w", folder, errors.Join(err, os.ErrNotExist))
	}
	slices.Sort(files)
	tests, err := testsIn(root)
	if err != nil {
		return "", err
	}
	var page strings.Builder
	page.WriteString("# Conformance\n\n" +
		"Made by `go generate ./bosh/conformance` from the requirements there and the names of the tests; do not edit it.\n" +
		"One line is one MUST of the standard. What the other side must do has no test here.\n")
	var problems []error
	for _, file := range files {
		s, err := read(file)
		if err != nil {
			return "", err
		}
		problems = append(problems, s.write(&page, tests)...)
	}
	for name, file := range tests {
		problems = append(problems, fmt.Errorf("%s: %s has no line in %s", file, name, folder))
	}
	return page.String(), errors.Join(problems...)
}

// write adds a standard's table to the page, and takes its tests out of tests.
func (s *standard) write(page *strings.Builder, tests map[string]string) (problems []error) {
	fmt.Fprintf(page, "\n## %s\n\n| § | requirement | test |\n|---|---|---|\n", s.title)
	for _, r := range s.requirements {
		where := "the other side's"
		if r.test != "" {
			where = strings.Join(s.take(r.test, tests), ", ")
		}
		if where == "" {
			problems = append(problems, fmt.Errorf("%s §%s: there is no %s", s.name, r.section, r.test))
		}
		fmt.Fprintf(page, "| %s | %s | %s |\n", r.section, strings.ReplaceAll(r.statement, "|", `\|`), where)
	}
	return problems
}

// take takes the tests of a requirement out of tests, and tells where they are.
func (s *standard) take(test string, tests map[string]string) (where []string) {
	prefix, several := strings.CutSuffix(test, "*")
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		if name == test || several && strings.HasPrefix(name, prefix) {
			where = append(where, fmt.Sprintf("`%s` (%s)", name, tests[name]))
			delete(tests, name)
		}
	}
	return where
}

func read(file string) (*standard, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &standard{name: strings.TrimSuffix(filepath.Base(file), ".txt")}
	for n, line := range strings.Split(string(text), "\n") {
		switch {
		case n == 0:
			s.title = strings.TrimPrefix(line, "# ")
			continue
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		}
		section, rest, _ := strings.Cut(line, " ")
		name, statement, _ := strings.Cut(strings.TrimSpace(rest), " ")
		r := requirement{section, name, strings.TrimSpace(statement), ""}
		if r.statement == "" {
			return nil, fmt.Errorf("%s:%d: want SECTION NAME STATEMENT", file, n+1)
		}
		switch {
		case name == "-":
		case s.name == "Trap":
			r.test = "TestTrap" + section + name
		default:
			r.test = "Test" + s.name + "_" + strings.ReplaceAll(section, ".", "_") + "_" + name
		}
		s.requirements = append(s.requirements, r)
	}
	return s, nil
}

// claims are the names of tests that must stand for a requirement.
var claims = regexp.MustCompile(`^Test((XEP|RFC)\d+_|Trap\d)`)

// testsIn finds the tests that claim to stand for a requirement, and their files.
func testsIn(root string) (map[string]string, error) {
	found := map[string]string{}
	for _, dir := range searched {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Recv != nil || !claims.MatchString(f.Name.Name) {
					continue
				}
				relative, err := filepath.Rel(root, path)
				if err != nil {
					return err
				}
				found[f.Name.Name] = filepath.ToSlash(relative)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
