"""Versions of the application that the tests release: each changes the clone of a fork, and pushes nothing."""

from __future__ import annotations

from tests.deployment.fork import Fork

NEW_PAGE = "Welcome to Phoenix"
# Why a release whose tasks are never healthy fails. The circuit breaker counts tasks, the alarm minutes: which of them
# is first depends on how long tasks take to start.
NEVER_HEALTHY = r"Task failed ELB health checks|alarm\(s\) detected: \S*UnhealthyTargetsAlarm"


def new_page(fork: Fork) -> None:
    """As a developer does: the page, and the exchanges that its tests expect."""
    exchanges = (fork.clone / "app/test/contract").rglob("*.http")
    shown = [each for each in exchanges if "Welcome to Express" in each.read_text()]
    for file in (fork.clone / "app/src/pages.js", *shown):
        fork.replace(str(file.relative_to(fork.clone)), "Welcome to Express", NEW_PAGE)


def other_page(title: str) -> list[str]:
    """The same by lines of a Dockerfile, on an image of the application."""
    return ["USER 0", f"RUN sed -i 's/Welcome to Express/{title}/' src/pages.js", "USER 1000:1000"]


def never_healthy(fork: Fork) -> None:
    without_tests(fork)
    fork.replace("app/src/app.js", "send(req, res, 200, { type: JSON_TYPE", "send(req, res, 503, { type: JSON_TYPE")


def crashing_at_start(fork: Fork) -> None:
    without_tests(fork)
    fork.replace("app/src/main.js", "const config = readConfig(process.env);", "throw new Error('a bad version');")


def without_image(fork: Fork) -> None:
    nothing = "sha256:" + "0" * 64
    fork.replace("app/buildspec.yml", '"$REPOSITORY_URI" "$digest"', f'"$REPOSITORY_URI" "{nothing}"')


def answering_with_errors(fork: Fork) -> None:
    """Its health check passes. Only visitors see the errors, and with them the alarm on the load balancer's metrics."""
    without_tests(fork)
    fork.replace(
        "app/src/app.js", "'/': (req, res) => send(req, res, 200, home)", "'/': (req, res) => send(req, res, 500, home)"
    )


def without_tests(fork: Fork) -> None:
    """The application's tests pass, whatever the version does."""
    fork.replace("app/package.json", '"test": "', '"test": "true || ')
