package proxy

import (
	"context"
	"errors"
	"html/template"
	"net/http"

	"chatproxy/proxy/upstream"
)

// A refusal is an answer of our own in place of the upstream's.
type refusal struct {
	status  int
	message string // for the person in front of the browser
	cause   error  // for the log; nil where the client alone is to blame
}

var tooLarge = refusal{http.StatusRequestEntityTooLarge, "What you sent is larger than this site accepts.", nil}

var refusalPage = template.Must(template.New("refusal").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Status}} {{.Text}}</title>
<link rel="stylesheet" href="/.chatproxy/refusal.css">
</head>
<body>
<main>
<p>{{.Status}}</p>
<h1>{{.Text}}</h1>
<p>{{.Message}}</p>
<p><small>Request {{.ID}}</small></p>
</main>
</body>
</html>
`))

const refusalStyle = `body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;color:#1c2530;background:#f4f5f7}
main{max-width:32rem;padding:2rem}
main p:first-child{margin:0;color:#68727f;font-variant-numeric:tabular-nums}
h1{margin:0 0 .5rem;font-size:1.6rem}
small{color:#68727f}
@media (prefers-color-scheme:dark){body{color:#e8ebef;background:#14181d}main p:first-child,small{color:#98a2af}}
`

// refuse answers with a short page that carries the policy like any other.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, why refusal) {
	x := exchangeOf(r)
	if why.cause != nil {
		s.log.Error("request failed", "request", x.id, "method", r.Method, "path", r.URL.Path, "status", why.status, "error", why.cause)
	}
	h := w.Header()
	x.kind = document // no script of ours or anybody's is in it
	s.writeFixedHeaders(h)
	s.writePolicy(x, h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(why.status)
	_ = refusalPage.Execute(w, map[string]any{ // the client went away
		"Status": why.status, "Text": http.StatusText(why.status), "Message": why.message, "ID": x.id,
	})
}

// upstreamFailed turns an error of the upstream's leg into a refusal.
func (s *Site) upstreamFailed(w http.ResponseWriter, r *http.Request, err error) {
	var overLimit *http.MaxBytesError
	switch {
	case errors.As(err, &overLimit):
		s.refuse(w, r, tooLarge)
	case errors.Is(err, errRedirected):
		s.refuse(w, r, refusal{http.StatusBadGateway, "The site sends this script from somewhere else.", err})
	case errors.Is(err, context.Canceled):
		s.refuse(w, r, refusal{http.StatusBadGateway, "The request was given up.", nil})
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, upstream.ErrHeaderTimeout):
		s.refuse(w, r, refusal{http.StatusGatewayTimeout, "The site did not answer in time. Please try again.", err})
	default:
		s.refuse(w, r, refusal{http.StatusBadGateway, "The site cannot be reached at the moment. Please try again.", err})
	}
}
