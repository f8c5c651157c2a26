"""Infrastructure.yml: the resources of a stage."""

from __future__ import annotations

from msgspec import Struct
from troposphere.sns import Topic

from phoenix_cfn.common.regions import refuse_other_regions
from phoenix_cfn.common.stage import stage_scope
from phoenix_cfn.common.topic import notification_topic
from phoenix_cfn.infrastructure.cluster import cluster
from phoenix_cfn.infrastructure.dashboard import dashboard
from phoenix_cfn.infrastructure.database import Database, database_of_kind
from phoenix_cfn.infrastructure.deployments import deployment_by
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing, load_balancer
from phoenix_cfn.infrastructure.monitoring import release_alarms, service_alarms
from phoenix_cfn.infrastructure.network import Network, network_of_kind
from phoenix_cfn.infrastructure.outputs import outputs
from phoenix_cfn.infrastructure.rate_limit import rate_limit
from phoenix_cfn.infrastructure.scaling import scaling
from phoenix_cfn.infrastructure.service import Service, fargate_service
from phoenix_cfn.infrastructure.task import task
from phoenix_cfn.parameters.release import release_parameters
from phoenix_cfn.scope import Scope
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


class Infrastructure(Struct, frozen=True):
    """The handles of the template's parts, for code that adds resources.

    `scope`: the first argument of every part, with the template; `alarm_topic`: the SNS topic of the alarms.
    """

    scope: Scope
    network: Network
    load_balancing: LoadBalancing
    database: Database
    service: Service
    alarm_topic: Topic

    @property
    def template(self) -> StageTemplate:
        return self.scope.template


def build(settings: Settings) -> Infrastructure:
    """Builds the template of the infrastructure stack, for the pipeline or any other tool."""
    database_words = "DocumentDB, " if settings.database.has_cluster else ""
    description = (
        f"{settings.name}: an ECS service on Fargate behind a load balancer, with {database_words}scaling and alarms."
    )
    scope = stage_scope(StageTemplate(description, settings.name), settings, publisher="cloudwatch")
    release = release_parameters(scope.template, settings)

    alarm_topic = notification_topic(scope, "AlarmTopic", publisher="cloudwatch")
    network = network_of_kind(scope)
    load_balancing = load_balancer(scope, network)
    rate_limit(scope, load_balancing)
    database = database_of_kind(scope, network, release)
    alarms = release_alarms(scope, load_balancing, alarm_topic)
    deployment = deployment_by(scope, load_balancing, alarms, release.role_boundary_arn)
    service = fargate_service(scope, cluster(scope), task(scope, release, database), network, deployment)
    scaling(scope, load_balancing, service)
    alarms = [*alarms, *service_alarms(scope, database, service, alarm_topic)]
    overview = dashboard(scope, load_balancing, database, service, alarms)
    outputs(scope, load_balancing, service, alarm_topic, overview)
    deployment.complete(scope, service)
    refuse_other_regions(scope)
    return Infrastructure(scope, network, load_balancing, database, service, alarm_topic)


def template(settings: Settings) -> StageTemplate:
    """The template without its handles."""
    return build(settings).template
