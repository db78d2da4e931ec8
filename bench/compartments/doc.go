// Package compartments measures what a page with three vendors costs its reader: plain,
// with the vendors in a compartment behind chatproxy, and under Partytown in both of its
// modes. ../README.md says how to read the table.
package compartments
