"""Keys and other people's processes: environments, memory, descriptors, keyrings."""

from __future__ import annotations

from tests.hostile.attack import Attack

ATTACKS = (
    Attack("the environment", "if T['secret'] in str(dict(os.environ)): won('the key')"),
    Attack(
        "environments in /proc",
        "for entry in ['self', '1', os.getppid(), T['program'], T['neighbour'], *range(1, 400)]:\n"
        "    with contextlib.suppress(OSError):\n"
        "        if T['secret'].encode() in Path(f'/proc/{entry}/environ').read_bytes(): won(entry)",
    ),
    Attack(
        "command lines of others",
        "for entry in [T['program'], T['neighbour']]:\n"
        "    with contextlib.suppress(OSError):\n"
        "        if T['argument'].encode() in Path(f'/proc/{entry}/cmdline').read_bytes(): won(entry)",
    ),
    Attack(
        "memory of the program",
        "with refused():\n    open(f\"/proc/{T['program']}/mem\", 'rb')\n    won('its memory')",
    ),
    Attack(
        "memory by a system call",
        "buffer = ctypes.create_string_buffer(64)\n"
        "local = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)\n"
        "remote = (ctypes.c_void_p * 2)(T['address'], 64)\n"
        "with refused():\n"
        "    syscall((310, 270), T['neighbour'], local, 1, remote, 1, 0)\n"
        "    won('read')",
    ),
    Attack(
        "a debugger",
        "with refused():\n"
        "    syscall((101, 117), 0x4206, T['neighbour'], 0, 0)\n"
        "    won('seized')\n"
        "    os._exit(0)",
        ends=True,
    ),
    Attack(
        "a debugger for its own children",
        "child = subprocess.Popen(['sleep', '100'])\n"
        "with refused():\n"
        "    syscall((101, 117), 0x4206, child.pid, 0, 0)\n"
        "    won('tracing is there')\n"
        "    syscall((101, 117), 17, child.pid, 0, 0)\n"
        "child.kill()",
    ),
    Attack(
        "a descriptor of the program",
        "with refused():\n"
        "    there = os.pidfd_open(T['program'])\n"
        "    syscall(438, there, 0, 0)\n"
        "    won('a descriptor')",
    ),
    Attack(
        "descriptors that were left open",
        "import stat\n"
        "for number in range(256):\n"
        "    with contextlib.suppress(OSError):\n"
        "        found = os.fstat(number)\n"
        "        if stat.S_ISREG(found.st_mode) and number not in (1, 2):\n"
        "            os.lseek(number, 0, 0)\n"
        "            if T['secret'].encode() in os.pread(number, 1 << 20, 0): won(number)\n"
        "        if stat.S_ISDIR(found.st_mode):\n"
        "            os.stat('kept', dir_fd=number)\n"
        "            won(number)",
    ),
    Attack(
        "keyrings",
        "with refused():\n"
        "    kept = syscall((248, 217), b'user', b'rlm-hostile', b'mark', 4, -4)\n"
        "    won('a key that outlives the cell')",
    ),
    Attack(
        "keyrings of the session",
        "with refused():\n    syscall((250, 219), 0, -3, 0)\n    won('the session keyring')",
    ),
    Attack(
        "roots and folders of others in /proc",
        "for pid, link in ((T['program'], 'root'), (T['neighbour'], 'root'), (1, 'root')):\n"
        "    place = f'{pid}/{link}'\n"
        ""
        "    with contextlib.suppress(OSError):\n"
        "        if T['mark'] in Path(f\"/proc/{place}{T['secret_file']}\").read_text(): won(place)",
    ),
)
