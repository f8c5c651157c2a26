"""The parameters of a stage, in both templates."""

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

# The condition of resources that need an email address for notifications.
NOTIFIED = "HasNotificationEmail"

# The maximum number of conditions in Fn::And; the minimum is two.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
_CONDITIONS = 10

# A dot-atom at a domain (RFC 5321), of characters that need no escaping in JSON and in the pipeline's definition.
_EMAIL = (
    r"^$|^(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_~-]+)*"
    r"@([A-Za-z0-9](-*[A-Za-z0-9])*\.)+[A-Za-z](-*[A-Za-z0-9])+$"
)


class StageParameters(Struct, frozen=True):
    """The parameters of both templates; the pipeline passes each value to the parameter with the same name.

    Parameters that the settings do not need are None or empty. `network`: those of an existing network, by name.
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
        """The names of the existing parameters."""
        found: list[str] = []
        for value in (getattr(self, each) for each in self.__struct_fields__):
            found += [str(value.title)] if isinstance(value, Parameter) else list(value or ())
        return found


def stage_parameters(template: StageTemplate, settings: Settings) -> StageParameters:
    """Adds the parameters of a stage, with their Rules and conditions."""
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
            Description="Name of the stage, such as dev or prod: the prefix of resource names. Do not change it later.",
            AllowedPattern=STAGE_PREFIX_PATTERN,
            MaxLength=STAGE_PREFIX_MAX_LENGTH,
            ConstraintDescription=(
                f"Enter at most {STAGE_PREFIX_MAX_LENGTH} lowercase letters, digits and single hyphens, such as prod. "
                "Begin with a letter, end with a letter or digit. Reserved by AWS, alone or before a hyphen: "
                f"{', '.join(RESERVED_STAGES)}."
            ),
        ),
    )


def _container_port(form: Form, default: int) -> Parameter:
    description = "Port that the container listens on (variable PORT). A later change interrupts the service."
    return form.ask(SERVICE, "Container port", port("ContainerPort", default, 1024, description))


def _min_running_tasks(form: Form, settings: Settings) -> Parameter:
    description = "Minimum number of tasks. Two or more run in two Availability Zones."
    limits = settings.scaling
    return form.ask(
        SERVICE, "Minimum tasks", tasks("MinRunningTasks", limits.min_tasks, limits.tasks_limit, description)
    )


def _max_running_tasks(form: Form, settings: Settings) -> Parameter:
    description = "Maximum number of tasks, at least MinRunningTasks."
    limits = settings.scaling
    parameter = tasks("MaxRunningTasks", limits.max_tasks, limits.tasks_limit, description)
    return form.ask(SERVICE, "Maximum tasks", parameter)


def _requests_per_task(form: Form, default: int) -> Parameter:
    description = "Scaling adds tasks above this many requests per second per task."
    return form.ask(
        SERVICE,
        "Requests per second per task",
        number("RequestsPerSecondPerTask", default, 1, 10_000, description),
    )


def _average_cpu(form: Form, default: int) -> Parameter:
    description = "Scaling adds tasks above this average CPU utilization of the service, in percent."
    return form.ask(SERVICE, "Target CPU (%)", number("AutoScalingTargetValue", default, 10, 90, description))


def _existing_network(form: Form, has_cluster: bool) -> dict[str, Parameter]:
    """The VPC, and two subnets of each tier."""
    tiers = {
        "Public": "Subnet for the load balancer, with a route to an internet gateway",
        "Private": "Subnet for the tasks, with a NAT gateway or endpoints for AWS services",
    }
    if has_cluster:
        tiers["Database"] = "Subnet for the database"
    found = [_id(form, "VpcId", "VPC", "vpc", "VPC of the stage. Do not change it later.")]
    for tier, words in tiers.items():
        for zone in "AB":
            description = f"{words}. Subnets A and B must be in different Availability Zones."
            found.append(_id(form, f"{tier}Subnet{zone}", f"{tier} subnet {zone}", "subnet", description))
    return {str(each.title): each for each in found}


def _id(form: Form, name: str, label: str, kind: str, description: str) -> Parameter:
    """The ID of an EC2 resource, such as a subnet."""
    return form.ask(
        NETWORK,
        label,
        Parameter(
            name,
            Type="String",
            Description=description,
            AllowedPattern=f"^{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})$",
            MaxLength=len(kind) + 18,
            ConstraintDescription=f"Enter an ID such as {kind}-0123456789abcdef0.",
        ),
    )


def _certificate_arn(form: Form) -> Parameter:
    return form.ask(
        HTTPS,
        "Certificate",
        Parameter(
            "CertificateArn",
            Type="String",
            Description="ARN of an ACM certificate in this region, for the domain of the application.",
            # https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html
            AllowedPattern=r"^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
            MaxLength=128,
            ConstraintDescription="Enter the ARN of an ACM certificate: arn:aws:acm:...:certificate/...",
        ),
    )


def _domain_name(form: Form) -> Parameter:
    return form.ask(
        HTTPS,
        "Domain",
        Parameter(
            "DomainName",
            Type="String",
            Description="Domain name of the application, such as dev.example.com. A change interrupts the service.",
            # The common name of a certificate has at most 64 characters.
            # https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
            AllowedPattern=r"^([a-z0-9](-*[a-z0-9]){0,62}\.)+[a-z](-*[a-z0-9])+$",
            MaxLength=64,
            ConstraintDescription="Enter a domain name in lowercase such as dev.example.com, at most 64 characters.",
        ),
    )


def _hosted_zone_id(form: Form) -> Parameter:
    return form.ask(
        HTTPS,
        "Hosted zone",
        Parameter(
            "HostedZoneId",
            Type="String",
            Description="ID of the public hosted zone in Route 53 that contains the domain.",
            # https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html
            AllowedPattern="^Z[A-Z0-9]{1,31}$",
            MaxLength=32,
            ConstraintDescription="Enter the ID of a hosted zone, such as Z0123456789ABCDEFGHIJ.",
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
                "Enter 1 to 63 letters and digits; begin with a letter. Reserved by DocumentDB: "
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
                "Name of the snapshot to create the database from. Empty: a new database. Do not change it later."
            ),
            # The name of an automatic snapshot is `rds:`, the cluster's name and the time.
            # https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBClusterSnapshot.html
            AllowedPattern=r"^$|^(rds:)?[A-Za-z](-?[A-Za-z0-9])*$",
            MaxLength=84,
            ConstraintDescription="Enter the name of a cluster snapshot, at most 84 characters, or nothing.",
        ),
    )


def _external_secret(form: Form) -> Parameter:
    return form.ask(
        DATABASE,
        "Connection string secret",
        Parameter(
            "DatabaseSecretArn",
            Type="String",
            Description="ARN of the secret in Secrets Manager that contains the connection string as plain text.",
            AllowedPattern=SECRET_ARN,
            # Within the limit of ParameterOverrides.
            MaxLength=200,
            ConstraintDescription="Enter the full ARN of a secret, including its random suffix.",
        ),
    )


def _external_port(form: Form) -> Parameter:
    description = "Port that the database listens on. Tasks may connect to this port at any address."
    return form.ask(DATABASE, "Port", port("DatabasePort", documentdb.DEFAULT_PORT, 1024, description))


def _notification_email(form: Form) -> Parameter:
    return form.ask(
        NOTIFICATIONS,
        "Email",
        Parameter(
            "NotificationEmail",
            Type="String",
            Default="",
            Description="Email address for alarms. AWS sends it a confirmation request. Empty: no emails.",
            AllowedPattern=_EMAIL,
            MaxLength=100,
            ConstraintDescription="Enter an address such as ops@example.com (at most 100 characters), or nothing.",
        ),
    )


def _refuse_maximum_below_minimum(template: StageTemplate, limit: int) -> None:
    """Rules cannot compare numbers, so the Rule lists the valid maximums of each minimum above 1."""
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
                    "AssertDescription": "MaxRunningTasks must be at least MinRunningTasks.",
                }
                for part in parts
            ]
        },
    )
