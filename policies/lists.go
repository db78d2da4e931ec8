package policies

import (
	"io"

	"chatproxy/policies/filters"
)

// maxList bounds a filter list. The largest in common use have a few MiB.
const maxList = 64 << 20

// loadLists reads the filter lists, by the names that they have in the policy. One
// that cannot be read is a problem.
func (d *decoder) loadLists(names []string) map[string]*filters.List {
	lists := make(map[string]*filters.List, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		where := index("scripts.lists", i)
		switch {
		case !d.has(where):
			continue
		case seen[name]:
			d.problemAt(where, "the list %s stands twice", d.text(where))
			continue
		}
		seen[name] = true
		list, err := loadList(d.file, name)
		if err != nil {
			d.problemAt(where, "the filter list %s cannot be read: %v", d.text(where), reason(err))
			continue
		}
		lists[name] = list
	}
	return lists
}

func loadList(policyFile, name string) (*filters.List, error) {
	if name == "" {
		return nil, errNoName
	}
	f, err := openRegular(beside(policyFile, name), maxList)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	return filters.Parse(io.LimitReader(f, maxList))
}

// ListStats returns what the list holds that the policy names so under scripts.lists.
func (s *Scripts) ListStats(name string) filters.Stats { return s.lists[name].Stats() }

// filtersRequest returns u as lists are asked about it.
func (u *ScriptURL) filtersRequest() *filters.Request {
	if !u.requested {
		u.request.Set(u.Bytes(), u.page.host, filters.Script)
		u.requested = true
	}
	return &u.request
}
