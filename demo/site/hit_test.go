package site

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func hitAt(path string) func(Hit) bool { return func(h Hit) bool { return h.Path == path } }

func TestWaitFindsHitsOfThePast(t *testing.T) {
	v := NewVendor(VendorOptions{})
	v.log.add(Hit{Path: "/one"})
	v.log.add(Hit{Path: "/two"})
	h, err := v.Wait(t.Context(), hitAt("/two"))
	if err != nil || h.Seq != 2 {
		t.Errorf("got %+v, %v; want the second hit", h, err)
	}
}

func TestWaitFindsHitsToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := NewVendor(VendorOptions{})
		got := make(chan Hit)
		go func() {
			h, err := v.Wait(t.Context(), hitAt("/late"))
			if err != nil {
				t.Error(err)
			}
			got <- h
		}()
		synctest.Wait() // it is waiting now
		v.log.add(Hit{Path: "/early"})
		v.log.add(Hit{Path: "/late"})
		if h := <-got; h.Path != "/late" {
			t.Errorf("got %q, want /late", h.Path)
		}
	})
}

func TestWaitSaysWhatCameInstead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := NewVendor(VendorOptions{})
		v.log.add(Hit{Method: "POST", Path: "/e/"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := v.Wait(ctx, hitAt("/never"))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "POST /e/") {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestLogIsBounded(t *testing.T) {
	log := newHitLog(3, 100)
	for range 10 {
		log.add(Hit{Body: "0123456789"})
	}
	if hits, _ := log.after(0); len(hits) != 3 || hits[0].Seq != 8 {
		t.Errorf("%d hits are kept, want the last 3", len(hits))
	}
	log.add(Hit{Body: strings.Repeat("x", 95)})
	if hits, _ := log.after(0); len(hits) != 1 || log.bytes != 95 {
		t.Errorf("%d hits of %d bytes are kept, want 1 of 95", len(hits), log.bytes)
	}
	log.add(Hit{Body: strings.Repeat("x", 1000)})
	if hits, _ := log.after(0); len(hits) != 1 || len(hits[0].Body) != 1000 {
		t.Error("the latest hit is not kept")
	}
}

func TestResetForgetsAndGoesOnCounting(t *testing.T) {
	v := NewVendor(VendorOptions{})
	v.log.add(Hit{})
	v.Reset()
	if len(v.Hits()) != 0 {
		t.Error("there are hits after a reset")
	}
	v.log.add(Hit{})
	if hits := v.Hits(); len(hits) != 1 || hits[0].Seq != 2 {
		t.Errorf("after a reset the next hit is %+v", hits)
	}
}

func TestPageOf(t *testing.T) {
	for name, test := range map[string]struct{ target, referer, text, want string }{
		"own hit":    {"/collect/pageview", "", `{"url":"http://a.test/x","title":"t"}`, "http://a.test/x"},
		"posthog":    {"/e/", "", `[{"properties":{"token":"url","$current_url": "https://a.test/\u0026y"}}]`, "https://a.test/&y"},
		"query":      {"/collect/impression?page=http%3A%2F%2Fa.test%2F", "http://a.test/ref", "", "http://a.test/"},
		"referer":    {"/flags/", "http://a.test/ref", `{"token":"x"}`, "http://a.test/ref"},
		"no address": {"/e/", "", `{"url":"none"}`, ""},
	} {
		r := httptest.NewRequest("POST", test.target, nil)
		r.Header.Set("Referer", test.referer)
		if got := pageOf(r, test.text); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
