package vendors

import (
	"flag"
	"os"
	"testing"

	"chatproxy/integration/program"
)

var update = flag.Bool("update", false, "write docs/vendors.md anew")

// built is the path of the chatproxy that TestMain builds.
var built string

func TestMain(m *testing.M) {
	flag.Parse()
	// Each column of the matrix waits for timers of its vendors more than it works.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(program.Main(m, &built))
}
