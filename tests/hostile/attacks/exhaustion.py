"""Memory by every road, processes, disk, output, and what is left behind."""

from __future__ import annotations

from tests.hostile.attack import Attack

ATTACKS = (
    Attack(
        "private memory",
        "kept = []\n"
        "with refused():\n"
        "    for _ in range(T['memory'] // 2**24 + 8): kept.append(bytearray(2**24))\n"
        "    won('more than it may have')\n"
        "kept.clear()",
        ends=True,
    ),
    Attack(
        "shared memory",
        "import mmap\n"
        "kept = []\n"
        "for _ in range(T['memory'] // 2**24 * 4):\n"
        "    there = mmap.mmap(-1, 2**24)\n"
        "    for place in range(0, 2**24, 4096): there[place] = 1\n"
        "    kept.append(there)\n"
        "time.sleep(2)\n"
        "won('more than it may have')",
        ends=True,
    ),
    Attack(
        "memory of many processes",
        "for _ in range(12):\n"
        "    if os.fork() == 0:\n"
        "        kept = bytearray(T['memory'] // 4)\n"
        "        for place in range(0, len(kept), 4096): kept[place] = 1\n"
        "        time.sleep(100)\n"
        "time.sleep(10)\n"
        "won('more than they may have together')",
        ends=True,
    ),
    Attack(
        "files in memory",
        "for folder in ('/dev/shm', '/tmp', '/dev', '/'):\n"
        "    total, size = 0, T['disk'] // 2\n"
        "    names = [f'{folder}/hog-{number}' for number in range(T['memory'] // size)]\n"
        "    with refused():\n"
        "        for name in names: total += Path(name).write_bytes(bytes(size))\n"
        "    for name in names:\n"
        "        with contextlib.suppress(OSError): os.unlink(name)\n"
        "    if total > T['memory'] // 2: won(f'{total} bytes in {folder}')",
    ),
    Attack(
        "descriptors without end",
        "kept = []\n"
        "with refused():\n"
        "    for _ in range(5000): kept.append(os.dup(0))\n"
        "    won(len(kept))\n"
        "for each in kept: os.close(each)",
    ),
    Attack(
        "processes without end",
        "made = 0\n"
        "try:\n"
        "    while made < 600:\n"
        "        subprocess.Popen(['sleep', '1000'])\n"
        "        made += 1\n"
        "except OSError as error:\n"
        "    print('refused:', made, error)\n"
        "    os.killpg(0, signal.SIGKILL)\n"
        "time.sleep(5)\n"
        "won(made)",
        ends=True,
    ),
    Attack(
        "one large file",
        "with refused():\n"
        "    with open('large', 'wb') as file:\n"
        "        for _ in range(T['disk'] // 2**20 + 8): file.write(bytes(2**20))\n"
        "    won('written')\n"
        "with contextlib.suppress(OSError): os.unlink('large')",
        ends=True,
    ),
    Attack(
        "many files",
        "for number in range(16):\n"
        "    Path(f'part-{number}').write_bytes(bytes(T['disk'] // 8))\n"
        "time.sleep(6)\n"
        "won('kept')",
        ends=True,
    ),
    Attack(
        "a flood of output",
        "for _ in range(2000): print('x' * 5000)",
    ),
    Attack(
        "a flood through descriptors",
        "for _ in range(500): os.write(1, b'y' * 10000); os.write(2, b'z' * 10000)",
    ),
    Attack(
        "a daemon",
        "code = 'import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(1000)'\n"
        "subprocess.run([sys.executable, '-c', code, T['mark']])",
    ),
    Attack(
        "a core file",
        "os.abort()",
        ends=True,
    ),
)
