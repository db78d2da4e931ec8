package browser

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// Each NAME.test.ts stands beside NAME.ts and is run under Node. It needs no browser:
// what it uses of one it makes itself.
func TestTypeScript(t *testing.T) {
	files, err := filepath.Glob("*/*.test.ts")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d tests in TypeScript, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			bundle := api.Build(api.BuildOptions{
				EntryPoints: []string{file}, Bundle: true, Format: api.FormatIIFE, Target: api.ES2022, Platform: api.PlatformNeutral,
			})
			if len(bundle.Errors) > 0 {
				t.Fatal(bundle.Errors)
			}
			node := exec.Command("node", "--unhandled-rejections=strict", "-e", string(bundle.OutputFiles[0].Contents))
			output, err := node.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, output)
			}
			if len(output) == 0 {
				t.Error("it tested nothing")
			}
		})
	}
}
