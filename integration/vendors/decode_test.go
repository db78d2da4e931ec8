package vendors

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestEveryWrappingIsTakenOff(t *testing.T) {
	const json = `{"event":"view","properties":{"$current_url":"http://a.test/b?c=d"}}`
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write([]byte(json)) // into memory
	_ = w.Close()
	var parts bytes.Buffer
	m := multipart.NewWriter(&parts)
	_ = m.WriteField("batch", json)
	_ = m.Close()
	coded := base64.StdEncoding.EncodeToString([]byte(json))
	for name, test := range map[string]struct{ query, kind, body string }{
		"JSON":               {"", "application/json", json},
		"lines of JSON":      {"", "application/x-ndjson", `{"a":1}` + "\n" + json},
		"JSON as plain text": {"", "text/plain", json},
		"gzip":               {"?compression=gzip-js", "text/plain", zipped.String()},
		"gzip in base64":     {"", "text/plain", base64.StdEncoding.EncodeToString(zipped.Bytes())},
		"base64 in a form":   {"", "application/x-www-form-urlencoded", "data=" + url.QueryEscape(coded)},
		"JSON in a form":     {"", "application/x-www-form-urlencoded", "ip=0&events=" + url.QueryEscape("["+json+"]")},
		"base64 in a query":  {"?data=" + url.QueryEscape(coded), "", ""},
		"a query":            {"?event=view&%24current_url=" + url.QueryEscape("http://a.test/b?c=d"), "", ""},
		"multipart":          {"", m.FormDataContentType(), parts.String()},
		"JSON in JSON":       {"", "", `{"payload":"{\"event\":\"view\",\"$current_url\":\"http://a.test/b?c=d\"}"}`},
	} {
		r := httptest.NewRequest("POST", "/e/"+test.query, strings.NewReader(test.body))
		r.Header.Set("Content-Type", test.kind)
		fields := fieldsOf(r, []byte(test.body))
		for _, want := range []Field{{"event", "view"}, {"$current_url", "http://a.test/b?c=d"}} {
			if !slices.Contains(fields, want) {
				t.Errorf("%s: %v lacks %v", name, fields, want)
			}
		}
	}
}

func TestWhatIsNotWrappedStays(t *testing.T) {
	for _, text := range []string{"{not JSON", "plainword", "a title: with a colon", "\x1f\x8bno gzip"} {
		if got := fieldsOf(httptest.NewRequest("POST", "/", nil), []byte(text)); len(got) != 1 || got[0].Value != strings.ToValidUTF8(text, "\uFFFD") {
			t.Errorf("%q became %q", text, got)
		}
	}
}
