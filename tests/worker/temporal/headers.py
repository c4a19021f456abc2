"""The headers of HTTP/2 requests, recorded on the way to a server, or by one that refuses them all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from hpack import Decoder, Encoder
from hyperframe.frame import ContinuationFrame, Frame, HeadersFrame, SettingsFrame

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_FRAME_HEAD = 9
_UNAUTHENTICATED = "16"


@dataclass
class Headers:
    """Of every request so far, each a name -> value; `listen` hears one connection."""

    requests: list[dict[str, str]] = field(default_factory=list)

    def listen(self) -> Callable[[bytes], None]:
        """For a wire."""
        return _Ear(self.requests).hear


@dataclass
class _Ear:
    requests: list[dict[str, str]]
    _decoder: Decoder = field(default_factory=Decoder)
    _rest: bytes = b""
    _block: bytes = b""

    def hear(self, data: bytes) -> None:
        self.frames(data)

    def frames(self, data: bytes) -> list[Frame]:
        """The frames that are complete now; their headers are in `requests`."""
        self._rest += data
        if self._rest.startswith(_PREFACE):
            self._rest = self._rest[len(_PREFACE) :]
        found = []
        while len(self._rest) >= _FRAME_HEAD:
            frame, length = Frame.parse_frame_header(memoryview(self._rest[:_FRAME_HEAD]))
            if len(self._rest) < _FRAME_HEAD + length:
                break
            frame.parse_body(memoryview(self._rest[_FRAME_HEAD : _FRAME_HEAD + length]))
            self._rest = self._rest[_FRAME_HEAD + length :]
            found.append(frame)
            if isinstance(frame, HeadersFrame | ContinuationFrame):
                self._block += frame.data
                if "END_HEADERS" in frame.flags:
                    self.requests.append({str(name): str(value) for name, value in self._decoder.decode(self._block)})
                    self._block = b""
        return found


@asynccontextmanager
async def refusing(tls: ssl.SSLContext) -> AsyncIterator[str]:
    """Address of a gRPC server that accepts nobody's key."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ear = _Ear([])
        encoder = Encoder()
        writer.write(SettingsFrame(0).serialize())
        with suppress(OSError):
            while data := await reader.read(65536):
                for frame in ear.frames(data):
                    if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                        writer.write(SettingsFrame(0, flags=["ACK"]).serialize())
                    elif isinstance(frame, HeadersFrame):
                        writer.write(_refusal(frame.stream_id, encoder))
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()


def _refusal(stream: int, encoder: Encoder) -> bytes:
    block = encoder.encode(
        [
            (":status", "200"),
            ("content-type", "application/grpc"),
            ("grpc-status", _UNAUTHENTICATED),
            ("grpc-message", "Request unauthorized."),
        ]
    )
    return HeadersFrame(stream, block, flags=["END_HEADERS", "END_STREAM"]).serialize()
