"""Faults and near misses: the pipeline from source to deployment."""

from __future__ import annotations

from tests.rules.corpus.parts import CONTAINER, DEPLOY, OVERRIDES
from tests.rules.house import (
    BUILDSPEC,
    DOCKERFILE,
    PIPELINE,
    Case,
    add,
    drop,
    fault,
    near_miss,
    permit,
    put,
    remove,
    sub,
    swap,
)

ROLLING = """\
version: 0.2
phases:
  build:
    commands:
      - printf '[{"name":"web","imageUri":"%s"}]' x > imagedefinitions.json
"""

STORAGE = (
    put("TaskDefinition/Volumes", [{"Name": "data"}]),
    put(f"{CONTAINER}/MountPoints", [{"SourceVolume": "data", "ContainerPath": "/data"}]),
)
CONDITIONAL = "if grep -q 'AS test$' app/Dockerfile; then docker build --target test app; fi"

CASES: list[Case] = [
    fault(
        "E9701", "an artifact that no action produces", put("Pipeline/Stages/1/Actions/0/InputArtifacts/0/Name", "Code")
    ),
    near_miss("E9701", "an artifact passed on within a stage", put("Pipeline/Stages/2/Actions/0/RunOrder", 2)),
    fault("E9702", "the template's artifact is not taken", put(f"{DEPLOY}/InputArtifacts", [{"Name": "Image"}])),
    fault("E9702", "the image's artifact is not taken", put(f"{DEPLOY}/InputArtifacts", [{"Name": "Source"}])),
    near_miss(
        "E9702",
        "one artifact more than is read",
        put("Pipeline/Stages/1/Actions/0/OutputArtifacts/1", {"Name": "Reports"}),
        put(f"{DEPLOY}/InputArtifacts/2", {"Name": "Reports"}),
        swap(
            BUILDSPEC,
            "artifacts:\n  files:\n    - image.json",
            "artifacts:\n  secondary-artifacts:\n    Image:\n      files:\n        - image.json\n"
            "    Reports:\n      files: ['*.xml']",
        ),
    ),
    fault("E9703", "the deployment reads another file", swap(OVERRIDES, "image.json", "build.json")),
    fault("E9703", "the deployment reads another key", swap(OVERRIDES, '"ImageURI"]', '"ImageUri"]')),
    fault("E9703", "the buildspec writes another key", swap(BUILDSPEC, '"ImageURI"', '"Uri"')),
    fault(
        "E9703", "the buildspec's artifact is another file", swap(BUILDSPEC, "    - image.json", "    - taskdef.json")
    ),
    fault("E9703", "the buildspec writes another file", swap(BUILDSPEC, "> image.json", "> uri.json")),
    fault(
        "E9703",
        "no artifact has the template configuration",
        put(f"{DEPLOY}/Configuration/TemplateConfiguration", "Image::configuration.json"),
    ),
    fault(
        "E9703",
        "no command writes the template configuration",
        put(f"{DEPLOY}/Configuration/TemplateConfiguration", "Image::stack.json"),
        swap(BUILDSPEC, "> stack.json", "> parameters.json"),
    ),
    near_miss(
        "E9703",
        "the build writes the template configuration",
        put(f"{DEPLOY}/Configuration/TemplateConfiguration", "Image::stack.json"),
    ),
    near_miss("E9703", "the buildspec's artifact is everything", swap(BUILDSPEC, "    - image.json", "    - '**/*'")),
    fault(
        "E9704",
        "the template is not in the repository",
        put(f"{DEPLOY}/Configuration/TemplatePath", "Source::templates/Infra.yml"),
    ),
    fault("E9704", "the buildspec is not in the repository", put("BuildProject/Source/BuildSpec", "buildspec.yml")),
    near_miss(
        "E9704",
        "the pipeline of another repository",
        put(f"{DEPLOY}/Configuration/TemplatePath", "Source::infra/service.yml"),
        put("BuildProject/Source/BuildSpec", "ci/buildspec.yml"),
    ),
    fault("E9705", "a parameter that the template has not", swap(OVERRIDES, '"MinRunningTasks":', '"MinTasks":')),
    fault("E9705 E9706", "a renamed parameter without a default", swap(OVERRIDES, '"DockerImageURI":', '"ImageUri":')),
    near_miss(
        "E9705",
        "the template is made by the build",
        put(f"{DEPLOY}/Configuration/TemplatePath", "Image::packaged.yml"),
        swap(OVERRIDES, '"MinRunningTasks":', '"MinTasks":'),
        swap(BUILDSPEC, "> stack.json", "> packaged.yml"),
        swap(BUILDSPEC, "- stack.json", "- packaged.yml"),
    ),
    fault("E9706", "the template needs one more parameter", put("/Parameters/Domain", {"Type": "String"})),
    near_miss(
        "E9706",
        "the template has one more parameter with a default",
        put("/Parameters/Domain", {"Type": "String", "Default": ""}),
    ),
    fault("E9707", "a value that the template refuses", swap(OVERRIDES, "${MinRunningTasks}", "two")),
    fault("E9707", "a default that the template refuses", put("/Parameters/ContainerPort/AllowedPattern", "^80$")),
    near_miss(
        "E9707", "a value that is known only at run time", swap(OVERRIDES, "${MinRunningTasks}", "${AWS::AccountId}")
    ),
    fault(
        "E9708", "ParameterOverrides are too long", swap(OVERRIDES, '{"StagePrefix"', "{" + " " * 700 + '"StagePrefix"')
    ),
    near_miss("E9708", "ParameterOverrides with some blanks", swap(OVERRIDES, '{"StagePrefix"', '{    "StagePrefix"')),
    fault("E9709", "the deployment lacks its capability", drop(f"{DEPLOY}/Configuration/Capabilities")),
    fault("E9709", "a named role, and the lesser capability", put("TaskRole/RoleName", sub("${StagePrefix}-task"))),
    near_miss("E9709", "the greater capability", put(f"{DEPLOY}/Configuration/Capabilities", "CAPABILITY_NAMED_IAM")),
    fault("E9710", "the webhook does not filter by branch", put("SourceWebhook/Filters", [])),
    fault("E9710", "the webhook filters by a bare branch", put("SourceWebhook/Filters/0/MatchEquals", "main")),
    fault("E9710", "the webhook's filter matches anything", drop("SourceWebhook/Filters/0/MatchEquals")),
    near_miss(
        "E9710",
        "the webhook names the branch of the source",
        put("SourceWebhook/Filters/0/MatchEquals", sub("refs/heads/${GithubBranch}")),
    ),
    fault(
        "E9711",
        "the source is polled, too",
        put("Pipeline/Stages/0/Actions/0/Configuration/PollForSourceChanges", True),
    ),
    fault(
        "E9711", "polling is not switched off", drop("Pipeline/Stages/0/Actions/0/Configuration/PollForSourceChanges")
    ),
    near_miss(
        "E9711",
        "the source is polled, and there is no webhook",
        remove("SourceWebhook", "WebhookSecret"),
        put("Pipeline/Stages/0/Actions/0/Configuration/PollForSourceChanges", True),
    ),
    fault("E9712", "nothing starts the pipeline", remove("SourceWebhook", "WebhookSecret")),
    fault("E9712", "the webhook is not registered with GitHub", put("SourceWebhook/RegisterWithThirdParty", False)),
    near_miss("E9712", "the registration with GitHub is a string", put("SourceWebhook/RegisterWithThirdParty", "true")),
    fault("E9713", "the webhook names another action", put("SourceWebhook/TargetAction", "GitHub")),
    near_miss(
        "E9713",
        "source action and webhook have another name",
        put("SourceWebhook/TargetAction", "Checkout"),
        put("Pipeline/Stages/0/Actions/0/Name", "Checkout"),
    ),
    fault(
        "E9714",
        "the buildspec's variable is not provided",
        put("BuildProject/Environment/EnvironmentVariables/0/Name", "REPO_URI"),
    ),
    near_miss(
        "E9714",
        "the action provides the variable",
        drop("BuildProject/Environment/EnvironmentVariables"),
        put(
            "Pipeline/Stages/1/Actions/0/Configuration/EnvironmentVariables",
            sub('[{"name":"REPOSITORY_URI","value":"${Repository.RepositoryUri}"}]'),
        ),
    ),
    fault(
        "E9715",
        "the image definitions name another container",
        add(
            "Rolling",
            "AWS::CodeBuild::Project",
            Name=sub("${StagePrefix}-rolling"),
            ServiceRole="arn:aws:iam::123456789012:role/build",
            Source={
                "Type": "CODEPIPELINE",
                "BuildSpec": ROLLING,
            },
            Artifacts={"Type": "CODEPIPELINE"},
            LogsConfig={"CloudWatchLogs": {"Status": "DISABLED"}},
            Environment={
                "Type": "LINUX_CONTAINER",
                "ComputeType": "BUILD_GENERAL1_SMALL",
                "Image": "aws/codebuild/standard:8.0",
            },
        ),
    ),
    near_miss(
        "E9715",
        "the image definitions name the container",
        add(
            "Rolling",
            "AWS::CodeBuild::Project",
            Name=sub("${StagePrefix}-rolling"),
            ServiceRole="arn:aws:iam::123456789012:role/build",
            Source={"Type": "NO_SOURCE", "BuildSpec": ROLLING.replace("web", "phoenix")},
            Artifacts={"Type": "NO_ARTIFACTS"},
            LogsConfig={"CloudWatchLogs": {"Status": "DISABLED"}},
        ),
    ),
    fault(
        "E9716 E9809",
        "the service's image is in a repository of the same stack",
        add("Images", "AWS::ECR::Repository", EmptyOnDelete=True),
        put(f"{CONTAINER}/Image", sub("${Images.RepositoryUri}:latest")),
    ),
    near_miss(
        "E9716",
        "a repository beside a service with another image",
        add("Images", "AWS::ECR::Repository", PIPELINE, EmptyOnDelete=True),
    ),
    fault("E9717", "Docker without privileges", put("BuildProject/Environment/PrivilegedMode", False)),
    near_miss(
        "E9717",
        "the buildspec builds no image",
        put("BuildProject/Environment/PrivilegedMode", False),
        drop("BuildProject/Cache"),
        swap(BUILDSPEC, "docker build", "kaniko build"),
    ),
    fault("E9718", "the project's artifacts go to a bucket", put("BuildProject/Artifacts/Type", "S3")),
    fault("E9718", "the project's source is not the pipeline's", put("BuildProject/Source/Type", "GITHUB")),
    near_miss(
        "E9718",
        "the pipeline runs a project with a source of its own",
        put("BuildProject/Source/Type", "CODECOMMIT"),
        put("BuildProject/Artifacts", {"Type": "NO_ARTIFACTS"}),
    ),
    near_miss(
        "E9718",
        "a project that no pipeline runs",
        add(
            "Nightly",
            "AWS::CodeBuild::Project",
            PIPELINE,
            Name=sub("${StagePrefix}-nightly"),
            ServiceRole="arn:aws:iam::123456789012:role/build",
            Source={"Type": "GITHUB", "Location": "https://github.com/a/b"},
            Artifacts={"Type": "NO_ARTIFACTS"},
            LogsConfig={"CloudWatchLogs": {"Status": "DISABLED"}},
        ),
    ),
    fault(
        "E9719",
        "the source is a clone reference",
        put(
            "Pipeline/Stages/0/Actions/0/ActionTypeId",
            {"Category": "Source", "Owner": "AWS", "Provider": "CodeStarSourceConnection", "Version": "1"},
        ),
        put(
            "Pipeline/Stages/0/Actions/0/Configuration",
            {
                "ConnectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/x",
                "FullRepositoryId": "a/b",
                "BranchName": "main",
                "OutputArtifactFormat": "CODEBUILD_CLONE_REF",
            },
        ),
        remove("SourceWebhook"),
        permit("PipelineRole", "codeconnections:UseConnection"),
    ),
    near_miss(
        "E9719",
        "the source is an archive, explicitly",
        put("Pipeline/Stages/0/Actions/0/Configuration/OutputArtifactFormat", "CODE_ZIP"),
    ),
    fault("E9720", "a variable of no namespace", swap(OVERRIDES, "${NotificationEmail}", "#{Build.EMAIL}")),
    near_miss(
        "E9720",
        "the pipeline's own variables",
        put(f"{DEPLOY}/Configuration/ChangeSetName", "run-#{codepipeline.PipelineExecutionId}"),
    ),
    fault(
        "E9720",
        "a namespace that only the console gives",
        swap(OVERRIDES, "${NotificationEmail}", "#{BuildVariables.EMAIL}"),
    ),
    fault(
        "E9721",
        "the tasks run on another processor than the build",
        put("TaskDefinition/RuntimePlatform/CpuArchitecture", "ARM64"),
    ),
    near_miss(
        "E9721",
        "the build makes an image for the other processor",
        put("TaskDefinition/RuntimePlatform/CpuArchitecture", "ARM64"),
        swap(BUILDSPEC, "docker build ", "docker build --platform linux/arm64 "),
    ),
    fault("E9722", "a stage that is not in the Dockerfile", swap(DOCKERFILE, " AS test", " AS tests")),
    near_miss("E9722", "a stage in capitals", swap(DOCKERFILE, " AS test", " AS TEST")),
    near_miss(
        "E9722",
        "a stage that is built where it is there",
        swap(DOCKERFILE, " AS test", " AS tests"),
        swap(BUILDSPEC, 'docker build "${argument[@]}" --target test app', CONDITIONAL),
    ),
    fault("E9723", "an image without a command", swap(DOCKERFILE, 'CMD ["node", "src/main.js"]', "")),
    near_miss(
        "E9723",
        "the container's own command",
        swap(DOCKERFILE, 'CMD ["node", "src/main.js"]', ""),
        put(f"{CONTAINER}/Command", ["node", "src/main.js"]),
    ),
    near_miss(
        "E9723",
        "an image that has a command",
        swap(DOCKERFILE, 'CMD ["node", "src/main.js"]', ""),
        swap(DOCKERFILE, "docker/library/node:24-slim\n", "nginx/nginx:1.29\n"),
    ),
    near_miss("E9723", "an entry point", swap(DOCKERFILE, 'CMD ["node"', 'ENTRYPOINT ["node"')),
    fault(
        "E9724", "an image that is for another user", swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "USER 10001\nEXPOSE")
    ),
    fault(
        "E9724",
        "a container that runs as root, as no user is named",
        drop(f"{CONTAINER}/User"),
        swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "EXPOSE"),
    ),
    fault(
        "E9724",
        "an image whose user is root",
        drop(f"{CONTAINER}/User"),
        swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "USER root\nEXPOSE"),
    ),
    near_miss("E9724", "the image's own user", drop(f"{CONTAINER}/User")),
    near_miss("E9724", "no user in the Dockerfile", swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "EXPOSE")),
    near_miss("E9724", "a user without its group", swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "USER 1000\nEXPOSE")),
    near_miss("E9724", "a user by name", swap(DOCKERFILE, "USER 1000:1000\nEXPOSE", "USER node\nEXPOSE")),
    fault("E9725", "writable storage without a VOLUME", *STORAGE),
    fault(
        "E9725",
        "writable storage with a VOLUME elsewhere",
        *STORAGE,
        swap(DOCKERFILE, "EXPOSE 8080", "VOLUME /data/cache\nEXPOSE 8080"),
    ),
    near_miss("E9725", "a VOLUME", *STORAGE, swap(DOCKERFILE, "EXPOSE 8080", "VOLUME /data/\nEXPOSE 8080")),
    near_miss(
        "E9725", "a list of them", *STORAGE, swap(DOCKERFILE, "EXPOSE 8080", 'VOLUME ["/tmp", "/data"]\nEXPOSE 8080')
    ),
    near_miss("E9725", "storage to read", *STORAGE, put(f"{CONTAINER}/MountPoints/0/ReadOnly", True)),
    fault(
        "E9726",
        "an image that listens on another port",
        swap(DOCKERFILE, "EXPOSE 8080", "EXPOSE 3000"),
        swap(DOCKERFILE, "    PORT=8080", "    TZ=UTC"),
    ),
    near_miss("E9726", "another default of the variable", swap(DOCKERFILE, "EXPOSE 8080", "EXPOSE 3000")),
    near_miss("E9726", "with its protocol", swap(DOCKERFILE, "EXPOSE 8080", "EXPOSE 9000 8080/tcp")),
]
