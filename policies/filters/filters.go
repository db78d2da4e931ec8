// Package filters decides on URLs by filter lists in the syntax that Adblock Plus
// began and uBlock Origin extended: EasyList, EasyPrivacy and their kin.
//
//	list, err := filters.Parse(file)
//	var r filters.Request
//	r.Set(url, pageHost, filters.Script) // once a request
//	if list.Match(&r) { … }              // of as many lists as there are
//
// Only network filters are read: what a list hides in a page is not our business.
// A filter is looked at only when the URL holds its rarest whole token, or the
// host that it names, so that a list of a hundred thousand filters costs a request
// no more than a few look-ups in tables. Nothing is allocated while matching, except
// once for a host name whose site is asked for and was not seen before.
//
// # What the syntax means here
//
// Where the implementations differ, this is what was chosen:
//
//   - "||host" begins at a label of the host name and may end inside one, as in
//     Adblock Plus: "||ads." matches ads.example. Write "||host^" for the name.
//   - "^" is one ASCII character that is no letter, digit or one of "_-.%", or the
//     end of the URL.
//   - match-case works for every pattern, as in Adblock Plus.
//   - Without types a filter is for all but document and popup; an exception is for
//     document too. Types that are only excluded are taken from the same default.
//   - domain=a|~b needs the page on a and not on b, as in uBlock Origin.
//   - Exceptions, important and badfilter reach as far as their own list. Two lists
//     that must see each other are parsed as one, through an [io.MultiReader].
//   - Directives in comments ("!#if", "!#include") are comments.
package filters
