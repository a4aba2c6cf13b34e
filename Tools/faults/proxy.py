"""A TCP relay whose behaviour can be changed while it runs: cut, stall, refuse, slow, garble."""

import asyncio
import contextlib


class Relay:
    """Forwards connections to one port, as badly as it is told to."""

    def __init__(self, target, latency=0.0):
        self.target = target
        self.latency = latency
        self.port = None
        self.writers = set()
        self.stalled = asyncio.Event()
        self.stalled.set()
        self.refuses = False
        self.bytes_per_second = 0
        self.garbles = False
        self.bytes = [0, 0]

    async def start(self):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def accept(self, reader, writer):
        if self.refuses:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self.writers |= ends
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(
                self.pump(reader, far_writer, 0), self.pump(far_reader, writer, 1))
        for end in ends:
            end.transport.abort()
        self.writers -= ends

    async def pump(self, reader, writer, direction):
        try:
            while data := await reader.read(16384):
                await self.stalled.wait()
                if self.latency:
                    await asyncio.sleep(self.latency)
                if self.bytes_per_second:
                    await asyncio.sleep(len(data) / self.bytes_per_second)
                if self.garbles:
                    self.garbles = False
                    middle = len(data) // 2
                    data = data[:middle] + bytes([data[middle] ^ 0x55]) + data[middle + 1:]
                self.bytes[direction] += len(data)
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass
        writer.transport.abort()

    def cut(self):
        """Resets every connection."""
        for writer in list(self.writers):
            writer.transport.abort()
