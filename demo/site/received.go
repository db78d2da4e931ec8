package site

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// textShown is how many characters of a body the table shows.
const textShown = 300

// receivedHit is a line of the table.
type receivedHit struct {
	Seq    uint64    `json:"seq"`
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query"`
	Origin string    `json:"origin"`
	Page   string    `json:"page"`
	Text   string    `json:"text"`
}

// receivedAnswer is what the table asks for: the hits after a sequence number,
// and in how many of those kept a word was found.
type receivedAnswer struct {
	Hits  []receivedHit `json:"hits"`
	Total uint64        `json:"total"`
	Kept  int           `json:"kept"`
	Found int           `json:"found"`
}

// received feeds the table on the vendor's front page.
func (v *Vendor) received(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseUint(r.FormValue("after"), 10, 64) // 0 is a good answer to nonsense
	word := strings.ToLower(r.FormValue("find"))
	hits := v.Hits()
	answer := receivedAnswer{Hits: []receivedHit{}, Total: v.log.count(), Kept: len(hits)}
	for _, h := range hits {
		if word != "" && strings.Contains(strings.ToLower(h.Body+"\n"+h.Query), word) {
			answer.Found++
		}
		if h.Seq <= after {
			continue
		}
		answer.Hits = append(answer.Hits, receivedHit{
			Seq: h.Seq, Time: h.Time, Method: h.Method, Path: h.Path, Query: firstCharacters(h.Query, textShown),
			Origin: h.Origin, Page: h.Page, Text: firstCharacters(h.Body, textShown),
		})
	}
	w.Header().Set("Cache-Control", "no-store")
	answerJSON(w, answer)
}

func firstCharacters(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			return s[:i] + "…"
		}
		count++
	}
	return s
}
