package site

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody is how much of a request the collector reads.
const maxBody = 8 << 20

// pixel is a transparent GIF of one pixel: the answer to a hit sent as a picture.
const pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// collectorPaths are our own endpoint and those that posthog-js calls.
var collectorPaths = []string{"/collect/", "/e/", "/i/", "/s/", "/batch/", "/capture/", "/engage/", "/flags/", "/decide/", "/array/"}

// allowAnyone lets every page read the answers: those of an opaque origin, whose
// Origin is "null", and those that send credentials, as beacons do.
func allowAnyone(header http.Header, r *http.Request) {
	header.Add("Vary", "Origin")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	origin := r.Header.Get("Origin")
	if origin == "" {
		header.Set("Access-Control-Allow-Origin", "*")
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
}

// collect keeps the hit, and answers as the endpoint's callers expect.
func (v *Vendor) collect(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	allowAnyone(header, r)
	header.Set("Cache-Control", "no-store")
	if r.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, OPTIONS")
		header.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
		header.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	v.log.add(receive(r))

	switch first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); {
	case first == "collect" && r.Method == http.MethodGet:
		header.Set("Content-Type", "image/gif")
		_, _ = io.WriteString(w, pixel)
	case first == "collect":
		w.WriteHeader(http.StatusNoContent)
	case first == "flags" || first == "decide":
		answerJSON(w, flagsAnswer)
	case first == "array":
		token, file, _ := strings.Cut(rest, "/")
		answerConfig(w, token, file)
	default:
		answerJSON(w, map[string]any{"status": 1})
	}
}

// receive reads a request into a hit. What cannot be read is not kept, but the
// hit is: that it came is what counts.
func receive(r *http.Request) Hit {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	cut := err != nil || len(raw) > maxBody
	raw = raw[:min(len(raw), maxBody)]
	if data := r.URL.Query().Get("data"); len(raw) == 0 && data != "" {
		raw = []byte(data)
	}
	text, layers, truncated := decodeBody(raw)
	return Hit{
		Time:      time.Now(),
		Method:    r.Method,
		Path:      r.URL.Path,
		Query:     r.URL.RawQuery,
		Origin:    r.Header.Get("Origin"),
		Referer:   r.Referer(),
		Page:      pageOf(r, text),
		Body:      text,
		Encodings: layers,
		Truncated: cut || truncated,
	}
}

// flagsAnswer tells posthog-js that there are no feature flags.
var flagsAnswer = map[string]any{
	"flags":                     map[string]any{},
	"featureFlags":              map[string]any{},
	"featureFlagPayloads":       map[string]any{},
	"errorsWhileComputingFlags": false,
	"requestId":                 "demo",
}

// answerConfig gives posthog-js its remote configuration, as JSON or as a script.
func answerConfig(w http.ResponseWriter, token, file string) {
	config := map[string]any{
		"token":                token,
		"supportedCompression": []string{"gzip", "gzip-js"},
		"hasFeatureFlags":      false,
		"captureDeadClicks":    false,
		"capturePerformance":   false,
		"autocapture_opt_out":  false,
		"sessionRecording":     false,
		"heatmaps":             false,
		"surveys":              false,
		"siteApps":             []string{},
	}
	if file != "config.js" {
		answerJSON(w, config)
		return
	}
	name, _ := json.Marshal(token)
	value, _ := json.Marshal(config)
	w.Header().Set("Content-Type", contentTypes[".js"])
	fmt.Fprintf(w, "(window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {})[%s] = {config: %s, siteApps: []};\n", name, value)
}

func answerJSON(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the reader may be gone
}
