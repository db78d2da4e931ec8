package bosh

import (
	"slices"
	"time"
)

// replay keeps answers of a session for clients that did not get them
// (XEP-0124 §14.3). That an answer was written does not mean that it arrived.
//
// Without acknowledgements the last few are kept, one more than a client may
// have open requests: an answer can only be missing as long as its request is
// open. With them (§9.2) an answer is kept until the client says that it has
// it, and the last few are kept still, because a repeated request may be
// slower than the one that acknowledges its answer.
type replay struct {
	depth int // how many are kept in any case
	acks  bool
	acked int64 // the client has all answers up to this RID
	kept  []kept
	bytes int
}

type kept struct {
	rid int64
	rsp response
	at  time.Time // when it was sent
}

// keptCost is what an answer costs besides its bytes.
const keptCost = 96

func (k *kept) cost() int { return len(k.rsp.body) + keptCost }

// keep remembers an answer. It is false if more than limit bytes would have
// to be kept: a client that acknowledges nothing must not fill the memory
// (CWE-770).
func (c *replay) keep(rid int64, rsp response, limit int) bool {
	k := kept{rid, rsp, time.Now()}
	c.kept = append(c.kept, k)
	c.bytes += k.cost()
	c.trim()
	for c.bytes > limit && len(c.kept) > 1 && c.spare() {
		c.drop()
	}
	return c.bytes <= limit
}

// acknowledge notes that the client has all answers up to rid.
func (c *replay) acknowledge(rid int64) {
	c.acked = max(c.acked, rid)
	c.trim()
}

func (c *replay) trim() {
	for len(c.kept) > c.depth && (!c.acks || c.kept[0].rid <= c.acked) {
		c.drop()
	}
}

// spare reports whether the oldest answer may be given up for want of room:
// it was acknowledged, or its request can be open no more.
func (c *replay) spare() bool {
	if c.acks {
		return c.kept[0].rid <= c.acked
	}
	return len(c.kept) >= c.depth
}

func (c *replay) drop() {
	c.bytes -= c.kept[0].cost()
	c.kept = slices.Delete(c.kept, 0, 1)
}

func (c *replay) find(rid int64) (*kept, bool) {
	for i := range c.kept {
		if c.kept[i].rid == rid {
			return &c.kept[i], true
		}
	}
	return nil, false
}

// last is the RID of the newest request that was answered, or 0.
func (c *replay) last() (rid int64) {
	for i := range c.kept {
		rid = max(rid, c.kept[i].rid)
	}
	return rid
}
