package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestProductsAreFresh(t *testing.T) {
	products, err := build("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range products {
		got, err := os.ReadFile(filepath.Join("..", p.name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, p.content) {
			t.Errorf("%s is stale: run go generate ./policies/schema", filepath.Base(p.name))
		}
	}
}
