# SPDX-License-Identifier: Apache-2.0
"""Read a slow stream ahead in a background thread, while earlier data is sent to the bucket."""

from __future__ import annotations

import queue
import threading
from types import TracebackType

from cosmogony_steps.s3 import Readable

BLOCK = 512 * 1024  # bytes
DEPTH = 32  # most blocks that are read ahead: 16 MiB


class ReadAheadStream:
    """A stream that reads another one ahead in a thread; its `read` raises the errors of the other stream.

    Args:
        stream: the slow stream.
        block: bytes that are read at a time.
        depth: blocks that wait at most.
    """

    def __init__(self, stream: Readable, block: int = BLOCK, depth: int = DEPTH) -> None:
        self._stream = stream
        self._block = block
        self._queue: queue.Queue[bytes | BaseException] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._pending = bytearray()
        self._end: BaseException | bool = False
        self._thread = threading.Thread(target=self._fill, name="read-ahead", daemon=True)

    def __enter__(self) -> ReadAheadStream:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        if kind is None:
            self._thread.join()

    def _fill(self) -> None:
        data: bytes | BaseException = b"."
        while data and not isinstance(data, BaseException):
            try:
                data = self._stream.read(self._block)
            except BaseException as error:
                data = error
            while not self._stopped.is_set():
                try:
                    self._queue.put(data, timeout=0.5)
                    break
                except queue.Full:
                    continue
            if self._stopped.is_set():
                return

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes of the stream, or all with -1; fewer only at the end."""
        while not self._end and (size < 0 or len(self._pending) < size):
            data = self._queue.get()
            if isinstance(data, BaseException) or not data:
                self._end = data or True
            else:
                self._pending += data
        if isinstance(self._end, BaseException):
            raise self._end
        count = len(self._pending) if size < 0 else size
        taken = bytes(self._pending[:count])
        del self._pending[:count]
        return taken
