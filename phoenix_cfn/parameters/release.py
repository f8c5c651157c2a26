"""The parameters of a release: Infrastructure.yml has them, and the pipeline's deploy action sets them."""

from __future__ import annotations

from msgspec import Struct
from troposphere import Parameter

from phoenix_cfn.parameters.form import DATABASE, SECRET_ARN, SERVICE, Form
from phoenix_cfn.settings import Settings
from phoenix_cfn.template import StageTemplate

DATABASE_SECRET_ARN = "MongoDBSecretArn"
DOCKER_IMAGE_URI = "DockerImageURI"
ROLE_BOUNDARY_ARN = "RoleBoundaryArn"


class ReleaseParameters(Struct, frozen=True):
    """`database_secret_arn`: the secret with the credentials of a DocumentDB cluster; `image`: the URI of the image;
    `role_boundary_arn`: the permissions boundary of the tasks' roles.
    """

    database_secret_arn: Parameter | None
    image: Parameter
    role_boundary_arn: Parameter


def release_parameters(template: StageTemplate, settings: Settings) -> ReleaseParameters:
    """Adds the parameters of a release."""
    form = Form(template, __name__)
    return ReleaseParameters(
        database_secret_arn=_database_secret_arn(form) if settings.database.has_cluster else None,
        image=_docker_image_uri(form),
        role_boundary_arn=_role_boundary_arn(form),
    )


def _database_secret_arn(form: Form) -> Parameter:
    return form.ask(
        DATABASE,
        "Credentials secret",
        Parameter(
            DATABASE_SECRET_ARN,
            Type="String",
            # The ARN is not a secret, but it is not shown because it stands for one.
            NoEcho=True,
            Description="ARN of the secret in Secrets Manager with the JSON keys username and password.",
            AllowedPattern=SECRET_ARN,
            ConstraintDescription="Enter the full ARN of a secret, including its random suffix.",
        ),
    )


def _docker_image_uri(form: Form) -> Parameter:
    return form.ask(
        SERVICE,
        "Image",
        Parameter(
            DOCKER_IMAGE_URI,
            Type="String",
            Description="URI of the image with its digest. The pipeline passes the image that it built.",
            AllowedPattern="^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,254}(@sha256:[A-Fa-f0-9]{64})?$",
            ConstraintDescription="Enter an image URI without spaces: <registry>/<repository>@sha256:<digest>.",
        ),
    )


def _role_boundary_arn(form: Form) -> Parameter:
    return form.ask(
        SERVICE,
        "Permissions boundary",
        Parameter(
            ROLE_BOUNDARY_ARN,
            Type="String",
            Description="ARN of the permissions boundary of the task roles. The pipeline stack creates it.",
            AllowedPattern=r"^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9/_+=,.@-]+$",
            ConstraintDescription="Enter the ARN of a managed policy: arn:aws:iam::<account>:policy/<name>.",
        ),
    )
