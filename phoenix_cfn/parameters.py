"""The deploy-time parameters, their console groups and labels, their limits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial

from troposphere import Equals, Not, Parameter, Ref

from phoenix_cfn.naming import STAGE_PREFIX_MAX_LENGTH, STAGE_PREFIX_PATTERN
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate

# Those that only Infrastructure.yml asks for: the pipeline's deploy action knows the answers.
DATABASE_SECRET_ARN = "MongoDBSecretArn"
DOCKER_IMAGE_URI = "DockerImageURI"
ROLE_BOUNDARY_ARN = "RoleBoundaryArn"

# The condition of everything that needs somebody to write to.
NOTIFIED = "HasNotificationEmail"

_STAGE_GROUP = "Stage"
_SOURCE_GROUP = "Source"
_SERVICE_GROUP = "Service"
_DATABASE_GROUP = "Database"
_NOTIFICATION_GROUP = "Notifications"


@dataclass(frozen=True)
class StageParameters:
    """What both templates ask for; the pipeline hands each on under the same name."""

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


@dataclass(frozen=True)
class ReleaseParameters:
    """What only Infrastructure.yml asks for; the pipeline's deploy action fills them in."""

    database_secret_arn: Parameter
    image: Parameter
    role_boundary_arn: Parameter


@dataclass(frozen=True)
class GithubParameters:
    """Where the code is on GitHub."""

    username: Parameter
    repository: Parameter
    branch: Parameter


def stage_parameters(template: StageTemplate, settings: Settings) -> StageParameters:
    """The parameters that both templates share, with the Rules and the condition that go with them."""
    ask = partial(_ask, template)
    parameters = StageParameters(
        stage_prefix=ask(
            _STAGE_GROUP,
            "Stage",
            Parameter(
                "StagePrefix",
                Type="String",
                Default="dev",
                Description=(
                    "Tells stages in one account apart, such as dev, qa or prod: every name begins with it. "
                    "Not to be changed later."
                ),
                AllowedPattern=STAGE_PREFIX_PATTERN,
                MaxLength=STAGE_PREFIX_MAX_LENGTH,
                ConstraintDescription=(
                    "Use lower-case letters, digits and single hyphens between them, begin with a letter, at most "
                    f"{STAGE_PREFIX_MAX_LENGTH} characters: for example prod."
                ),
            ),
        ),
        container_port=ask(
            _SERVICE_GROUP,
            "Container port",
            _number(
                "ContainerPort",
                settings.service.container_port,
                1024,
                65535,
                "Port that the application listens on, told as PORT. A later change interrupts the service.",
            ),
        ),
        min_running_tasks=ask(
            _SERVICE_GROUP,
            "Fewest tasks",
            _number(
                "MinRunningTasks",
                settings.scaling.min_tasks,
                1,
                settings.scaling.tasks_limit,
                "Tasks that run even when it is quiet. Two or more stand in two availability zones.",
            ),
        ),
        max_running_tasks=ask(
            _SERVICE_GROUP,
            "Most tasks",
            _number(
                "MaxRunningTasks",
                settings.scaling.max_tasks,
                1,
                settings.scaling.tasks_limit,
                "Tasks that scaling may start at the most; not below MinRunningTasks.",
            ),
        ),
        requests_per_second_per_task=ask(
            _SERVICE_GROUP,
            "Requests per second and task",
            _number(
                "RequestsPerSecondPerTask",
                settings.scaling.requests_per_second_per_task,
                1,
                10_000,
                "Tasks are added above this many requests per second and task.",
            ),
        ),
        auto_scaling_target_value=ask(
            _SERVICE_GROUP,
            "Average CPU (%)",
            _number(
                "AutoScalingTargetValue",
                settings.scaling.cpu_target_percent,
                10,
                90,
                "Tasks are added above this average CPU of the service, in percent.",
            ),
        ),
        mongodb_master_username=ask(
            _DATABASE_GROUP,
            "User name",
            Parameter(
                "MongoDBMasterUsername",
                Type="String",
                Default="documentdb",
                Description="Master user of the database. Not to be changed later.",
                AllowedPattern="^[a-zA-Z][a-zA-Z0-9]{0,62}$",
                ConstraintDescription="Use 1 to 63 letters and digits, begin with a letter.",
            ),
        ),
        mongodb_port=ask(
            _DATABASE_GROUP, "Port", _number("MongoDBPort", 27017, 1150, 65535, "Port that the database listens on.")
        ),
        notification_email=ask(
            _NOTIFICATION_GROUP,
            "Email",
            Parameter(
                "NotificationEmail",
                Type="String",
                Default="",
                Description="Gets the alarms (confirm the mail that AWS sends). Empty: nobody is written to.",
                AllowedPattern=r"^$|^[^@\s\x22\\]+@[^@\s\x22\\]+\.[^@\s\x22\\]+$",
                MaxLength=100,
                ConstraintDescription="Enter one address such as ops@example.com, at most 100 characters, or nothing.",
            ),
        ),
    )
    template.add_condition(NOTIFIED, Not(Equals(Ref(parameters.notification_email), "")))
    _refuse_maximum_below_minimum(template, settings.scaling.tasks_limit)
    return parameters


def release_parameters(template: StageTemplate) -> ReleaseParameters:
    """The image to run, the credentials of the database, and the boundary of the tasks' roles."""
    return ReleaseParameters(
        database_secret_arn=_database_secret_arn(template),
        image=_docker_image_uri(template),
        role_boundary_arn=_role_boundary_arn(template),
    )


def github_parameters(template: StageTemplate) -> GithubParameters:
    """None has a default, as every fork differs."""
    ask = partial(_ask, template)
    return GithubParameters(
        username=ask(
            _SOURCE_GROUP,
            "Owner",
            Parameter(
                "GithubUsername",
                Type="String",
                Description="User or organization that owns your fork.",
                AllowedPattern="^[A-Za-z0-9](-?[A-Za-z0-9])*$",
                MaxLength=39,
                ConstraintDescription="Enter the name of a GitHub user or organization, such as octocat.",
            ),
        ),
        repository=ask(
            _SOURCE_GROUP,
            "Repository",
            Parameter(
                "GithubRepository",
                Type="String",
                Description="Name of your fork, without the owner.",
                AllowedPattern="^[A-Za-z0-9._-]+$",
                MaxLength=100,
                ConstraintDescription="Enter the repository's name alone: not its address, not owner/name.",
            ),
        ),
        branch=ask(_SOURCE_GROUP, "Branch", _branch("GithubBranch")),
    )


def github_oauth_token(template: StageTemplate) -> Parameter:
    """The token that may read the repository and make its webhook."""
    return _ask(
        template,
        _SOURCE_GROUP,
        "OAuth token",
        Parameter(
            "GithubOAuthToken",
            Type="String",
            NoEcho=True,
            Description="Personal access token (classic) with the scopes repo and admin:repo_hook.",
            AllowedPattern="^(gh[po]_[A-Za-z0-9]{36,251}|[0-9a-f]{40})$",
            ConstraintDescription="Enter a classic token, which begins with ghp_; fine-grained ones do not work.",
        ),
    )


def connection_arn(template: StageTemplate) -> Parameter:
    """The connection to GitHub that may read the repository."""
    return _ask(
        template,
        _SOURCE_GROUP,
        "Connection",
        Parameter(
            "ConnectionArn",
            Type="String",
            Description="ARN of an available connection to GitHub (Developer Tools > Settings > Connections).",
            AllowedPattern="^arn:[a-z-]+:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[a-f0-9-]+$",
            ConstraintDescription="Enter the full ARN of a connection: arn:aws:codeconnections:...:connection/...",
        ),
    )


def codecommit_repository(template: StageTemplate) -> Parameter:
    """The repository in this account and region."""
    return _ask(
        template,
        _SOURCE_GROUP,
        "Repository",
        Parameter(
            "CodeCommitRepository",
            Type="String",
            Description="Name of the CodeCommit repository, in this account and region.",
            AllowedPattern="^[A-Za-z0-9._-]{1,100}$",
            ConstraintDescription="Enter the repository's name alone, at most 100 characters.",
        ),
    )


def codecommit_branch(template: StageTemplate) -> Parameter:
    """The branch whose pushes are released."""
    return _ask(template, _SOURCE_GROUP, "Branch", _branch("CodeCommitBranch"))


def database_password(template: StageTemplate) -> Parameter:
    """The password as a person may type it in Pipeline.yml; it goes to Secrets Manager and nowhere else."""
    return _ask(
        template,
        _DATABASE_GROUP,
        "Password",
        Parameter(
            "MongoDBMasterPassword",
            Type="String",
            NoEcho=True,
            Default="",
            Description=(
                "Password of the master user, used when the database is created. Empty: one is generated and kept in "
                "Secrets Manager."
            ),
            # DocumentDB takes more; these need no escaping in a connection string.
            AllowedPattern="^$|^[A-Za-z0-9_.~-]{8,100}$",
            ConstraintDescription="Enter 8 to 100 letters, digits or any of _ . ~ - (safe in a URI), or nothing.",
        ),
    )


def _database_secret_arn(template: StageTemplate) -> Parameter:
    """Where Infrastructure.yml finds the database's credentials; the reference travels, the password does not."""
    return _ask(
        template,
        _DATABASE_GROUP,
        "Secret with the credentials",
        Parameter(
            DATABASE_SECRET_ARN,
            Type="String",
            # The reference is no secret, but what stands in a password's place should not be shown.
            NoEcho=True,
            Description="ARN of a secret in Secrets Manager with the JSON keys username and password.",
            AllowedPattern=r"^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$",
            ConstraintDescription="Enter the full ARN of a secret in Secrets Manager, its random ending included.",
        ),
    )


def _role_boundary_arn(template: StageTemplate) -> Parameter:
    """The policy that bounds what the roles of Infrastructure.yml may ever do; the pipeline insists on its own."""
    return _ask(
        template,
        _SERVICE_GROUP,
        "Permissions boundary",
        Parameter(
            ROLE_BOUNDARY_ARN,
            Type="String",
            Description="ARN of the managed policy that bounds the roles of the tasks; the pipeline has one.",
            AllowedPattern=r"^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9/_+=,.@-]+$",
            ConstraintDescription="Enter the ARN of a managed policy.",
        ),
    )


def _docker_image_uri(template: StageTemplate) -> Parameter:
    """The image that Infrastructure.yml runs."""
    return _ask(
        template,
        _SERVICE_GROUP,
        "Image",
        Parameter(
            DOCKER_IMAGE_URI,
            Type="String",
            Description="URI of the image, with its digest; the pipeline passes what it has built.",
            AllowedPattern=r"^\S+$",
            MaxLength=400,
            ConstraintDescription="Enter an image: <registry>/<repository>@sha256:<digest>, without spaces.",
        ),
    )


def _ask(template: StageTemplate, group: str, label: str, parameter: Parameter) -> Parameter:
    """Adds a parameter to the template and to the form that the console shows."""
    with template.written_by(__name__):
        template.add_parameter(parameter)
    template.add_parameter_to_group(parameter, group)
    template.set_parameter_label(parameter, label)
    return parameter


def _branch(name: str) -> Parameter:
    return Parameter(
        name,
        Type="String",
        Description="Branch whose pushes are released to this stage, such as main.",
        AllowedPattern="^[A-Za-z0-9._][A-Za-z0-9._/-]*$",
        MaxLength=100,
        ConstraintDescription="Enter a branch such as main, without refs/heads/.",
    )


def _number(name: str, default: int, low: int, high: int, description: str) -> Parameter:
    return Parameter(
        name,
        Type="Number",
        Default=default,
        MinValue=low,
        MaxValue=high,
        Description=description,
        ConstraintDescription=f"Enter a whole number from {low} to {high}.",
    )


def _refuse_maximum_below_minimum(template: StageTemplate, limit: int) -> None:
    """Rules cannot compare numbers, so each minimum above 1 names the maximums that go with it."""
    template.add_rule(
        "MaximumNotBelowMinimum",
        {
            "Assertions": [
                {
                    "Assert": {
                        "Fn::Or": [
                            {"Fn::Not": [{"Fn::Equals": [{"Ref": "MinRunningTasks"}, str(least)]}]},
                            {
                                "Fn::Contains": [
                                    [str(most) for most in range(least, limit + 1)],
                                    {"Ref": "MaxRunningTasks"},
                                ]
                            },
                        ]
                    },
                    "AssertDescription": "MaxRunningTasks must not be below MinRunningTasks.",
                }
                for least in range(2, limit + 1)
            ]
        },
    )
