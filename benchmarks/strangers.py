"""What templates of others come to: crashes, refusals by reason, findings by rule, seconds.

    python benchmarks/strangers.py FOLDER [--draw 60 --seed 13] [--without-roles]

Every template below FOLDER is judged by the rules and given to `python -m phoenix_cfn.iam`, each with a time limit.
--draw prints as many findings outside the kata group, drawn with the seed, so that they can be judged by reading.
It exits with 1 for a crash, or for a template that takes longer than the limit.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import re
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cfnlint.decode import decode
from cfnlint.rules import Rules
from cfnlint.template import Template

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from phoenix_cfn.cli import iam  # noqa: E402
from phoenix_cfn.cli.outcome import reported  # noqa: E402

_RULES = ROOT / "phoenix_cfn" / "rules"
SUFFIXES = (".yml", ".yaml", ".json", ".template", ".cfn")
LIMIT = 30
"""Seconds that the rules, or the deploy role, may take for one template."""

# What the command says where a traceback would be.
_BROKEN = "an error in phoenix_cfn itself"
_PROG = "python -m phoenix_cfn.iam"
# What differs between two refusals for one reason: names, numbers, and what is quoted.
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|\b(?=\w*[a-z])(?=\w*[A-Z0-9])\w{3,}\b|\b\d+\b")


@dataclass(frozen=True, order=True)
class Found:
    """One finding: the template below the folder, the line, the rule, and what it says."""

    template: str
    line: int
    rule: str
    message: str


@dataclass
class Result:
    """All that a run has seen."""

    templates: int = 0
    unread: int = 0
    policies: int = 0
    crashes: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)


class Late(BaseException):
    """The time limit; no `except Exception` of the code under test takes it."""


@contextlib.contextmanager
def _limited(result: Result, what: str, name: str) -> Iterator[None]:
    """Notes the seconds, a crash, and a run that is stopped by the time limit."""

    def stop(*_: Any) -> None:
        raise Late

    began = time.process_time()
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    try:
        yield
    except Late:
        result.crashes.append(f"{name}: {what}: longer than {LIMIT} seconds")
    except Exception as error:
        result.crashes.append(f"{name}: {what}: {type(error).__name__}: {error}")
    finally:
        signal.alarm(0)
        result.seconds[what] += time.process_time() - began  # type: ignore[assignment]


def templates(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in SUFFIXES and path.is_file():
            content = path.read_text(encoding="utf-8", errors="replace")
            if re.search(r"^\s*\"?Resources\"?\s*:", content, re.MULTILINE):
                yield path


def _judge(path: Path, name: str, rules: list[Any], result: Result) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            document, problems = decode(str(path))
        except Exception:
            document, problems = None, ["unread"]
    if problems or not isinstance(document, dict):
        result.unread += 1
        return
    template = Template(str(path), document)
    with _limited(result, "rules", name):
        for rule in rules:
            for match in rule.match(template):
                location = template.get_location_yaml(document, list(match.path))
                line = location[0] + 1 if location and location[0] is not None else 1
                result.found.append(Found(name, line, rule.id, match.message))


def _grant(path: Path, name: str, result: Result) -> None:
    said, printed = io.StringIO(), io.StringIO()
    code = 2
    with (
        _limited(result, "deploy role", name),
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(printed),
    ):
        code = reported(_PROG, lambda: iam.main([str(path)], ROOT, _PROG))
    if _BROKEN in said.getvalue():
        result.crashes.append(f"{name}: deploy role: {said.getvalue().strip()[:300]}")
    elif code == 0:
        result.policies += 1
    elif said.getvalue():
        for line in said.getvalue().replace(str(path), "TEMPLATE").splitlines():
            if line.strip():
                result.refusals[_NAMES.sub("_", line.strip())[:160]] += 1


def measured(folder: Path, with_roles: bool) -> Result:
    result = Result()
    loaded = Rules.create_from_directory(str(_RULES))
    rules = [loaded[each] for each in sorted(loaded)]
    for path in templates(folder):
        name = path.relative_to(folder).as_posix()
        result.templates += 1
        _judge(path, name, rules, result)
        if with_roles:
            _grant(path, name, result)
    return result


def lines(result: Result) -> Iterator[str]:
    yield f"{result.templates} templates, {result.unread} of which cfn-lint cannot read; {result.policies} policies"
    yield f"{len(result.crashes)} crashes or hangs"
    yield from (f"  {each}" for each in result.crashes)
    yield f"{sum(result.refusals.values())} refusals, by reason"
    yield from (f"  {number:5} {reason}" for reason, number in result.refusals.most_common())
    by_rule = Counter(each.rule for each in result.found)
    yield f"{len(result.found)} findings, by rule"
    yield from (f"  {number:5} {rule}" for rule, number in by_rule.most_common())
    yield "CPU seconds"
    yield from (f"  {seconds:8.1f} {what}" for what, seconds in result.seconds.items())


def draw(found: list[Found], number: int, seed: int) -> list[Found]:
    """Findings outside the kata group; of equal ones in one repository, the first folder below, one takes part."""
    kata = {rule.id for rule in Rules.create_from_directory(str(_RULES)).values() if rule.kata}
    distinct = {
        (each.template.split("/")[0], each.rule, each.message): each
        for each in sorted(found, reverse=True)
        if each.rule not in kata
    }
    candidates = sorted(distinct.values())
    return random.Random(seed).sample(candidates, min(number, len(candidates)))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draw", type=int, default=0, metavar="N", help="print N findings outside the kata group")
    parser.add_argument("--seed", type=int, default=13, help="of the draw (default: 13)")
    parser.add_argument("--without-roles", action="store_true", help="the rules only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all findings as JSON")
    options = parser.parse_args()
    result = measured(options.folder, not options.without_roles)
    print("\n".join(lines(result)))
    if options.json:
        options.json.write_text(json.dumps([vars(each) for each in result.found], indent=1) + "\n", encoding="utf-8")
    if options.draw:
        drawn = draw(result.found, options.draw, options.seed)
        print(f"{len(drawn)} findings drawn with seed {options.seed}")
        for each in sorted(drawn):
            print(f"  {each.template}:{each.line} {each.rule} {each.message}")
    return 1 if result.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
