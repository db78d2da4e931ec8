package main

import (
	"testing"
	"time"
)

const wrkOutput = `Running 1s test @ http://127.0.0.1:1/4k.html
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.70ms    1.23ms  17.28ms   75.84%
    Req/Sec    20.03k     1.11k   22.44k    80.00%
  Latency Distribution
     50%    1.41ms
     75%    2.24ms
     90%    3.26ms
     99%    5.87ms
  43799 requests in 1.10s, 184.47MB read
Requests/sec:  39818.51
Transfer/sec:    167.71MB
`

func TestParseWrk(t *testing.T) {
	r, requests, err := parseWrk(wrkOutput)
	if err != nil {
		t.Fatal(err)
	}
	if r.perSecond != 39818.51 || r.p99 != 5870*time.Microsecond || requests != 43799 {
		t.Errorf("got %v, %d requests", r, requests)
	}
	for _, failed := range []string{
		wrkOutput + "  Non-2xx or 3xx responses: 3\n",
		wrkOutput + "  Socket errors: connect 0, read 2, write 0, timeout 0\n",
		"unable to connect to 127.0.0.1:1 Connection refused\n",
	} {
		if r, _, err := parseWrk(failed); err == nil {
			t.Errorf("%v of a run that failed", r)
		}
	}
}
