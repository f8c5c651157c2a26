"""Pipeline.yml: everything that turns a push into a release of one stage."""

from __future__ import annotations

from phoenix_cfn import infrastructure
from phoenix_cfn.encryption import encryption_key
from phoenix_cfn.notifications import notification_topic
from phoenix_cfn.parameters import DATABASE_SECRET_ARN, ROLE_BOUNDARY_ARN, database_password, stage_parameters
from phoenix_cfn.pipeline.image_build import image_build
from phoenix_cfn.pipeline.outputs import outputs
from phoenix_cfn.pipeline.release import failure_notifications, release_pipeline
from phoenix_cfn.pipeline.repository import image_repository
from phoenix_cfn.pipeline.roles import deploy_role, pipeline_role, role_boundary
from phoenix_cfn.pipeline.secrets import database_credentials
from phoenix_cfn.pipeline.sources import source
from phoenix_cfn.pipeline.stages import build_stage, deploy_stage
from phoenix_cfn.pipeline.storage import artifact_storage
from phoenix_cfn.regions import refuse_other_regions
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


def template(settings: Settings, deployed: StageTemplate | None = None) -> StageTemplate:
    """The template of the pipeline stack: the one that a person uploads in the console.

    `deployed` is the infrastructure template, where it is more than its settings make it: the deploy role follows it.
    """
    t = StageTemplate(
        f"{settings.name}: the pipeline that builds the application and deploys its infrastructure at every push.",
        settings.name,
    )
    code = source(t, settings)
    parameters = stage_parameters(t, settings)
    password = database_password(t)

    key = encryption_key(t, publisher="events")
    topic = notification_topic(t, "PipelineTopic", parameters, key, publisher="events")
    repository = image_repository(t, settings, key)
    storage = artifact_storage(t, settings, key)
    credentials = database_credentials(t, settings, parameters, password, key)
    project = image_build(t, settings, repository, storage, key)
    stack = (infrastructure.template(settings) if deployed is None else deployed).to_dict()
    handed = {DATABASE_SECRET_ARN: credentials, ROLE_BOUNDARY_ARN: role_boundary(t, settings, stack)}
    deployer = deploy_role(t, settings, stack, handed)
    stages = [code.stage, build_stage(project), deploy_stage(settings, parameters, handed, deployer)]
    role = pipeline_role(t, settings, storage, project, deployer, code.statements)
    release = release_pipeline(t, settings, storage.bucket, role, stages)
    code.announce_pushes(t, settings, release, key)
    failure_notifications(t, settings, release, topic)
    outputs(t, settings, release, repository)
    refuse_other_regions(t, settings, t.to_dict(), stack)
    return t
