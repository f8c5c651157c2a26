"""A project with the smallest service that there is, and settings of one's own: it is built within seconds."""

from __future__ import annotations

import json
from typing import Any

from phoenix_cfn import Settings, cfnlintrc, infrastructure, pipeline
from phoenix_cfn.local.fork import Fork
from phoenix_cfn.local.images import DEBIAN
from phoenix_cfn.local.server import LocalAws
from phoenix_cfn.render import render
from tests.deployment import REPOSITORY_ROOT

SKELETON = REPOSITORY_ROOT / "phoenix_cfn/cli/skeleton"
# Answers every request with the names of its variables.
SERVER = """\
use IO::Socket::INET; $SIG{TERM} = sub { exit }; $SIG{PIPE} = 'IGNORE';
my $s = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 50, ReuseAddr => 1) or die;
while (my $c = $s->accept) {
    while (<$c>) { last if /^\\r?$/ }
    my $body = join(' ', sort keys %ENV);
    print $c "HTTP/1.0 200 OK\\r\\nContent-Length: " . length($body) . "\\r\\n\\r\\n$body";
    close $c;
}
"""


def toml(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def dockerfile(settings: Settings) -> str:
    """What it says agrees with the settings."""
    paths = " ".join(settings.service.writable_paths)
    volumes = f"RUN mkdir -p {paths} && chown {settings.service.user} {paths}\n" if paths else ""
    declared = "".join(f"VOLUME {path}\n" for path in settings.service.writable_paths)
    return (
        f"FROM {DEBIAN}\n{volumes}{declared}COPY server.pl /server.pl\nUSER {settings.service.user}\n"
        f'EXPOSE {settings.service.container_port}\nCMD ["perl", "/server.pl"]\nARG REVISION\n'
        'LABEL revision="${REVISION}"\n'
    )


def small_service(aws: LocalAws, owner: str, chosen: dict[str, Any]) -> Fork:
    """Its repository with these settings, pushed once."""
    settings = Settings.of(chosen)
    fork = Fork(aws, owner, settings.name)
    project = aws.settings.state / "projects" / owner
    app, templates = project / settings.source_dir, project / "templates"
    for folder in (app, templates):
        folder.mkdir(parents=True)
    (app / "Dockerfile").write_text(dockerfile(settings))
    (app / "server.pl").write_text(SERVER)
    (app / "buildspec.yml").write_text((SKELETON / "buildspec.yml").read_text().replace("@SOURCE_DIR@", app.name))
    (project / "phoenix.toml").write_text("".join(f"{key} = {toml(value)}\n" for key, value in chosen.items()))
    (project / cfnlintrc.FILE).write_text((SKELETON / "cfnlintrc").read_text())
    stage = infrastructure.build(settings)
    release = pipeline.build(settings, stage.template)
    for name, template in (("Infrastructure", stage.template), ("Pipeline", release.template)):
        (templates / f"{name}.yml").write_text(render(template), encoding="utf-8")
    fork.fill(project)
    fork.push("The smallest service")
    return fork
