"""What starts a pipeline after a push: the webhook of a token, the connection to GitHub, or the event of CodeCommit."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from phoenix_cfn.local.aws import codepipeline, git_hosts, iam, ministack
from phoenix_cfn.local.aws.codepipeline import Key
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.git_hosts import PUSHES
from phoenix_cfn.local.aws.resources import Properties, extend
from phoenix_cfn.local.aws.settings import settings

_GUIDE = "https://docs.aws.amazon.com/codepipeline/latest/userguide"

_webhooks: dict[str, tuple[Key, Properties]] = {}
# By the pipeline's name: the secret with which the connection's events are signed, and the pipeline.
_connections: dict[str, tuple[str, Key]] = {}


@correction(
    "A webhook is registered with GitHub by the token of the source action; deliveries are checked and start a run",
    f"{_GUIDE}/appendix-github-oauth.html",
)
def webhooks() -> None:
    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
        return put(properties.get("Name") or f"{stack}-{logical_id}-{secrets.token_hex(6).upper()}", properties)

    def update(name: str, old: Properties, new: Properties, stack: str) -> tuple[str, dict[str, str]]:
        return put(name, new)

    def put(name: str, properties: Properties) -> tuple[str, dict[str, str]]:
        key = (ministack.account(), ministack.region(), properties["TargetPipeline"])
        if key not in codepipeline.PIPELINES:
            raise ValueError(f"There is no pipeline {properties['TargetPipeline']}")
        configuration = _configuration(key, properties["TargetAction"])
        if not 1 <= len(properties["AuthenticationConfiguration"].get("SecretToken", "")) <= 100:
            raise ValueError("SecretToken has between 1 and 100 characters")
        url = f"{settings().endpoint}{PUSHES}webhooks/{name}"
        if str(properties.get("RegisterWithThirdParty", False)).lower() == "true":
            repository = git_hosts.github(configuration["Owner"], configuration["Repo"])
            try:
                repository.check(configuration["OAuthToken"])
            except ValueError as error:
                raise ValueError(f"Could not register the webhook: {error}") from error
            repository.register(url, properties["AuthenticationConfiguration"]["SecretToken"])
        _webhooks[name] = (key, properties)
        return name, {"Url": url}

    def delete(name: str, properties: Properties) -> None:
        found = _webhooks.pop(name, None)
        if found and found[0] in codepipeline.PIPELINES:
            configuration = _configuration(found[0], properties["TargetAction"])
            repository = git_hosts.github(configuration["Owner"], configuration["Repo"])
            repository.unregister(f"{settings().endpoint}{PUSHES}webhooks/{name}")

    ministack.handlers["AWS::CodePipeline::Webhook"] = {"create": create, "update": update, "delete": delete}


def _configuration(key: Key, action: str) -> dict[str, Any]:
    for each in codepipeline.actions(key):
        if each["Name"] == action:
            return dict(each["Configuration"])
    raise ValueError(f"The pipeline has no action {action}")


@correction(
    "A source action that detects changes gets the pushes of its repository through the connection",
    f"{_GUIDE}/action-reference-CodestarConnectionSource.html",
)
def connections_detect_changes() -> None:
    extend(codepipeline.PIPELINE, after=_detect)
    handler = ministack.handlers[codepipeline.PIPELINE]
    plain = handler["delete"]

    def delete(name: str, properties: Properties) -> None:
        plain(name, properties)
        _forget(name, properties)

    handler["delete"] = delete


def _detect(name: str, properties: Properties) -> None:
    """The connection's app at GitHub tells AWS of every push to the repository."""
    for configuration in _connected(properties):
        if str(configuration.get("DetectChanges", True)).lower() == "true":
            secret = secrets.token_urlsafe(20)
            _connections[name] = (secret, (ministack.account(), ministack.region(), name))
            git_hosts.github(*configuration["FullRepositoryId"].split("/", 1)).register(_event_url(name), secret)


def _forget(name: str, properties: Properties) -> None:
    if _connections.pop(name, None):
        for configuration in _connected(properties):
            git_hosts.github(*configuration["FullRepositoryId"].split("/", 1)).unregister(_event_url(name))


def _event_url(pipeline: str) -> str:
    return f"{settings().endpoint}{PUSHES}connections/{pipeline}"


def _connected(properties: Properties) -> list[dict[str, Any]]:
    """The configurations of the source actions that use a connection."""
    actions = [action for stage in properties["Stages"] for action in stage["Actions"]]
    return [each["Configuration"] for each in actions if each["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"]


@correction(
    "A rule of EventBridge starts a pipeline with the role of its target",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html",
)
def rules_start_pipelines() -> None:
    plain = ministack.eventbridge._invoke_target

    def invoke(target: dict[str, Any], *rest: Any, **named: Any) -> Any:
        arn = target.get("Arn", "")
        if not arn.startswith("arn:aws:codepipeline:"):
            return plain(target, *rest, **named)
        key = (ministack.account(), ministack.region(), arn.rsplit(":", 1)[1])
        try:
            iam.credentials(target.get("RoleArn", ""), "events.amazonaws.com")
            iam.require(target["RoleArn"], ["codepipeline:StartPipelineExecution"], arn)
        except iam.AccessDenied as error:
            # AWS counts it as FailedInvocations; nobody else learns of it.
            print(f"events: {error}", flush=True)
            return None
        if key in codepipeline.PIPELINES:
            codepipeline.start(key, "CloudWatchEvent")
        return None

    ministack.eventbridge._invoke_target = invoke


def deliver(kind: str, name: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """A push that a Git host reports: HTTP status and why. `kind`: webhooks, connections or codecommit."""
    return {"webhooks": _by_webhook, "connections": _by_connection, "codecommit": _by_event}[kind](name, headers, body)


def _by_webhook(name: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    if name not in _webhooks:
        return 404, "no such webhook"
    key, properties = _webhooks[name]
    secret = properties["AuthenticationConfiguration"]["SecretToken"]
    if headers.get("x-hub-signature-256") != git_hosts.signature(secret, body):
        return 403, "the signature is wrong"
    payload = json.loads(body)
    configuration = _configuration(key, properties["TargetAction"])
    for rule in properties["Filters"]:
        wanted = re.sub(r"\{(\w+)\}", lambda match: configuration[match[1]], rule["MatchEquals"])
        if payload.get(rule["JsonPath"].removeprefix("$.")) != wanted:
            return 200, "filtered"
    return 200, codepipeline.start(key, "Webhook").id


def _by_connection(name: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    if name not in _connections:
        return 404, "no such connection"
    secret, key = _connections[name]
    if headers.get("x-hub-signature-256") != git_hosts.signature(secret, body):
        return 403, "the signature is wrong"
    branches = {each["BranchName"] for each in _connected(codepipeline.PIPELINES[key].definition)}
    if json.loads(body)["ref"].removeprefix("refs/heads/") not in branches:
        return 200, "another branch"
    return 200, codepipeline.start(key, "WebhookV2").id


def _by_event(place: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """`place`: account, region and name of the repository.

    https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
    """
    account, region, name = place.split("/")
    payload = json.loads(body)
    branch = payload["ref"].removeprefix("refs/heads/")
    detail = {
        "event": "referenceUpdated",
        "repositoryName": name,
        "referenceType": "branch",
        "referenceName": branch,
        "referenceFullName": payload["ref"],
        "commitId": payload["after"],
    }
    entry = {
        "Source": "aws.codecommit",
        "DetailType": "CodeCommit Repository State Change",
        "Resources": [f"arn:aws:codecommit:{region}:{account}:{name}"],
        "Detail": json.dumps(detail),
    }
    with ministack.request_scope(account, region):
        ministack.eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    return 200, "published"
