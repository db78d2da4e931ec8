package policies

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"chatproxy/policies/filters"
)

// maxList bounds a filter list. The largest in common use have a few MiB.
const maxList = 64 << 20

// loadLists reads the filter lists, by the names that they have in the policy. One
// that cannot be read is a problem.
func (d *decoder) loadLists(names []string) map[string]*filters.List {
	lists := make(map[string]*filters.List, len(names))
	for i, name := range names {
		where := fmt.Sprintf("scripts.lists[%d]", i)
		if lists[name] != nil {
			d.problemAt(where, "the list %q stands twice", name)
			continue
		}
		file := name
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(d.file), file)
		}
		list, err := loadList(file)
		if err != nil {
			d.problemAt(where, "the filter list cannot be read: %v", err)
			continue
		}
		lists[name] = list
	}
	return lists
}

func loadList(file string) (*filters.List, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxList {
		return nil, fmt.Errorf("%s is no file of at most %d MiB", file, maxList>>20)
	}
	list, err := filters.Parse(io.LimitReader(f, maxList))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

// filtersRequest returns u as lists are asked about it.
func (u *ScriptURL) filtersRequest() *filters.Request {
	if !u.requested {
		u.request.Set(u.Bytes(), u.page.host, filters.Script)
		u.requested = true
	}
	return &u.request
}
