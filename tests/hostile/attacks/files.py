"""Files: the home, sessions, configuration, the corpus and its originals, what the program itself reads."""

from __future__ import annotations

from tests.hostile.attack import Attack


def _tries(name: str, line: str, what: str = "done", machine: str = "") -> Attack:
    return Attack(name, f"with refused():\n    {line}\n    won({what!r})", machine=machine)


ATTACKS = (
    _tries("read a file of the home", "assert T['mark'] in open(T['secret_file']).read()"),
    _tries("list the home", "assert 'secret.txt' in os.listdir(T['home'])"),
    _tries("make a file in the home", "open(T['home'] + '/planted', 'w')"),
    _tries("the users of the machine", "open('/etc/passwd').read()"),
    _tries("host names", "open('/etc/hosts').read()"),
    Attack(
        "through a symbolic link",
        "Path('link').unlink(missing_ok=True)\nos.symlink(T['secret_file'], 'link')\n"
        "with refused():\n    open('link').read()\n    won('read')",
    ),
    _tries("through a hard link", "os.link(T['secret_file'], 'hard'); open('hard').read()"),
    Attack(
        "through a handle",
        "handle = ctypes.create_string_buffer(bytes([128, 0, 0, 0]) + bytes(200))\n"
        "mount = ctypes.create_string_buffer(8)\n"
        "with refused():\n"
        "    syscall((303, 264), -100, os.fsencode(os.getcwd()), handle, mount, 0)\n"
        "    won('a handle was given')",
    ),
    _tries("list sessions", "os.listdir(T['sessions'])"),
    _tries("read a session", "open(T['session']).read()"),
    _tries("alter a session", "open(T['session'], 'a').write('x')"),
    _tries("make a file among sessions", "open(T['sessions'] + '/planted', 'w')"),
    _tries("remove a session", "os.unlink(T['session'])"),
    _tries("read the configuration", "open(T['config'] + '/config.toml').read()"),
    _tries("alter the configuration", "open(T['config'] + '/config.toml', 'a').write('x = 1')"),
    _tries("alter the corpus", "open(T['stored'], 'r+b').write(b'X')"),
    _tries("append to the corpus", "open(T['stored'], 'ab').write(b'X')"),
    _tries("truncate the corpus", "os.truncate(T['stored'], 0)"),
    _tries("truncate the corpus while it is read", "os.open(T['stored'], os.O_RDONLY | os.O_TRUNC)"),
    _tries("remove the corpus", "os.unlink(T['stored'])"),
    _tries("rename the corpus", "os.rename(T['stored'], T['stored'] + '.x')"),
    _tries("make a file beside the corpus", "open(T['store'] + '/planted', 'w')"),
    _tries(
        "map the corpus to write",
        "import mmap; mmap.mmap(os.open(T['stored'], os.O_RDWR), 1)[0:1] = b'X'",
    ),
    Attack("modes of the corpus", "with refused():\n    os.chmod(T['stored'], 0o777)"),
    Attack(
        "modes through a descriptor",
        "with refused():\n    os.fchmod(os.open(T['stored'], os.O_RDONLY), 0o777)",
    ),
    Attack("times of the corpus", "with refused():\n    os.utime(T['stored'], (1, 1))"),
    Attack("attributes of the corpus", "with refused():\n    os.setxattr(T['stored'], 'user.rlm', b'x')"),
    Attack("owner of the corpus", "with refused():\n    os.chown(T['stored'], 12345, 12345)"),
    Attack("modes of the home", "with refused():\n    os.chmod(T['secret_file'], 0o777)"),
    Attack(
        "flags of the corpus",
        "import fcntl\n"
        "with refused():\n"
        "    fcntl.ioctl(os.open(T['stored'], os.O_RDONLY), 0x40086602, (0x40).to_bytes(8, 'little'))",
    ),
    _tries(
        "attributes of a file of the home", "assert os.getxattr(T['secret_file'], 'user.kept') == b'mark'"
    ),
    Attack(
        "changes in the home",
        "with refused():\n"
        "    there = libc.inotify_init1(0)\n"
        "    if libc.inotify_add_watch(there, os.fsencode(T['home']), 0xfff) >= 0: won('watched')",
    ),
    _tries("the documents themselves", "assert T['words'] in open(T['document']).read()"),
    _tries("alter the documents themselves", "open(T['document'], 'a').write('x')"),
    _tries(
        "alter what the kernel was told", "open(os.path.dirname(os.getcwd()) + '/boot.json', 'a').write('x')"
    ),
    Attack(
        "a link in the place of what the program writes",
        "with refused():\n"
        "    run = os.path.dirname(os.getcwd())\n"
        "    os.unlink(run + '/boot.json')\n"
        "    os.symlink(T['secret_file'], run + '/boot.json')\n"
        "    won('replaced')",
    ),
    Attack(
        "a link among the sockets of the kernel",
        "with refused():\n"
        "    ipc = os.path.dirname(os.getcwd()) + '/ipc'\n"
        "    os.symlink(T['path_socket'], ipc + '/k-9')\n"
        "    won('made')",
    ),
    _tries("plant code in the program", "open(T['package'] + '/base/planted.py', 'w')"),
    Attack(
        "plant code in Python",
        "import json as module\n"
        "with refused():\n"
        "    open(os.path.dirname(module.__file__) + '/planted.py', 'w')\n    won('planted')",
    ),
    Attack("a file in /tmp", "with refused():\n    open('/tmp/' + T['mark'], 'w')"),
    Attack("a file in shared memory", "with refused():\n    open('/dev/shm/' + T['mark'], 'w')"),
    _tries("a device", "os.mknod('disk', 0o60600, os.makedev(8, 0))"),
    Attack(
        "the terminal of the user",
        "import fcntl, glob, termios\n"
        "for name in ['/dev/tty', *glob.glob('/dev/pts/[0-9]*')]:\n"
        "    with contextlib.suppress(OSError):\n"
        "        place = os.open(name, os.O_RDWR)\n"
        "        won('opened ' + name)",
    ),
)
