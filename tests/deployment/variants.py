"""Settings and versions of a stage without builds: templates as they are generated, images that differ in a file."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Mapping

from phoenix_cfn import Settings, infrastructure, pipeline
from phoenix_cfn.render import render
from tests.deployment.fork import Fork
from tests.deployment.stage import Stage

# In place of a build of the image: the pipeline deploys the image that this file names.
_CHOSEN = "app/image.json"
_BUILDSPEC = f"""\
version: 0.2
phases: {{build: {{commands: [cp {_CHOSEN} image.json]}}}}
artifacts: {{files: [image.json]}}
"""


def adopt(fork: Fork, settings: str) -> None:
    """Writes phoenix.toml and the templates that follow from it, without the gate of `build.py`."""
    fork.set_settings(settings)
    chosen = Settings.load(fork.clone / "phoenix.toml")
    for name, module in (("Pipeline", pipeline), ("Infrastructure", infrastructure)):
        (fork.clone / f"templates/{name}.yml").write_text(render(module.template(chosen)), encoding="utf-8")


def deployed_image(stage: Stage) -> str:
    """The image's URI in the infrastructure stack's parameter."""
    [stack] = stage.cloudformation.describe_stacks(StackName=stage.infrastructure_stack)["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    return str(parameters["DockerImageURI"])


def variant(stage: Stage, base: str, name: str, changes: Mapping[str, tuple[str, str]]) -> str:
    """Pushes an image under the tag `name`: the base with texts replaced in its files. Its URI by digest."""
    files = {path: _replaced(stage, path, *texts) for path, texts in changes.items()}
    repository, _, digest = base.partition("/")[2].partition("@")
    local = f"127.0.0.1:{stage.aws.settings.port}/{repository}"
    dockerfile = "\n".join([f"FROM {local}@{digest}", *(f"COPY {path} {path}" for path in files), ""])
    docker = stage.aws.engine.client
    context = _archive({**files, "Dockerfile": dockerfile.encode()})
    image, _ = docker.images.build(fileobj=context, custom_context=True, tag=f"{local}:{name}", rm=True)
    ecr = stage.aws.client("ecr")
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    answer = docker.images.push(local, tag=name, auth_config={"username": user, "password": password})
    assert "errorDetail" not in answer, answer
    [details] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": name}])["imageDetails"]
    docker.images.remove(image.id, force=True)
    return f"{base.partition('@')[0]}@{details['imageDigest']}"


def _replaced(stage: Stage, path: str, old: str, new: str) -> bytes:
    content = (stage.fork.clone / "app" / path).read_text(encoding="utf-8")
    assert old in content, path
    return content.replace(old, new).encode()


def _archive(files: Mapping[str, bytes]) -> io.BytesIO:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    archive.seek(0)
    return archive


def release(stage: Stage, image: str, message: str) -> int:
    """Pushes a commit whose image is this one; the number of the pipeline's run."""
    run = len(stage.executions()) + 1
    choose(stage.fork, image)
    stage.fork.push(message)
    return run


def choose(fork: Fork, image: str) -> None:
    """Makes the image the one that the next push deploys."""
    (fork.clone / "app/buildspec.yml").write_text(_BUILDSPEC, encoding="utf-8")
    (fork.clone / _CHOSEN).write_text(json.dumps({"ImageURI": image}), encoding="utf-8")
