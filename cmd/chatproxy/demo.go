package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"chatproxy/demo/prosody"
	"chatproxy/demo/site"
)

// The demo's accounts. They exist on the demo's own server only.
var demoAccounts = map[string]string{"alice": "alice-pass", "bob": "bob-pass"}

//go:embed demo.yaml.tmpl
var demoFiles embed.FS

var demoPolicy = template.Must(template.ParseFS(demoFiles, "demo.yaml.tmpl"))

// demoOptions are the demo's flags.
type demoOptions struct {
	listen    string
	vendor    string
	transport string
	server    string // an XMPP server of the user's own, or ""
	domain    string
}

func demoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a sample site with ads, an XMPP server with two accounts, and chatproxy in front",
		Args:  cobra.NoArgs,
	}
	var o demoOptions
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "`ADDRESS` of the protected site")
	cmd.Flags().StringVar(&o.vendor, "vendor", "127.0.0.1:8081", "`ADDRESS` of the vendor of ads and analytics")
	cmd.Flags().StringVar(&o.transport, "transport", "websocket", "websocket or bosh")
	cmd.Flags().StringVar(&o.server, "xmpp-server", "", "`HOST:PORT` of an XMPP server to use in place of the demo's own Prosody")
	cmd.Flags().StringVar(&o.domain, "xmpp-domain", "demo.localhost", "the `DOMAIN` of the XMPP server")
	cmd.RunE = doing(func(cmd *cobra.Command, _ []string) error {
		if o.transport != "websocket" && o.transport != "bosh" {
			return fmt.Errorf("--transport %q is neither websocket nor bosh", o.transport)
		}
		return demo(cmd.Context(), o, cmd.OutOrStdout(), newLog(cmd.ErrOrStderr(), false))
	})
	return cmd
}

// demo runs everything until ctx ends, and then stops what it started.
func demo(ctx context.Context, o demoOptions, out io.Writer, log *slog.Logger) (err error) {
	dir, err := os.MkdirTemp("", "chatproxy-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	facts := demoFacts{Listen: o.listen, Domain: o.domain, Server: o.server, BOSH: o.transport == "bosh"}
	if o.server == "" {
		server, err := startProsody(ctx, o.domain, filepath.Join(dir, "prosody"))
		if err != nil {
			return err
		}
		defer server.Stop()
		facts.Server, facts.CA, facts.Accounts = server.Addr(), server.CAFile(), demoAccounts
	}

	facts.Vendor = "http://" + o.vendor
	vendor := site.NewVendor(site.VendorOptions{Base: facts.Vendor})
	stopVendor, err := serveLocal(o.vendor, vendor)
	if err != nil {
		return fmt.Errorf("the vendor: %w", err)
	}
	defer stopVendor()

	newspaper := site.NewSite(site.Options{Vendor: facts.Vendor, CSP: "script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval' " + facts.Vendor})
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the sample site: %w", err)
	}
	facts.Upstream = "http://" + upstream.Addr().String()
	defer serveOn(upstream, newspaper)()

	facts.PolicyFile = filepath.Join(dir, "policy.yaml")
	if err := facts.writePolicy(); err != nil {
		return err
	}
	running, err := start(facts.PolicyFile, log)
	if err != nil {
		return err
	}
	facts.print(out)
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "\nStopping.")
		return running.stop()
	case err := <-running.failed:
		return errors.Join(err, running.stop())
	}
}

// startProsody starts the demo's own server, or says how to do without it.
func startProsody(ctx context.Context, domain, dir string) (*prosody.Server, error) {
	server, err := prosody.Start(ctx, prosody.Config{Dir: dir, Domain: domain, Accounts: demoAccounts})
	if errors.Is(err, prosody.ErrNotInstalled) {
		return nil, fmt.Errorf("%w.\nInstall it (apt-get install prosody), or give the demo another server:\n"+
			"  chatproxy demo --xmpp-server HOST:5222 --xmpp-domain DOMAIN", err)
	}
	return server, err
}

// serveLocal serves a handler of the demo on an address and returns what stops it.
func serveLocal(address string, handler http.Handler) (stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return serveOn(listener, handler), nil
}

func serveOn(listener net.Listener, handler http.Handler) (stop func()) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends when stop closes it
	return func() { _ = server.Close() }       // the demo is over
}

// demoFacts are what the demo's policy and its greeting tell.
type demoFacts struct {
	Listen, Upstream, Vendor string
	Domain, Server, CA       string
	BOSH                     bool
	PolicyFile               string
	Accounts                 map[string]string
}

func (f demoFacts) writePolicy() error {
	file, err := os.Create(f.PolicyFile)
	if err != nil {
		return err
	}
	if err := demoPolicy.Execute(file, f); err != nil {
		return errors.Join(err, file.Close())
	}
	return file.Close()
}

var greeting = template.Must(template.New("greeting").Parse(`
The demo is up.

  The protected site   http://{{.Listen}}/
  What the vendor got  {{.Vendor}}/
  The site without us  {{.Upstream}}/
  The policy           {{.PolicyFile}}
{{if .Accounts}}
Two accounts:{{range $name, $password := .Accounts}}
  {{$name}}@{{$.Domain}}  password {{$password}}{{end}}
{{else}}
Log in with an account of {{.Domain}}.
{{end}}
What to look at:
  1. Open the protected site in two browser profiles, click the chat bubble in the
     corner, log in as alice in one and as bob in the other, and write to each other.
  2. The ad stands in its slot; analytics and session replay run, each in a frame
     where they reach nothing. In the page's own source no script of theirs is left.
  3. Open what the vendor got and search it for a word of your conversation: the page
     view is there, the conversation is not.
  4. Reload the page: you are still in the conversation.

Ctrl-C stops everything.
`))

func (f demoFacts) print(out io.Writer) {
	_ = greeting.Execute(out, f) // a closed terminal is no reason to stop
}
