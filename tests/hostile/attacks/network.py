"""Ways out: sockets of every kind, and helpers that would fetch."""

from __future__ import annotations

from tests.hostile.attack import Attack

_SOCKET = """
with refused():
    socket.socket({family}, {kind}, {protocol})
    won("a socket of {family}")
"""


def _socket(name: str, family: str, kind: str = "socket.SOCK_STREAM", protocol: int = 0) -> Attack:
    return Attack(name, _SOCKET.format(family=family, kind=kind, protocol=protocol))


ATTACKS = (
    Attack(
        "tcp to this machine",
        "with refused():\n    socket.create_connection(('127.0.0.1', T['tcp']), 2)\n    won('connected')",
    ),
    Attack(
        "udp to this machine",
        "with refused():\n"
        "    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'stolen', ('127.0.0.1', T['udp']))",
    ),
    Attack(
        "a server",
        "with refused():\n    socket.create_server(('127.0.0.1', 0))\n    won('it listens')",
    ),
    Attack(
        "a helper that fetches",
        'line = \'import socket; socket.create_connection(("127.0.0.1", %d), 2); print("fetched")\'\n'
        "code = line % T['tcp']\n"
        "ended = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)\n"
        "if 'fetched' in ended.stdout: won('fetched')",
    ),
    Attack(
        "a name that is looked up",
        "with refused():\n    if socket.getaddrinfo('localhost', 80, type=socket.SOCK_DGRAM):\n"
        "        socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n        won('looked up')",
    ),
    _socket("ipv6", "socket.AF_INET6"),
    _socket("raw packets", "socket.AF_INET", "socket.SOCK_RAW", 1),
    _socket("link layer", "socket.AF_PACKET", "socket.SOCK_RAW"),
    _socket("netlink", "socket.AF_NETLINK", "socket.SOCK_RAW"),
    _socket("virtual machine sockets", "40"),
    _socket("kernel cryptography", "38", "socket.SOCK_SEQPACKET"),
    Attack(
        "a socket with a path",
        "with refused():\n"
        "    s = socket.socket(socket.AF_UNIX)\n    s.connect(T['path_socket'])\n    won('connected')",
    ),
    Attack(
        "an abstract socket",
        "with refused():\n"
        "    s = socket.socket(socket.AF_UNIX)\n    s.connect('\\0' + T['abstract'])\n    won('connected')",
    ),
    Attack(
        "a datagram to a socket with a path",
        "with refused():\n"
        "    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'stolen', T['datagram'])",
    ),
    Attack(
        "a datagram through a pair",
        "with refused():\n"
        "    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "    pair[0].sendmsg([b'stolen'], [], 0, T['datagram'])",
    ),
    Attack(
        "io_uring",
        "with refused():\n"
        "    syscall(425, 4, ctypes.create_string_buffer(240))\n    won('a ring that makes calls')",
    ),
    Attack(
        "calls of a 32-bit program",
        "code = '''\n"
        "import ctypes, mmap\n"
        "m = mmap.mmap(-1, 4096, prot=7)\n"
        "m.write(bytes.fromhex('53b867010000bb02000000b901000000ba00000000cd805bc3'))\n"
        "call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))\n"
        "print('socket' if call() >= 0 else 'refused')\n"
        "'''\n"
        "ended = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)\n"
        "if 'socket' in ended.stdout: won('a socket by another road')",
        machine="x86_64",
    ),
)
