package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// verify asks every peer for every page once, so that only right answers are
// measured.
func verify(ctx context.Context, peers []peer, pages []page) error {
	// As wrk does, without Accept-Encoding.
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	for _, peer := range peers {
		for _, page := range pages {
			if err := verifyPage(ctx, client, peer, page); err != nil {
				return fmt.Errorf("%s does not answer rightly to %s: %w", peer.name, page.name, err)
			}
		}
	}
	return nil
}

func verifyPage(ctx context.Context, client *http.Client, peer peer, page page) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, peer.url(page), nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the status is %s", response.Status)
	}
	if peer.edit == none {
		if string(body) != page.html {
			return fmt.Errorf("the page is not the origin's")
		}
		return nil
	}
	return verifyNonces(response.Header.Get("Content-Security-Policy"), string(body), page, peer.edit)
}

var nonceSource = regexp.MustCompile(`'nonce-([^']+)'`)

// verifyNonces finds the nonce of the policy on every script. Without the nonces,
// and without the script that was put in, the page must be the origin's.
func verifyNonces(policy, body string, page page, edit edit) error {
	match := nonceSource.FindStringSubmatch(policy)
	if match == nil {
		return fmt.Errorf("the policy %q has no nonce", policy)
	}
	attribute := ` nonce="` + match[1] + `"`
	want := page.scripts
	if edit == nonceAndOne {
		want++
	}
	if got := strings.Count(body, attribute); got != want {
		return fmt.Errorf("%d nonces, %d expected", got, want)
	}
	rest := strings.ReplaceAll(body, attribute, "")
	if edit == nonceAndOne {
		before, after, _ := strings.Cut(rest, "<script")
		_, after, _ = strings.Cut(after, "</script>")
		rest = before + after
	}
	if rest != page.html {
		return fmt.Errorf("beside the nonces the page is not the origin's")
	}
	return nil
}
