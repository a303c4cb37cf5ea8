"""An HTTP CONNECT proxy that knows a few hosts and refuses all others.

Through it git (and other programs that take a proxy) reaches a hub on loopback under the name of
the hub that a test was written for, over TLS end to end; no request of its can leave the machine.
"""

import asyncio
import threading

BLOCK = 256 * 1024
HEAD_BYTES_MAX = 16 * 1024
REFUSED = b"HTTP/1.1 403 Not a host of this proxy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
ACCEPTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ConnectProxy:
    """`hosts`: {"name:port": "address:port"}."""

    def __init__(self, hosts: dict[str, str]):
        self.hosts = hosts
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def __enter__(self):
        self._thread.start()
        start = asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_BYTES_MAX)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(10)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self):
        self._server.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            verb, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
            address = self.hosts.get(target) if verb == "CONNECT" else None
            if address is None:
                writer.write(REFUSED)
                await writer.drain()
                return
            host, port = address.rsplit(":", 1)
            down, up = await asyncio.open_connection(host, int(port))
            writer.write(ACCEPTED)
            try:
                await asyncio.gather(_copy(reader, up), _copy(down, writer))
            finally:
                up.close()
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # one side went away or spoke nonsense: both connections close
        except asyncio.CancelledError:
            pass  # the proxy stops; asyncio's own callback would print the cancellation as a fault
        finally:
            writer.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """One direction until its end; then the other side may still finish."""
    while block := await source.read(BLOCK):
        sink.write(block)
        await sink.drain()
    sink.write_eof()
