"""CodeBuild: a build runs the buildspec in a container, with the project's role and, where privileged, a Docker
engine.
"""

from __future__ import annotations

import base64
import io
import json
import shlex
import tarfile
import time
import zipfile
from contextlib import suppress
from contextvars import ContextVar
from pathlib import PurePosixPath
from typing import Any

from docker.errors import APIError, ImageNotFound, NotFound

from phoenix_cfn.local.aws import base_images, ecr, iam, ministack
from phoenix_cfn.local.aws.buildspec import EXPORTED, Buildspec
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.resources import extend
from phoenix_cfn.local.aws.settings import settings
from phoenix_cfn.local.images import CODEBUILD, base_images_of

_GUIDE = "https://docs.aws.amazon.com/codebuild/latest/userguide"
_PRINCIPAL = "codebuild.amazonaws.com"

# What StartBuild was asked for: the build's thread inherits it, and finds the artifacts in the overrides.
_request: ContextVar[dict[str, Any]] = ContextVar("start-build")


@correction("A project keeps its cache, its log group and its privileged mode", f"{_GUIDE}/create-project.html")
def projects_are_whole() -> None:
    def check(properties: dict[str, Any]) -> None:
        try:
            iam.credentials(properties["ServiceRole"], _PRINCIPAL)
        except iam.AccessDenied as error:
            raise ValueError(
                f"CodeBuild is not authorized to perform: sts:AssumeRole on service role: {error}"
            ) from error

    def keep(name: str, properties: dict[str, Any]) -> None:
        project = ministack.codebuild._projects[name]
        project["cache"] = properties.get("Cache") or {}
        project["logsConfig"] = properties.get("LogsConfig") or {}

    extend("AWS::CodeBuild::Project", before=check, after=keep)
    handler = ministack.handlers["AWS::CodeBuild::Project"]
    delete = handler["delete"]

    def deleted(physical_id: str, properties: Any) -> None:
        delete(physical_id, properties)
        with suppress(NotFound, APIError):
            ministack.codebuild._get_docker().volumes.get(_cache_volume(physical_id)).remove(force=True)

    handler["delete"] = deleted


@correction(
    "Who may look at a build is who may look at its project",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodebuild.html",
)
def builds_belong_to_their_project() -> None:
    plain = ministack.iam_actions.extract_resource_arn

    def extract(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> Any:
        if service == "codebuild" and headers.get("x-amz-target", "").endswith((".BatchGetBuilds", ".StopBuild")):
            request = json.loads(body or b"{}")
            build = request.get("id") or request.get("ids", ["*"])[0]
            return f"arn:aws:codebuild:{region}:{account}:project/{build.split(':')[0]}"
        return plain(service, method, path, headers, body, query, region, account)

    ministack.iam_actions.extract_resource_arn = extract


@correction(
    "A build runs the phases of the buildspec, and fails when one of them does", f"{_GUIDE}/view-build-details.html"
)
def builds_run() -> None:
    ministack.codebuild.EXECUTE_BUILDS = True
    ministack.codebuild._execute_build = _execute

    start = ministack.codebuild._start_build

    def start_build(data: dict[str, Any]) -> Any:
        _request.set(data)
        return start(data)

    ministack.codebuild._start_build = start_build


def _execute(build_id: str, project: dict[str, Any]) -> None:
    build = ministack.codebuild._builds[build_id]
    try:
        succeeded = _Build(build, project).run()
    except Exception as error:
        build["phases"].append(
            {"phaseType": build["currentPhase"], "phaseStatus": "FAILED", "contexts": [{"message": str(error)}]}
        )
        print(f"build {build_id}: {type(error).__name__}: {error}", flush=True)
        succeeded = False
    ministack.codebuild._finish_build(build, "SUCCEEDED" if succeeded else "FAILED")


# The folder of the Docker client's configuration for base images.
_PUBLIC = "/codebuild/public"

# What a Docker engine inside the container needs. Less than Docker's own --privileged, which needs all capabilities of
# the machine: sandboxes and CI machines often keep some of them back.
_PRIVILEGED: dict[str, Any] = {
    "CapAdd": ["NET_ADMIN", "SYS_ADMIN"],
    "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"],
    "MaskedPaths": [],
    "ReadonlyPaths": [],
}


class _Build:
    """One build of a project."""

    def __init__(self, build: dict[str, Any], project: dict[str, Any]) -> None:
        self.build, self.project = build, project
        self.role = project["serviceRole"]
        self.environment = project["environment"]
        self.docker = ministack.codebuild._get_docker()

    def run(self) -> bool:
        """Whether all phases succeeded."""
        self._phase("DOWNLOAD_SOURCE")
        bucket, _, source_key = _request.get()["sourceLocationOverride"].partition("/")
        s3 = iam.client("s3", self.role, _PRINCIPAL)
        source = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=source_key)["Body"].read()))
        spec = Buildspec.parse(_buildspec(self.project["source"]["buildspec"], source))
        write = self._log()
        container = self._create(source, spec)
        try:
            container.start()
            for raw in container.logs(stream=True, follow=True):
                for line in raw.decode("utf-8", "replace").splitlines():
                    write(line)
                    if line.startswith("[phase] ") and line.count(" ") == 2:
                        self._phase(*line.split(" ")[1:])
            succeeded = container.wait()["StatusCode"] == 0
            if succeeded:
                self._phase("UPLOAD_ARTIFACTS")
                output = _request.get()["artifactsOverride"]
                s3.put_object(Bucket=output["location"], Key=output["name"], Body=_collect(container, spec.artifacts))
                self.build["exportedEnvironmentVariables"] = _exported(container, spec.exported)
            return bool(succeeded)
        finally:
            container.remove(force=True, v=True)

    def _phase(self, name: str, status: str = "SUCCEEDED") -> None:
        ministack.codebuild._record_phase(self.build, name, status)

    def _log(self) -> Any:
        """Writes a line to the project's log group, which CodeBuild makes where there is none and its role may."""
        configured = ((self.project.get("logsConfig") or {}).get("CloudWatchLogs") or {}).get("GroupName")
        group = configured or f"/aws/codebuild/{self.project['name']}"
        self.build["logs"]["groupName"] = group
        arn = f"arn:aws:logs:{ministack.region()}:{ministack.account()}:log-group:{group}"
        if group not in ministack.logs._log_groups:
            iam.require(self.role, ["logs:CreateLogGroup"], arn)
        iam.require(self.role, ["logs:CreateLogStream", "logs:PutLogEvents"], f"{arn}:log-stream:new")
        return ministack.codebuild._log_sink(self.build)

    def _create(self, source: zipfile.ZipFile, spec: Buildspec) -> Any:
        privileged = bool(self.environment.get("privilegedMode"))
        api = self.docker.api
        host = api.create_host_config(
            extra_hosts={ecr.host(): settings().bridge}, binds=self._volumes() if privileged else {}
        )
        created = api.create_container(
            CODEBUILD,
            ["bash", "/codebuild/start.sh"],
            name=f"codebuild-{self.build['id'].replace(':', '-')}",
            environment=self._variables(),
            labels=ministack.reaper.own_labels("codebuild"),
            host_config={**host, **(_PRIVILEGED if privileged else {})},
        )
        container = self.docker.containers.get(created["Id"])
        images = self._images(source) if privileged else {}
        container.put_archive("/", _archive(source, spec, _start_script(privileged, images, spec)))
        return container

    def _variables(self) -> dict[str, str]:
        given = self.environment.get("environmentVariables", [])
        given = [*given, *_request.get().get("environmentVariablesOverride", [])]
        for each in given:
            if each.get("type", "PLAINTEXT") != "PLAINTEXT":
                raise ValueError(f"the local CodeBuild does not know variables of type {each['type']}")
        own = {each["name"]: each["value"] for each in given}
        return {
            **own,
            **iam.credentials(self.role, _PRINCIPAL),
            "AWS_ENDPOINT_URL": settings().endpoint_for_containers,
            "AWS_DEFAULT_REGION": ministack.region(),
            "AWS_REGION": ministack.region(),
            "CODEBUILD_BUILD_ID": self.build["id"],
            "CODEBUILD_BUILD_NUMBER": str(self.build["buildNumber"]),
            "CODEBUILD_RESOLVED_SOURCE_VERSION": self.build["sourceVersion"],
            "CODEBUILD_SRC_DIR": "/codebuild/src",
            "CI": "true",
        }

    def _volumes(self) -> dict[str, dict[str, str]]:
        """With the layer cache, where the build's own Docker engine keeps its images for the next build."""
        if "LOCAL_DOCKER_LAYER_CACHE" not in (self.project.get("cache") or {}).get("Modes", []):
            return {}
        name = _cache_volume(self.project["name"])
        self.docker.volumes.create(name, labels=ministack.reaper.own_labels("codebuild"))
        return {name: {"bind": "/var/lib/docker", "mode": "rw"}}

    def _images(self, source: zipfile.ZipFile) -> dict[str, str]:
        """The base images of the source's Dockerfiles that this machine's engine has; their tags in the registry."""
        found = {}
        for name in source.namelist():
            if PurePosixPath(name).name == "Dockerfile" and name.count("/") <= 1:
                for image in base_images_of(source.read(name).decode()):
                    # An image by digest is its registry's: no other can have it under this name.
                    with suppress(ImageNotFound):
                        if "@" not in image:
                            found[image] = base_images.provide(self.docker, image)
        return found


def _buildspec(given: str, source: zipfile.ZipFile) -> str:
    """A project has the buildspec itself, or the name of the source's file with it.

    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectSource.html
    """
    return given if "\n" in given else source.read(given).decode()


def _cache_volume(project: str) -> str:
    return f"codebuild-{settings().port}-{ministack.account()}-{ministack.region()}-{project}"


def _start_script(privileged: bool, images: dict[str, str], spec: Buildspec) -> str:
    bridge, port = settings().bridge, settings().port
    lines = ["cd /codebuild/src"]
    if privileged:
        lines = [
            # The engine's own containers get control groups below this one's.
            "for each in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,rw,bind $each 2>/dev/null || true; done",
            # ECR's name leads to the bridge; its ports there to the gateway's. HTTPS is refused, so that Docker takes
            # HTTP.
            f"iptables -t nat -A OUTPUT -d {bridge} -p tcp --dport 80 -j DNAT --to-destination {bridge}:{port}",
            f"iptables -A OUTPUT -d {bridge} -p tcp --dport 443 -j REJECT --reject-with tcp-reset",
            f"dockerd --insecure-registry {ecr.host()} --exec-root /run/docker >/var/log/dockerd.log 2>&1 &",
            # Two minutes, since the machine may be busy; an engine that has died fails the build at once.
            "until docker version >/dev/null 2>&1; do",
            "  kill -0 $! && [ $SECONDS -lt 120 ] || { tail -20 /var/log/dockerd.log; exit 1; }",
            "  sleep 0.1",
            "done",
        ]
        lines += [_pull(image, tag) for image, tag in images.items()]
        lines.append("cd /codebuild/src")
    return "\n".join([*lines, f"exec {spec.shell} /codebuild/build.sh", ""])


def _pull(image: str, tag: str) -> str:
    """Pulls a base image from the local registry, and gives it the name that the Dockerfile has."""
    there = f"{ecr.host()}/{base_images.REPOSITORY}:{tag}"
    return (
        f"docker --config {_PUBLIC} pull --quiet {there} >/dev/null"
        f" && docker tag {there} {shlex.quote(image)} && docker rmi {there} >/dev/null"
    )


def _archive(source: zipfile.ZipFile, spec: Buildspec, start: str) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in (("start.sh", start), ("build.sh", spec.script())):
            _add(tar, f"codebuild/{name}", content.encode(), 0o755)
        # Docker sends no request without a login to a registry with private repositories. The public one ignores it.
        public = {"auths": {ecr.host(): {"auth": base64.b64encode(b"public:public").decode()}}}
        _add(tar, f"{_PUBLIC[1:]}/config.json", json.dumps(public).encode(), 0o600)
        for item in source.infolist():
            if not item.is_dir():
                _add(
                    tar,
                    f"codebuild/src/{item.filename}",
                    source.read(item),
                    (item.external_attr >> 16) & 0o777 or 0o644,
                )
    return archive.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(content), mode, int(time.time())
    tar.addfile(entry, io.BytesIO(content))


def _exported(container: Any, names: list[str]) -> list[dict[str, str]]:
    """The variables that the buildspec exports, as they are in the end; those that are not set are left out.

    https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec.env.exported-variables
    """
    found = []
    for name in names:
        with suppress(NotFound):
            stream, _ = container.get_archive(f"{EXPORTED}/{name}")
            with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
                content = tar.extractfile(name)
                assert content is not None
                found.append({"name": name, "value": content.read().decode()})
    return found


def _collect(container: Any, files: list[str]) -> bytes:
    """The output artifact: the named files of the stopped container in a zip archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as output:
        for file in files:
            stream, _ = container.get_archive(f"/codebuild/src/{file}")
            with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
                for member in tar.getmembers():
                    content = tar.extractfile(member)
                    if content is not None:
                        output.writestr(str(PurePosixPath(file).parent / member.name), content.read())
    return archive.getvalue()
