"""What a buildspec does: the files that it writes, the variables that it reads, the containers that it names."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any

from ._pipeline import Action
from ._repository import Buildspec, Deployed
from ._template import Stack
from ._values import Ref, Text, parse_json

_PROVIDED = re.compile(
    r"CODEBUILD_\w+|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|CONTAINER_\w+|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)"
    r"|BASH\w*|HOME|PATH|PWD|OLDPWD|USER|HOSTNAME|SHELL|TMPDIR|RANDOM|SECONDS|LINENO|LANG|IFS|UID|EUID|PPID|TERM"
    r"|JAVA_HOME|GO\w+|NODE_\w+|NVM_\w+|PYENV_\w+|DOCKER_\w+|DOTNET_\w+|PHP_\w+|RUBY_\w+|INITIATOR"
)
_READ = re.compile(r"\$(?:\{#?([A-Z_][A-Z0-9_]*)(?!\w|:?[-=+?])[^}]*\}|([A-Z_][A-Z0-9_]*)(?!\w))")
_SET = re.compile(
    r"(?:^|[\s;&|(])(?:export\s+|local\s+|readonly\s+|declare\s+)?([A-Z_][A-Z0-9_]*)\+?=|\b(?:for|read(?:\s+-\w+)*)\s+([A-Z_][A-Z0-9_]*)"
)


def lacks_file(spec: Buildspec, artifact: str, file: str) -> str | None:
    """Why an artifact has no such file; None if it has, or if that is not known."""
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
        return f"The artifact does not hold {file}; it holds {', '.join(names)}"
    mentioned = any(base in command for command in spec.commands)
    return None if mentioned or calls_others(spec) else f"No command of the buildspec writes {file}"


def lacks_key(spec: Buildspec, file: str, key: str) -> str | None:
    """Why a JSON file has no such key; None if it has, or if a script of its own writes it."""
    base = file.rsplit("/", 1)[-1]
    writers = [command for command in spec.commands if base in command and re.search(r">|\btee\b", command)]
    spelled = [command for command in writers if "{" in command.replace("${", "")]
    if not spelled or len(spelled) < len(writers):
        return None
    if any(re.search(rf"(?<![\w]){re.escape(key)}(?![\w])", command) for command in spelled):
        return None
    return f"The buildspec writes {file} without the key {key}"


def calls_others(spec: Buildspec) -> bool:
    """Whether a buildspec leaves work to scripts, whose doings are not known."""
    return any(
        re.search(r"\.sh\b|\bmake\b|\bnpm (run|exec)\b|\bnpx\b|\.py\b|\bsource\b|(^|[;&]\s*)\.\s", one)
        for one in spec.commands
    )


def variables_read(spec: Buildspec) -> set[str]:
    """The upper-case variables that the commands read, less what they set, what env sets and what CodeBuild sets."""
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
    """The command without what stands in single quotes, where the shell replaces nothing."""
    kept, quote = [], ""
    position = 0
    while position < len(command):
        sign = command[position]
        if sign == "\\" and quote != "'":
            position += 2
            continue
        if quote == "":
            if sign in "'\"":
                quote = sign
        elif sign == quote:
            quote = ""
        if quote != "'":
            kept.append(sign)
        position += 1
    return "".join(kept)


def image_definitions(spec: Buildspec) -> list[str]:
    """The container names that the commands write into imagedefinitions.json."""
    found: list[str] = []
    for command in spec.commands:
        if "imagedefinitions" in command:
            found += re.findall(r'\\?"name\\?"\s*:\s*\\?"([\w.-]+)\\?"', command)
    return found


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


def refused(parameter: Any, given: Any) -> str | None:
    """Why a parameter does not take a value; None if it does, or if that is not known."""
    value = given.literal if isinstance(given, Text) else str(given) if isinstance(given, (int, float)) else None
    if not isinstance(parameter, dict) or value is None or "#{" in value:
        return None
    allowed = parameter.get("AllowedValues")
    if isinstance(allowed, list) and value not in {str(one) for one in allowed}:
        return "it is not one of the AllowedValues"
    if parameter.get("Type") == "Number":
        try:
            number = float(value)
        except ValueError:
            return "it is no number"
        for key, wrong in (("MinValue", number.__lt__), ("MaxValue", number.__gt__)):
            bound = parameter.get(key)
            if isinstance(bound, (int, float)) and wrong(float(bound)) is True:
                return f"{key} is {bound}"
    pattern = parameter.get("AllowedPattern")
    try:
        if isinstance(pattern, str) and re.fullmatch(pattern, value) is None:
            return f"AllowedPattern is {pattern}"
    except (re.error, RecursionError):
        return None
    for key, longer in (("MinLength", False), ("MaxLength", True)):
        bound = parameter.get(key)
        if isinstance(bound, int) and (len(value) > bound if longer else len(value) < bound):
            return f"{key} is {bound}"
    return None


def least_length(stack: Stack, ref: Ref) -> int:
    """How many characters a reference is at least."""
    parameter = stack.parameter(ref.name)
    if parameter.given:
        return len(parameter["Default"].literal or "") or int(parameter["MinLength"].number or 0)
    return 40 if ref.attribute.endswith("Arn") else 1


_IAM = (
    "AWS::IAM::AccessKey",
    "AWS::IAM::Group",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::UserToGroupAddition",
)
_IAM_NAMES = ("RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName")


def needed_capabilities(template: Deployed) -> list[tuple[str, tuple[str, ...]]]:
    """The capabilities that a template needs, each with those that include it."""
    needed: list[tuple[str, tuple[str, ...]]] = []
    resources = [raw for raw in template.section("Resources").values() if isinstance(raw, dict)]
    iam = [raw.get("Properties") for raw in resources if raw.get("Type") in _IAM]
    if any(isinstance(properties, dict) and any(key in properties for key in _IAM_NAMES) for properties in iam):
        needed.append(("CAPABILITY_NAMED_IAM", ()))
    elif iam:
        needed.append(("CAPABILITY_IAM", ("CAPABILITY_NAMED_IAM",)))
    if "Transform" in template.template:
        needed.append(("CAPABILITY_AUTO_EXPAND", ()))
    return needed


def architectures(template: Deployed) -> set[str]:
    """The processors that the template's task definitions run on; empty if they are not all known."""
    found: set[str] = set()
    for raw in template.section("Resources").values():
        if isinstance(raw, dict) and raw.get("Type") == "AWS::ECS::TaskDefinition":
            properties = raw.get("Properties")
            platform = properties.get("RuntimePlatform", {}) if isinstance(properties, dict) else None
            chosen = platform.get("CpuArchitecture", "X86_64") if isinstance(platform, dict) else None
            if not isinstance(chosen, str):
                return set()
            found.add(chosen)
    return found
