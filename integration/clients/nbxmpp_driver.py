# python3-nbxmpp, over WebSocket: it has no BOSH. The library of Gajim: it keeps
# its XEP-0198 session, and its user says when to connect again.
#
# Arguments and lines as in lines.mjs.
import json
import os
import sys
import threading

from gi.repository import GLib
from nbxmpp.client import Client
from nbxmpp.const import ConnectionProtocol, ConnectionType
from nbxmpp.protocol import JID, Message, Presence
from nbxmpp.structs import StanzaHandler

url, domain, user, password, resource, tail = sys.argv[1:7]
loop = GLib.MainLoop()
waiting = []
state = {"online": False, "leaving": False, "sessions": 0}


# What the libraries print is not for the test to read.
out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def say(**what):
    print(json.dumps(what), file=out, flush=True)


def flush():
    while state["online"] and waiting:
        to, text = waiting.pop(0)
        client.send_stanza(Message(to=to, body=text, typ="chat"))
    return False  # once


def on_login(_client, _signal):
    state["sessions"] += 1
    if state["sessions"] > 1:
        say(error="the session could not be resumed")
        return
    client.send_stanza(Presence())
    state["online"] = True
    say(online=str(client.get_bound_jid()))
    flush()


def on_resume(_client, _signal):
    state["online"] = True
    say(event="resumed")
    GLib.idle_add(flush)  # after what the library sends again


def on_disconnect(_client, _signal):
    state["online"] = False
    if state["leaving"]:
        loop.quit()
        return
    say(event="trouble", text=str(client.get_error()))
    GLib.timeout_add(200, connect)


def connect():
    client.connect()
    return False  # once


def on_message(_client, stanza, _properties):
    if stanza.getBody():
        say(body=stanza.getBody())


def command(line):
    words = line.split()
    if words[0] == "send":
        for n in range(int(words[2]), int(words[3]) + 1):
            waiting.append((JID.from_string(words[1]), f"c {n} {tail}"))
        flush()
    elif words[0] == "stop":
        state["leaving"] = True
        client.disconnect()
    return False  # once


def read_commands():
    for line in sys.stdin:
        GLib.idle_add(command, line)
    GLib.idle_add(loop.quit)  # the test is gone


client = Client()
client.set_domain(domain)
client.set_username(user)
client.set_password(password)
client.set_resource(resource)
client.set_custom_host(url, ConnectionProtocol.WEBSOCKET, ConnectionType.PLAIN)
client.subscribe("connected", on_login)
client.subscribe("resume-successful", on_resume)
client.subscribe("disconnected", on_disconnect)
client.subscribe("connection-failed", on_disconnect)
client.register_handler(StanzaHandler(name="message", callback=on_message))
client.connect()
threading.Thread(target=read_commands, daemon=True).start()
loop.run()
