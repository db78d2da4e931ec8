package main

import "testing"

const tsungLog = `# stats: dump at 1795646456
stats: users 20 172
stats: request 1782 1008.1 1373.4 7405.3 0.7 311.1 594
# stats: dump at 1795646462
stats: users 0 172
stats: {cpu,"tsung_controller@127.0.0.1"} 1 99.9 0.0 99.9 60.9 80.3 2
stats: users_count 0 172
stats: finish_users_count 20 170
stats: error_connect_econnrefused 1 2
stats: error_bosh_terminated 0 1
stats: request 32 40.2 31.6 7405.3 0.7 833.8 2376
stats: bosh_http_req 52 2752
`

func TestParseTsung(t *testing.T) {
	counts, err := parseTsung(tsungLog + "EndMonitor:{1795,646462,857394}\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"users_count": 172, "finish_users_count": 170, "errors": 3, "request": 2408, "bosh_http_req": 2752} {
		if counts[name] != want {
			t.Errorf("%s is %d, want %d", name, counts[name], want)
		}
	}
	if _, err := parseTsung(tsungLog); err == nil {
		t.Error("a log without an end passes")
	}
}
