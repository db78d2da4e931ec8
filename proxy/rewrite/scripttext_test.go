package rewrite

import (
	"strings"
	"testing"
)

func TestScriptEnd(t *testing.T) {
	// The end that every browser finds is marked with "‖".
	for _, marked := range []string{
		"x‖</script>", "‖</SCRIPT\n>", "‖</script/x>", "</scriptx>‖</script>", "</script", "< /script>‖</script>",
		"<!--x‖</script>", "<!--<script></script>‖</script>",
		"<!--<script>-->‖</script>", "<!--<script></script>--><script>‖</script>", "<!--<script>x</script><script>y</script>‖</script>",
		"<!--< <script></script>‖</script>", "<!--<!<script></script>‖</script>", "<!--<scriptx></script>"[:15] + "‖</script>", "<!--<-<script></script>‖</script>",
		"<!-->‖</script>", "<!-- --><script>‖</script>", "<!-<script>‖</script>", "<!--->‖</script>", "<!-- -- ><script></script>‖</script>", "<!--<SCRIPT/</script>‖</script>",
	} {
		want := strings.Index(marked, "‖")
		text := strings.Replace(marked, "‖", "", 1)
		if got := scriptEnd([]byte(text)); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}
