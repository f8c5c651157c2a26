"""The contents of a buildspec: the files that it writes, the variables that it reads, the containers that it names."""

from __future__ import annotations

import re
from fnmatch import fnmatch

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text, parse_json

from ._pipeline import Action
from ._repository import Buildspec

_PROVIDED = re.compile(
    r"CODEBUILD_\w+|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|CONTAINER_\w+|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)"
    r"|BASH\w*|HOME|PATH|PWD|OLDPWD|USER|HOSTNAME|SHELL|TMPDIR|RANDOM|SECONDS|LINENO|LANG|IFS|UID|EUID|PPID|TERM"
    r"|JAVA_HOME|GO\w+|NODE_\w+|NVM_\w+|PYENV_\w+|DOCKER_\w+|DOTNET_\w+|PHP_\w+|RUBY_\w+|INITIATOR"
)
_READ = re.compile(r"\$(?:\{#?([A-Z_][A-Z0-9_]*)(?!\w|:?[-=+?])[^}]{0,200}\}|([A-Z_][A-Z0-9_]*)(?!\w))")
_SET = re.compile(
    r"(?:^|[\s;&|(])(?:export\s+|local\s+|readonly\s+|declare\s+)?([A-Z_][A-Z0-9_]*)\+?=|\b(?:for|read(?:\s+-\w+)*)\s+([A-Z_][A-Z0-9_]*)"
)

_ESCAPED = re.compile(r"\\.", re.DOTALL)
_QUOTED = re.compile(r"""\\.|'[^']*'?|("(?:[^"\\]|\\.)*"?)""", re.DOTALL)


def lacks_file(spec: Buildspec, artifact: str, file: str) -> str | None:
    """Why an artifact does not contain a file; None if it does, or if that is not known."""
    found = spec.artifacts.get(artifact)
    if not spec.artifacts:
        return "The buildspec has no artifacts"
    if found is None:
        return f"The buildspec has no artifact {artifact}" if artifact else None
    files = found.get("files")
    if not isinstance(files, list):
        return None
    names = [str(name) for name in files]
    base = file.rsplit("/", 1)[-1]
    if not any(fnmatch(file, name) or name.rsplit("/", 1)[-1] in (base, "*") or "$" in name for name in names):
        return f"The artifact does not contain {file}; it contains {', '.join(names)}"
    mentioned = any(base in command for command in spec.commands)
    return None if mentioned or calls_others(spec) else f"No command of the buildspec writes {file}"


def lacks_key(spec: Buildspec, file: str, key: str) -> str | None:
    """Why a JSON file does not have a key; None if it does, or if a script writes the file."""
    base = file.rsplit("/", 1)[-1]
    writers = [command for command in spec.commands if base in command and re.search(r">|\btee\b", command)]
    spelled = [command for command in writers if "{" in command.replace("${", "")]
    if not spelled or len(spelled) < len(writers):
        return None
    if any(re.search(rf"(?<![\w]){re.escape(key)}(?![\w])", command) for command in spelled):
        return None
    return f"The buildspec writes {file} without the key {key}"


def calls_others(spec: Buildspec) -> bool:
    """Whether a buildspec runs scripts, whose effects are not known."""
    return any(
        re.search(r"\.sh\b|\bmake\b|\bnpm (run|exec)\b|\bnpx\b|\.py\b|\bsource\b|(^|[;&]\s*)\.\s", one)
        for one in spec.commands
    )


def variables_read(spec: Buildspec) -> set[str]:
    """The upper-case variables that the commands read, without those that the commands, env or CodeBuild set."""
    if any(re.search(r"\bsource\b|(^|[;&]\s*)\.\s|\beval\b", command) for command in spec.commands):
        return set()
    kept = {name for kind in ("variables", "parameter-store", "secrets-manager") for name in spec.environment(kind)}
    read: set[str] = set()
    for command in spec.commands:
        kept |= {first or second for first, second in _SET.findall(command)}
        bare = "\n".join(line for line in command.splitlines() if not line.lstrip().startswith("#"))
        read |= {first or second for first, second in _READ.findall(_unquoted(bare))}
    return {name for name in read - kept if not _PROVIDED.fullmatch(name)}


def _unquoted(command: str) -> str:
    """The command without its text in single quotes, in which the shell expands nothing, and without escapes."""
    return _QUOTED.sub(lambda found: _ESCAPED.sub(" ", found[1] or " "), command)


def image_definitions(spec: Buildspec) -> list[str]:
    """The container names that the commands write into imagedefinitions.json."""
    found: list[str] = []
    for command in spec.commands:
        if "imagedefinitions" in command:
            found += re.findall(r'\\?"name\\?"\s*:\s*\\?"([\w.-]+)\\?"', command)
    return found


def started_with(stack: Stack, project: Resource) -> list[set[str] | None]:
    """The variables of each start of a project by something other than a pipeline; None where they are not known."""
    found: list[set[str] | None] = []
    for one in stack.resources.values():
        if one is project or project.id not in one.named or one.type in _NO_STARTERS:
            continue
        if one.type != "AWS::Events::Rule":
            # A state machine, a function or a schedule may pass any variables.
            if one.type in _STARTERS or not one.type.startswith("AWS::"):
                found.append(None)
            continue
        for target in one["Targets"].items:
            if one.stack.resource(target["Arn"]) is project:
                found.append(_overridden(target))
    return found


_STARTERS = (
    "AWS::StepFunctions::StateMachine",
    "AWS::Lambda::Function",
    "AWS::Scheduler::Schedule",
    "AWS::CloudFormation::CustomResource",
)
_NO_STARTERS = ("AWS::CodePipeline::Pipeline",)


def _overridden(target: Node) -> set[str] | None:
    """The variables that an event rule's target passes in environmentVariablesOverride."""
    given = target.at("InputTransformer", "InputTemplate")
    given = given if given.given else target["Input"]
    if not given.given:
        return set()
    if given.text is None:
        return None
    spelled = str(given.text)
    if "environmentVariablesOverride" not in spelled:
        return set()
    # An input template is not JSON: its placeholders have no quotes.
    return set(re.findall(r'"name"\s*:\s*"([^"]+)"', spelled)) or None


def action_variables(action: Action) -> set[str] | None:
    """The variables that a build action gives to its project; None if they are not known."""
    node = action.configuration["EnvironmentVariables"]
    if not node.given:
        return set()
    document = parse_json(node.text) if node.text is not None else None
    if not isinstance(document, list):
        return None
    names = [item.get("name") for item in document if isinstance(item, dict)]
    return {name.literal for name in names if isinstance(name, Text) and name.literal}
