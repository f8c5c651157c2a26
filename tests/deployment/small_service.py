"""A project with the smallest service that there is, and settings of one's own: it is built within seconds.

It answers every request with the variable VERSION and the names of all variables; with 500, paths that match the
variable FAILS.
"""

from __future__ import annotations

from typing import Any

from phoenix_cfn import Settings, cfnlintrc
from phoenix_cfn.local.fork import Fork
from phoenix_cfn.local.images import DEBIAN
from phoenix_cfn.local.server import LocalAws
from tests.deployment import REPOSITORY_ROOT
from tests.deployment.chosen import choose

SKELETON = REPOSITORY_ROOT / "phoenix_cfn/cli/skeleton"
SERVER = """\
use IO::Socket::INET; $SIG{TERM} = sub { exit }; $SIG{PIPE} = 'IGNORE';
my $s = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 50, ReuseAddr => 1) or die;
my $fails = $ENV{FAILS} // '(?!)';
while (my $c = $s->accept) {
    my (undef, $path) = split ' ', <$c> // '';
    while (<$c>) { last if /^\\r?$/ }
    my $status = ($path // '') =~ /^(?:$fails)$/ ? '500 Error' : '200 OK';
    my $body = join(' ', $ENV{VERSION} // 'unnamed', sort keys %ENV);
    print $c "HTTP/1.0 $status\\r\\nContent-Length: " . length($body) . "\\r\\n\\r\\n$body";
    close $c;
}
"""


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
    """Its repository with these settings, not pushed yet."""
    project = aws.settings.state / "projects" / owner
    settings = Settings.of(chosen)
    app = project / settings.source_dir
    app.mkdir(parents=True)
    (app / "Dockerfile").write_text(dockerfile(settings))
    (app / "server.pl").write_text(SERVER)
    (app / "buildspec.yml").write_text((SKELETON / "buildspec.yml").read_text().replace("@SOURCE_DIR@", app.name))
    (project / cfnlintrc.FILE).write_text((SKELETON / "cfnlintrc").read_text())
    choose(project, chosen)
    fork = Fork(aws, owner, settings.name, settings.pipeline.source)
    fork.fill(project)
    return fork
