"""A stand-in for a LiveKit server: the signalling of a room of two, who then talk to each other.

The host publishes, the guest subscribes. Where a real server has a peer connection with each, this
one hands the host's offers to the guest and the guest's answers to the host, so that media goes
from one WebRTC stack to the other without anything between. What differs are the names of tracks.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, web
from livekit.protocol import models, rtc
from livekit.rtc import Room

HOST, GUEST = "host", "guest"


class Server:
    """Two people may join: their tokens are ``HOST`` and ``GUEST``."""

    def __init__(self) -> None:
        self.url = ""
        self.added: list[rtc.AddTrackRequest] = []
        """What the host asked to publish."""
        self._tracks: dict[str, models.TrackInfo] = {}  # by the host's own name of it
        self._subscribed: set[str] = set()
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._both = asyncio.Event()

    async def connected(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        me = request.query.get("access_token", token)
        if me not in (HOST, GUEST):
            raise web.HTTPUnauthorized
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets[me] = socket
        await self._send(me, join=self._join(me))
        if len(self._sockets) == 2:
            self._both.set()
        async for message in socket:
            if message.type == WSMsgType.BINARY:
                await self._both.wait()
                await self._handle(me, rtc.SignalRequest.FromString(message.data))
        return socket

    async def close(self) -> None:
        for socket in self._sockets.values():
            await socket.close()

    async def _handle(self, me: str, request: rtc.SignalRequest) -> None:
        other = GUEST if me == HOST else HOST
        kind = request.WhichOneof("message")
        if kind == "offer" and me == HOST:
            offer = rtc.SessionDescription(
                type="offer", sdp=self._renamed(request.offer.sdp), id=request.offer.id
            )
            await self._send(other, offer=offer)
        elif kind == "answer":
            await self._send(other, answer=request.answer)
            await self._say_subscribed()
        elif kind == "trickle":
            mirrored = {rtc.PUBLISHER: rtc.SUBSCRIBER, rtc.SUBSCRIBER: rtc.PUBLISHER}
            candidate = rtc.TrickleRequest()
            candidate.CopyFrom(request.trickle)
            candidate.target = mirrored[request.trickle.target]
            await self._send(other, trickle=candidate)
        elif kind == "add_track":
            await self._add(request.add_track)
        elif kind == "ping_req":
            pong = rtc.Pong(last_ping_timestamp=request.ping_req.timestamp)
            await self._send(me, pong_resp=pong)

    async def _add(self, request: rtc.AddTrackRequest) -> None:
        self.added.append(request)
        track = models.TrackInfo(
            sid=f"TR_{request.name}",
            type=request.type,
            name=request.name,
            width=request.width,
            height=request.height,
            source=request.source,
            layers=request.layers,
            stream="avatar",
        )
        self._tracks[request.cid] = track
        update = rtc.ParticipantUpdate(participants=[self._person(HOST)])
        await self._send(GUEST, update=update)
        await self._send(
            HOST, track_published=rtc.TrackPublishedResponse(cid=request.cid, track=track)
        )

    async def _say_subscribed(self) -> None:
        for track in self._tracks.values():
            if track.sid not in self._subscribed:
                self._subscribed.add(track.sid)
                await self._send(HOST, track_subscribed=rtc.TrackSubscribed(track_sid=track.sid))

    def _renamed(self, sdp: str) -> str:
        """The offer with the names that a guest expects: PARTICIPANT|STREAM TRACK.

        One stream for both tracks, so that the guest plays them together.
        """

        def name(match: re.Match[str]) -> str:
            track = self._tracks.get(match[2])
            return f"msid:PA_{HOST}|avatar {track.sid}" if track else match[0]

        return re.sub(r"msid:(\S+) (\S+)", name, sdp)

    def _person(self, name: str) -> models.ParticipantInfo:
        return models.ParticipantInfo(
            sid=f"PA_{name}",
            identity=name,
            name=name,
            state=models.ParticipantInfo.ACTIVE,
            tracks=self._tracks.values() if name == HOST else [],
            permission=models.ParticipantPermission(
                can_publish=True, can_subscribe=True, can_publish_data=True
            ),
            is_publisher=name == HOST,
        )

    def _join(self, me: str) -> rtc.JoinResponse:
        return rtc.JoinResponse(
            room=models.Room(sid="RM_room", name="room"),
            participant=self._person(me),
            other_participants=[self._person(HOST)] if me == GUEST else [],
            server_version="1.9.0",
            server_info=models.ServerInfo(version="1.9.0", protocol=16),
            subscriber_primary=me == GUEST,
            ping_interval=5,
            ping_timeout=60,
        )

    async def _send(self, to: str, **message: Any) -> None:
        socket = self._sockets[to]
        if not socket.closed:
            await socket.send_bytes(rtc.SignalResponse(**message).SerializeToString())


@contextlib.asynccontextmanager
async def a_server() -> AsyncIterator[Server]:
    """A server on this machine, at a free port."""
    server, app = Server(), web.Application()
    app.router.add_get("/rtc", server.connected)  # newer paths are tried first, and not found
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"ws://{host}:{port}"
    try:
        yield server
    finally:
        await server.close()
        await runner.cleanup()


@contextlib.asynccontextmanager
async def two_rooms() -> AsyncIterator[tuple[Server, Room, Room]]:
    """A server, and the rooms of host and guest, connected to each other."""
    async with a_server() as server:
        host, guest = Room(), Room()
        async with asyncio.timeout(30):  # neither is connected before the other is there
            await asyncio.gather(guest.connect(server.url, GUEST), host.connect(server.url, HOST))
        try:
            yield server, host, guest
        finally:
            await host.disconnect()
            await guest.disconnect()
