package proxy

import "testing"

func TestCharsetParameter(t *testing.T) {
	for contentType, want := range map[string]string{
		`text/html`:                                ``,
		`text/html;`:                               ``,
		`text/html; charset=utf-8`:                 `utf-8`,
		`text/html;charset=UTF-8 `:                 `UTF-8`,
		`text/html; CharSet="utf-8"`:               `utf-8`,
		`text/html; charset="utf\-8`:               `utf-8`,
		`text/html; charset="a;b=c"; charset=d`:    `a;b=c`,
		`text/html; charset="a"x; charset=d`:       `a`,
		`text/html; charset=; charset=d`:           `d`,
		`text/html; charset=""; charset=d`:         ``,
		`text/html; charset; charset=d`:            `d`,
		`text/html; charset =a; charset=d`:         `d`,
		`text/html; charset= a`:                    ` a`,
		`text/html; x="charset=a"; charset=d`:      `d`,
		`text/html; ;; boundary=x;charset=d; x="y`: `d`,
		`text/html; charset="\`:                    `\`,
	} {
		if got := charsetParameter(contentType); got != want {
			t.Errorf("%s: got %q, want %q", contentType, got, want)
		}
	}
}

func TestEncodingName(t *testing.T) {
	for label, want := range map[string]string{
		"utf8": "utf-8", " \t\n\f\rUTF-8 ": "utf-8", "latin1": "windows-1252", "ascii": "windows-1252",
		"utf-16": "utf-16le", "unicodefffe": "utf-16be", "gb2312": "gbk", "hz-gb-2312": replacement,
		// The next are labels to charset.Lookup, and to no browser.
		"\vutf-8": "", "\u00a0utf-8": "", "\u212aoi8-r": "",
		"": "", "utf-7": "", "x-unknown": "", "utf-32": "", "utf 8": "",
	} {
		if got := encodingName(label); got != want {
			t.Errorf("%q: got %q, want %q", label, got, want)
		}
	}
}
