"""The pipeline: its actions, their artifacts, and their configurations for CloudFormation and CodeBuild."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from phoenix_cfn.cloudformation.nodes import Node, Resource
from phoenix_cfn.cloudformation.stack import Stack
from phoenix_cfn.cloudformation.values import Text, parse_json

from ._repository import Buildspec, Deployed, read_buildspec, read_template


@dataclass(frozen=True)
class Action:
    """One action of a pipeline, with the number of its stage and its RunOrder."""

    pipeline: Resource
    node: Node
    stage: int
    order: float

    @property
    def category(self) -> str | None:
        return self.node.at("ActionTypeId", "Category").literal

    @property
    def provider(self) -> str | None:
        return self.node.at("ActionTypeId", "Provider").literal

    @property
    def configuration(self) -> Node:
        return self.node["Configuration"]

    @property
    def inputs(self) -> list[Node]:
        return [item["Name"] for item in self.node["InputArtifacts"].items]

    @property
    def outputs(self) -> list[Node]:
        return [item["Name"] for item in self.node["OutputArtifacts"].items]


def pipelines(stack: Stack) -> list[Resource]:
    return stack.of("AWS::CodePipeline::Pipeline")


def actions(pipeline: Resource) -> list[Action]:
    return pipeline.stack.once(f"actions of {pipeline.id}", lambda: _actions(pipeline))


def _actions(pipeline: Resource) -> list[Action]:
    found = []
    for number, stage in enumerate(pipeline["Stages"].items):
        for node in stage["Actions"].items:
            found.append(Action(pipeline, node, number, node["RunOrder"].number or 1))
    return found


def all_actions(stack: Stack, provider: str | None = None) -> list[Action]:
    found = [action for pipeline in pipelines(stack) for action in actions(pipeline)]
    return [action for action in found if provider is None or action.provider == provider]


def deployments(stack: Stack) -> list[Action]:
    """The actions that create or update a stack."""
    kinds = ("CREATE_UPDATE", "REPLACE_ON_FAILURE", "CHANGE_SET_REPLACE")
    return [one for one in all_actions(stack, "CloudFormation") if one.configuration["ActionMode"].literal in kinds]


def overrides(action: Action) -> dict[str, Any] | None:
    """ParameterOverrides: values are Text, or objects like {"Fn::GetParam": [Text, ...]}. None if unknown or none."""
    value = action.configuration["ParameterOverrides"].text
    document = parse_json(value) if value is not None else None
    return document if isinstance(document, dict) else None


def artifact_functions(document: Any) -> Iterator[tuple[str, list[str | None]]]:
    """The Fn::GetParam and Fn::GetArtifactAtt calls in ParameterOverrides: name of the function, its arguments."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in ("Fn::GetParam", "Fn::GetArtifactAtt") and isinstance(value, list):
                yield key, [item.literal if isinstance(item, Text) else None for item in value]
            else:
                yield from artifact_functions(value)
    elif isinstance(document, list):
        for item in document:
            yield from artifact_functions(item)


def artifact_path(node: Node) -> tuple[str, str] | None:
    """The artifact and the file of a value such as Source::templates/Infrastructure.yml."""
    literal = node.literal
    if literal is None or "::" not in literal:
        return None
    artifact, path = literal.split("::", 1)
    return artifact, path


def producer(action: Action, artifact: str) -> Action | None:
    """The action that produces an artifact."""
    return next(
        (one for one in actions(action.pipeline) if any(node.literal == artifact for node in one.outputs)),
        None,
    )


def project(stack: Stack, action: Action) -> Resource | None:
    return stack.resource(action.configuration["ProjectName"], "AWS::CodeBuild::Project")


def buildspec(stack: Stack, owner: Resource) -> Buildspec | None:
    """The buildspec of a project: inline, or a file of the template's repository."""
    return stack.once(f"buildspec of {owner.id}", lambda: _buildspec(stack, owner))


def _buildspec(stack: Stack, owner: Resource) -> Buildspec | None:
    node = owner.at("Source", "BuildSpec")
    if owner.at("Source", "Type").literal != "CODEPIPELINE" and (not node.given or is_path(node.literal or "")):
        return None  # a file of a source that may be another repository
    return read_buildspec(stack.filename, node.literal if node.given else "buildspec.yml", node.text)


def deployed(stack: Stack, action: Action) -> Deployed | None:
    """The template that a CloudFormation action deploys, if it is in a source and in this repository."""
    found = artifact_path(action.configuration["TemplatePath"])
    if found is None:
        return None
    made_by = producer(action, found[0])
    if made_by is None or made_by.category != "Source":
        return None
    return stack.once(f"template {found[1]}", lambda: read_template(stack.filename, found[1]))


def releases(stack: Stack) -> Iterator[tuple[Action, Deployed]]:
    """The deploy actions whose template is known, with the template."""
    for action in deployments(stack):
        template = deployed(stack, action)
        if template is not None:
            yield action, template


def builds(stack: Stack) -> Iterator[tuple[Resource, Buildspec]]:
    """The build projects whose buildspec is known, with the buildspec."""
    for owner in stack.of("AWS::CodeBuild::Project"):
        spec = buildspec(stack, owner)
        if spec is not None:
            yield owner, spec


def source_files(stack: Stack) -> list[tuple[Node, str]]:
    """The files that the pipeline expects in its source: the node, and the path."""
    found = []
    for action in all_actions(stack):
        if action.provider == "CloudFormation":
            for key in ("TemplatePath", "TemplateConfiguration"):
                named = artifact_path(action.configuration[key])
                made_by = producer(action, named[0]) if named else None
                if named and made_by is not None and made_by.category == "Source":
                    found.append((action.configuration[key], named[1]))
        owner = project(stack, action) if action.provider == "CodeBuild" else None
        if owner is not None:
            node = owner.at("Source", "BuildSpec")
            literal = node.literal if node.given else "buildspec.yml"
            if literal and is_path(literal):
                found.append((node if node.given else owner["Source"], literal))
    return found


def is_path(spec: str) -> bool:
    """Whether a BuildSpec is the name of a file, not an inline buildspec."""
    return "\n" not in spec and re.fullmatch(r"[\w./-]+\.ya?ml", spec.strip()) is not None


def triggers(stack: Stack, pipeline: Resource) -> list[Resource]:
    """The webhooks and event rules that start a pipeline."""
    found = [
        hook
        for hook in stack.of("AWS::CodePipeline::Webhook")
        if stack.resource(hook["TargetPipeline"], "AWS::CodePipeline::Pipeline") is pipeline
    ]
    for rule in stack.of("AWS::Events::Rule"):
        for target in rule["Targets"].items:
            value = target["Arn"].text
            named = stack.resource(value, "AWS::CodePipeline::Pipeline")
            if named is pipeline or (value and any(ref.name == pipeline.id for ref in value.refs)):
                found.append(rule)
    return found
