"""Versions of the application that the tests release: changes of a fork's clone, which push nothing, and lines of a
Dockerfile that change an image of the application.
"""

from __future__ import annotations

from tests.deployment.fork import Fork

NEW_PAGE = "Welcome to Phoenix"
# Why a release whose tasks are never healthy fails. The circuit breaker counts tasks, the alarm minutes: which of them
# is first depends on how long tasks take to start.
UNHEALTHY = r"Task failed ELB health checks|alarm\(s\) detected: \S*UnhealthyTargetsAlarm"


def new_page(fork: Fork) -> None:
    """As a developer does: the page, and the exchanges that its tests expect."""
    exchanges = (fork.clone / "app/test/contract").rglob("*.http")
    shown = [each for each in exchanges if "Welcome to Express" in each.read_text()]
    for file in (fork.clone / "app/src/pages.js", *shown):
        fork.replace(str(file.relative_to(fork.clone)), "Welcome to Express", NEW_PAGE)


def crashing_at_start(fork: Fork) -> None:
    fork.replace("app/src/main.js", *CRASH)


def without_image(fork: Fork) -> None:
    nothing = "sha256:" + "0" * 64
    fork.replace("app/buildspec.yml", '"$REPOSITORY_URI" "$digest"', f'"$REPOSITORY_URI" "{nothing}"')


def without_tests(fork: Fork) -> None:
    """The application's tests pass, whatever the version does."""
    fork.replace("app/package.json", '"test": "', '"test": "true || ')


def changed(file: str, old: str, new: str) -> list[str]:
    """Lines that replace a text in a file of the image; it must be there."""
    return ["USER 0", f"RUN grep -qF '{old}' {file} && sed -i 's|{old}|{new}|' {file}", "USER 1000:1000"]


def other_page(title: str) -> list[str]:
    return changed("src/pages.js", "Welcome to Express", title)


CRASH = "const config = readConfig(process.env);", "throw new Error();"
CRASHING_AT_START = changed("src/main.js", *CRASH)
NEVER_HEALTHY = changed("src/app.js", "send(req, res, 200, { type: JSON_TYPE", "send(req, res, 503, { type: JSON_TYPE")
# Its health check passes. Only visitors see the errors, and with them the alarm on the load balancer's metrics.
ANSWERING_WITH_ERRORS = changed("src/app.js", "send(req, res, 200, home)", "send(req, res, 500, home)")
