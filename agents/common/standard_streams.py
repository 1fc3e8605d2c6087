"""Standard input and output as they may be: of any encoding, closed, or a pipe whose reader has gone."""

from __future__ import annotations

import codecs
import io
import os
import sys

BROKEN_PIPE = 141
"""The exit code of a program whose reader has gone: 128 and the number of SIGPIPE."""

_PLAIN = {
    **dict.fromkeys("─━═╌╴╶−–—", "-"),
    **dict.fromkeys("│┃║╎╵╷", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼┏┓┗┛┡┩┢┪╇╈╋╔╗╚╝╠╣╦╩╬╭╮╰╯", "+"),
    **dict.fromkeys("█▓▒▉▊▋▌▍▎▏■", "#"),
    **dict.fromkeys("·∙░", "."),
    **dict.fromkeys("●•×", "*"),
    "÷": "/",
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)),
    "λ": "l",
    "≤": "<",
    "≥": ">",
    "…": ".",
    "→": ">",
    "←": "<",
}
"""Signs that we print, and what stands for them, as wide, where they cannot be printed."""


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


def settle_streams() -> None:
    """From now on printing is no error: what an encoding lacks is replaced, and what is closed is nowhere."""
    codecs.register_error("trm_plain", _plain)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="trm_plain")


def is_broken_pipe(error: BaseException) -> bool:
    """Whether nobody reads any longer what is printed; Rich makes an exit with code 1 of that."""
    if isinstance(error, SystemExit):
        return isinstance(error.__context__, BrokenPipeError)
    return isinstance(error, BrokenPipeError)


def leave_silently() -> None:
    """Send what is still to be printed nowhere, so that the end of the process does not fail on it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
