"""Drives a server with slixmpp the way two people would, and reports each step as a JSON line.

usage: slixmpp_scenario.py PHASE --port N --domain D --ca FILE --tls starttls|direct --prefix NAME

PHASE `chat` registers two accounts, logs in, befriends them, exchanges presence and messages, asks
for ping, disco and version, and leaves three messages for the second account while it is away.
PHASE `offline` logs the second account in again and expects the three, in order, once.
"""

import argparse
import asyncio
import json
import sys

import slixmpp
from slixmpp.exceptions import IqError

TIMEOUT = 15


def step(name, **details):
    print(json.dumps({"step": name, **details}), flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self, args, user, register=False):
        super().__init__(f"{args.prefix}{user}@{args.domain}/slix", "s3cret pässword")
        self.args = args
        self.wants_account = register
        self.ca_certs = args.ca
        for plugin in ("xep_0030", "xep_0077", "xep_0092", "xep_0199", "xep_0203", "xep_0115"):
            self.register_plugin(plugin)
        if register:
            # slixmpp 1.8 holds every IQ back until the session has started, registration included.
            self._always_send_everything = True
            self["xep_0077"].force_registration = True
            self.add_event_handler("register", self.register_account)
        self.started = asyncio.get_event_loop().create_future()
        self.queues = {}
        self.roster.auto_authorize = None  # neither grants nor refuses by itself
        self.roster.auto_subscribe = False
        self.add_event_handler("session_start", lambda _: self.settle(None))
        self.add_event_handler("failed_all_auth", lambda e: self.settle(RuntimeError(f"login failed: {e}")))
        for event in ("message", "presence_available", "presence_subscribe", "presence_subscribed",
                      "presence_unavailable", "changed_status"):
            self.queues[event] = asyncio.Queue()
            self.add_event_handler(event, self.queues[event].put_nowait)

    def settle(self, error):
        if self.started.done():
            return
        self.started.set_exception(error) if error else self.started.set_result(True)

    async def register_account(self, _form):
        iq = self.Iq()
        iq["type"] = "set"
        iq["register"]["username"] = self.boundjid.user
        iq["register"]["password"] = self.password
        try:
            await iq.send(timeout=TIMEOUT)
            step("registered", jid=self.boundjid.bare)
        except IqError as error:
            self.settle(RuntimeError(f"registration failed: {error.iq['error']['condition']}"))

    async def login(self):
        direct = self.args.tls == "direct"
        self.connect(("127.0.0.1", self.args.port), use_ssl=direct, force_starttls=not direct, disable_starttls=direct)
        await asyncio.wait_for(self.started, TIMEOUT)
        await self.get_roster(timeout=TIMEOUT)
        step("logged in", jid=str(self.boundjid), cipher=self.transport.get_extra_info("cipher")[1])

    async def next(self, event, wanted):
        while True:
            stanza = await asyncio.wait_for(self.queues[event].get(), TIMEOUT)
            if wanted(stanza):
                return stanza

    async def leave(self):
        self.disconnect(wait=2)
        await asyncio.wait_for(self.disconnected, TIMEOUT)


async def befriend(a, b):
    a.send_presence_subscription(pto=b.boundjid.bare)
    await b.next("presence_subscribe", lambda p: p["from"].bare == a.boundjid.bare)
    b.send_presence_subscription(pto=a.boundjid.bare, ptype="subscribed")
    await a.next("presence_subscribed", lambda p: p["from"].bare == b.boundjid.bare)
    await a.next("presence_available", lambda p: p["from"] == b.boundjid)
    step("subscribed", who=a.boundjid.bare, to=b.boundjid.bare)


async def chat(args):
    a, b = Client(args, "anna", register=True), Client(args, "boris", register=True)
    await a.login()
    await b.login()
    a.send_presence()
    b.send_presence()
    await befriend(a, b)
    await befriend(b, a)
    for text in ("one & two", "drei <ä>", "четыре 🎉"):
        a.send_message(mto=b.boundjid.bare, mbody=text, mtype="chat")
        got = await b.next("message", lambda m: m["type"] == "chat")
        assert got["body"] == text and got["from"] == a.boundjid, str(got)
    step("chatted")
    await a["xep_0199"].ping(args.domain, timeout=TIMEOUT)
    await a["xep_0199"].ping(b.boundjid, timeout=TIMEOUT)
    step("pinged")
    info = await a["xep_0030"].get_info(jid=args.domain, timeout=TIMEOUT)
    features = sorted(info["disco_info"]["features"])
    assert "urn:xmpp:ping" in features and "msgoffline" in features, features
    step("discovered", features=features)
    version = await a["xep_0092"].get_version(args.domain, timeout=TIMEOUT)
    step("version", software=version["software_version"]["name"])
    a.send_presence(pshow="away", pstatus="lunch")
    await b.next("changed_status", lambda p: p["from"] == a.boundjid and p["status"] == "lunch")
    await b.leave()
    await a.next("presence_unavailable", lambda p: p["from"].bare == b.boundjid.bare)
    step("presence followed")
    for n in range(3):
        a.send_message(mto=b.boundjid.bare, mbody=f"while you were away {n}", mtype="chat")
    await a["xep_0199"].ping(args.domain, timeout=TIMEOUT)
    await a.leave()
    step("done")


async def offline(args):
    b = Client(args, "boris")
    await b.login()
    contacts = sorted(jid for jid in b.client_roster if b.client_roster[jid]["subscription"] == "both")
    assert contacts == [f"{args.prefix}anna@{args.domain}"], contacts
    b.send_presence()
    bodies = []
    for _ in range(3):
        message = await b.next("message", lambda m: m["type"] == "chat")
        assert message["delay"]["stamp"], "no delay stamp"
        bodies.append(message["body"])
    assert bodies == [f"while you were away {n}" for n in range(3)], bodies
    await b["xep_0199"].ping(args.domain, timeout=TIMEOUT)
    assert b.queues["message"].empty(), "a message came twice"
    step("offline messages in order")
    await b.leave()
    step("done")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("phase", choices=["chat", "offline"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--domain", required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--tls", choices=["starttls", "direct"], required=True)
    parser.add_argument("--prefix", default="")
    args = parser.parse_args()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(asyncio.wait_for(globals()[args.phase](args), 90))
    except Exception as error:  # the test shows what the peer saw
        step("failed", error=f"{type(error).__name__}: {error}")
        sys.exit(1)


main()
