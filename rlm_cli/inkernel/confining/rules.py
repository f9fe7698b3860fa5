"""The rules of the system call filter, by name: what each refuses, and with which answer.

refused   the call is answered with an error, or with success without having been carried out
others    a call may be made about the caller itself, not about another process
special   the arguments decide; see `seccomp`
"""

from __future__ import annotations

import errno

REFUSED: dict[str, tuple[int, tuple[str, ...]]] = {
    "connections": (errno.EACCES, ("connect",)),
    "modes": (
        0,
        (
            *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat"),
            *("utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr"),
            *("setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
        ),
    ),
    "attributes": (
        errno.EOPNOTSUPP,
        (
            *("getxattr", "lgetxattr", "fgetxattr", "getxattrat"),
            *("listxattr", "llistxattr", "flistxattr", "listxattrat"),
        ),
    ),
    "watches": (errno.EACCES, ("inotify_add_watch",)),
    "memory": (errno.ENOSYS, ("memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "shmdt")),
    "queues": (
        errno.ENOSYS,
        (
            *("msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semctl", "semtimedop"),
            *("mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr"),
        ),
    ),
    "io_uring": (errno.ENOSYS, ("io_uring_setup", "io_uring_enter", "io_uring_register")),
    "keys": (errno.ENOSYS, ("add_key", "request_key", "keyctl")),
    "tracing": (
        errno.EPERM,
        (
            *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"),
            *("process_madvise", "process_mrelease"),
        ),
    ),
    "mounts": (
        errno.EPERM,
        (
            *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig"),
            *("fsmount", "fspick", "open_tree", "open_tree_attr", "move_mount", "mount_setattr"),
        ),
    ),
    "system": (
        errno.ENOSYS,
        (
            *("bpf", "perf_event_open", "userfaultfd", "init_module", "finit_module", "delete_module"),
            *("create_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff"),
            *("sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex"),
            *("acct", "quotactl", "quotactl_fd", "syslog", "iopl", "ioperm", "modify_ldt", "vhangup"),
            *("nfsservctl", "lookup_dcookie", "fanotify_init", "open_by_handle_at", "name_to_handle_at"),
            *("uselib", "_sysctl", "sysfs", "ustat"),
        ),
    ),
    "truncation": (errno.EACCES, ("truncate", "creat")),
}
"""name -> (the errno that is answered, the calls). `modes` answers success: `shutil.copy` and IPython's
first start break on an error, and Landlock does not cover these calls."""

OTHERS: dict[str, tuple[int, int]] = {
    "prlimit64": (0, errno.EPERM),
    "setpriority": (1, errno.EPERM),
    "ioprio_set": (1, errno.EPERM),
    "sched_setaffinity": (0, 0),
    "sched_setscheduler": (0, 0),
    "sched_setparam": (0, 0),
    "sched_setattr": (0, 0),
}
"""Calls of the rule `others`: the place of the argument that must be 0, which means the caller itself, and
what is answered otherwise. Libraries schedule their own threads by number, and abort at an error."""
