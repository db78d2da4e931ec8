package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chatproxy/policies"
)

// load loads the policies, and notes how their files were before that: what changes
// while they are read is seen as a change.
func (s *sites) load() ([]*policies.Policy, error) {
	before := printsOf(s.files(s.policies()))
	next, err := policies.LoadSites(s.file)
	if err != nil {
		s.note(before)
		return nil, err
	}
	logWarnings(s.log, next)
	seen := printsOf(s.files(next))
	maps.Copy(seen, before)
	s.note(seen)
	return next, nil
}

func (s *sites) note(seen map[string]print) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = seen
}

// changed reports whether a file is not what it was when the policies were loaded.
func (s *sites) changed() bool {
	s.mu.Lock()
	seen := s.seen
	s.mu.Unlock()
	return !maps.Equal(seen, printsOf(slices.Collect(maps.Keys(seen)))) || len(s.files(s.policies())) > len(seen)
}

// concerns reports whether a change of the file may matter: it is one of those that the
// policies are made from, or the last load has failed and this may be what it lacked. A
// log in the same folder must not keep a change waiting. Names that begin with ".." are
// those by which Kubernetes swaps a mounted folder.
func (s *sites) concerns(file string) bool {
	file = filepath.Clean(file)
	s.mu.Lock()
	_, seen := s.seen[file]
	failed := s.now.Problem != ""
	s.mu.Unlock()
	return seen || failed || strings.HasPrefix(filepath.Base(file), "..") || filepath.Dir(file) == filepath.Clean(s.file)
}

func (s *sites) policies() []*policies.Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*policies.Policy, len(s.serving))
	for i, served := range s.serving {
		all[i] = served.policy
	}
	return all
}

// files returns the files that these policies are made from, and those that the next
// will be.
func (s *sites) files(all []*policies.Policy) []string {
	files := []string{s.file}
	for _, policy := range all {
		files = append(files, policy.Files()...)
	}
	if inside, err := os.ReadDir(s.file); err == nil {
		for _, entry := range inside {
			files = append(files, filepath.Join(s.file, entry.Name()))
		}
	}
	for i := range files {
		files[i] = filepath.Clean(files[i]) // as the watcher names them
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// A print tells one state of a file from another.
type print struct {
	size    int64 // -1 for what is no file
	changed int64 // in ns
}

func printsOf(files []string) map[string]print {
	prints := map[string]print{}
	for _, file := range files {
		p := print{size: -1}
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			p.size, p.changed = info.Size(), info.ModTime().UnixNano()
		}
		prints[file] = p
	}
	return prints
}
