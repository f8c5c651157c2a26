"""What Git and its hosts accept as names: the parameters that every source has."""

from __future__ import annotations

from msgspec import Struct
from troposphere import Parameter

from phoenix_cfn.parameters.form import SOURCE, Form
from phoenix_cfn.template import StageTemplate

# What Git accepts as a branch, in ASCII: no part begins with a dot or ends with .lock, no two dots or slashes stand
# together, and there is no @{. CodePipeline reads #{ as a variable of its own.
# https://git-scm.com/docs/git-check-ref-format
_BRANCH = r"^(?![-/]|refs/|@$)(?!.*(\.\.|//|[@#]\{|\.lock(/|$)|[./]$))(?!(.*/)?\.)[!-)+-9;->@-Z\]_-}]+$"
# https://docs.github.com/en/repositories/creating-and-managing-repositories/about-repositories
REPOSITORY = r"^(?!\.\.?$)(?!.*\.git$)[A-Za-z0-9._-]+$"


class GithubParameters(Struct, frozen=True):
    """`username`: the owner of the repository; `branch`: its pushes are released."""

    username: Parameter
    repository: Parameter
    branch: Parameter

    @property
    def commits(self) -> str:
        """The address of a commit without its id, as text for Fn::Sub."""
        return f"https://github.com/${{{self.username.title}}}/${{{self.repository.title}}}/commit/"


def github_parameters(template: StageTemplate) -> GithubParameters:
    """Adds where the code is on GitHub. None has a default, as every fork differs."""
    form = Form(template, __name__)
    return GithubParameters(
        username=form.ask(
            SOURCE,
            "Owner",
            Parameter(
                "GithubUsername",
                Type="String",
                Description="GitHub user or organization that owns your fork.",
                # With an underscore: a user that an enterprise manages.
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
    """Adds the branch whose pushes are released."""
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
