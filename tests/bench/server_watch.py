"""Ends as soon as a real server is given new connections, or none any more.

    server_watch.py ADDRESS PORT SERVER yes|no      TCP; SERVER: an address, on any port

Runs on the node and asks the kernel for this one virtual server only, without a pause: a look takes
microseconds whatever else the table holds, so it adds nothing to what is measured. "watching" on
stdout says that it has begun. The question is IP_VS_SO_GET_DESTS of linux/ip_vs.h.
"""

import ctypes
import os
import socket
import struct
import sys

GET_DESTS = 64 + 1024 + 64 + 4  # IP_VS_SO_GET_DESTS
HEAD = struct.Struct("=H2x4s2sxxII4x")  # protocol, address, port, mark, number of entries
ENTRY = struct.Struct("=4s2s2xIi")  # address, port, flags, weight; counters follow
ENTRY_SIZE = 96
ROOM = 64
libc = ctypes.CDLL(None, use_errno=True)


def served(sock: socket.socket, address: bytes, port: int) -> set[bytes]:
    """The real servers whose weight is not zero; none if there is no such virtual server."""
    head = HEAD.pack(socket.IPPROTO_TCP, address, struct.pack("!H", port), 0, ROOM)
    question = ctypes.create_string_buffer(head, HEAD.size + ROOM * ENTRY_SIZE)
    size = ctypes.c_uint(len(question))
    if libc.getsockopt(sock.fileno(), socket.IPPROTO_IP, GET_DESTS, question, ctypes.byref(size)):
        error = ctypes.get_errno()
        if error == 3:  # ESRCH
            return set()
        raise OSError(error, os.strerror(error))
    entries = (ENTRY.unpack_from(question, HEAD.size + number * ENTRY_SIZE)
               for number in range(ROOM))
    return {server for server, _, _, weight in entries if weight > 0}


def main() -> None:
    address, server = (socket.inet_aton(text) for text in (sys.argv[1], sys.argv[3]))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        print("watching", flush=True)
        while (server in served(sock, address, int(sys.argv[2]))) != (sys.argv[4] == "yes"):
            pass


if __name__ == "__main__":
    main()
