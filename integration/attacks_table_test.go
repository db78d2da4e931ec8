package integration

import "chatproxy/integration/browsers"

// A topic is what attacks have in common.
type topic string

// The topics.
const (
	reading    topic = "reading the page, and what is typed and copied"
	storing    topic = "storage, cookies and workers of the site"
	calling    topic = "the site's own server, BOSH and WebSocket"
	sending    topic = "ways out past the policy, style sheets, the nonce"
	reaching   topic = "other windows, frames and compartments"
	speaking   topic = "messages to the page and the guard"
	covering   topic = "what the reader sees, clicks and hears"
	navigating topic = "where the page goes"
	hogging    topic = "keeping the page busy"
	patching   topic = "built-ins patched by a script that is allowed"
	listening  topic = "the chat"
)

var allTopics = []topic{reading, storing, calling, sending, reaching, speaking, covering, navigating, hogging, patching, listening}

// corpus are the files of testdata/attacks that are tried at the desk. Those that need
// the chat stand in hostile_test.go.
var corpus = map[string]attack{
	"read-text":            {topic: reading, loot: []string{secretText, secretToken}},
	"read-fields":          {topic: reading, steps: typeBoth, loot: []string{typedText, typedPassword}},
	"log-keys":             {topic: reading, steps: typeBoth, loot: []string{typedText + typedPassword}},
	"log-input":            {topic: reading, steps: typeBoth, loot: []string{typedText + typedPassword}},
	"read-selection":       {topic: reading, steps: selectSecret, loot: []string{secretText}},
	"catch-copy":           {topic: reading, steps: copySecret, loot: []string{"copied " + secretText}},
	"catch-paste":          {topic: reading, steps: copyAndPaste, loot: []string{"pasted " + secretText}},
	"replace-copied":       {topic: reading, disturbs: true, steps: copyAndPaste, effect: `letter.value.includes("attacker")`},
	"observe-changes":      {topic: reading, steps: does("sayLate()"), loot: []string{secretLate}},
	"catch-submit":         {topic: reading, steps: typeAndEnter, loot: []string{typedText, typedPassword}},
	"open-shadow":          {topic: reading, early: true, loot: []string{secretShadow}},
	"read-frames":          {topic: reading, loot: []string{secretFrame}},
	"read-state":           {topic: reading, loot: []string{secretState}},
	"read-name":            {topic: reading, loot: []string{secretName}},
	"read-performance":     {topic: reading, loot: []string{secretToken}},
	"hook-parse":           {topic: reading, early: true, loot: []string{secretParsed}},
	"hook-ports":           {topic: reading, early: true, steps: does("sayOnPort()"), loot: []string{secretPort}},
	"overhear":             {topic: reading, early: true, steps: does(`own.contentWindow.postMessage("speak", location.origin)`), loot: []string{secretMessage}},
	"wrap-fetch":           {topic: reading, early: true, loot: []string{secretAccount}},
	"intercept-navigation": {topic: reading, steps: goToHash, loot: []string{"#to-the-inbox"}},

	"read-cookies":     {topic: storing, loot: []string{secretCookie}},
	"read-cookiestore": {topic: storing, loot: []string{secretCookie}},
	"read-storage":     {topic: storing, loot: []string{secretLocal, secretSID}},
	"read-databases":   {topic: storing, loot: []string{secretDatabase}},
	"watch-storage":    {topic: storing, steps: does("own.contentWindow.write()"), loot: []string{"from-frame is " + secretLocal}},
	"change-storage":   {topic: storing, disturbs: true, effect: `localStorage.draft.includes("attacker")`},
	"plant-cookie":     {topic: storing, effect: `document.cookie.includes("planted")`},
	"delete-databases": {topic: storing, disturbs: true, effect: `!(await indexedDB.databases()).some((found) => found.name === "letters")`},
	"read-caches":      {topic: storing, disturbs: true, order: -2, loot: []string{secretCached}},
	"poison-caches":    {topic: storing, effect: `await caches.match("/inbox")`},
	"read-files":       {topic: storing, loot: []string{secretFile}},
	"steal-lock":       {topic: storing, steps: does("await holdLock()"), effect: "window.lockLost"},
	"ask-channel":      {topic: storing, loot: []string{secretChannel}},
	"join-worker":      {topic: storing, loot: []string{secretWorker}},
	"register-worker":  {topic: storing, effect: `(await navigator.serviceWorker.getRegistrations()).length`},
	"keep-unlisted":    {topic: storing, alone: true, steps: comeBack, loot: []string{"it was seen before"}},
	"read-others-kept": {topic: storing, loot: []string{secretVisitor}},

	"call-site":        {topic: calling, loot: []string{"fetch got " + secretAccount, "xhr got " + secretAccount, "reread got <!doctype html>"}},
	"call-from-worker": {topic: calling, loot: []string{secretAccount}},
	"forge-requests":   {topic: calling, logged: "[POST of the reader by form]"},
	"forge-by-leaving": {topic: calling, disturbs: true, away: true, logged: "[GET of the reader by leaving]"},
	"forge-report":     {topic: calling, logged: "forged.example"},
	"open-bosh":        {topic: calling, loot: []string{"sid="}},
	"open-websocket":   {topic: calling, loot: []string{"the server says"}},

	"send-elsewhere": {topic: sending, loot: []string{"by fetch", "by keepalive", "by xhr", "by eventsource", "by beacon", "by websocket", "by import"}},
	"load-elsewhere": {topic: sending, loot: []string{"by img", "by stylesheet", "by css", "by font", "by iframe", "by script", "by video", "by css-import", "by object", "by svg"}},
	"hint-elsewhere": {topic: sending, loot: []string{"by pre"}},
	"call-by-webrtc": {topic: sending, loot: []string{"reached by stun"}},
	"speculate":      {topic: sending, loot: []string{"by prefetch"}},
	"read-by-style":  {topic: sending, loot: []string{"by selector", "by has"}},
	"nonce-by-style": {topic: sending, loot: []string{"by is-there"}},
	"nonce-by-dom":   {topic: sending, loot: []string{secretNonce}, effect: "window.ranWithNonce"},
	"map-imports":    {topic: sending, disturbs: true, early: true, loot: []string{secretText}},
	"move-base":      {topic: sending, disturbs: true, loot: []string{"by relative.txt"}},

	"read-through-windows": {topic: reaching, loot: []string{secretText}},
	"open-named":           {topic: reaching, loot: []string{secretFrame}},
	"hijack-frame":         {topic: reaching, disturbs: true, effect: `own.contentDocument === null`},
	"run-in-frames":        {topic: reaching, disturbs: true, loot: []string{"ran with " + secretFrame}},
	"relax-domain":         {topic: reaching, disturbs: true, loot: []string{secretText}},
	"frame-page":           {topic: reaching, disturbs: true, loot: []string{secretText, "its globals"}},
	"inherit-origin":       {topic: reaching, disturbs: true, loot: []string{secretLocal}},
	"become-another":       {topic: reaching, disturbs: true, away: true},

	"spoof-messages":     {topic: speaking, effect: `believed.includes("pay the attacker")`},
	"forge-hello":        {topic: speaking, loot: []string{secretVisitor}},
	"forge-messages":     {topic: speaking, visible: true, must: []string{"holds the port"}, effect: `document.cookie.includes("planted=pay")`},
	"pollute-prototypes": {topic: speaking, disturbs: true, effect: "({}).polluted"},
	"flood-port":         {topic: hogging, alone: true, visible: true, must: []string{"has a way"}, effect: "longest > 250", stands: onOneThread},
	"flood-window":       {topic: hogging, alone: true, effect: "longest > 250", stands: inAll("a window can be sent any number of messages by each of its frames")},
	"send-huge":          {topic: hogging, alone: true, effect: `(() => { try { localStorage.probe = "x".repeat(1e6); localStorage.removeItem("probe") } catch { return true } })()`},

	"cover-page":   {topic: covering, disturbs: true, visible: true, effect: `document.elementFromPoint(innerWidth / 2, innerHeight / 2) !== send`},
	"grow-frame":   {topic: covering, order: 3, disturbs: true, visible: true, effect: `document.elementFromPoint(innerWidth / 2, innerHeight / 2) !== send`},
	"top-layer":    {topic: covering, disturbs: true, visible: true, effect: `document.elementFromPoint(innerWidth / 2, innerHeight / 2) !== send`},
	"download":     {topic: covering, order: 2, disturbs: true, saved: "update-of-your-browser"},
	"steal-click":  {topic: covering, alone: true, visible: true, steps: clickPage, loot: []string{"a click at"}},
	"steal-focus":  {topic: covering, alone: true, visible: true, steps: typeOnly, loot: []string{"key a", "key n", "key c", "key h", "key o", "key v", "key y"}},
	"change-title": {topic: covering, disturbs: true, effect: `document.title === "Your bank"`},
	"clobber-names": {topic: covering, early: true, disturbs: true, effect: "window.settings",
		stands: map[browsers.Engine]string{browsers.WebKit: "WebKit shows a page the names that foreign frames give themselves; it gets a window that it may not read"}},
	"rewrite-page":    {topic: covering, disturbs: true, effect: `document.body.textContent.includes("pay the attacker")`},
	"show-modals":     {topic: covering, alone: true, steps: dismissModals, must: []string{"has tried"}, loot: []string{"a modal window stood"}},
	"ask-permissions": {topic: covering, loot: []string{"may ask for geolocation"}},
	"go-fullscreen":   {topic: covering, alone: true, visible: true, steps: clickFrame, loot: []string{"has the screen"}},
	"play-sound": {topic: covering, alone: true, visible: true, steps: clickPage, loot: []string{"sound plays"},
		stands: map[browsers.Engine]string{browsers.Firefox: "Firefox asks only whether the reader has clicked in the page; it has no policy for frames"}},
	"open-window": {topic: covering, alone: true, order: 1, steps: clickPage, loot: []string{"a window opened"}},
	"send-opener": {topic: covering, alone: true, order: 1, visible: true, popups: true, steps: clickFrame, must: []string{"the window is open"}, away: true},

	"go-location": {topic: navigating, disturbs: true, away: true},
	"go-link":     {topic: navigating, disturbs: true, away: true},
	"go-open":     {topic: navigating, order: 1, disturbs: true, away: true},
	"go-refresh":  {topic: navigating, disturbs: true, away: true},
	"go-script":   {topic: navigating, disturbs: true, effect: `document.title === "taken"`},
	"go-back": {topic: navigating, alone: true, order: -1, away: true,
		stands: map[browsers.Engine]string{browsers.Firefox: oneHistory, browsers.WebKit: oneHistory}},
	"flood-history": {topic: navigating, alone: true, order: -1, effect: "history.length - theirs.history > 15",
		stands: map[browsers.Engine]string{browsers.Chromium: oneHistory, browsers.Firefox: oneHistory}},

	"hog-processor": {topic: hogging, alone: true, effect: "longest > 700", stands: onOneThread},

	"patch-arrays":   {topic: patching, alone: true, allowed: true, loot: []string{secretText}},
	"patch-text":     {topic: patching, alone: true, allowed: true, loot: []string{secretText}},
	"patch-urls":     {topic: patching, alone: true, allowed: true, loot: []string{secretText}},
	"patch-calls":    {topic: patching, alone: true, allowed: true, must: strangerRuns, loot: []string{secretText}},
	"patch-objects":  {topic: patching, alone: true, allowed: true, must: strangerRuns, loot: []string{secretText}},
	"patch-maps":     {topic: patching, alone: true, allowed: true, must: strangerRuns, loot: []string{secretText}},
	"patch-elements": {topic: patching, alone: true, allowed: true, must: strangerRuns, away: true, loot: []string{"a document at http"}},
	"patch-ports":    {topic: patching, alone: true, early: true, allowed: true, must: strangerRuns, loot: []string{"holds the guard's port", "made the guard's channel", "sees the guard's frame"}},
}

const oneHistory = "a tab has one history for the page and its frames; a script learns nothing by it"

// onOneThread is why a script can keep the page waiting.
var onOneThread = map[browsers.Engine]string{
	browsers.Firefox: "frames of one site have one thread, whatever their origins",
	browsers.WebKit:  "frames of one page have one thread, whatever their origins",
}

// inAll is the same reason in all engines.
func inAll(reason string) map[browsers.Engine]string {
	return map[browsers.Engine]string{browsers.Chromium: reason, browsers.Firefox: reason, browsers.WebKit: reason}
}

// strangerRuns is what stranger.js sends from wherever it runs.
var strangerRuns = []string{"a stranger runs"}
