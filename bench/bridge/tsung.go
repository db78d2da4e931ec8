package main

import (
	"context"
	"errors"
)

func (b *bench) tsung(ctx context.Context, o options) error { return errors.New("todo") }
