package browsers

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Two people, two browsers of one engine at once: neither sees the other's
// storage, both have the focus and take keys. After them nothing stays, no
// process and no directory.
func TestTwoAtOnce(t *testing.T) {
	server := serve(t)
	eachEngine(t, func(t *testing.T, engine Engine) {
		var launches []*launch
		t.Run("chat", func(t *testing.T) {
			alice, bob := Start(t, engine), Start(t, engine)
			people := map[string]*Browser{"alice": alice, "bob": bob}
			for name, b := range people {
				launches = append(launches, b.launch)
				b.Open(server.URL + "/name?is=" + name)
				same(t, "storage", b.Eval("return [localStorage.length, document.cookie]"), []any{0.0, ""})
				b.Eval("localStorage.setItem('who', arguments[0]); document.cookie = 'who=' + arguments[0]", name)
			}
			alice.Type("#in", "from alice")
			bob.Type("#in", "from bob")
			for name, b := range people {
				same(t, "typed", b.Eval("return document.querySelector('#in').value"), "from "+name)
				same(t, "stored", b.Eval("return [localStorage.who, document.cookie, document.hasFocus()]"), []any{name, "who=" + name, true})
				if len(processesUsing(t, b.launch.dir)) == 0 {
					t.Error("processesUsing does not see the running browser")
				}
			}
		})
		for _, l := range launches {
			if left := processesUsing(t, l.dir); len(left) > 0 {
				t.Errorf("still running:\n%s", strings.Join(left, "\n"))
			}
			assertGone(t, l.dir)
		}
	})
}

func TestHeaded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, `<!doctype html><input id="in">`)
	}))
	t.Cleanup(server.Close)
	eachEngine(t, func(t *testing.T, engine Engine) {
		if engine == WebKit {
			return // always has a window
		}
		b := Start(t, engine, Headed())
		b.Open(server.URL)
		b.Type("#in", "seen")
		same(t, "typed", b.Eval("return [document.querySelector('#in').value, document.hasFocus(), outerWidth]"), []any{"seen", true, float64(windowWidth)})
	})
}
