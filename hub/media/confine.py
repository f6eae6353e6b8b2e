"""What a decoding child takes from itself before it sees any file: memory, descriptors, the network, other programs.

On Linux (x86-64, ARM64) a seccomp filter lets the kernel refuse sockets, other programs, tracing and io_uring; no
privilege is needed for it. Elsewhere only Python's own `socket.socket` is replaced, which stops Python code but not a
hijacked native library: `confine` says which of the two it did.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import socket
import struct
import sys
import time
from typing import Any, Final, NoReturn

_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2
_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_REFUSE: Final = 0x00050000 | errno.EACCES
_OTHER_ABI: Final = 0x40000000  # system calls of the x32 interface begin here
_NUMBER_AT: Final = 0
_ARCHITECTURE_AT: Final = 4

# socket, connect, accept, sendto, sendmsg, bind, listen, socketpair, accept4, execve, execveat, ptrace, io_uring_setup
_REFUSED: Final = {
    "x86_64": (0xC000003E, (41, 42, 43, 44, 46, 49, 50, 53, 288, 59, 322, 101, 425)),
    "aarch64": (0xC00000B7, (198, 203, 202, 206, 211, 200, 201, 199, 242, 221, 281, 117, 425)),
}


def confine(*, memory_bytes: int, output_bytes: int) -> str:
    """Give up what decoding does not need; nothing of it can be had back. Return how the network was shut off."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 64)
    _limit(resource.RLIMIT_FSIZE, output_bytes)
    _limit(resource.RLIMIT_AS, memory_bytes)
    os.umask(0o077)
    if sys.platform == "linux" and platform.machine() in _REFUSED:
        _filter(*_REFUSED[platform.machine()])
        return "seccomp"
    socket.socket = _no_socket  # type: ignore[assignment, misc] - a class gives way to what refuses
    return "patched"


def allow_cpu(seconds: int) -> None:
    """Let this process use so many more seconds of processor time; then the kernel kills it."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + seconds, hard))


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (bound, bound))


def _no_socket(*_arguments: Any, **_options: Any) -> NoReturn:
    raise PermissionError(errno.EACCES, "A decoder has no network.")


def _filter(architecture: int, refused: tuple[int, ...]) -> None:
    """Install the filter: another architecture is killed, listed calls are refused, the rest passes."""
    body = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_AT_LEAST, len(refused) + 1, 0, _OTHER_ABI),
        *((_JUMP_EQUAL, len(refused) - place, 0, number) for place, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = b"".join(struct.pack("=HBBI", *line) for line in body)
    instructions = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(body), ctypes.addressof(instructions)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel takes no seccomp filter")
