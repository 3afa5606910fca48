"""Ends as soon as the node's IPVS table is so.

    table_watch.py servers COUNT                     it has COUNT real servers, or more
    table_watch.py server ADDRESS PORT SERVER yes|no that TCP service gives SERVER, an address, new connections,
                                                     or none any more

Runs on the node. "watching" on stdout says that it has begun. It asks by the socket options of linux/ip_vs.h,
which take microseconds; /proc/net/ip_vs takes seconds where there are ten thousand entries, and a process
for each look takes, in emulation, longer than what is to be measured. IPv4 alone.
"""

import ctypes
import errno
import os
import socket
import struct
import sys
import time
from collections.abc import Callable

PAUSE = 0.001  # seconds between two looks, for the sake of those who are watched
GET_SERVICES, GET_DESTS = 64 + 1024 + 64 + 2, 64 + 1024 + 64 + 4  # IP_VS_SO_…
SERVICES = struct.Struct("=I4x")  # how many
SERVICE = struct.Struct("=44xI56x")  # the number of its real servers
SERVERS = struct.Struct("=H2x4s2sxxII4x")  # protocol, address, port, mark, how many
SERVER = struct.Struct("=4s2s2xIi80x")  # address, port, flags, weight
ROOM = 16_384
libc = ctypes.CDLL(None, use_errno=True)


def ask(option: int, head: bytes, entry: struct.Struct, room: int) -> list[tuple]:
    """The `room` entries behind the head, those that the kernel left as they were being zeros."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        text = ctypes.create_string_buffer(head, len(head) + room * entry.size)
        size = ctypes.c_uint(len(text))
        if libc.getsockopt(sock.fileno(), socket.IPPROTO_IP, option, text, ctypes.byref(size)):
            if ctypes.get_errno() == errno.ESRCH:
                return []
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return list(entry.iter_unpack(text.raw[len(head):]))


def servers() -> int:
    return sum(count for (count,) in ask(GET_SERVICES, SERVICES.pack(ROOM), SERVICE, ROOM))


def is_served(address: str, port: int, server: str) -> bool:
    head = SERVERS.pack(socket.IPPROTO_TCP, socket.inet_aton(address), struct.pack("!H", port), 0, 64)
    return any(found == socket.inet_aton(server) and weight > 0
               for found, _, _, weight in ask(GET_DESTS, head, SERVER, 64))


def condition(words: list[str]) -> Callable[[], bool]:
    if words[0] == "servers":
        return lambda: servers() >= int(words[1])
    return lambda: is_served(words[1], int(words[2]), words[3]) == (words[4] == "yes")


def main() -> None:
    come_true = condition(sys.argv[1:])
    print("watching", flush=True)
    while not come_true():
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
