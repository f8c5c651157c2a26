"""Pipeline.yml: the resources that deploy a stage on every push."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from troposphere import codepipeline
from troposphere.ecr import Repository
from troposphere.sns import Topic

from phoenix_cfn import infrastructure
from phoenix_cfn.common.regions import refuse_other_regions, resource_types
from phoenix_cfn.common.stage import stage_scope
from phoenix_cfn.common.topic import notification_topic
from phoenix_cfn.iam.earlier import Earlier
from phoenix_cfn.parameters.release import DATABASE_SECRET_ARN, ROLE_BOUNDARY_ARN
from phoenix_cfn.pipeline.deployed import left_by, nameable, of_the_library
from phoenix_cfn.pipeline.image_build import image_build
from phoenix_cfn.pipeline.outputs import outputs
from phoenix_cfn.pipeline.overrides import overrides
from phoenix_cfn.pipeline.release import failure_notifications, release_pipeline
from phoenix_cfn.pipeline.repository import image_repository
from phoenix_cfn.pipeline.revision_build import revision_build
from phoenix_cfn.pipeline.roles import (
    approval_statements,
    codedeploy_statements,
    deploy_role,
    pipeline_role,
    role_boundary,
)
from phoenix_cfn.pipeline.secrets import database_credentials, database_password
from phoenix_cfn.pipeline.sources import source_of_kind
from phoenix_cfn.pipeline.stages import approval_stage, build_stage, codedeploy_stage, deploy_stage
from phoenix_cfn.pipeline.storage import artifact_storage
from phoenix_cfn.scope import Scope
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


class Pipeline(Struct, frozen=True):
    """The handles of the template's parts, for code that adds resources.

    `scope`: the first argument of every part, with the template; `pipeline`: the CodePipeline pipeline; `repository`:
    the ECR repository of the images; `topic`: the SNS topic of failed runs and tasks; `stack`: the infrastructure
    template from which the deploy role follows, as plain data; `deployed`: resources of the fork that running stages
    may have.
    """

    scope: Scope
    pipeline: codepipeline.Pipeline
    repository: Repository
    topic: Topic
    stack: dict[str, Any]
    deployed: Earlier

    @property
    def template(self) -> StageTemplate:
        return self.scope.template


def build(settings: Settings, deployed: StageTemplate | None = None, recorded: Earlier | None = None) -> Pipeline:
    """Builds the template of the pipeline stack, which is uploaded in the console.

    `deployed` is the infrastructure template, if it has more resources than those of the settings: the deploy role
    follows from it. `recorded`: earlier resources that running stages may still have, from the fork's record.
    """
    description = (
        f"{settings.name}: the pipeline that builds the image and deploys the infrastructure stack on every push."
    )
    template = StageTemplate(description, settings.name)
    source = source_of_kind(settings.pipeline.source, template)
    scope = stage_scope(template, settings, publisher="events")
    password = database_password(template) if settings.database.has_cluster else None

    topic = notification_topic(scope, "PipelineTopic", publisher="events")
    repository = image_repository(scope)
    storage = artifact_storage(scope)
    credentials = {} if password is None else {DATABASE_SECRET_ARN: database_credentials(scope, password)}
    project = image_build(scope, repository, storage)
    stack = (infrastructure.template(settings) if deployed is None else deployed).to_dict()
    library, left = of_the_library(settings), left_by(settings, stack)
    own = (recorded or Earlier()) | (left - library)
    earlier = nameable(settings, library | own)
    boundary = role_boundary(scope, left, earlier)
    handed = {**credentials, ROLE_BOUNDARY_ARN: boundary}
    deployer = deploy_role(scope, stack, left, earlier)
    given = overrides(scope, handed)
    given.give_to(project)
    stages = [source.stage, build_stage(project), deploy_stage(scope, given.configuration, deployer)]
    further = [*source.statements]
    if settings.deployment.approval:
        stages.insert(-1, approval_stage(source.stage, source.commits, topic))
        further += approval_statements(scope, topic)
    if settings.deployment.strategy == "codedeploy":
        revision = revision_build(scope, storage)
        stages.append(codedeploy_stage(scope, revision))
        further += codedeploy_statements(scope, revision)
    role = pipeline_role(scope, storage, project, deployer, further)
    pipeline = release_pipeline(scope, storage.bucket, role, stages)
    source.start_on_push(scope, pipeline)
    failure_notifications(scope, pipeline, topic)
    outputs(scope, pipeline, repository)
    refuse_other_regions(scope, resource_types(stack))
    return Pipeline(scope, pipeline, repository, topic, stack, own)


def template(settings: Settings, deployed: StageTemplate | None = None) -> StageTemplate:
    """The template without its handles."""
    return build(settings, deployed).template
