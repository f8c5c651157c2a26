"""How a command ends: with an exit code, and in words where something went wrong. No traceback reaches a user."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from phoenix_cfn.errors import PhoenixError

FINDINGS, UNUSABLE = 1, 2
# As a shell has it: 128 and the number of the signal.
_SIGINT, _SIGPIPE = 130, 141


def reported(prog: str, command: Callable[[], int]) -> int:
    """The exit code of a command. Errors that a person can act on are printed, each line with the command's name."""
    try:
        code = command()
        # Now, so that a closed pipe or a full disk is noticed here and not when the interpreter ends.
        sys.stdout.flush()
        return code
    except PhoenixError as error:
        _print(prog, str(error))
        return UNUSABLE
    except BrokenPipeError:
        # The reader, such as `head`, has read enough. Python would complain about it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _SIGPIPE
    except KeyboardInterrupt:
        _print(prog, "interrupted; every file is as it was, or complete")
        return _SIGINT
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        _print(prog, f"the system refused{place}: {error.strerror}. Free or allow it, and run the command again.")
        _give_up_output()
        return UNUSABLE


def _print(prog: str, text: str) -> None:
    for line in text.splitlines():
        print(f"{prog}: {line}", file=sys.stderr)


def _give_up_output() -> None:
    """Drops what standard output could not take, or Python would fail over it once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
