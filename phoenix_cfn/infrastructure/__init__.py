"""Infrastructure.yml: everything that a stage of the application runs on."""

from __future__ import annotations

from phoenix_cfn.encryption import encryption_key
from phoenix_cfn.infrastructure.dashboard import dashboard
from phoenix_cfn.infrastructure.database import database
from phoenix_cfn.infrastructure.load_balancer import load_balancer
from phoenix_cfn.infrastructure.monitoring import release_alarms, service_alarms
from phoenix_cfn.infrastructure.network import network
from phoenix_cfn.infrastructure.outputs import outputs
from phoenix_cfn.infrastructure.scaling import scaling
from phoenix_cfn.infrastructure.security_groups import security_groups
from phoenix_cfn.infrastructure.service import service
from phoenix_cfn.notifications import notification_topic
from phoenix_cfn.parameters import database_secret_arn, docker_image_uri, role_boundary_arn, stage_parameters
from phoenix_cfn.regions import refuse_other_regions
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


def template(settings: Settings) -> StageTemplate:
    """The template of the infrastructure stack; the pipeline deploys it, anything else may."""
    t = StageTemplate(
        f"{settings.name}: the service on Fargate behind a load balancer, with DocumentDB, scaling and alarms.",
        settings.name,
    )
    parameters = stage_parameters(t, settings)
    secret_arn = database_secret_arn(t)
    image = docker_image_uri(t)
    boundary = role_boundary_arn(t)

    key = encryption_key(t, publisher="cloudwatch")
    topic = notification_topic(t, "AlarmTopic", parameters, key, publisher="cloudwatch")
    net = network(t, settings)
    groups = security_groups(t, net, parameters)
    entrance = load_balancer(t, settings, parameters, net, groups)
    data = database(t, settings, parameters, secret_arn, key, net, groups)
    alarms = release_alarms(t, settings, entrance, topic)
    running = service(
        t, settings, parameters, image, key, net, groups, entrance, data, boundary, rollback_alarms=alarms
    )
    scaling(t, parameters, entrance, running)
    alarms += service_alarms(t, settings, parameters, data, running, topic)
    board = dashboard(t, settings, parameters, entrance, data, running, alarms)
    outputs(t, entrance, running, topic, board)
    refuse_other_regions(t, settings, t.to_dict())
    return t
