"""The deploy-time parameters, their console groups and labels, their limits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial

from troposphere import Equals, Not, Parameter, Ref

from phoenix_cfn.cloudformation.facts import documentdb
from phoenix_cfn.naming import RESERVED_STAGES, STAGE_PREFIX_MAX_LENGTH, STAGE_PREFIX_PATTERN
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate

# Those that only Infrastructure.yml asks for: the pipeline's deploy action knows the answers.
DATABASE_SECRET_ARN = "MongoDBSecretArn"
DOCKER_IMAGE_URI = "DockerImageURI"
ROLE_BOUNDARY_ARN = "RoleBoundaryArn"

# The condition of everything that needs somebody to write to.
NOTIFIED = "HasNotificationEmail"

# The numbers of four digits that are not below the key.
_FOUR_DIGITS_FROM = {
    1024: r"102[4-9]|10[3-9]\d|1[1-9]\d\d|[2-9]\d{3}",
    documentdb.FIRST_PORT: r"11[5-9]\d|1[2-9]\d\d|[2-9]\d{3}",
}
# The conditions that Fn::And takes, two at least.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
_CONDITIONS = 10

# What Git accepts as a branch, in ASCII: no part begins with a dot or ends with .lock, no two dots or slashes stand
# together, and there is no @{. CodePipeline reads #{ as a variable of its own.
# https://git-scm.com/docs/git-check-ref-format
_BRANCH = r"^(?![-/]|refs/|@$)(?!.*(\.\.|//|[@#]\{|\.lock(/|$)|[./]$))(?!(.*/)?\.)[!-)+-9;->@-Z\]_-}]+$"
# https://docs.github.com/en/repositories/creating-and-managing-repositories/about-repositories
_REPOSITORY = r"^(?!\.\.?$)(?!.*\.git$)[A-Za-z0-9._-]+$"
# A dot-atom at a domain (RFC 5321), of the characters that stay themselves in JSON and in the pipeline's definition.
_EMAIL = (
    r"^$|^(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_~-]+)*"
    r"@([A-Za-z0-9](-*[A-Za-z0-9])*\.)+[A-Za-z](-*[A-Za-z0-9])+$"
)

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
                Description="Stage, such as dev, qa or prod: names of resources begin with it. Do not change it later.",
                AllowedPattern=STAGE_PREFIX_PATTERN,
                MaxLength=STAGE_PREFIX_MAX_LENGTH,
                ConstraintDescription=(
                    "Use lower-case letters, digits and single hyphens between them, begin with a letter, at most "
                    f"{STAGE_PREFIX_MAX_LENGTH} characters: for example prod. AWS reserves "
                    f"{', '.join(RESERVED_STAGES)}, alone or before a hyphen."
                ),
            ),
        ),
        container_port=ask(
            _SERVICE_GROUP,
            "Container port",
            _port(
                "ContainerPort",
                settings.service.container_port,
                1024,
                "Port that the application listens on (variable PORT). A later change interrupts the service.",
            ),
        ),
        min_running_tasks=ask(
            _SERVICE_GROUP,
            "Fewest tasks",
            _tasks(
                "MinRunningTasks",
                settings.scaling.min_tasks,
                settings.scaling.tasks_limit,
                "Tasks that run without any load. Two or more run in two availability zones.",
            ),
        ),
        max_running_tasks=ask(
            _SERVICE_GROUP,
            "Most tasks",
            _tasks(
                "MaxRunningTasks",
                settings.scaling.max_tasks,
                settings.scaling.tasks_limit,
                "The most tasks that scaling runs; not below MinRunningTasks.",
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
                Description="Master user of the database. Do not change it later.",
                AllowedPattern=f"^(?!(?i:{'|'.join(documentdb.RESERVED_USERS)})$)[a-zA-Z][a-zA-Z0-9]{{0,62}}$",
                ConstraintDescription=(
                    "Use 1 to 63 letters and digits, begin with a letter. DocumentDB reserves "
                    f"{', '.join(documentdb.RESERVED_USERS)}."
                ),
            ),
        ),
        mongodb_port=ask(
            _DATABASE_GROUP,
            "Port",
            _port("MongoDBPort", 27017, documentdb.FIRST_PORT, "Port that the database listens on."),
        ),
        notification_email=ask(
            _NOTIFICATION_GROUP,
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
                # With an underscore: a user that an enterprise manages.
                AllowedPattern="^[A-Za-z0-9](-?[A-Za-z0-9])*(_[A-Za-z0-9]+)?$",
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
                AllowedPattern=_REPOSITORY,
                MaxLength=100,
                ConstraintDescription="Enter the repository's name alone: no address, no owner/name, no .git.",
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
            AllowedPattern=_REPOSITORY,
            MaxLength=100,
            ConstraintDescription="Enter the repository's name alone, at most 100 characters, without .git.",
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
                "Password of the master user, used when the database is created. Empty: Secrets Manager generates one."
            ),
            # DocumentDB takes more; these need no escaping in a connection string, nor in JSON.
            AllowedPattern="^$|^[A-Za-z0-9_.~!*'()+,;=&-]{8,100}$",
            ConstraintDescription="Enter 8 to 100 letters, digits or _.~!*'()+,;=&- (safe in a URI), or nothing.",
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
            AllowedPattern=(
                "^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}$"
            ),
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
            Description="ARN of the managed policy that bounds the roles of the tasks; the pipeline stack has one.",
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
            AllowedPattern="^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,254}(@sha256:[A-Fa-f0-9]{64})?$",
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
        AllowedPattern=_BRANCH,
        MaxLength=255,
        ConstraintDescription="Enter a branch that Git accepts, such as main, without refs/heads/.",
    )


def _port(name: str, default: int, low: int, description: str) -> Parameter:
    """A port from `low` on. A String, since CloudFormation would take 8080.5 as a Number."""
    return Parameter(
        name,
        Type="String",
        Default=str(default),
        AllowedPattern=f"^({_FOUR_DIGITS_FROM[low]}|[1-5]\\d{{4}}|6[0-4]\\d{{3}}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])$",
        Description=description,
        ConstraintDescription=f"Enter a whole number from {low} to 65535.",
    )


def _tasks(name: str, default: int, limit: int, description: str) -> Parameter:
    """A number of tasks. The values are listed: of a range CloudFormation would also take 2.5."""
    parameter = _number(name, default, 1, limit, description)
    parameter.AllowedValues = list(range(1, limit + 1))
    return parameter


def _number(name: str, default: int, low: int, high: int, description: str) -> Parameter:
    return Parameter(
        name,
        Type="Number",
        Default=default,
        MinValue=low,
        MaxValue=high,
        Description=description,
        ConstraintDescription=f"Enter a number from {low} to {high}.",
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
