package program

import (
	"fmt"
	"testing"
)

func TestLinesCanBeWaitedOn(t *testing.T) {
	var l Lines
	first, second := l.Has("two words"), l.Has("two words")
	fmt.Fprint(&l, "two ")
	select {
	case <-first:
		t.Fatal("half of the text is taken for it")
	default:
	}
	fmt.Fprint(&l, "words")
	<-first
	<-second
	<-l.Has("words")
	l.Reset()
	select {
	case <-l.Has("words"):
		t.Error("what was forgotten is still there")
	default:
	}
}
