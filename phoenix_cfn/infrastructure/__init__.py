"""Infrastructure.yml: everything that a stage of the application runs on."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere.sns import Topic

from phoenix_cfn.common.regions import refuse_other_regions
from phoenix_cfn.common.stage import stage_scope
from phoenix_cfn.common.topic import notification_topic
from phoenix_cfn.infrastructure.cluster import cluster
from phoenix_cfn.infrastructure.dashboard import dashboard
from phoenix_cfn.infrastructure.database import Database
from phoenix_cfn.infrastructure.database.documentdb import documentdb
from phoenix_cfn.infrastructure.deployments.rolling import rolling
from phoenix_cfn.infrastructure.load_balancer import LoadBalancing, load_balancer
from phoenix_cfn.infrastructure.monitoring import release_alarms, service_alarms
from phoenix_cfn.infrastructure.network import Network
from phoenix_cfn.infrastructure.network.vpc import vpc_network
from phoenix_cfn.infrastructure.outputs import outputs
from phoenix_cfn.infrastructure.scaling import scaling
from phoenix_cfn.infrastructure.service import Service, fargate_service
from phoenix_cfn.infrastructure.task import task
from phoenix_cfn.parameters.release import release_parameters
from phoenix_cfn.scope import Scope
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate


@dataclass(frozen=True)
class Infrastructure:
    """The handles of the parts of the template, for code that adds to it.

    `scope`: what a part needs, the template included; `alarm_topic`: the alarms publish to it.
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
    """Writes the template of the infrastructure stack; the pipeline deploys it, any other tool can."""
    description = (
        f"{settings.name}: the service on Fargate behind a load balancer, with DocumentDB, scaling and alarms."
    )
    scope = stage_scope(StageTemplate(description, settings.name), settings, publisher="cloudwatch")
    release = release_parameters(scope.template)

    alarm_topic = notification_topic(scope, "AlarmTopic", publisher="cloudwatch")
    network = vpc_network(scope)
    load_balancing = load_balancer(scope, network)
    database = documentdb(scope, network, release.database_secret_arn)
    alarms = release_alarms(scope, load_balancing, alarm_topic)
    deployment = rolling(scope, load_balancing, alarms)
    service = fargate_service(scope, cluster(scope), task(scope, release, database), network, deployment)
    scaling(scope, load_balancing, service)
    alarms += service_alarms(scope, database, service, alarm_topic)
    overview = dashboard(scope, load_balancing, database, service, alarms)
    outputs(scope, load_balancing, service, alarm_topic, overview)
    refuse_other_regions(scope)
    return Infrastructure(scope, network, load_balancing, database, service, alarm_topic)


def template(settings: Settings) -> StageTemplate:
    """The template alone."""
    return build(settings).template
