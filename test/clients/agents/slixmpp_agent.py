"""slixmpp in a process of its own, driven by lines of JSON.

Reads `{ id, command, args }`, a line each, and answers each with a line `{ id, result }` or `{ id, error }`. What happens
by itself is told in lines `{ event, ... }`. It ends with its input.
"""

import asyncio
import base64
import hashlib
import json
import sys

import slixmpp
from slixmpp.exceptions import IqError

PLUGINS = ("xep_0030", "xep_0054", "xep_0115", "xep_0153", "xep_0191", "xep_0198", "xep_0199", "xep_0280", "xep_0313")


def write(value):
    print(json.dumps(value), flush=True)


def tell(event, **details):
    write({"event": event, **details})


def settle(future):
    if not future.done():
        future.set_result(None)


class Agent(slixmpp.ClientXMPP):
    def __init__(self, args):
        super().__init__(f"{args['user']}@chat.test/{args['resource']}", args["password"])
        self.ca_certs = args["ca"]
        direct = args["way"] == "direct"
        self.security = {"use_ssl": direct, "force_starttls": not direct, "disable_starttls": direct}
        self.where = ("127.0.0.1", args["port"])
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        self.started = asyncio.get_event_loop().create_future()
        self.managed = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", self.session_start)
        self.add_event_handler("sm_enabled", lambda _: settle(self.managed))
        self.add_event_handler("failed_all_auth", lambda e: self.started.set_exception(RuntimeError("login failed")))
        self.add_event_handler("session_resumed", lambda _: tell("resumed"))
        self.add_event_handler("disconnected", self.connection_lost_by_accident)
        self.add_event_handler("message", lambda m: self.hear(m, "direct"))
        self.add_event_handler("message_error", lambda m: tell("refused", condition=m["error"]["condition"], **{"from": str(m["from"])}))
        self.add_event_handler("carbon_received", lambda m: self.hear(m["carbon_received"], "received"))
        self.add_event_handler("carbon_sent", lambda m: self.hear(m["carbon_sent"], "sent"))
        for kind in ("available", "unavailable"):
            self.add_event_handler(f"presence_{kind}", self.hear_presence)
        self.leaving = False

    def hear(self, message, way):
        if message["type"] != "error" and message["body"]:
            tell("message", way=way, body=message["body"], **{"from": str(message["from"])})

    def hear_presence(self, presence):
        update = presence.xml.find("{vcard-temp:x:update}x")
        photo = None if update is None else update.findtext("{vcard-temp:x:update}photo")
        kind = "unavailable" if presence["type"] == "unavailable" else "available"
        tell("presence", type=kind, photo=photo, **{"from": str(presence["from"])})

    def session_start(self, _):
        self.send_presence()
        settle(self.started)

    def connection_lost_by_accident(self, _):
        if not self.leaving:
            self.dial()

    def dial(self):
        self.connect(self.where, **self.security)


class Commands:
    async def login(self, args):
        self.xmpp = Agent(args)
        self.xmpp.dial()
        await self.xmpp.started
        # A session that is cut off before cannot be resumed.
        await self.xmpp.managed
        return {"jid": str(self.xmpp.boundjid), "used": sorted(self.xmpp["feature_mechanisms"].attempted_mechs), "token": None}

    async def logout(self, _):
        self.xmpp.leaving = True
        await self.xmpp.disconnect()

    async def ping(self, _):
        await self.xmpp["xep_0199"].ping("chat.test")

    async def carbons(self, _):
        await self.xmpp["xep_0280"].enable()

    async def send(self, args):
        self.xmpp.send_message(mto=args["to"], mbody=args["body"], mtype="chat")

    async def block(self, args):
        await self.xmpp["xep_0191"].block(args["jid"])

    async def unblock(self, args):
        await self.xmpp["xep_0191"].unblock(args["jid"])

    async def blocked(self, _):
        answer = await self.xmpp["xep_0191"].get_blocked()
        return [str(jid) for jid in answer["blocklist"]["items"]]

    async def archive(self, args):
        pages = self.xmpp["xep_0313"].retrieve(
            iterator=True, reverse=args["direction"] == "backwards", rsm={"max": args["max"]})
        return [[m["mam_result"]["forwarded"]["stanza"]["body"] for m in page["mam"]["results"]] async for page in pages]

    async def publishVCard(self, args):
        vcard = self.xmpp["xep_0054"].make_vcard()
        vcard["FN"] = args["name"]
        await self.xmpp["xep_0054"].publish_vcard(vcard=vcard)
        await self.xmpp["xep_0153"].set_avatar(avatar=base64.b64decode(args["photo"]), mtype=args["type"])

    async def vCard(self, args):
        answer = await self.xmpp["xep_0054"].get_vcard(args["of"], cached=False)
        vcard = answer["vcard_temp"]
        return {"name": str(vcard["FN"]), "hash": hashlib.sha1(vcard["PHOTO"]["BINVAL"]).hexdigest()}


async def carry_out(commands, line):
    asked = json.loads(line)
    try:
        result = await getattr(commands, asked["command"])(asked["args"])
        write({"id": asked["id"], "result": result})
    except IqError as error:
        write({"id": asked["id"], "error": error.iq["error"]["condition"]})
    except Exception as error:  # the test shows what the peer saw
        write({"id": asked["id"], "error": f"{type(error).__name__}: {error}"})


async def main():
    reader = asyncio.StreamReader()
    await asyncio.get_event_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    commands, running = Commands(), set()
    while line := await reader.readline():
        task = asyncio.ensure_future(carry_out(commands, line))
        running.add(task)
        task.add_done_callback(running.discard)


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(main())
