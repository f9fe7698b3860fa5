"""The system: namespaces, mounts, programs of its own in the kernel, other processes, forged messages."""

from __future__ import annotations

from rlm_cli.inkernel.confining.rules import REFUSED
from rlm_cli.inkernel.confining.syscalls import NUMBERS
from tests.hostile.attack import Attack

_NO_SUCH = {call: NUMBERS[call] for call in REFUSED["system"][1]}

_WIRE = """
import gc
wire = [o for o in gc.get_objects() if type(o).__name__ == 'Wire'][0]
frame = {frame!r}
wire._connection.sendall(len(frame).to_bytes(4, 'big') + frame)
time.sleep(5)
won('it was taken')
"""


def _forged(name: str, frame: bytes) -> Attack:
    return Attack(name, _WIRE.format(frame=frame), ends=True)


ATTACKS = (
    Attack(
        "a user namespace",
        "child = os.fork()\n"
        "if child == 0:\n"
        "    with contextlib.suppress(OSError):\n"
        "        syscall((272, 97), 0x10000000)\n"
        "        os._exit(0)\n"
        "    os._exit(1)\n"
        "if os.waitpid(child, 0)[1] == 0: won('made')",
    ),
    Attack(
        "a user namespace for a child",
        "with refused():\n"
        "    child = syscall((56, 220), 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)\n"
        "    if child == 0: os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "    won('made')",
    ),
    Attack("a namespace of others", "with refused():\n    syscall((308, 268), 0, 0)\n    won('entered')"),
    Attack(
        "a mount",
        "with refused():\n"
        "    syscall((165, 40), b'none', os.fsencode(os.getcwd()), b'tmpfs', 0, None)\n    won('mounted')",
    ),
    Attack(
        "a mount by the newer calls",
        "try:\n    syscall(430, b'tmpfs', 0)\n    won('opened')\n"
        "except OSError as error:\n"
        "    if error.errno != errno.EPERM: won(f'not refused: {error}')",
    ),
    Attack(
        "another root",
        "with refused():\n    syscall((161, 51), os.fsencode(os.getcwd()))\n    won('changed')",
    ),
    Attack(
        "calls for administrators",
        f"for name, numbers in {_NO_SUCH!r}.items():\n"
        "    if numbers[COLUMN] is None: continue\n"
        "    try:\n"
        "        syscall(numbers, -1, -1, -1, -1, -1)\n"
        "        won(name)\n"
        "    except OSError as error:\n"
        "        if error.errno != errno.ENOSYS: won(f'{name} was looked at: {error}')",
    ),
    Attack(
        "calls that are newer than the policy",
        "try:\n"
        "    syscall(468, -100, b'.', ctypes.create_string_buffer(24), 24, 0)\n"
        "    won('file_getattr')\n"
        "except OSError as error:\n"
        "    if error.errno != errno.ENOSYS: won(f'file_getattr was looked at: {error}')",
    ),
    Attack(
        "more rights than the user has",
        "if libc.prctl(39, 0, 0, 0, 0) != 1: won('set-user-id programs work')\n"
        "code = '''\n"
        "import ctypes, platform, struct\n"
        "number = 125 if platform.machine() == 'x86_64' else 90\n"
        "held = ctypes.create_string_buffer(24)\n"
        "ctypes.CDLL(None).syscall(number, struct.pack('=Ii', 0x20080522, 0), held)\n"
        "found = 'rights' if any(held.raw[:8]) else 'none'\n"
        "'''\n"
        "exec(code)\n"
        "if found == 'rights': won('capabilities')\n"
        "again = [sys.executable, '-c', code + 'print(found)']\n"
        "again = subprocess.run(again, capture_output=True, text=True)\n"
        "if 'rights' in again.stdout: won('capabilities for a new program')",
    ),
    Attack(
        "higher limits",
        "for name in ('RLIMIT_DATA', 'RLIMIT_FSIZE', 'RLIMIT_NOFILE', 'RLIMIT_CORE'):\n"
        "    number = getattr(resource, name)\n"
        "    with refused():\n"
        "        hard = resource.getrlimit(number)[1]\n"
        "        resource.setrlimit(number, (hard + 1, hard + 1))\n"
        "        won(name)",
    ),
    Attack(
        "signals to others",
        "for pid in (T['program'], T['neighbour']):\n"
        "    with refused():\n"
        "        os.kill(pid, 0)\n"
        "        won(pid)",
    ),
    Attack(
        "signals to everyone",
        "child = subprocess.Popen(['sleep', '100'])\n"
        "with refused():\n    os.kill(T['neighbour'], signal.SIGTERM)\n"
        "child.kill()",
    ),
    Attack(
        "limits of others",
        "with refused():\n    resource.prlimit(T['neighbour'], resource.RLIMIT_CPU, (1, 1))\n    won('set')",
    ),
    Attack(
        "priorities of others",
        "with refused():\n    os.setpriority(os.PRIO_PROCESS, T['neighbour'], 19)\n    won('set')",
    ),
    Attack(
        "processors of others",
        "with refused():\n    os.sched_setaffinity(T['neighbour'], [0])",
    ),
    Attack(
        "shared memory of another process",
        "with refused():\n"
        "    libc.shmat.restype = ctypes.c_void_p\n"
        "    segment = syscall((29, 194), T['segment'], 64, 0)\n"
        "    won('found')",
    ),
    Attack(
        "shared memory of the machine",
        "with refused():\n"
        "    segment = syscall((29, 194), 0, 4096, 0o1600)\n"
        "    won('a segment that no limit counts')",
    ),
    Attack(
        "queues of the machine",
        "with refused():\n    syscall((68, 186), 0, 0o1600)\n    won('a queue')",
    ),
    Attack(
        "memory without a process",
        "with refused():\n    os.memfd_create('hidden')\n    won('a file that no limit counts')",
    ),
    Attack(
        "words put into a terminal",
        "import fcntl, pty, termios\n"
        "try:\n"
        "    fcntl.ioctl(0, 0x5412, b'x')\n"
        "    won('typed')\n"
        "except OSError as error:\n"
        "    if error.errno != errno.EPERM: won(f'not refused: {error}')",
    ),
    _forged(
        "a frame that names an address",
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"x","base_url":"http://x"}}',
    ),
    _forged("a frame that names a file", b'{"id":1,"cell":1,"call":{"op":"read","path":"/etc/passwd"}}'),
    _forged("a frame of another cell", b'{"note":"report","cell":999,"status":"ok"}'),
    _forged("a frame that is no object", b"[1,2,3]"),
)
