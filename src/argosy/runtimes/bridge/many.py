"""The agent's orders to a bridge whose container has many models: a slot for each of them.

They are those that a zygote gets (`argosy.runtimes.zygote`), over the same kind of socket, so that
to the agent a model of a container is like one of ours. What differs: a slot has no process, so
"forked" comes with no pidfd, and an order ends it:

    agent → bridge   {"fork": n}                 with a listening socket and a stream socket
                     {"end": n}                  unload it now
    bridge → agent   {"ready": true, "why_not": ""}
                     {"forked": n}
                     {"ended": n, "status": s, "reason": …}
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

from argosy.runtimes.bridge.slot import Slot

if TYPE_CHECKING:
    from argosy.runtimes.bridge.server import Bridge

_LONGEST_ORDER = 4096


class Many:
    """Obeys the control socket."""

    def __init__(self, bridge: Bridge, control: socket.socket) -> None:
        self._bridge = bridge
        self._control = control
        self._slots: dict[int, Slot] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._beginning: set[asyncio.Task[None]] = set()
        asyncio.get_running_loop().add_reader(control.fileno(), self._obey)
        self._say(ready=True, why_not="")

    def _obey(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self._control, _LONGEST_ORDER, 2)
        if not data:  # the agent is gone, and with it soon this process
            asyncio.get_running_loop().remove_reader(self._control.fileno())
            return
        order = json.loads(data)
        if "fork" in order:
            self._begin(int(order["fork"]), descriptors)
        elif (slot := self._slots.get(int(order.get("end", 0)))) is not None:
            slot.kill()

    def _begin(self, number: int, descriptors: list[int]) -> None:
        pool = self._bridge.pool
        if pool is None:
            for descriptor in descriptors:
                os.close(descriptor)
            self._say(forked=number, reason="the container is not started yet")
            return
        listener, agent = (socket.socket(fileno=one) for one in descriptors)
        slot = Slot(pool, self._bridge.max_answer, self._turns, partial(self._ended, number))
        self._slots[number] = slot
        task = asyncio.get_running_loop().create_task(slot.serve(listener, agent))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)
        self._say(forked=number)

    def _ended(self, number: int, status: int, reason: str) -> None:
        del self._slots[number]
        self._say(ended=number, status=status, reason=reason)

    def close(self) -> None:
        """Hear no more."""
        asyncio.get_running_loop().remove_reader(self._control.fileno())

    def _say(self, **message: Any) -> None:
        try:
            self._control.send(json.dumps(message).encode())
        except OSError:  # the agent is gone
            return
