package main

import (
	"bytes"
	"os"
	"testing"
)

func TestBundlesAreFresh(t *testing.T) {
	for _, realm := range realms {
		want, err := build("..", realm.entry)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(distFile("..", realm.name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run make generate", distFile("browser", realm.name))
		}
	}
}
