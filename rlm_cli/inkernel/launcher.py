"""The kernel's first process: it starts the real kernel as its child and holds it on a leash.

It is run by path, before anything of ours or of IPython is imported, and imports nothing that takes time
until the kernel is under way. The child becomes the kernel, or is started anew through the command that
confines it (bubblewrap); either way it takes away from itself what cells must not have before anything else
runs in it. This process stays outside of all that, and becomes the supervisor (see `supervisor`).
"""

from __future__ import annotations

import os
import sys

INSIDE = "inside"
"""In the place of the leash: this process is the one that was started through the confining command."""
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
_HOME = __file__.rpartition("/rlm_cli/")[0]
_FLAGS = ("-P", "-B", "-X", "utf8")


def main(argv: list[str]) -> int:
    """Start the kernel that the boot file describes and stay with it; returns or re-raises how it ended.

    Shape:   argv holds the path of the boot file, the number of the leash's descriptor, and the words of
             the confining command, none for no such command.
    """
    boot_file, place, wrap = argv[1], argv[2], argv[3:]
    if place == INSIDE:
        _be_the_kernel(_boot(boot_file))
        return 0
    leash, supervisor = int(place), os.getpid()
    os.set_inheritable(leash, False)
    kernel = os.fork()
    if kernel == 0:
        os.close(leash)
        _become_the_kernel(boot_file, wrap, supervisor)
        os._exit(0)
    boot = _boot(boot_file)
    from rlm_cli.inkernel.supervisor import supervise

    return supervise(kernel, leash, boot, boot_file.rpartition("/")[0])


def _boot(boot_file: str) -> dict[str, object]:
    """What the boot file says; from here on our own modules are found, and no others of the same name."""
    import json

    with open(boot_file, "rb") as file:
        boot = json.loads(file.read())
    sys.path.insert(0, _HOME)
    import rlm_cli  # noqa: F401 - another installation may come first where packages are found

    del sys.path[0]
    sys.path.extend(entry for entry in boot["sys_path"] if entry not in sys.path)
    return dict(boot)


def _become_the_kernel(boot_file: str, wrap: list[str], supervisor: int) -> None:
    """Become the kernel: its own session, gone when the supervisor is gone."""
    os.setsid()
    if wrap:
        os.execv(wrap[0], [*wrap, sys.executable, *_FLAGS, __file__, boot_file, INSIDE])
    boot = _boot(boot_file)
    if sys.platform == "linux":
        from rlm_cli.inkernel.confining.system import prctl

        prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)
    _be_the_kernel(boot)


def _be_the_kernel(boot: dict[str, object]) -> None:
    from rlm_cli.inkernel.confining import confine
    from rlm_cli.inkernel.confining.selfcheck import Unconfined
    from rlm_cli.inkernel.exits import UNCONFINED

    try:
        confine(boot["sandbox"])  # type: ignore[arg-type]
    except (OSError, ValueError, Unconfined) as error:
        os.write(2, f"{error}\n".encode("utf-8", "replace"))
        os._exit(UNCONFINED)
    from rlm_cli.inkernel.boot import run

    try:
        run(boot)
    except Exception:  # noqa: BLE001 - threads of a kernel that has only half begun would keep it alive
        import traceback

        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
