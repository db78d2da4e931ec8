package browser_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// The guard's own SHA-2 must be the browser's: with another one a script that was
// pinned would not run. Every length around the block sizes is tried, against
// WebCrypto.
func TestDigestIsWebCryptos(t *testing.T) {
	bundle := api.Build(api.BuildOptions{
		EntryPoints: []string{"digest/digest.ts"},
		Bundle:      true, Format: api.FormatIIFE, GlobalName: "guard",
	})
	if len(bundle.Errors) > 0 {
		t.Fatal(bundle.Errors)
	}
	program := string(bundle.OutputFiles[0].Contents) + `
const { webcrypto } = require("crypto");
(async () => {
	const wrong = [];
	let tried = 0;
	const lengths = [...Array(300).keys(), 1023, 1024, 4096, 65537];
	for (const length of lengths) {
		const bytes = Uint8Array.from({ length }, (_, i) => (i * 2654435761 + length) >>> 13);
		for (const name of ["sha256", "sha384", "sha512"]) {
			const sum = Buffer.from(await webcrypto.subtle.digest("SHA-" + name.slice(3), bytes)).toString("base64");
			if (guard.digest(name, bytes) !== name + "-" + sum) wrong.push(name + " of " + length + " bytes");
			tried++;
		}
	}
	console.log(JSON.stringify({ wrong, tried }));
})();`
	node := exec.Command("node", "-e", program)
	var stderr bytes.Buffer
	node.Stderr = &stderr
	output, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	var result struct {
		Wrong []string
		Tried int
	}
	if err := json.Unmarshal(output, &result); err != nil {
		t.Fatal(err)
	}
	if len(result.Wrong) > 0 || result.Tried != 3*304 {
		t.Errorf("of %d digests %d are wrong: %.10q", result.Tried, len(result.Wrong), result.Wrong)
	}
}
