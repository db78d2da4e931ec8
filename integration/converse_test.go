package integration

import (
	"testing"
	"time"

	"chatproxy/integration/browsers"
)

// patience is how long anything in a browser may take on a busy machine.
const patience = 60 * time.Second

// A person has the site open in a browser of their own.
type person struct {
	*browsers.Browser
	t    *testing.T
	name string
}

// newPerson opens the page in a fresh browser.
func newPerson(t *testing.T, engine browsers.Engine, name, page string) *person {
	t.Helper()
	p := &person{browsers.Start(t, engine), t, name}
	p.Open(page)
	return p
}

// logIn logs in with Converse's own form.
func (p *person) logIn() {
	p.t.Helper()
	p.Wait(`!!document.querySelector(".toggle-controlbox, converse-login-form")`, patience)
	if p.Eval(`return !document.querySelector("converse-login-form")`) == true {
		p.Click(".toggle-controlbox")
	}
	p.Wait(`!!document.querySelector("converse-login-form input[name=password]")`, patience)
	p.Type("converse-login-form input[name=jid]", p.name)
	p.Type("converse-login-form input[name=password]", accounts[p.name]+"\n")
	p.Wait(`!document.querySelector("converse-login-form") && !!document.querySelector(".toggle-controlbox, converse-roster")`, patience)
	p.showContacts()
}

func (p *person) showContacts() {
	p.t.Helper()
	if p.Eval(`return !document.querySelector("converse-roster")`) == true {
		p.Click(".toggle-controlbox")
	}
	p.Wait(`!!document.querySelector("converse-roster")`, patience)
}

// openChat opens the conversation with a contact.
func (p *person) openChat(with string) {
	p.t.Helper()
	contact := `converse-roster .open-chat[data-jid="` + with + "@" + domain + `"]`
	p.Wait(`!!document.querySelector(arguments[0])`, patience, contact)
	p.Click(contact)
	p.Wait(`!!document.querySelector("converse-chat .chat-textarea")`, patience)
}

// say writes a message into the open conversation.
func (p *person) say(text string) {
	p.t.Helper()
	p.Type("converse-chat .chat-textarea", text+"\n")
	p.sees(text)
}

// sees waits until the message stands in the conversation.
func (p *person) sees(text string) {
	p.t.Helper()
	p.Wait(`[...document.querySelectorAll("converse-chat-message-body")].some((e) => e.textContent.includes(arguments[0]))`, patience, text)
}
