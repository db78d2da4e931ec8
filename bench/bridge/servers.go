package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"text/template"

	"chatproxy/bench/bridge/load"
	"chatproxy/bench/server"
)

// domain is the XMPP domain of every server.
const domain = "localhost"

//go:embed config
var configs embed.FS

// bench holds the processes that run.
type bench struct {
	dir         string
	chatproxy   string
	stubBinary  string
	descriptors int
	processes   []*server.Process
}

// running is a server that was started.
type running struct {
	http  string // where it serves BOSH and WebSocket
	xmpp  string // where it serves XMPP over TCP
	ca    string // the file of the certificate that it presents, "" without TLS
	group int    // its process group
}

// endpoint is one of the server's two.
func (r running) endpoint(t load.Transport) load.Endpoint {
	e := load.Endpoint{Transport: t, Address: r.http, Path: "/http-bind", Domain: domain, Origin: "http://" + r.http}
	if t == load.WebSocket {
		e.Path = "/xmpp-websocket"
	}
	return e
}

// config is what a configuration file is made from.
type config struct {
	Dir          string // the process's own
	Domain       string
	Listen       string // where HTTP is served
	ListenPort   string
	Upstream     string // where XMPP is served
	UpstreamPort string
	CA           string
}

// start starts a server in a folder of its own. file names its configuration's template.
func (b *bench) start(ctx context.Context, name, address, file string, c config, command func(c config) []string, env ...string) (group int, err error) {
	if c.Dir, err = os.MkdirTemp(b.dir, "run-"); err != nil {
		return 0, err
	}
	c.Domain = domain
	for _, part := range []struct {
		address string
		port    *string
	}{{c.Listen, &c.ListenPort}, {c.Upstream, &c.UpstreamPort}} {
		if part.address == "" {
			continue
		}
		if _, *part.port, err = net.SplitHostPort(part.address); err != nil {
			return 0, err
		}
	}
	if file != "" {
		if err := writeConfig(filepath.Join(c.Dir, file), file, c); err != nil {
			return 0, err
		}
	}
	for i := range env {
		env[i] = os.Expand(env[i], func(string) string { return c.Dir })
	}
	p, err := server.Start(ctx, name, address, c.Dir, command(c), env...)
	if err != nil {
		return 0, err
	}
	b.processes = append(b.processes, p)
	return p.Group(), nil
}

// stub starts the stub server, which requires STARTTLS if tls says so.
func (b *bench) stub(ctx context.Context, tls bool) (r running, err error) {
	if r.xmpp, err = server.FreeAddress(); err != nil {
		return r, err
	}
	var key string
	if tls {
		if r.ca, key, err = writeCertificate(b.dir); err != nil {
			return r, err
		}
	}
	r.group, err = b.start(ctx, "the stub", r.xmpp, "", config{}, func(config) []string {
		return []string{b.stubBinary, "-listen", r.xmpp, "-domain", domain, "-certificate", r.ca, "-key", key}
	})
	return r, err
}

// bridge starts chatproxy in front of an XMPP server.
func (b *bench) bridge(ctx context.Context, upstream running) (r running, err error) {
	if r.http, err = server.FreeAddress(); err != nil {
		return r, err
	}
	c := config{Listen: r.http, Upstream: upstream.xmpp, CA: upstream.ca}
	r.group, err = b.start(ctx, "chatproxy", r.http, "chatproxy.yaml", c, func(c config) []string {
		return []string{b.chatproxy, "serve", "--policy", filepath.Join(c.Dir, "chatproxy.yaml")}
	})
	return r, err
}

// prosody starts Prosody.
func (b *bench) prosody(ctx context.Context) (r running, err error) {
	if r.http, err = server.FreeAddress(); err != nil {
		return r, err
	}
	if r.xmpp, err = server.FreeAddress(); err != nil {
		return r, err
	}
	r.group, err = b.start(ctx, "prosody", r.http, "prosody.cfg.lua", config{Listen: r.http, Upstream: r.xmpp}, func(c config) []string {
		return []string{"prosody", "-F", "--config", filepath.Join(c.Dir, "prosody.cfg.lua")}
	})
	return r, err
}

// ejabberd starts ejabberd: as an Erlang program without distribution, so that nothing
// listens but what the configuration says.
func (b *bench) ejabberd(ctx context.Context) (r running, err error) {
	if r.http, err = server.FreeAddress(); err != nil {
		return r, err
	}
	found, _ := filepath.Glob("/usr/lib/*/ejabberd-*/ebin") // the pattern is sound
	if len(found) == 0 {
		return r, errors.New("ejabberd is not installed (Debian package: ejabberd)")
	}
	r.group, err = b.start(ctx, "ejabberd", r.http, "ejabberd.yml", config{Listen: r.http}, func(c config) []string {
		return []string{"erl", "-noinput", "+K", "true", "+P", "250000", "-mnesia", "dir", fmt.Sprintf("%q", filepath.Join(c.Dir, "spool")), "-s", "ejabberd"}
	}, "ERL_LIBS="+filepath.Dir(filepath.Dir(found[0])), "EJABBERD_CONFIG_PATH=$DIR/ejabberd.yml",
		"EJABBERD_LOG_PATH=$DIR/ejabberd.log", "ERL_CRASH_DUMP=$DIR/crash.dump")
	return r, err
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
	b.processes = nil
	return errors.Join(errs...)
}
