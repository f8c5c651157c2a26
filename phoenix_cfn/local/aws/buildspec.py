"""A buildspec as a shell script: its phases in one shell, in order, as CodeBuild runs them.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import yaml

# The folder in the container where the script leaves the exported variables, each in a file with its name.
EXPORTED = "/codebuild/exported"
_PHASES = ("install", "pre_build", "build", "post_build")
# Keys that are followed; another one would be ignored, so it is refused.
_KEYS = {"version", "env", "phases", "artifacts"}
_ENV_KEYS = {"shell", "variables", "exported-variables"}
_PHASE_KEYS = {"commands", "finally", "on-failure", "runtime-versions"}


@dataclass(frozen=True)
class Buildspec:
    """`artifacts`: the files, relative to the source's root, that the output artifact holds.

    `exported`: the names of the variables that later actions of a pipeline can use.
    """

    shell: str
    variables: dict[str, str]
    phases: dict[str, dict[str, Any]]
    artifacts: list[str]
    exported: list[str]

    @classmethod
    def parse(cls, text: str) -> Buildspec:
        """ValueError names what this does not follow, or what CodeBuild would refuse."""
        document = yaml.safe_load(text)
        env, phases = document.get("env", {}), document.get("phases", {})
        unknown = set(document) - _KEYS | set(env) - _ENV_KEYS | set(phases) - set(_PHASES)
        for phase in phases.values():
            unknown |= set(phase) - _PHASE_KEYS
        if unknown:
            raise ValueError(f"the local CodeBuild does not follow {sorted(unknown)} of a buildspec")
        if str(document.get("version")) != "0.2":
            raise ValueError("YAML_FILE_ERROR: wrong version in buildspec, 0.2 is expected")
        variables = {key: str(value) for key, value in env.get("variables", {}).items()}
        files = document.get("artifacts", {}).get("files", [])
        exported = list(env.get("exported-variables", []))
        return cls(env.get("shell", "sh"), variables, phases, list(files), exported)

    def script(self) -> str:
        """Says "[phase] NAME SUCCEEDED" or FAILED after each phase; its exit code is the build's."""
        lines = ["export CODEBUILD_BUILD_SUCCEEDING=1", "failed=0", _export(self.exported)]
        lines += [f"export {key}={shlex.quote(value)}" for key, value in self.variables.items()]
        for name in _PHASES:
            phase = self.phases.get(name, {})
            # post_build runs after a failed build, but nothing does after a failed install or pre_build.
            condition = '[ "$failed" != 2 ]' if name == "post_build" else '[ "$failed" = 0 ]'
            abort = name != "build" or phase.get("on-failure") == "ABORT"
            lines += [f"if {condition}; then", f'phase={name.upper()}; echo "[phase] $phase"; ok=1']
            lines += [_guarded(command) for command in phase.get("commands", [])]
            lines += [f"{{ {command}\n}} || true" for command in phase.get("finally", [])]
            lines += [
                'if [ "$ok" = 1 ]; then echo "[phase] $phase SUCCEEDED"; else echo "[phase] $phase FAILED"',
                f"export CODEBUILD_BUILD_SUCCEEDING=0; failed={2 if abort else 1}; fi",
                "fi",
            ]
        return "\n".join([*lines, '[ "$failed" = 0 ]', ""])


def _export(names: list[str]) -> str:
    """Functions that write the exported variables to their files, as far as they are set, and read them again."""
    keep = [f'[ -z "${{{name}+set}}" ] || printf %s "${name}" > {EXPORTED}/{name}' for name in names]
    load = [f'[ ! -f {EXPORTED}/{name} ] || {name}="$(cat {EXPORTED}/{name})"' for name in names]
    functions = [f"{name}() {{ :\n{chr(10).join(lines)}\n}}" for name, lines in (("keep", keep), ("load", load))]
    return "\n".join([*([f"mkdir -p {EXPORTED}"] if names else []), *functions])


def _guarded(command: str) -> str:
    """Runs when all before it in the phase succeeded. In the same shell, since `cd` and variables last; but a command
    that sets -e or exits must not take the script with it, so that a group of lines runs in a subshell of its own.
    """
    alone = "\n" in command.strip() or "exit" in command
    body = f"( trap keep EXIT; {command}\n)" if alone else f"{{ {command}\n}}"
    return f'if [ "$ok" = 1 ]; then\n{body}\n[ $? = 0 ] || ok=0\n{"load" if alone else "keep"}\nfi'
