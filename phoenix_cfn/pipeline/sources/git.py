"""The parameters for the names of owners, repositories and branches in Git."""

from __future__ import annotations

from msgspec import Struct
from troposphere import Parameter

from phoenix_cfn.parameters.form import SOURCE, Form
from phoenix_cfn.template import StageTemplate

# A valid branch name in ASCII: no part begins with a dot or ends with .lock, no two dots or slashes in a row, no @{. In
# CodePipeline, #{ begins a variable.
# https://git-scm.com/docs/git-check-ref-format
_BRANCH = r"^(?![-/]|refs/|@$)(?!.*(\.\.|//|[@#]\{|\.lock(/|$)|[./]$))(?!(.*/)?\.)[!-)+-9;->@-Z\]_-}]+$"
# https://docs.github.com/en/repositories/creating-and-managing-repositories/about-repositories
REPOSITORY = r"^(?!\.\.?$)(?!.*\.git$)[A-Za-z0-9._-]+$"


class GithubParameters(Struct, frozen=True):
    """`username`: the owner of the repository; `branch`: the branch to deploy."""

    username: Parameter
    repository: Parameter
    branch: Parameter

    @property
    def commits(self) -> str:
        """The URL of a commit without its id, as text for Fn::Sub."""
        return f"https://github.com/${{{self.username.title}}}/${{{self.repository.title}}}/commit/"


def github_parameters(template: StageTemplate) -> GithubParameters:
    """Adds the parameters of a GitHub repository. None has a default, as every fork differs."""
    form = Form(template, __name__)
    return GithubParameters(
        username=form.ask(
            SOURCE,
            "Owner",
            Parameter(
                "GithubUsername",
                Type="String",
                Description="GitHub user or organization that owns your fork.",
                # With an underscore: an enterprise managed user.
                AllowedPattern="^[A-Za-z0-9](-?[A-Za-z0-9])*(_[A-Za-z0-9]+)?$",
                MaxLength=39,
                ConstraintDescription="Enter a GitHub user or organization, such as octocat.",
            ),
        ),
        repository=form.ask(
            SOURCE,
            "Repository",
            Parameter(
                "GithubRepository",
                Type="String",
                Description="Name of your fork's repository, without the owner.",
                AllowedPattern=REPOSITORY,
                MaxLength=100,
                ConstraintDescription="Enter the name of the repository only: no URL, no owner/name, no .git.",
            ),
        ),
        branch=branch_parameter(form, "GithubBranch"),
    )


def branch_parameter(form: Form, name: str) -> Parameter:
    """Adds the parameter of the branch to deploy."""
    return form.ask(
        SOURCE,
        "Branch",
        Parameter(
            name,
            Type="String",
            Description="Branch to deploy to this stage, such as main. Every push starts the pipeline.",
            AllowedPattern=_BRANCH,
            MaxLength=255,
            ConstraintDescription="Enter a valid branch name such as main, without refs/heads/.",
        ),
    )
