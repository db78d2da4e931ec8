package csp

import (
	"slices"
	"strings"
)

// PermissionsHeader is the field that says which features of the browser a document
// may use (Permissions Policy §5.1).
const PermissionsHeader = "Permissions-Policy"

// Features are the names of the features that browsers know, sorted: those of the
// registry (https://github.com/w3c/webappsec-permissions-policy/blob/main/features.md)
// and those that Chromium has beside it. A browser that does not know one says so in
// its console and does nothing else.
var Features = []string{
	"accelerometer", "all-screens-capture", "ambient-light-sensor", "aria-notify", "attribution-reporting", "autofill",
	"autoplay", "bluetooth", "browsing-topics", "camera", "captured-surface-control", "ch-device-memory", "ch-downlink",
	"ch-dpr", "ch-ect", "ch-prefers-color-scheme", "ch-prefers-reduced-motion", "ch-prefers-reduced-transparency",
	"ch-rtt", "ch-save-data", "ch-ua", "ch-ua-arch", "ch-ua-bitness", "ch-ua-form-factors", "ch-ua-full-version",
	"ch-ua-full-version-list", "ch-ua-high-entropy-values", "ch-ua-mobile", "ch-ua-model", "ch-ua-platform",
	"ch-ua-platform-version", "ch-ua-wow64", "ch-viewport-height", "ch-viewport-width", "ch-width", "clipboard-read",
	"clipboard-write", "compute-pressure", "cross-origin-isolated", "deferred-fetch", "deferred-fetch-minimal",
	"digital-credentials-create", "digital-credentials-get", "display-capture", "encrypted-media",
	"execution-while-not-rendered", "execution-while-out-of-viewport", "focus-without-user-activation", "fullscreen",
	"gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "interest-cohort",
	"join-ad-interest-group", "keyboard-map", "language-detector", "language-model", "local-fonts", "local-network",
	"local-network-access", "loopback-network", "magnetometer", "manual-text", "media-playback-while-not-visible",
	"mediasession", "microphone", "midi", "monetization", "on-device-speech-recognition", "otp-credentials", "payment",
	"picture-in-picture", "private-aggregation", "private-state-token-issuance", "private-state-token-redemption",
	"proofreader", "publickey-credentials-create", "publickey-credentials-get", "rewriter", "run-ad-auction",
	"screen-wake-lock", "serial", "shared-storage", "shared-storage-select-url", "smart-card", "speaker-selection",
	"storage-access", "sub-apps", "summarizer", "sync-xhr", "translator", "unload", "usb", "usb-unrestricted",
	"vertical-scroll", "web-share", "window-management", "writer", "xr-spatial-tracking",
}

// PermissionsPolicy returns a field that denies every feature that is not among the
// allowed ones. Those the document may pass on to frames of its own.
func PermissionsPolicy(allowed []string) string {
	var b strings.Builder
	for _, feature := range Features {
		if !slices.Contains(allowed, feature) {
			b.WriteString(feature + "=(), ")
		}
	}
	for _, feature := range allowed {
		b.WriteString(feature + "=*, ")
	}
	return strings.TrimSuffix(b.String(), ", ")
}
