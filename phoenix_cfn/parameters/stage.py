"""The parameters that describe a stage: both templates have them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from troposphere import Equals, Not, Parameter, Ref

from phoenix_cfn.cloudformation.facts import documentdb
from phoenix_cfn.naming import RESERVED_STAGES, STAGE_PREFIX_MAX_LENGTH, STAGE_PREFIX_PATTERN
from phoenix_cfn.parameters.form import DATABASE, HTTPS, NETWORK, NOTIFICATIONS, SECRET_ARN, SERVICE, STAGE, Form
from phoenix_cfn.parameters.numbers import number, port, tasks
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate

# The condition of everything that needs an address for notifications.
NOTIFIED = "HasNotificationEmail"

# The conditions that Fn::And takes, two at least.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
_CONDITIONS = 10

# A dot-atom at a domain (RFC 5321), of the characters that stay themselves in JSON and in the pipeline's definition.
_EMAIL = (
    r"^$|^(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_~-]+)*"
    r"@([A-Za-z0-9](-*[A-Za-z0-9])*\.)+[A-Za-z](-*[A-Za-z0-9])+$"
)


class StageParameters(Struct, frozen=True):
    """The parameters of both templates; the pipeline passes each value on under the same name.

    None, or empty, is what the settings do not ask for. `network`: the network that exists, by the parameters' names.
    """

    stage_prefix: Parameter
    container_port: Parameter
    min_running_tasks: Parameter
    max_running_tasks: Parameter
    requests_per_second_per_task: Parameter
    auto_scaling_target_value: Parameter
    network: Mapping[str, Parameter]
    certificate_arn: Parameter | None
    domain_name: Parameter | None
    hosted_zone_id: Parameter | None
    mongodb_master_username: Parameter | None
    mongodb_port: Parameter | None
    database_snapshot: Parameter | None
    database_secret_arn: Parameter | None
    database_port: Parameter | None
    notification_email: Parameter

    def names(self) -> list[str]:
        """Of those that the settings ask for."""
        found: list[str] = []
        for value in (getattr(self, each) for each in self.__struct_fields__):
            found += [str(value.title)] if isinstance(value, Parameter) else list(value or ())
        return found


def stage_parameters(template: StageTemplate, settings: Settings) -> StageParameters:
    """Adds the parameters that both templates share, with the Rules and the condition that go with them."""
    form = Form(template, __name__)
    database, https = settings.database, settings.load_balancer.https
    has_cluster, is_external = database.has_cluster, database.kind == "external"
    parameters = StageParameters(
        stage_prefix=_stage_prefix(form),
        container_port=_container_port(form, settings.service.container_port),
        min_running_tasks=_min_running_tasks(form, settings),
        max_running_tasks=_max_running_tasks(form, settings),
        requests_per_second_per_task=_requests_per_task(form, settings.scaling.requests_per_second_per_task),
        auto_scaling_target_value=_average_cpu(form, settings.scaling.cpu_target_percent),
        network=_existing_network(form, has_cluster) if settings.network.kind == "existing" else {},
        certificate_arn=_certificate_arn(form) if https == "certificate" else None,
        domain_name=_domain_name(form) if https == "domain" else None,
        hosted_zone_id=_hosted_zone_id(form) if https == "domain" else None,
        mongodb_master_username=_master_username(form) if has_cluster else None,
        mongodb_port=_cluster_port(form) if has_cluster else None,
        database_snapshot=_snapshot(form) if database.from_snapshot else None,
        database_secret_arn=_external_secret(form) if is_external else None,
        database_port=_external_port(form) if is_external else None,
        notification_email=_notification_email(form),
    )
    template.add_condition(NOTIFIED, Not(Equals(Ref(parameters.notification_email), "")))
    _refuse_maximum_below_minimum(template, settings.scaling.tasks_limit)
    return parameters


def _stage_prefix(form: Form) -> Parameter:
    return form.ask(
        STAGE,
        "Stage",
        Parameter(
            "StagePrefix",
            Type="String",
            Default="dev",
            Description="Stage, such as dev, qa or prod: names of resources begin with it. Do not change it later.",
            AllowedPattern=STAGE_PREFIX_PATTERN,
            MaxLength=STAGE_PREFIX_MAX_LENGTH,
            ConstraintDescription=(
                "Use lower-case letters, digits and single hyphens between them, begin with a letter, at most "
                f"{STAGE_PREFIX_MAX_LENGTH} characters: for example prod. AWS reserves "
                f"{', '.join(RESERVED_STAGES)}, alone or before a hyphen."
            ),
        ),
    )


def _container_port(form: Form, default: int) -> Parameter:
    description = "Port that the application listens on (variable PORT). A later change interrupts the service."
    return form.ask(SERVICE, "Container port", port("ContainerPort", default, 1024, description))


def _min_running_tasks(form: Form, settings: Settings) -> Parameter:
    description = "Tasks that run without any load. Two or more run in two availability zones."
    limits = settings.scaling
    return form.ask(
        SERVICE, "Fewest tasks", tasks("MinRunningTasks", limits.min_tasks, limits.tasks_limit, description)
    )


def _max_running_tasks(form: Form, settings: Settings) -> Parameter:
    description = "The most tasks that scaling runs; not below MinRunningTasks."
    limits = settings.scaling
    return form.ask(SERVICE, "Most tasks", tasks("MaxRunningTasks", limits.max_tasks, limits.tasks_limit, description))


def _requests_per_task(form: Form, default: int) -> Parameter:
    description = "Tasks are added above this many requests per second and task."
    return form.ask(
        SERVICE,
        "Requests per second and task",
        number("RequestsPerSecondPerTask", default, 1, 10_000, description),
    )


def _average_cpu(form: Form, default: int) -> Parameter:
    description = "Tasks are added above this average CPU of the service, in percent."
    return form.ask(SERVICE, "Average CPU (%)", number("AutoScalingTargetValue", default, 10, 90, description))


def _existing_network(form: Form, has_cluster: bool) -> dict[str, Parameter]:
    """The VPC, and two subnets of each tier."""
    tiers = {"Public": "with a route to an internet gateway", "Private": "with a way out, by which tasks reach AWS"}
    if has_cluster:
        tiers["Database"] = "for the database"
    found = [_id(form, "VpcId", "VPC", "vpc", "VPC that the stage runs in. Do not change it later.")]
    for tier, words in tiers.items():
        for zone in "AB":
            description = f"{tier} subnet, {words}. Subnets A and B are in different Availability Zones."
            found.append(_id(form, f"{tier}Subnet{zone}", f"{tier} subnet {zone}", "subnet", description))
    return {str(each.title): each for each in found}


def _id(form: Form, name: str, label: str, kind: str, description: str) -> Parameter:
    """The id of something in EC2."""
    return form.ask(
        NETWORK,
        label,
        Parameter(
            name,
            Type="String",
            Description=description,
            AllowedPattern=f"^{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})$",
            MaxLength=len(kind) + 18,
            ConstraintDescription=f"Enter the id of a {kind}, such as {kind}-0123456789abcdef0.",
        ),
    )


def _certificate_arn(form: Form) -> Parameter:
    return form.ask(
        HTTPS,
        "Certificate",
        Parameter(
            "CertificateArn",
            Type="String",
            Description="ARN of a certificate in ACM, of this region, for the domain that leads to the load balancer.",
            # https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html
            AllowedPattern=r"^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
            MaxLength=128,
            ConstraintDescription="Enter the ARN of a certificate in AWS Certificate Manager.",
        ),
    )


def _domain_name(form: Form) -> Parameter:
    return form.ask(
        HTTPS,
        "Domain",
        Parameter(
            "DomainName",
            Type="String",
            Description="Domain of the application, such as dev.example.com. A later change interrupts the service.",
            # The common name of a certificate has 64 characters.
            # https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
            AllowedPattern=r"^([a-z0-9](-*[a-z0-9]){0,62}\.)+[a-z](-*[a-z0-9])+$",
            MaxLength=64,
            ConstraintDescription="Enter a domain in lower case such as dev.example.com, at most 64 characters.",
        ),
    )


def _hosted_zone_id(form: Form) -> Parameter:
    return form.ask(
        HTTPS,
        "Hosted zone",
        Parameter(
            "HostedZoneId",
            Type="String",
            Description="Id of the public hosted zone in Route 53 that the domain belongs to.",
            # https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html
            AllowedPattern="^Z[A-Z0-9]{1,31}$",
            MaxLength=32,
            ConstraintDescription="Enter the id of a hosted zone, such as Z0123456789ABCDEFGHIJ.",
        ),
    )


def _master_username(form: Form) -> Parameter:
    return form.ask(
        DATABASE,
        "User name",
        Parameter(
            "MongoDBMasterUsername",
            Type="String",
            Default="documentdb",
            Description="Master user of the database. Do not change it later.",
            AllowedPattern=f"^(?!(?i:{'|'.join(documentdb.RESERVED_USERS)})$)[a-zA-Z][a-zA-Z0-9]{{0,62}}$",
            ConstraintDescription=(
                "Use 1 to 63 letters and digits, begin with a letter. DocumentDB reserves "
                f"{', '.join(documentdb.RESERVED_USERS)}."
            ),
        ),
    )


def _cluster_port(form: Form) -> Parameter:
    description = "Port that the database listens on."
    return form.ask(DATABASE, "Port", port("MongoDBPort", documentdb.DEFAULT_PORT, documentdb.FIRST_PORT, description))


def _snapshot(form: Form) -> Parameter:
    return form.ask(
        DATABASE,
        "Snapshot",
        Parameter(
            "DatabaseSnapshot",
            Type="String",
            Default="",
            Description=(
                "Snapshot to create the database from, by name. Empty: an empty database. Do not change it later."
            ),
            # An automatic one has the cluster's name between `rds:` and the time.
            # https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBClusterSnapshot.html
            AllowedPattern=r"^$|^(rds:)?[A-Za-z](-?[A-Za-z0-9])*$",
            MaxLength=84,
            ConstraintDescription="Enter the name of a cluster snapshot, at most 84 characters, or nothing.",
        ),
    )


def _external_secret(form: Form) -> Parameter:
    return form.ask(
        DATABASE,
        "Secret with the connection string",
        Parameter(
            "DatabaseSecretArn",
            Type="String",
            Description="ARN of a secret in Secrets Manager whose text is the connection string.",
            AllowedPattern=SECRET_ARN,
            # What ParameterOverrides has room for.
            MaxLength=200,
            ConstraintDescription="Enter the full ARN of a secret in Secrets Manager, its random ending included.",
        ),
    )


def _external_port(form: Form) -> Parameter:
    description = "Port that the database listens on: the tasks may connect to it everywhere."
    return form.ask(DATABASE, "Port", port("DatabasePort", documentdb.DEFAULT_PORT, 1024, description))


def _notification_email(form: Form) -> Parameter:
    return form.ask(
        NOTIFICATIONS,
        "Email",
        Parameter(
            "NotificationEmail",
            Type="String",
            Default="",
            Description="Address for alarms. AWS sends an email to confirm it. Empty: no email is sent.",
            AllowedPattern=_EMAIL,
            MaxLength=100,
            ConstraintDescription="Enter one address such as ops@example.com, at most 100 characters, or nothing.",
        ),
    )


def _refuse_maximum_below_minimum(template: StageTemplate, limit: int) -> None:
    """Rules cannot compare numbers, so each minimum above 1 names the maximums that go with it."""
    pairs = [
        {
            "Fn::Or": [
                {"Fn::Not": [{"Fn::Equals": [{"Ref": "MinRunningTasks"}, str(least)]}]},
                {"Fn::Contains": [[str(most) for most in range(least, limit + 1)], {"Ref": "MaxRunningTasks"}]},
            ]
        }
        for least in range(2, limit + 1)
    ]
    if not pairs:
        return
    parts = [pairs[start : start + _CONDITIONS] for start in range(0, len(pairs), _CONDITIONS)]
    template.add_rule(
        "MaximumNotBelowMinimum",
        {
            "Assertions": [
                {
                    "Assert": {"Fn::And": part} if len(part) > 1 else part[0],
                    "AssertDescription": "MaxRunningTasks must not be below MinRunningTasks.",
                }
                for part in parts
            ]
        },
    )
