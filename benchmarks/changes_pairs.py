"""What `phoenix-cfn diff` and the AWS CDK's cloudformation-diff say of the truth table, side by side.

Run it as `python benchmarks/changes_pairs.py FOLDER`; FOLDER is where npm has installed the CDK's packages, see cdk.py.
It prints Markdown: the rates of both, and each outcome that one of them has wrong. It exits with 1 if ours is wrong.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import cdk
from phoenix_cfn.changes.preview import preview
from phoenix_cfn.changes.sides import Side
from tests.changes.pairs import Pair, pairs

_IMPACTS = {
    "WILL_UPDATE": "updated",
    "WILL_CREATE": "added",
    "WILL_REPLACE": "replaced",
    "MAY_REPLACE": "may-be-replaced",
    "WILL_DESTROY": "removed",
    "WILL_ORPHAN": "removed",
    "WILL_IMPORT": "added",
    "NO_CHANGE": "unchanged",
}
_SAFE, _GRAVE = {"unchanged", "updated"}, {"replaced", "refused", "interrupted"}


def ours(pair: Pair) -> dict[str, str]:
    found = preview(Side.of(pair.old, "old", pair.set_old), Side.of(pair.new, "new", pair.set_new))
    return {name: str(change.outcome) for name, change in found.changes.items()}


def main() -> int:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder, table = Path(sys.argv[1]), pairs()
    theirs, cdk_seconds = cdk.differences(folder, [(each.old, each.new) for each in table])
    began = time.process_time()
    mine = [ours(each) for each in table]
    seconds = time.process_time() - began
    rows, right, dangerous = [], Counter[str](), Counter[str]()
    for pair, found, impacts in zip(table, mine, theirs, strict=True):
        for name, truth in pair.outcomes.items():
            said = {"phoenix-cfn": found.get(name, "unchanged"), "cdk": _IMPACTS[impacts.get(name, "NO_CHANGE")]}
            for tool, outcome in said.items():
                right[tool] += outcome == truth
                dangerous[tool] += outcome in _SAFE and truth in _GRAVE
            if set(said.values()) != {truth}:
                rows.append(f"| {pair.name} | {name} | {truth} | {said['phoenix-cfn']} | {said['cdk']} |")
    total = sum(len(each.outcomes) for each in table)
    print(f"{total} outcomes in {len(table)} pairs; {cdk.versions(folder)}.\n")
    print("| | right | dangerous errors | CPU s |\n|---|---|---|---|")
    print(f"| `phoenix-cfn diff` | {right['phoenix-cfn']} | {dangerous['phoenix-cfn']} | {seconds:.2f} |")
    print(f"| `cloudformation-diff` | {right['cdk']} | {dangerous['cdk']} | {cdk_seconds:.2f} |\n")
    print("| pair | resource | truth | phoenix-cfn | cloudformation-diff |\n|---|---|---|---|---|")
    print("\n".join(rows))
    return 0 if right["phoenix-cfn"] == total else 1


if __name__ == "__main__":
    sys.exit(main())
