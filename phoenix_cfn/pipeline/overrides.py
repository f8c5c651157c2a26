"""How long ParameterOverrides of the deploy action can get: CodePipeline takes 1,000 characters.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionDeclaration.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from phoenix_cfn.naming import STAGE_PREFIX_MAX_LENGTH, Names

LIMIT = 1000

_ARN = len("arn:aws-us-gov:secretsmanager:ap-southeast-1:123456789012:secret:")
# A role's boundary has a name of at most 128 characters; a secret's name gets a random ending.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_BOUNDARY = len("arn:aws-us-gov:iam::123456789012:policy/") + 128
_ENDING = len("-a1B2c3")
# A parameter without a length: a port, or the name of a database's user.
_BY_PATTERN = {"MongoDBMasterUsername": 63}
_PORT = 5


def longest_overrides(template: Mapping[str, Any], service: str) -> int:
    """The most characters, with the longest values of all parameters of a pipeline's template."""
    text = _overrides(template)
    secret = Names.of(service).database_secret.replace("${StagePrefix}", "x" * STAGE_PREFIX_MAX_LENGTH)
    lengths = {name: _longest(name, each) for name, each in template["Parameters"].items()}
    lengths |= {"RoleBoundary": _BOUNDARY, "DatabaseCredentials": _ARN + len(secret) + _ENDING}
    return len(re.sub(r"\$\{(\w+)\}", lambda match: "x" * lengths[match[1]], text))


def _overrides(template: Mapping[str, Any]) -> str:
    """The text, whose `${...}` CloudFormation fills in."""
    stages = template["Resources"]["Pipeline"]["Properties"]["Stages"]
    configurations = [action["Configuration"] for stage in stages for action in stage["Actions"]]
    (text,) = (each["ParameterOverrides"]["Fn::Sub"] for each in configurations if "ParameterOverrides" in each)
    return str(text)


def _longest(name: str, parameter: Mapping[str, Any]) -> int:
    if "MaxLength" in parameter:
        return int(parameter["MaxLength"])
    if parameter["Type"] == "Number":
        return len(str(parameter["MaxValue"]))
    return _BY_PATTERN.get(name, _PORT)
