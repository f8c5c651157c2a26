"""The end of a command: its exit code, and the message of an error. No traceback is printed."""

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
# As in a shell: 128 plus the number of the signal.
_SIGINT, _SIGPIPE = 130, 141


def reported(prog: str, command: Callable[[], int]) -> int:
    """Runs a command and returns its exit code. Prints errors, each line with the name of the command."""
    for name in ("stdout", "stderr"):
        # None if the caller has closed it.
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        # As on standard error: a template may have characters that the encoding of the terminal does not have.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with _without_collection():
            code = _exit_code(command)
        # Flushed here, to handle a closed pipe or a full disk before the interpreter exits.
        sys.stdout.flush()
        return code
    except PhoenixError as error:
        _print(prog, str(error))
        return UNUSABLE
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        return _SIGPIPE
    except KeyboardInterrupt:
        _print(prog, "interrupted; each file is either unchanged or complete")
        return _SIGINT
    except OSError as error:
        place = f" for {error.filename}" if error.filename else ""
        _print(
            prog,
            f"error of the operating system{place}: {error.strerror}. Correct the cause, and run the command again.",
        )
        return UNUSABLE
    except ModuleNotFoundError as error:  # also for a package without metadata
        _print(
            prog,
            f"found no module {error.name!r} in {sys.executable}; expected the requirements of phoenix_cfn. "
            "Install them with `python3 -m venv .venv && .venv/bin/pip install -e .`, and use the Python in .venv.",
        )
        return UNUSABLE
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        _print(
            prog,
            f"an error in phoenix_cfn itself: {type(error).__name__}: {error} ({last.filename}, line {last.lineno}). "
            f"Report it with the command; `{sys.executable} -X dev` prints the traceback.",
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
    """Disables garbage collection: a command, and cfn-lint in particular, creates many objects and drops few."""
    enabled = gc.isenabled()
    # Nor does the interpreter need to collect garbage at exit.
    atexit.register(gc.freeze)
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _print(prog: str, text: str) -> None:
    with contextlib.suppress(OSError):  # standard error is on a full disk as well: the exit code remains
        for line in text.splitlines():
            print(f"{prog}: {line}", file=sys.stderr)
        sys.stderr.flush()


def _drop_unwritten(stream: TextIO) -> None:
    """Drops what a closed pipe or a full disk did not accept: Python would report it at exit, with code 120."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
