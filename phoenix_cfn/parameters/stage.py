"""The parameters that describe a stage: both templates have them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from troposphere import Equals, Not, Parameter, Ref

from phoenix_cfn.cloudformation.facts import documentdb
from phoenix_cfn.naming import RESERVED_STAGES, STAGE_PREFIX_MAX_LENGTH, STAGE_PREFIX_PATTERN
from phoenix_cfn.parameters.form import DATABASE, NOTIFICATIONS, SERVICE, STAGE, Form
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


@dataclass(frozen=True)
class StageParameters:
    """The parameters of both templates; the pipeline passes each value on under the same name."""

    stage_prefix: Parameter
    container_port: Parameter
    min_running_tasks: Parameter
    max_running_tasks: Parameter
    requests_per_second_per_task: Parameter
    auto_scaling_target_value: Parameter
    mongodb_master_username: Parameter
    mongodb_port: Parameter
    notification_email: Parameter

    def names(self) -> list[str]:
        return [getattr(self, field.name).title for field in fields(self)]


def stage_parameters(template: StageTemplate, settings: Settings) -> StageParameters:
    """Adds the parameters that both templates share, with the Rules and the condition that go with them."""
    form = Form(template, __name__)
    parameters = StageParameters(
        stage_prefix=_stage_prefix(form),
        container_port=_container_port(form, settings.service.container_port),
        min_running_tasks=_min_running_tasks(form, settings),
        max_running_tasks=_max_running_tasks(form, settings),
        requests_per_second_per_task=_requests_per_task(form, settings.scaling.requests_per_second_per_task),
        auto_scaling_target_value=_average_cpu(form, settings.scaling.cpu_target_percent),
        mongodb_master_username=_master_username(form),
        mongodb_port=_database_port(form),
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


def _database_port(form: Form) -> Parameter:
    description = "Port that the database listens on."
    return form.ask(DATABASE, "Port", port("MongoDBPort", documentdb.DEFAULT_PORT, documentdb.FIRST_PORT, description))


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
