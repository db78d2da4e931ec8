package browsers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// clickable tells the middle of an element once a click there would reach it:
// it exists, has a size, holds still and nothing covers it.
const clickable = `
const css = arguments[0], no = why => [false, why];
const element = document.querySelector(css);
if (!element) return no("no such element");
element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
const before = element.getBoundingClientRect();
await new Promise(done => setTimeout(done, 20));
const box = element.getBoundingClientRect();
if (box.width === 0 || box.height === 0) return no("the element has no size");
if (["x", "y", "width", "height"].some(side => before[side] !== box[side])) return no("the element moves");
const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
const x = Math.floor((left + right) / 2), y = Math.floor((top + bottom) / 2);
const hit = document.elementFromPoint(x, y);
if (!hit) return no("the element is outside of the viewport");
if (!element.contains(hit)) return no("covered by " + hit.cloneNode(false).outerHTML);
if (element.disabled) return no("the element is disabled");
return [true, [x, y]];`

// Click clicks with the mouse in the middle of an element, after it has waited
// until such a click reaches the element. The events are trusted and give the
// page user activation.
func (b *Browser) Click(css string) {
	b.t.Helper()
	if err := b.click(css); err != nil {
		b.t.Fatalf("browsers: %s: %s: %v%s", b.engine, callText("Click", []any{css}), err, b.scene())
	}
}

// Type clicks an element to give it the focus, then presses the key of each
// character of text; "\n" is Enter, "\t" is Tab.
func (b *Browser) Type(css, text string) {
	b.t.Helper()
	if err := b.typeInto(css, text); err != nil {
		b.t.Fatalf("browsers: %s: %s: %v%s", b.engine, callText("Type", []any{css, text}), err, b.scene())
	}
}

// Press presses a key wherever the focus is: a character or a name from
// KeyboardEvent.key such as "Enter", "Tab", "Escape", "ArrowDown"; with held
// modifiers as in "Control+a" or "Shift+Tab".
func (b *Browser) Press(key string) {
	b.t.Helper()
	b.do(callDeadline, func(ctx context.Context) error {
		actions, err := chord(key)
		if err != nil {
			return err
		}
		return b.driver.act(ctx, keyboard(actions))
	}, "Press", key)
}

func (b *Browser) click(css string) error {
	var point [2]int
	if err := b.pollInto(&point, readyDeadline, clickable, []any{css}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), callDeadline)
	defer cancel()
	return b.driver.act(ctx, clickAt(point[0], point[1]))
}

func (b *Browser) typeInto(css, text string) error {
	if err := b.click(css); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), callDeadline+time.Duration(len(text))*10*time.Millisecond)
	defer cancel()
	var focused bool
	const hasFocus = "return document.querySelector(arguments[0])?.matches(':focus-within') ?? false"
	if err := b.evalInto(ctx, &focused, nil, hasFocus, []any{css}); err != nil {
		return err
	}
	if !focused {
		return errors.New("the click did not give it the focus")
	}
	return b.driver.act(ctx, keyboard(keystrokes(text)))
}

// pollInto is poll with the final value.
func (b *Browser) pollInto(v any, timeout time.Duration, js string, args []any) error {
	value, err := b.poll(timeout, js, args)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(value, v); err != nil {
		return fmt.Errorf("result %s: %w", value, err)
	}
	return nil
}
