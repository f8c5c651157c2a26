"""The parameters of the infrastructure stack: in the deploy action, or in a file of the build.

ParameterOverrides of a CodePipeline action has at most 1,000 characters. If the longest values would exceed the limit,
the build writes the parameters to a template configuration file, and the action overrides only the image.
https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionDeclaration.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from troposphere import AWSObject, Sub
from troposphere.codebuild import EnvironmentVariable, Project

from phoenix_cfn.naming import STAGE_PREFIX_MAX_LENGTH, Names
from phoenix_cfn.parameters.release import DATABASE_SECRET_ARN, DOCKER_IMAGE_URI, ROLE_BOUNDARY_ARN
from phoenix_cfn.pipeline.stages import IMAGE_ARTIFACT, IMAGE_FILE, IMAGE_KEY
from phoenix_cfn.scope import Scope

LIMIT = 1000
# The environment variable of the build with the file's content, and the file's name.
CONFIGURATION_VARIABLE, CONFIGURATION_FILE = "STACK_CONFIGURATION", "stack.json"

_ARN = len("arn:aws-us-gov:secretsmanager:ap-southeast-1:123456789012:secret:")
# A managed policy's name has at most 128 characters; a secret's name gets a random suffix.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_BOUNDARY = len("arn:aws-us-gov:iam::123456789012:policy/") + 128
_ENDING = len("-a1B2c3")
# Parameters without MaxLength: a port, or the database's user name.
_BY_PATTERN = {"MongoDBMasterUsername": 63}
_PORT = 5


class Overrides(Struct, frozen=True):
    """`action` is ParameterOverrides; `file` is the content of the file, or None without a file."""

    action: Sub | str
    file: Sub | None = None

    @property
    def configuration(self) -> dict[str, object]:
        """The configuration of the deploy action."""
        named = {"TemplateConfiguration": f"{IMAGE_ARTIFACT}::{CONFIGURATION_FILE}"} if self.file else {}
        return {**named, "ParameterOverrides": self.action}

    def give_to(self, project: Project) -> None:
        """Adds the file's content to the variables of the build, if there is a file."""
        if self.file:
            variable = EnvironmentVariable(Name=CONFIGURATION_VARIABLE, Value=self.file)
            project.Environment.EnvironmentVariables.append(variable)


def overrides(scope: Scope, handed: Mapping[str, AWSObject]) -> Overrides:
    """All parameters of Infrastructure.yml. `handed`: resources whose Ref is the value, by parameter.

    The values are readable in the pipeline and in the build: of the database's credentials, only the ARN is passed.
    """
    values: dict[str, object] = {name: f"${{{name}}}" for name in scope.parameters.names()}
    values |= {name: f"${{{resource.title}}}" for name, resource in handed.items()}
    image = {DOCKER_IMAGE_URI: {"Fn::GetParam": [IMAGE_ARTIFACT, IMAGE_FILE, IMAGE_KEY]}}
    text = _json({**values, **image})
    known = _handed(scope.settings.name)
    lengths = {str(resource.title): known[name] for name, resource in handed.items()}
    if longest(text, {name: each.to_dict() for name, each in scope.template.parameters.items()}, lengths) <= LIMIT:
        return Overrides(Sub(text))
    return Overrides(_json(image), Sub(_json({"Parameters": values})))


def longest(text: str, parameters: Mapping[str, Any], others: Mapping[str, int]) -> int:
    """The maximum length of an Fn::Sub text in characters; `others` has the lengths of variables that are not
    parameters."""
    lengths = {**{name: _longest(name, each) for name, each in parameters.items()}, **others}
    return len(re.sub(r"\$\{(\w+)\}", lambda match: "x" * lengths[match[1]], text))


def _handed(service: str) -> dict[str, int]:
    """The maximum lengths of the Refs to the pipeline stack's resources, by parameter."""
    secret = Names.of(service).database_secret.replace("${StagePrefix}", "x" * STAGE_PREFIX_MAX_LENGTH)
    return {ROLE_BOUNDARY_ARN: _BOUNDARY, DATABASE_SECRET_ARN: _ARN + len(secret) + _ENDING}


def _longest(name: str, parameter: Mapping[str, Any]) -> int:
    if "MaxLength" in parameter:
        return int(parameter["MaxLength"])
    if parameter["Type"] == "Number":
        return len(str(parameter["MaxValue"]))
    return _BY_PATTERN.get(name, _PORT)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
