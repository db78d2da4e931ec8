// Package chat is the chat client: the Converse build that the program carries or
// a folder of the operator's, and how it is served.
package chat

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"chatproxy/browser"
	"chatproxy/browser/static"
)

// The build that `make generate` copies from npm, without source maps.
//
//go:embed all:converse
var embedded embed.FS

// Files of a Converse build that the page loads itself; all others are asked for
// by these.
const (
	module     = "converse.min.js"
	stylesheet = "converse.min.css"
)

// ErrNoClient says that there is no Converse build where one was looked for.
var ErrNoClient = errors.New("no Converse build")

// A Client is one Converse build. Its files stand under Base, which has their
// digest in it, so they can be cached for ever.
type Client struct {
	// Base is the path of the build's folder on the site's host, with a slash at
	// its end.
	Base  string
	files map[string]*static.File // by path below Base
}

// Open returns the client that the policy's chat.client names: "embedded" or a
// folder. The error wraps [ErrNoClient] where a build is missing.
func Open(client string) (*Client, error) {
	var tree fs.FS
	if client == "embedded" {
		sub, err := fs.Sub(embedded, "converse")
		if err != nil {
			return nil, fmt.Errorf("open the embedded client: %w", err)
		}
		tree = sub
	} else {
		tree = os.DirFS(client)
	}
	c := &Client{files: map[string]*static.File{}}
	digest := sha256.New()
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir // .git and the like (CWE-538)
		case entry.IsDir(), !served(name):
			return nil
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(digest, "%s\x00%d\x00", name, len(content))
		digest.Write(content)
		c.files[name] = static.New(content, mediaType(name))
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the chat client %s: %w", client, err)
	}
	for _, name := range []string{module, stylesheet} {
		if c.files[name] == nil {
			hint := "give the folder that holds " + module
			if client == "embedded" {
				hint = "this program was built without it: run make generate, then build again"
			}
			return nil, fmt.Errorf("%w in %q: %s is missing; %s", ErrNoClient, client, name, hint)
		}
	}
	c.Base = browser.Prefix + "client/" + hex.EncodeToString(digest.Sum(nil)[:8]) + "/"
	return c, nil
}

// served tells whether a file of the build is worth serving: source maps and
// hidden files are not.
func served(name string) bool {
	return !strings.HasSuffix(name, ".map") && !strings.HasSuffix(name, ".md") && !strings.HasPrefix(path.Base(name), ".")
}

// Endpoints are the paths of ours that the client connects to. An empty one is
// not used.
type Endpoints struct {
	BOSH      string
	WebSocket string
}

// Config returns what the guard needs to start the client on a page. Settings
// are the operator's own for converse.initialize.
func (c *Client) Config(domain string, settings map[string]any, endpoints Endpoints) (*browser.Chat, error) {
	if settings == nil {
		settings = map[string]any{}
	}
	encoded, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("chat.settings as JSON: %w", err)
	}
	return &browser.Chat{
		Base: c.Base, Module: module, Stylesheet: stylesheet, Domain: domain,
		BOSH: endpoints.BOSH, WebSocket: endpoints.WebSocket, Settings: encoded,
	}, nil
}
