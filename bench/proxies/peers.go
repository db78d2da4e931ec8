package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"chatproxy/bench/server"
)

// A peer is a proxy that is measured.
type peer struct {
	name    string
	edit    edit
	config  string // its file's name in config/
	command func(file string, c config) []string

	// Once it was started:
	address string // where it listens
	group   int    // its process group
}

// edit is what a peer does to the page.
type edit int

const (
	none        edit = iota // the page passes as it is
	nonces                  // each script gets a nonce
	nonceAndOne             // and a script of the proxy's own is put in
)

func (p peer) url(page page) string { return "http://" + p.address + "/" + page.file }

// The names that the goals speak of.
const (
	chatproxyName = "chatproxy"
	plainName     = "ReverseProxy"
	caddyName     = "Caddy"
	subFilterName = "nginx sub_filter"
)

// newPeers returns the peers in the order in which they are measured.
func newPeers(chatproxy, plain string) []peer {
	return []peer{
		{name: chatproxyName, edit: nonceAndOne, config: "policy.yaml",
			command: func(file string, _ config) []string { return []string{chatproxy, "serve", "--policy", file} }},
		{name: plainName,
			command: func(_ string, c config) []string { return []string{plain, "-listen", c.Listen, "-origin", c.Origin} }},
		{name: caddyName, config: "Caddyfile",
			command: func(file string, _ config) []string {
				return []string{"caddy", "run", "--adapter", "caddyfile", "--config", file}
			}},
		{name: subFilterName, edit: nonces, config: "subfilter.conf", command: nginx},
		{name: "nginx", config: "plain.conf", command: nginx},
	}
}

func nginx(file string, c config) []string { return []string{"nginx", "-p", c.Dir, "-c", file} }

// config is what a configuration file is made from.
type config struct {
	Dir     string // the process's own
	Pages   string // the folder that the origin serves
	Listen  string
	Origin  string
	Own     string   // prefix of the URLs of the site's own scripts
	Vendor  string   // and of those that it takes from elsewhere
	Digests []string // of the inline scripts
}

//go:embed config
var configs embed.FS

// bench holds the processes that run.
type bench struct {
	dir       string
	processes []*server.Process
}

// start starts the origin, and every peer in front of it.
func (b *bench) start(ctx context.Context, chatproxy string, pages []page) ([]peer, error) {
	c := config{Pages: filepath.Join(b.dir, "pages"), Own: ownScripts, Vendor: vendorScripts}
	for _, text := range inlineTexts {
		sum := sha256.Sum256([]byte(text))
		c.Digests = append(c.Digests, "sha256-"+base64.StdEncoding.EncodeToString(sum[:]))
	}
	if err := os.Mkdir(c.Pages, 0o755); err != nil {
		return nil, err
	}
	for _, page := range pages {
		if err := os.WriteFile(filepath.Join(c.Pages, page.file), []byte(page.html), 0o644); err != nil {
			return nil, err
		}
	}
	plain := filepath.Join(b.dir, "plain")
	if _, err := server.Output(ctx, "go", "build", "-o", plain, "./bench/proxies/plain"); err != nil {
		return nil, err
	}
	origin := peer{name: "origin", config: "origin.conf", command: nginx}
	if err := b.run(ctx, &origin, c); err != nil {
		return nil, err
	}
	c.Origin = origin.address
	peers := newPeers(chatproxy, plain)
	for i := range peers {
		if err := b.run(ctx, &peers[i], c); err != nil {
			return nil, err
		}
	}
	return peers, nil
}

// run starts one peer in a folder of its own, on an address of its own.
func (b *bench) run(ctx context.Context, p *peer, c config) (err error) {
	if c.Dir, err = os.MkdirTemp(b.dir, "run-"); err != nil {
		return err
	}
	if err := os.Chmod(c.Dir, 0o755); err != nil {
		return err
	}
	if c.Listen, err = server.FreeAddress(); err != nil {
		return err
	}
	p.address = c.Listen
	file := filepath.Join(c.Dir, p.config)
	if p.config != "" {
		if err := writeConfig(file, p.config, c); err != nil {
			return err
		}
	}
	started, err := server.Start(ctx, p.name, p.address, c.Dir, p.command(file, c))
	if err != nil {
		return err
	}
	b.processes = append(b.processes, started)
	p.group = started.Group()
	return nil
}

func writeConfig(file, name string, c config) error {
	t, err := template.ParseFS(configs, "config/"+name)
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(t.Execute(f, c), f.Close())
}

// stop stops what runs, the last first.
func (b *bench) stop() error {
	var errs []error
	for i := len(b.processes) - 1; i >= 0; i-- {
		errs = append(errs, b.processes[i].Stop())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}
