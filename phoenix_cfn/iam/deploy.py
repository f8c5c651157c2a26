"""The policy for the role that CloudFormation deploys a template with: what its resources need, and no more.

Also the permissions boundary for the roles that the template creates: what they may do at the very most, so that
whoever writes the template cannot make an administrator.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from awacs import aws
from awacs.aws import Action, Allow, Condition, PolicyDocument, Statement
from troposphere import Ref, Sub

from phoenix_cfn.cloudformation.limits import MANAGED_POLICIES_OF_A_ROLE, MANAGED_POLICY_LIMIT, ROLE_INLINE_LIMIT
from phoenix_cfn.errors import PhoenixError
from phoenix_cfn.iam.handlers import Handlers, regular_place
from phoenix_cfn.iam.resources import OWNED, Template
from phoenix_cfn.iam.supplements import SERVICE_LINKED_ROLES, needed

# The longest that AWS has; a stage's name is bounded by its parameter, and any other reference is an ARN.
_LONGEST = {"AWS::Partition": "aws-us-gov", "AWS::Region": "ap-southeast-1", "AWS::AccountId": "1" * 12}
_LONGEST_REFERENCE = 150

_STACK_TAG = "aws:ResourceTag/aws:cloudformation:stack-name"
_GIVES_POWER = frozenset(
    {
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
    }
)
_ROLE, _SECRET = "AWS::IAM::Role", "AWS::SecretsManager::Secret"
_SECRET_REFERENCE = re.compile(
    r"\{\{resolve:secretsmanager:(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:}]+|\$\{[^}]+\}|[^:}]+)"
)
_SSM_REFERENCE = re.compile(r"\{\{resolve:ssm(-secure)?:|AWS::SSM::Parameter::Value<")


class PolicyTooLargeError(PhoenixError):
    """IAM would refuse the policy when the stack is created; this says so when the template is written."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(
            f"{what} may have {size} characters, {size - limit} more than the {limit} that IAM allows. "
            "Let one template create fewer types of resources, or give them names that tell the stage."
        )


@dataclass(frozen=True)
class Permission:
    """A statement that allows. `resources` and the values of `conditions` are texts, which may hold Fn::Sub variables;
    `conditions` are by operator, such as `StringEquals`, and key."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]

    def to_awacs(self) -> Statement:
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": Allow,
            "Action": [Action(*action.split(":", 1)) for action in self.actions],
            "Resource": [_troposphere(each) for each in self.resources],
        }
        if self.conditions:
            statement["Condition"] = Condition(
                [
                    getattr(aws, operator)(
                        {key: _one_or_all(_troposphere(each) for each in values) for key, values in keys.items()}
                    )
                    for operator, keys in self.conditions.items()
                ]
            )
        return Statement(**statement)

    def to_json(self) -> dict[str, Any]:
        """The statement as plain data: Fn::Sub where a text has variables."""
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": [_plain(each) for each in self.resources],
        }
        if self.conditions:
            statement["Condition"] = {
                operator: {key: _one_or_all(_plain(each) for each in values) for key, values in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return statement


def deploy_permissions(template: Mapping[str, Any], values: Mapping[str, str]) -> list[Permission]:
    """What CloudFormation needs to create, read, update, delete and list the resources of a template.

    `values`: see `Template`. Raises UnknownNeedsError for types of which that is not known.
    """
    return _Derivation(Template(template, values)).permissions()


def boundary_permissions(template: Mapping[str, Any], values: Mapping[str, str]) -> list[Permission]:
    """What the roles of a template may do, taken together: the boundary for each of them.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    known = Template(template, values)
    found: dict[tuple[object, ...], Permission] = {}
    for role in known.of_type(_ROLE):
        for policy in known.properties(role).get("Policies", []):
            for number, statement in enumerate(policy["PolicyDocument"]["Statement"], start=1):
                if statement["Effect"] != "Allow":
                    continue
                conditions = {
                    operator: {key: _resolved(known, value) for key, value in keys.items()}
                    for operator, keys in statement.get("Condition", {}).items()
                }
                permission = Permission(
                    statement.get("Sid", f"{role}{number}"),
                    tuple(sorted(_listed(statement["Action"]))),
                    _resolved(known, statement["Resource"]),
                    conditions,
                )
                found.setdefault((permission.actions, permission.resources, str(conditions)), permission)
    return list(found.values())


def policy_documents(what: str, permissions: Iterable[Permission], longest: Mapping[str, int]) -> list[PolicyDocument]:
    """The statements by document: the first is a role's inline policy, the others managed policies.

    `longest`: the most characters of what the Fn::Sub variables stand for, as far as they are not ARNs. Raises
    PolicyTooLargeError where that is more than a role can have.
    """
    documents: list[list[Permission]] = [[]]
    for permission in permissions:
        limit = MANAGED_POLICY_LIMIT if len(documents) > 1 else ROLE_INLINE_LIMIT
        if policy_size([*documents[-1], permission], longest) > limit:
            documents.append([])
        documents[-1].append(permission)
    if len(documents) > 1 + MANAGED_POLICIES_OF_A_ROLE:
        size = sum(policy_size(each, longest) for each in documents)
        raise PolicyTooLargeError(what, size, ROLE_INLINE_LIMIT + MANAGED_POLICIES_OF_A_ROLE * MANAGED_POLICY_LIMIT)
    return [
        policy_document(what, each, MANAGED_POLICY_LIMIT if number else ROLE_INLINE_LIMIT, longest)
        for number, each in enumerate(documents)
    ]


def policy_document(
    what: str, permissions: Iterable[Permission], limit: int, longest: Mapping[str, int]
) -> PolicyDocument:
    """One policy for a template in troposphere. Raises PolicyTooLargeError where it could exceed IAM's limit."""
    every = list(permissions)
    size = policy_size(every, longest)
    if size > limit:
        raise PolicyTooLargeError(what, size, limit)
    return PolicyDocument(Version="2012-10-17", Statement=[each.to_awacs() for each in every])


def policy_size(permissions: Iterable[Permission], longest: Mapping[str, int]) -> int:
    """The most characters that IAM may count: white space is free, and variables are as long as they can get."""

    def fill(match: re.Match[str]) -> str:
        return _LONGEST.get(match[1]) or "x" * longest.get(match[1], _LONGEST_REFERENCE)

    document = {"Version": "2012-10-17", "Statement": [each.to_json() for each in permissions]}
    text = json.dumps(document, separators=(",", ":"))
    return len(re.sub(r"\$\{([^}]*)\}", fill, re.sub(r'\{"Fn::Sub":("[^"]*")\}', r"\1", text)))


class _Derivation:
    """From the facts about a template's resource types, and the template itself, to statements."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._facts = Handlers.of(template.types())
        self._needed = self._needed_by_type()
        self._owned: dict[str, list[str]] = defaultdict(list)
        for logical_id in template.resources:
            for kind, arn in template.owned(logical_id):
                if arn not in self._owned[kind]:
                    self._owned[kind].append(arn)
        self._tags = {f"aws:ResourceTag/{key}": (value,) for key, value in template.common_tags().items()}

    def permissions(self) -> list[Permission]:
        own, deleting, anywhere = defaultdict(list), defaultdict(list), defaultdict(list)
        readers, without_level = [], []
        for action in sorted(set().union(*self._needed.values()) - {"iam:PassRole", "iam:CreateServiceLinkedRole"}):
            service = action.partition(":")[0]
            if not self._facts.kinds[action]:
                without_level.append(action)
            elif self._reads_all(action):
                readers.append(action)
            elif self._acts_on_strangers(action):
                anywhere[service].append(action)
            elif self._only_touches_tagged(action):
                deleting[service].append(action)
            else:
                own[service].append(action)

        found: list[Permission] = []
        for service in sorted({*own, *deleting, *anywhere}):
            name = service.title().replace("-", "")
            if service == "iam":
                found += self._role_permissions(own.pop(service, []))
            if own[service]:
                found.append(self._on_own(name, own[service]))
            if deleting[service]:
                stack = {_STACK_TAG: (str(self._template.stack_name),)}
                places = tuple(sorted({_place(arn) + "*" for arn in self._arns(deleting[service])}))
                found.append(
                    Permission(f"{name}OfThisStack", tuple(deleting[service]), places, {"StringEquals": stack})
                )
            if anywhere[service]:
                found.append(self._tagged(f"{name}Anywhere", anywhere[service], self._places(anywhere[service])))
        found += self._pass_role()
        found += self._service_linked_roles()
        found += self._references()
        if readers:
            found.append(Permission("DescribeAndList", tuple(readers), self._places(readers), {}))
        if without_level:
            found.append(Permission("WithoutResourceLevel", tuple(without_level), ("*",), {}))
        return [self._concrete(each) for each in found]

    def _concrete(self, permission: Permission) -> Permission:
        """The permission with the pseudo parameters that are known."""
        concrete = self._template.concrete
        return Permission(
            permission.sid,
            permission.actions,
            tuple(map(concrete, permission.resources)),
            {
                operator: {key: tuple(map(concrete, values)) for key, values in keys.items()}
                for operator, keys in permission.conditions.items()
            },
        )

    def _needed_by_type(self) -> dict[str, set[str]]:
        """The actions that each type needs in this template."""
        return {
            resource_type: needed(
                resource_type,
                {action for actions in self._facts.types[resource_type].values() for action in actions},
                map(self._template.properties, self._template.of_type(resource_type)),
            )
            for resource_type in sorted(self._template.types())
        }

    def _reads_all(self, action: str) -> bool:
        """Whether it lists: what it is allowed for is then everything of its kind, not this stage's resources."""
        listed = any(action in self._facts.types[each].get("list", ()) for each in self._template.types())
        tells = action.partition(":")[2].startswith(("Describe", "List"))
        return tells and (listed or not self._owned_kinds(action))

    def _acts_on_strangers(self, action: str) -> bool:
        """Whether it acts on something of which this project does not know the ARN."""
        unknown = any(action in self._needed[each] for each in self._template.types() - set(OWNED))
        return unknown or not self._owned_kinds(action)

    def _owned_kinds(self, action: str) -> list[str]:
        service = action.partition(":")[0]
        return [f"{service}:{kind}" for kind in self._facts.kinds[action] if f"{service}:{kind}" in self._owned]

    def _only_touches_tagged(self, action: str) -> bool:
        """Whether all that it acts on is known by AWS's ids alone, but carries the stack's tag since it exists."""
        if self._template.stack_name is None:
            return False
        creating = any(action in self._facts.types[each].get("create", ()) for each in self._template.types())
        kinds = self._owned_kinds(action)
        tagged = {each.kind for type_ in self._facts.tagged for each in OWNED.get(type_, ()) if not each.part}
        anonymous = all(_is_anonymous(arn) for kind in kinds for arn in self._owned[kind])
        all_owned = len(kinds) == len(self._facts.kinds[action])
        return not creating and anonymous and all_owned and set(kinds) <= tagged

    def _arns(self, actions: Iterable[str]) -> tuple[str, ...]:
        kinds = sorted({kind for action in actions for kind in self._owned_kinds(action)})
        return tuple(dict.fromkeys(arn for kind in kinds for arn in self._owned[kind]))

    def _places(self, actions: Iterable[str]) -> tuple[str, ...]:
        """Everything in this account and region that the actions can act on."""
        found = {
            self._facts.places.get(f"{service}:{kind}", regular_place(service)) + "*"
            for action in actions
            for service in [action.partition(":")[0]]
            for kind in self._facts.kinds[action]
        }
        return tuple(sorted(found))

    def _on_own(self, sid: str, actions: list[str]) -> Permission:
        return self._tagged(sid, actions, self._arns(actions))

    def _tagged(self, sid: str, actions: list[str], arns: tuple[str, ...]) -> Permission:
        """Where ARNs do not tell stages apart, tags do: what carries another stage's is out of reach.

        IfExists, because what is being created has no tags yet, and KMS takes minutes to notice a tag.
        """
        conditions = {"StringEqualsIfExists": self._tags} if self._tags and any(map(_is_anonymous, arns)) else {}
        return Permission(sid, tuple(actions), arns, conditions)

    def _role_permissions(self, actions: list[str]) -> Iterator[Permission]:
        """Roles: what gives them power only together with the boundary."""
        boundaries = {
            self._template.resolve(self._template.properties(role).get("PermissionsBoundary", "*"))
            for role in self._template.of_type(_ROLE)
        }
        boundary = boundaries.pop() if len(boundaries) == 1 else "*"
        bounded = [each for each in actions if each in _GIVES_POWER and boundary != "*"]
        rest = [each for each in actions if each not in bounded]
        if bounded:
            condition = {"StringEquals": {"iam:PermissionsBoundary": (boundary,)}}
            yield Permission("RolesWithinTheBoundary", tuple(bounded), self._arns(bounded), condition)
        if rest:
            yield self._on_own("Roles", rest)

    def _pass_role(self) -> Iterator[Permission]:
        """The roles that the template creates, to the services that they trust; others only where it names them."""
        passing = {each for each, actions in self._needed.items() if "iam:PassRole" in actions}
        if not passing:
            return
        by_services: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for role in self._template.of_type(_ROLE):
            trusted = tuple(sorted(_trusted_services(self._template.properties(role)["AssumeRolePolicyDocument"])))
            arns = [arn for _, arn in self._template.owned(role)]
            by_services[trusted] += [arn for arn in arns if arn not in by_services[trusted]]
        for number, (services, arns) in enumerate(by_services.items(), start=1):
            sid = "PassRole" if len(by_services) == 1 else f"PassRole{number}"
            conditions = {"StringEquals": {"iam:PassedToService": services}} if services else {}
            yield Permission(sid, ("iam:PassRole",), tuple(arns), conditions)
        named = {
            self._template.resolve(value)
            for logical_id, resource in self._template.resources.items()
            if resource["Type"] in passing
            for value in _role_references(self._template.properties(logical_id))
        }
        others = {
            each if each.startswith(("arn:", "${")) else "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"
            for each in named - {arn for arns in by_services.values() for arn in arns}
        }
        if others:
            yield Permission("PassOtherRoles", ("iam:PassRole",), tuple(sorted(others)), {})

    def _service_linked_roles(self) -> Iterator[Permission]:
        """Limited to the services that are known to have one; not limited where a type's is not known."""
        needing = [each for each, actions in self._needed.items() if "iam:CreateServiceLinkedRole" in actions]
        services = {
            self._template.filled(SERVICE_LINKED_ROLES.get(resource["Type"], "*"), logical_id)
            for logical_id, resource in self._template.resources.items()
            if resource["Type"] in needing
        }
        if services:
            known = not any("*" in each for each in services)
            yield Permission(
                "ServiceLinkedRoles",
                ("iam:CreateServiceLinkedRole",),
                ("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*",),
                {"StringEquals": {"iam:AWSServiceName": tuple(sorted(services))}} if known else {},
            )

    def _references(self) -> Iterator[Permission]:
        """What CloudFormation reads itself to fill in the template, and the key that secrets are written with.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
        https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
        """
        secrets = {self._secret_arn(text) for text in _SECRET_REFERENCE.findall(self._template.text)}
        if secrets:
            yield Permission("DynamicReferences", ("secretsmanager:GetSecretValue",), tuple(sorted(secrets)), {})
        with_key = any("KmsKeyId" in self._template.properties(each) for each in self._template.of_type(_SECRET))
        if secrets or with_key:
            yield Permission(
                "KeysOfSecrets",
                ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
                ("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*",),
                {
                    "StringEquals": {"kms:ViaService": ("secretsmanager.${AWS::Region}.amazonaws.com",)},
                    **({"StringEqualsIfExists": self._tags} if self._tags else {}),
                },
            )
        if _SSM_REFERENCE.search(self._template.text):
            place = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/*"
            yield Permission("ParameterReferences", ("ssm:GetParameters",), (place,), {})
        if '"Fn::GetAZs"' in self._template.text and not any(
            "ec2:DescribeAvailabilityZones" in actions for actions in self._needed.values()
        ):
            yield Permission("AvailabilityZones", ("ec2:DescribeAvailabilityZones",), ("*",), {})

    def _secret_arn(self, text: str) -> str:
        secret = self._template.resolve({"Fn::Sub": text})
        if secret.startswith(("arn:", "${")):
            return secret
        place = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
        return place + (secret if secret == "*" else f"{secret}-??????")


def _role_references(value: Any) -> Iterator[Any]:
    """What stands where a role is expected, at any depth."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key.lower().endswith(("role", "rolearn")):
                yield inner
            else:
                yield from _role_references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _role_references(inner)


def _trusted_services(trust: Mapping[str, Any]) -> set[str]:
    principals = (each.get("Principal", {}) for each in _listed(trust["Statement"]))
    return {name for each in principals if isinstance(each, Mapping) for name in _listed(each.get("Service", []))}


def _is_anonymous(arn: str) -> bool:
    """Whether nothing in the ARN tells this stage's resources from those of others."""
    path = re.sub(r"\$\{AWS::\w+\}", "", arn).split(":", 5)[-1]
    return bool(re.fullmatch(r"([a-z-]+[/:])?\*", path))


def _place(arn: str) -> str:
    """An ARN up to and with the account."""
    found = re.match(r"(?:(?:\$\{[^}]*\}|[^:$])*:){5}", arn)
    return found[0] if found else ""


def _resolved(template: Template, value: Any) -> tuple[str, ...]:
    return tuple(template.resolve(each) for each in _listed(value))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _one_or_all(values: Iterable[Any]) -> Any:
    every = list(values)
    return every[0] if len(every) == 1 else every


def _troposphere(text: str) -> Any:
    reference = re.fullmatch(r"\$\{([A-Za-z0-9:]+)\}", text)
    if reference:
        return Ref(reference[1])
    return Sub(text) if "${" in text else text


def _plain(text: str) -> Any:
    return {"Fn::Sub": text} if "${" in text else text
