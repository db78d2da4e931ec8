package policies

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// LoadSites reads the policies at the path: one if it is a file; if it is a folder,
// one for each *.yaml, *.yml and *.json file in it, by name. Hidden files, others and
// folders inside are left out.
//
// The policies of a folder are served together. So each has site.hosts, no two the
// same; and they have the same listen, tls, console and limits.header, which need to
// stand in one of them only. Faults give [Problems], those of all files at once.
func LoadSites(path string) ([]*Policy, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("the policy file cannot be read: %w", err)
	}
	if !info.IsDir() {
		policy, err := Load(path)
		if err != nil {
			return nil, err
		}
		return []*Policy{policy}, nil
	}
	files, err := policyFiles(path)
	if err != nil {
		return nil, err
	}
	var sites sites
	var unreadable []error
	for _, file := range files {
		data, err := readPolicy(file)
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		d := newDecoder(file)
		sites = append(sites, site{d.parse(data), d})
	}
	sites.checkHosts()
	sites.share()
	var problems Problems
	policies := make([]*Policy, len(sites))
	for i, s := range sites {
		if policies[i], err = s.finish(s.policy); err != nil {
			problems = append(problems, s.problems...)
		}
	}
	switch {
	case len(unreadable) > 0 && len(problems) > 0:
		return nil, errors.Join(append(unreadable, problems)...)
	case len(unreadable) > 0:
		return nil, errors.Join(unreadable...)
	case len(problems) > 0:
		return nil, problems
	}
	return policies, nil
}

// policyFiles returns the policy files of a folder, by name.
func policyFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("the folder of policy files cannot be read: %w", err)
	}
	var files []string
	for _, entry := range entries {
		file := filepath.Join(folder, entry.Name())
		kind := strings.ToLower(filepath.Ext(file))
		if strings.HasPrefix(entry.Name(), ".") || !slices.Contains([]string{".yaml", ".yml", ".json"}, kind) {
			continue
		}
		// A link may lead to a folder. One that leads nowhere is told when it is read.
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			continue
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("the folder %s has no policy file: *.yaml, *.yml or *.json", folder)
	}
	return files, nil
}

// A site is one policy of a folder, and where in its file things stand.
type site struct {
	policy *Policy
	*decoder
}

type sites []site

// place returns where the value at the path stands, for messages in other files.
func (s site) place(path string) string {
	return fmt.Sprintf("%s, line %d", s.file, s.key(path).Line)
}

// checkHosts checks that it is certain which site a request is for.
func (ss sites) checkHosts() {
	type claim struct {
		site site
		path string
	}
	claims := map[string]claim{}
	for _, s := range ss {
		if s.sound("site.hosts") && len(s.policy.Site.Hosts) == 0 {
			s.problemAt("site.hosts", "site.hosts is missing: of several sites each names its hosts")
		}
		told := map[string]bool{}
		for i, host := range s.policy.Site.Hosts {
			path := index("site.hosts", i)
			if !s.has(path) {
				continue
			}
			for _, spelling := range hostSpellings(host) {
				other, taken := claims[spelling]
				if !taken {
					claims[spelling] = claim{s, path}
				} else if other.site.file != s.file && !told[path] {
					told[path] = true
					s.problemAt(path, "the host %s is that of another site: %s", s.text(path), other.site.place(other.path))
				}
			}
		}
	}
}

// share gives all sites what one of them says about the listeners, which they have
// in common.
func (ss sites) share() {
	for _, shared := range []struct {
		path  string
		field func(*Policy) any // a pointer
	}{
		{"listen", func(p *Policy) any { return &p.Listen }},
		{"tls", func(p *Policy) any { return &p.TLS }},
		{"console", func(p *Policy) any { return &p.Console }},
		{"limits.header", func(p *Policy) any { return &p.Limits.Header }},
	} {
		given := slices.IndexFunc(ss, func(s site) bool { return s.has(shared.path) })
		if given < 0 {
			continue
		}
		first := ss[given]
		value := reflect.ValueOf(shared.field(first.policy)).Elem()
		for _, s := range ss {
			field := reflect.ValueOf(shared.field(s.policy)).Elem()
			switch {
			case !s.given(shared.path):
				field.Set(value)
			case s.has(shared.path) && !reflect.DeepEqual(field.Interface(), value.Interface()):
				s.problemAtKey(shared.path, "%s is not what another site has: %s; all sites have the same listeners", shared.path, first.place(shared.path))
			}
		}
	}
	for _, s := range ss {
		// check has compared those of one file.
		if s.has("console") && s.sound("listen") && !s.given("listen") && slices.Contains(s.policy.Listen, s.policy.Console) {
			s.problemAt("console", "the console cannot listen on the sites' own address %s", s.text("console"))
		}
	}
}
