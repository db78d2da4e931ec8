package filters

// Type is what a request is for: one of the constants. A filter has a set of them.
type Type uint16

// The types that filters can name.
const (
	Script      Type = 1 << iota // script
	Image                        // image
	Stylesheet                   // stylesheet, css
	Object                       // object, object-subrequest
	XHR                          // xmlhttprequest, xhr; what fetch() asks for too
	Subdocument                  // subdocument, frame
	Document                     // document, doc: the page itself
	Ping                         // ping, beacon
	Media                        // media
	Font                         // font
	WebSocket                    // websocket
	Other                        // other
	Popup                        // popup: a page that opens in a window of its own
)

const (
	everyType    = Popup<<1 - 1
	networkTypes = everyType &^ (Document | Popup)
)

// typesOf returns the types of a filter that names some and excludes others.
func typesOf(named, excluded Type, exception bool) Type {
	if named != 0 {
		return named &^ excluded
	}
	if exception && excluded == 0 {
		return networkTypes | Document
	}
	return networkTypes &^ excluded
}
