"""Elastic Load Balancing: rules with weights, targets with health checks, requests to healthy ones, and the metrics."""

from __future__ import annotations

import asyncio
import http.client
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from phoenix_cfn.local.aws import arrival, ec2, metrics, ministack
from phoenix_cfn.local.aws.corrections import correction
from phoenix_cfn.local.aws.resources import extend
from phoenix_cfn.local.aws.settings import busy, scaled

_NAMESPACE = "AWS/ApplicationELB"
# Real seconds that an application may take to start on a busy machine.
_STARTS_WITHIN = 20
_ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application"


@dataclass
class Target:
    """A registered target: `state` is initial, healthy, unhealthy or draining; `open` counts its unanswered
    requests.
    """

    group: str
    address: str
    port: int
    account: str
    region: str
    security_groups: list[str]
    state: str = "initial"
    reason: str = "Elb.RegistrationInProgress"
    open: int = 0
    gone: threading.Event = field(default_factory=threading.Event)


# Whether the request came to the port that is the load balancer's alone, whatever host it names.
through_the_site: ContextVar[bool] = ContextVar("through-the-site", default=False)
# The target group that the request of this context was forwarded to.
_forwarded_to: ContextVar[str | None] = ContextVar("forwarded-to", default=None)
_targets: dict[tuple[str, str], Target] = {}
_lock = threading.Lock()


def register(group: str, address: str, port: int, security_groups: list[str]) -> Target:
    """Starts to ask the target how it is, until `deregister`. Registering again changes nothing."""
    with _lock:
        target = _targets.get((group, address))
        if target is None:
            target = Target(group, address, port, ministack.account(), ministack.region(), security_groups)
            _targets[group, address] = target
            # What DescribeTargetHealth lists.
            ministack.alb.set_targets_for_group(group, [(address, port)])
            threading.Thread(target=_watch, args=(target,), daemon=True, name=f"health-{address}").start()
        return target


def deregister(group: str, address: str, wait: bool = True) -> None:
    """No new requests; returns when the open ones are answered, or after the deregistration delay, in real seconds."""
    with _lock:
        target = _targets.get((group, address))
    if target is None:
        return
    target.state = "draining"
    delay = float(_attribute(group, "deregistration_delay.timeout_seconds", "300"))
    end = time.time() + (delay if wait else 0)
    while target.open and time.time() < end:
        time.sleep(0.02)
    target.gone.set()
    with _lock:
        if _targets.get((group, address)) is target:
            del _targets[group, address]
            ministack.alb.set_targets_for_group(group, [], [address])


def state(group: str, address: str) -> str:
    """Of one target; "unused" where it is not registered."""
    target = _targets.get((group, address))
    return target.state if target else "unused"


def targets(group: str) -> list[Target]:
    """Registered with the target group, also those that drain."""
    with _lock:
        return [each for each in _targets.values() if each.group == group]


def _watch(target: Target) -> None:
    """The health check of one target: `HealthyThresholdCount` good answers make it healthy, but the first is enough."""
    with ministack.request_scope(target.account, target.region):
        good = bad = 0
        began = time.time()
        while not target.gone.is_set():
            group = ministack.alb._tgs.get(target.group)
            if group is None:
                return
            fine, reason = _ask(target, group)
            good, bad = (good + 1, 0) if fine else (0, bad + 1)
            if target.state in ("initial", "unhealthy") and fine:
                if target.state == "initial" or good >= int(group.get("HealthyThresholdCount") or 5):
                    target.state, target.reason = "healthy", ""
            elif target.state in ("initial", "healthy") and bad >= (allowed := _allowed(group)):
                # A new one has the real time that as many checks take on AWS: a process must start within it.
                checks = allowed * float(group.get("HealthCheckIntervalSeconds") or 30)
                if target.state == "healthy" or time.time() - began >= min(checks, _STARTS_WITHIN):
                    target.state, target.reason = "unhealthy", reason
            interval = scaled(float(group.get("HealthCheckIntervalSeconds") or 30))
            # A target that has just been registered is asked at once, again and again, until it answers.
            target.gone.wait(interval if target.state != "initial" else min(interval, 0.5))


def _allowed(group: dict[str, Any]) -> int:
    """How many bad answers in a row make a target unhealthy."""
    return int(group.get("UnhealthyThresholdCount") or 2)


def _ask(target: Target, group: dict[str, Any]) -> tuple[bool, str]:
    """One health check; the time-out is AWS's, in real seconds, longer where the machine is busy."""
    port = group.get("HealthCheckPort")
    port = int(str(port)) if str(port).isdigit() else target.port
    if not ec2.connects(_groups_of_balancers(target.group), target.security_groups, port):
        return False, "Target.Timeout"
    connection = http.client.HTTPConnection(
        target.address, port, timeout=float(group.get("HealthCheckTimeoutSeconds") or 5) * busy()
    )
    try:
        connection.request("GET", group.get("HealthCheckPath") or "/", headers={"User-Agent": "ELB-HealthChecker/2.0"})
        code = connection.getresponse().status
    except TimeoutError:
        return False, "Target.Timeout"
    except OSError:
        return False, "Target.FailedHealthChecks"
    finally:
        connection.close()
    return matches(code, group), "Target.ResponseCodeMismatch"


def matches(code: int, group: dict[str, Any]) -> bool:
    """Whether the target group's matcher, such as "200" or "200-299,301", takes the status code for healthy."""
    matcher = group.get("Matcher") or group.get("MatcherHttpCode") or "200"
    text = matcher.get("HttpCode", "200") if isinstance(matcher, dict) else str(matcher)
    ranges = [part.split("-") for part in text.split(",")]
    return any(int(each[0]) <= code <= int(each[-1]) for each in ranges)


def _groups_of_balancers(group: str) -> list[str]:
    """The security groups of the load balancers with a listener that forwards to the target group."""
    forwarding = balancers_of(group)
    return [
        each
        for arn, balancer in ministack.alb._lbs.items()
        if arn in forwarding
        for each in balancer.get("SecurityGroups", [])
    ]


def _attribute(group: str, key: str, default: str) -> str:
    return next((each["Value"] for each in ministack.alb._tg_attrs.get(group, []) if each["Key"] == key), default)


@correction(
    "Requests go to healthy targets only, to all where none is; by least outstanding requests where the group says so",
    f"{_ALB}/target-group-health-checks.html",
)
def only_healthy_targets_get_requests() -> None:
    plain = ministack.alb._forward_to_tg
    signature = ("method", "path", "headers", "body", "query_params", "raw_query_string", "raw_path")

    async def forward(group_arn: str, *arguments: Any, **named: Any) -> Any:
        call = {**dict(zip(signature, arguments, strict=False)), **named}
        _forwarded_to.set(group_arn)
        group = ministack.alb._tgs.get(group_arn)
        registered = [each for each in targets(group_arn) if each.state != "draining"]
        if group is None or not registered:
            return await plain(group_arn, *arguments, **named)
        healthy = [each for each in registered if each.state == "healthy"] or registered
        if _attribute(group_arn, "load_balancing.algorithm.type", "round_robin") == "least_outstanding_requests":
            least = min(each.open for each in healthy)
            healthy = [each for each in healthy if each.open == least]
        target = random.choice(healthy)
        if not ec2.connects(_groups_of_balancers(group_arn), target.security_groups, target.port):
            return 504, {"Content-Type": "text/html"}, b"<html><h1>504 Gateway Time-out</h1></html>"
        return await _proxy(target, group, call)

    ministack.alb._forward_to_tg = forward


async def _proxy(target: Target, group: dict[str, Any], call: dict[str, Any]) -> Any:
    target.open += 1
    try:
        status, headers, body = await ministack.alb._proxy_http_target(
            {"Id": target.address, "Port": target.port},
            group,
            call["method"],
            call.get("raw_path") or call["path"],
            call["headers"],
            call["body"],
            call["query_params"],
            call.get("raw_query_string"),
        )
    except BaseException:
        target.open -= 1
        raise
    # The answer is under way; MiniStack streams it. It is complete soon after, or when the target closes.
    asyncio.get_running_loop().call_later(0.2, _answered, target)
    return status, headers, body


def _answered(target: Target) -> None:
    target.open -= 1


@correction(
    "A forward action has target groups with weights, by which it distributes the requests",
    f"{_ALB}/rule-action-types.html",
)
def forward_actions_have_weights() -> None:
    from_template, from_request = ministack.provisioners._elbv2_listener_actions, ministack.alb._parse_actions
    as_xml, execute = ministack.alb._action_xml, ministack.alb._execute_actions

    def of_properties(properties: dict[str, Any], balancer: str | None, prop: str = "DefaultActions") -> Any:
        stored = from_template(properties, balancer, prop)
        for action, given in zip(stored, properties.get(prop) or [], strict=True):
            _weigh(action, (given.get("ForwardConfig") or {}).get("TargetGroups", []))
        return stored

    def of_parameters(params: dict[str, Any], prefix: str = "DefaultActions") -> Any:
        stored = from_request(params, prefix)
        for number, action in enumerate(stored, start=1):
            _weigh(action, _tuples(params, f"{prefix}.member.{number}.ForwardConfig.TargetGroups.member"))
        return stored

    def xml(action: dict[str, Any]) -> str:
        groups = "".join(
            f"<member><TargetGroupArn>{group}</TargetGroupArn><Weight>{weight}</Weight></member>"
            for group, weight in _groups([action]).items()
        )
        config = f"<ForwardConfig><TargetGroups>{groups}</TargetGroups></ForwardConfig>" if groups else ""
        return str(as_xml(action)).replace("</member>", f"{config}</member>")

    async def choose(actions: list[dict[str, Any]], *arguments: Any, **named: Any) -> Any:
        return await execute([_chosen(each) for each in actions], *arguments, **named)

    ministack.provisioners._elbv2_listener_actions = of_properties
    ministack.alb._parse_actions = of_parameters
    ministack.alb._action_xml = xml
    ministack.alb._execute_actions = choose


def _tuples(params: dict[str, Any], prefix: str) -> Iterator[dict[str, Any]]:
    for number in count(1):
        group = ministack.alb._p(params, f"{prefix}.{number}.TargetGroupArn")
        if not group:
            return
        weight = ministack.alb._p(params, f"{prefix}.{number}.Weight")
        yield {"TargetGroupArn": group, **({"Weight": weight} if weight else {})}


def _weigh(action: dict[str, Any], tuples: Iterable[dict[str, Any]]) -> None:
    """Stores the weights of a forward action; `TargetGroupArn` is there only where it has one target group."""
    if action["Type"] != "forward":
        return
    weights = {each["TargetGroupArn"]: int(each.get("Weight", 1)) for each in tuples}
    groups = weights or {action["TargetGroupArn"]: 1}
    action["ForwardConfig"] = {
        "TargetGroups": [{"TargetGroupArn": group, "Weight": weight} for group, weight in groups.items()]
    }
    if len(groups) > 1:
        action.pop("TargetGroupArn", None)


def _groups(actions: Iterable[dict[str, Any]]) -> dict[str, int]:
    """The target groups of forward actions, with their weights."""
    return {
        each["TargetGroupArn"]: each["Weight"]
        for action in actions
        for each in (action.get("ForwardConfig") or {}).get("TargetGroups", [])
    }


def _chosen(action: dict[str, Any]) -> dict[str, Any]:
    """The action for one request: a forward action to one target group."""
    weights = _groups([action])
    if not weights:
        return action
    if not any(weights.values()):
        return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    [group] = random.choices(list(weights), list(weights.values()))
    return {**action, "TargetGroupArn": group}


def weights(rule: str) -> dict[str, int]:
    """The target groups of a rule, by its ARN, with their weights; empty where there is no such rule."""
    return _groups((ministack.alb._rules.get(rule) or {}).get("Actions", []))


def shift(rule: str, weights: dict[str, int]) -> None:
    """Gives the target groups of a rule other weights, as ModifyRule does."""
    action: dict[str, Any] = {"Type": "forward", "Order": 1}
    _weigh(action, [{"TargetGroupArn": group, "Weight": weight} for group, weight in weights.items()])
    ministack.alb._rules[rule]["Actions"] = [action]


@correction("No two rules of a listener have the same priority", f"{_ALB}/listener-rules.html")
def rules_have_their_own_priority() -> None:
    handler = ministack.handlers["AWS::ElasticLoadBalancingV2::ListenerRule"]
    create = handler["create"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        rules = [each for each in ministack.alb._rules.values() if each["ListenerArn"] == properties["ListenerArn"]]
        if str(properties["Priority"]) in {each["Priority"] for each in rules}:
            raise ValueError(f"Priority '{properties['Priority']}' is currently in use")
        return create(logical_id, properties, stack)

    ministack.handlers["AWS::ElasticLoadBalancingV2::ListenerRule"] = {**handler, "create": created}


@correction(
    "A target group that a rule names cannot be deleted",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html",
)
def target_groups_in_use_stay() -> None:
    handler = ministack.handlers["AWS::ElasticLoadBalancingV2::TargetGroup"]
    delete = handler["delete"]

    def deleted(arn: str, properties: dict[str, Any]) -> None:
        if balancers_of(arn):
            raise ValueError(f"Target group '{arn}' is currently in use by a listener or a rule")
        delete(arn, properties)

    ministack.handlers["AWS::ElasticLoadBalancingV2::TargetGroup"] = {**handler, "delete": deleted}


@correction(
    "Every path under a load balancer's name is its application's, such as /health, which MiniStack answers itself",
    f"{_ALB}/introduction.html",
)
def every_path_is_the_applications() -> None:
    def unless_for_a_balancer(plain: Any) -> Any:
        async def handle(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
            return None if _asked(headers)[0] else await plain(method, path, headers, *rest)

        return handle

    plain = ministack.app._handle_special_data_plane_request

    async def dispatch(
        method: str, path: str, headers: dict[str, str], body: bytes, query: Any, request: str, **more: Any
    ) -> Any:
        asked, balancer = _asked(headers)
        if not asked:
            return await plain(method, path, headers, body, query, request, **more)
        if balancer is None:
            return 503, {"Content-Type": "text/plain"}, b"There is no load balancer yet.\n"
        port = headers.get("host", "").rpartition(":")[2]
        return await ministack.alb.dispatch_request(
            balancer, method, path, headers, body, query, int(port) if port.isdigit() else 80, **more
        )

    ministack.app._handle_pre_body_request = unless_for_a_balancer(ministack.app._handle_pre_body_request)
    ministack.app._handle_post_body_shortcuts = unless_for_a_balancer(ministack.app._handle_post_body_shortcuts)
    ministack.app._handle_special_data_plane_request = dispatch


def _asked(headers: dict[str, str]) -> tuple[bool, dict[str, Any] | None]:
    """Whether a request is for a load balancer, and for which."""
    balancer = ministack.alb.find_lb_for_host(headers.get("host", ""))
    if balancer is None and through_the_site.get():
        return True, next(iter(ministack.alb._lbs.values()), None)
    return balancer is not None, balancer


@correction(
    "Clients get in where the load balancer's security groups let them; requests are counted and timed",
    f"{_ALB}/load-balancer-cloudwatch-metrics.html",
)
def requests_are_measured() -> None:
    plain = ministack.alb.dispatch_request

    async def dispatch(balancer: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        asked = named.get("port", arguments[5] if len(arguments) > 5 else 80)
        ports = [
            int(each.get("Port", 80))
            for each in ministack.alb._listeners.values()
            if each["LoadBalancerArn"] == balancer["LoadBalancerArn"]
        ]
        # MiniStack takes the first listener where the client names none, such as the gateway's own port.
        port = asked if asked in ports or not ports else ports[0]
        if not ec2.accepts_from_internet(balancer.get("SecurityGroups", []), port):
            return 504, {"Server": "local-aws"}, b"the load balancer's security groups let nobody in\n"
        start = time.time()
        _forwarded_to.set(None)
        answer = await plain(balancer, *arguments, **named)
        _count(balancer, _forwarded_to.get(), answer, time.time() - start)
        return answer

    ministack.alb.dispatch_request = dispatch


def _count(balancer: dict[str, Any], group: str | None, answer: Any, seconds: float) -> None:
    """`group`: the target group that the request was forwarded to, if any."""
    status, headers = answer[0], answer[1]
    whole = {"LoadBalancer": balancer["LoadBalancerArn"].split(":loadbalancer/")[1]}
    # An answer that the load balancer had to give itself names no target.
    own = status in (502, 503, 504) and "date" not in {name.lower() for name in headers}
    kind = "ELB" if own else "Target"
    # The load balancer's node that took the request publishes all about it.
    node = random.randrange(arrival.parts(_NAMESPACE))
    for dims in (whole, *([{**whole, "TargetGroup": _full_name(group)}] if group else [])):
        metrics.publish(_NAMESPACE, "RequestCount", 1, dims, node)
        metrics.publish(_NAMESPACE, "TargetResponseTime", seconds, dims, node)
        if kind == "Target" or "TargetGroup" not in dims:
            metrics.publish(_NAMESPACE, f"HTTPCode_{kind}_{status // 100}XX_Count", 1, dims, node)
    if group:
        healthy = sum(each.state == "healthy" for each in targets(group)) or 1
        for dims in ({"TargetGroup": _full_name(group)}, {**whole, "TargetGroup": _full_name(group)}):
            metrics.publish(_NAMESPACE, "RequestCountPerTarget", 1 / healthy, dims, node)


def balancers_of(group: str) -> set[str]:
    """The load balancers with a rule that forwards to the target group, be its weight 0."""
    listeners = {rule["ListenerArn"] for rule in ministack.alb._rules.values() if group in _groups(rule["Actions"])}
    return {each["LoadBalancerArn"] for each in ministack.alb._listeners.values() if each["ListenerArn"] in listeners}


def _full_name(group: str) -> str:
    return group.rsplit(":", 1)[1]


def publish_health() -> None:
    """HealthyHostCount and UnHealthyHostCount of every target group with targets in the current account and region."""
    by_group: dict[str, list[Target]] = defaultdict(list)
    for group in ministack.alb._tgs:
        by_group[group] = targets(group)
    for group, members in by_group.items():
        if not members:
            continue
        for balancer in sorted(balancers_of(group)):
            dims = {"LoadBalancer": balancer.split(":loadbalancer/")[1], "TargetGroup": _full_name(group)}
            for name, wanted in (("HealthyHostCount", "healthy"), ("UnHealthyHostCount", "unhealthy")):
                count = sum(each.state == wanted for each in members)
                for node in range(arrival.parts(_NAMESPACE)):
                    metrics.publish(_NAMESPACE, name, count, dims, node)


@correction(
    "TargetGroupFullName begins with targetgroup/",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-targetgroup.html",
)
def full_name_of_a_target_group() -> None:
    ministack.alb._target_group_full_name_from_arn = _full_name


@correction(
    "A listener's attributes, such as headers that it adds to answers, come from the template",
    f"{_ALB}/header-modification.html",
)
def listener_attributes() -> None:
    def apply(arn: str, properties: dict[str, Any]) -> None:
        given = {each["Key"]: str(each["Value"]) for each in properties.get("ListenerAttributes", [])}
        known = {each["Key"]: each["Value"] for each in ministack.alb._listener_attrs.get(arn, [])}
        attributes = [{"Key": key, "Value": value} for key, value in {**known, **given}.items()]
        ministack.alb._listener_attrs[arn] = attributes

    extend("AWS::ElasticLoadBalancingV2::Listener", after=apply)


@correction("DescribeTargetHealth tells what the health checks found", f"{_ALB}/check-target-health.html")
def target_health_is_told() -> None:
    plain = ministack.alb._ACTION_MAP["DescribeTargetHealth"]

    def describe(params: dict[str, Any]) -> Any:
        group = ministack.alb._p(params, "TargetGroupArn")
        status, headers, body = plain(params)

        def member(match: re.Match[bytes]) -> bytes:
            found = state(group, match[1].decode())
            return match[0].replace(b"<State>healthy</State>", f"<State>{found}</State>".encode())

        return status, headers, re.sub(rb"<Target><Id>([^<]+)</Id>.*?</TargetHealth>", member, body, flags=re.S)

    ministack.alb._ACTION_MAP["DescribeTargetHealth"] = describe
