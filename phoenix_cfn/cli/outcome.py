"""How a command ends: with an exit code, and in words where something went wrong. No traceback reaches a user."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import TextIO

from phoenix_cfn.errors import PhoenixError

FINDINGS, UNUSABLE = 1, 2
# As a shell has it: 128 and the number of the signal.
_SIGINT, _SIGPIPE = 130, 141


def reported(prog: str, command: Callable[[], int]) -> int:
    """The exit code of a command. Errors that a person can act on are printed, each line with the command's name."""
    for name in ("stdout", "stderr"):
        # Python has none where the caller has closed it.
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        # As on standard error: a template may have characters that the terminal's encoding has not.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with _without_collection():
            code = _exit_code(command)
        # Now, so that a closed pipe or a full disk is noticed here and not when the interpreter ends.
        sys.stdout.flush()
        return code
    except PhoenixError as error:
        _print(prog, str(error))
        return UNUSABLE
    except BrokenPipeError:  # the reader, such as `head`, has read enough
        return _SIGPIPE
    except KeyboardInterrupt:
        _print(prog, "interrupted; every file is as it was, or complete")
        return _SIGINT
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        _print(prog, f"the system refused{place}: {error.strerror}. Free or allow it, and run the command again.")
        return UNUSABLE
    except ModuleNotFoundError as error:  # also for a package whose metadata is missing
        _print(
            prog,
            f"found no module {error.name!r} in {sys.executable}; expected the requirements of phoenix_cfn there. "
            "Install them with `python3 -m venv .venv && .venv/bin/pip install -e .`, and run the Python in .venv.",
        )
        return UNUSABLE
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        _print(
            prog,
            f"an error in phoenix_cfn itself: {type(error).__name__}: {error} ({last.filename}, line {last.lineno}). "
            f"Report it with what was run; `{sys.executable} -X dev` shows where it comes from.",
        )
        return UNUSABLE
    finally:
        _drop_unwritten(sys.stdout)
        _drop_unwritten(sys.stderr)


def _exit_code(command: Callable[[], int]) -> int:
    try:
        return command()
    except SystemExit as error:  # of argparse, for --help and for wrong arguments
        return int(error.code or 0)


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Without garbage collection: a command makes many objects and drops few, and cfn-lint even more so."""
    enabled = gc.isenabled()
    # Nor need the interpreter look for garbage when it ends.
    atexit.register(gc.freeze)
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _print(prog: str, text: str) -> None:
    with contextlib.suppress(OSError):  # a full disk behind standard error as well: the exit code remains
        for line in text.splitlines():
            print(f"{prog}: {line}", file=sys.stderr)
        sys.stderr.flush()


def _drop_unwritten(stream: TextIO) -> None:
    """Drops what a closed pipe or a full disk did not take. Python would fail over it once more at its end, and exit
    with 120."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
