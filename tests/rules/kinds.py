"""Kinds of faults that templates of strangers have, and what only looks like them: small templates, and variants.

A file in kinds/ has one kind. Each of its documents begins with what is expected of it: `# reports`, `# silent` or
`# once`, the ids of rules, and why. A variant is a document with a piece of its text replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "kinds"


@dataclass(frozen=True)
class Kind:
    """`verb`: whether the rules report, are silent, or report once."""

    name: str
    verb: str
    rules: tuple[str, ...]
    why: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.name}: {self.verb} {' '.join(self.rules)}: {self.why}"


def documents() -> list[Kind]:
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for content in path.read_text(encoding="utf-8").split("---\n"):
            head = re.match(r"# (reports|silent|once) ((?:[EW]9\d{3} ?)+): (.+)\n", content)
            assert head, f"{path}: {content[:80]}"
            found.append(Kind(path.stem, head[1], tuple(head[2].split()), head[3], content))
    return found


# The file, the number of its document, what is replaced by what, the expectation.
_VARIANTS: list[tuple[str, int, str, str, str]] = [
    # Protocols
    ("protocols", 0, "udp, FromPort: 514", "tcp, FromPort: 514", "reports E9107: the group admits TCP only"),
    ("protocols", 0, "udp, FromPort: 514", "'17', FromPort: 514", "silent E9107: UDP by its number"),
    ("protocols", 0, "udp, FromPort: 514", "'-1', FromPort: 514", "silent E9107: every protocol"),
    ("protocols", 0, "FromPort: 2020, ToPort: 2020", "FromPort: 2021, ToPort: 2021", "reports E9110: the port is shut"),
    ("protocols", 0, "NetworkMode: awsvpc", "NetworkMode: host", "silent E9110: the network of the host"),
    ("protocols", 1, "Protocol: UDP", "Protocol: TCP", "reports E9101: the listener speaks TCP, the group admits UDP"),
    ("protocols", 1, "CidrIp: 0.0.0.0/0", "CidrIp: 10.0.0.0/8", "reports E9101: UDP from private addresses only"),
    # Ways out
    ("ways_out", 1, "ecr.dkr", "ecr.other", "reports E9113: no endpoint for image layers"),
    ("ways_out", 1, "secretsmanager'}\n", "ssm'}\n", "reports E9113: an endpoint for another kind of secret"),
    ("ways_out", 1, ".logs", ".logging", "silent E9113: nothing logs"),
    ("ways_out", 1, "PrivateDnsEnabled: true", "PrivateDnsEnabled: false", "reports E9113: no private DNS"),
    (
        "ways_out",
        1,
        "FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/16",
        "FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/16",
        "reports E9113: the endpoints' group is shut",
    ),
    (
        "ways_out",
        1,
        "FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0",
        "FromPort: 27017, ToPort: 27017, CidrIp: 0.0.0.0/0",
        "reports E9113: the tasks' group lets no HTTPS out",
    ),
    (
        "ways_out",
        1,
        "FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0",
        "FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/16",
        "reports E9113: the tasks' group reaches the network only, and the gateway for S3 is outside",
    ),
    (
        "ways_out",
        1,
        "FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0",
        "FromPort: 443, ToPort: 443, DestinationPrefixListId: pl-1",
        "silent E9113: a prefix list may be that of S3",
    ),
    ("ways_out", 1, "- {Ref: PT}", "- {Ref: Table}", "reports E9113: the gateway for S3 is in another route table"),
    (
        "ways_out",
        1,
        "'${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/x:1'",
        "nginx:1",
        "reports E9113: the image is in a public registry",
    ),
    ("ways_out", 1, "LaunchType: FARGATE", "LaunchType: EC2", "silent E9113: the instance pulls the image"),
    ("ways_out", 2, "FromPort: 443", "FromPort: 444", "reports E9113: a NAT gateway behind a shut group"),
    ("ways_out", 2, "CidrIp: 0.0.0.0/0}", "CidrIp: 10.0.0.0/8}", "reports E9113: out to private addresses only"),
    # Gateways
    ("gateways", 0, "Scheme: internet-facing", "Scheme: internal", "reports E9116: the NAT gateway alone"),
    ("gateways", 1, "Scheme: internet-facing", "Scheme: internal", "silent E9116: an internal one waits for nothing"),
    ("gateways", 2, "DependsOn: Out", "DependsOn: Table", "reports E9116: the route table waits for nothing"),
    # Policies
    ("policies", 1, "['kms:Decrypt', 'kms:GenerateDataKey*']", "['kms:Decrypt']", "reports E9503: no data keys"),
    ("policies", 1, "Action: sns:Publish", "Action: sns:Subscribe", "reports E9503: the policy allows something else"),
    (
        "policies",
        1,
        "Resource: {Ref: Topic}",
        "Resource: {Ref: Key}",
        "reports E9503: the policy is for something else",
    ),
    ("policies", 1, "Action: sns:Publish", "Action: SNS:*", "silent E9503: every action of the topic"),
    ("policies", 3, "dev-shop-db-??????", "dev-shop-db*", "silent E9214: a wildcard takes the ending in"),
    # Wires
    ("wires", 0, "ContainerPort: 3000", "ContainerPort: {Ref: Port}", "silent E9106: one parameter on both sides"),
    ("wires", 0, "Port: {Type: Number, Default: 3000}", "Port: {Type: Number}", "reports E9106: no default"),
    ("wires", 0, "Default: 3000}", "Default: 3000, AllowedValues: [3000]}", "silent E9106: the one allowed value"),
    ("wires", 1, "Name: web,", "Name: {Ref: Name},", "silent E9105: one parameter on both sides"),
    ("wires", 2, ":27017/", ":${Port}/", "silent E9210: one parameter on both sides"),
    ("wires", 3, "refs/heads/main", "refs/heads/{Branch}", "silent E9710: the placeholder of CodePipeline"),
    # Outside
    (
        "outside",
        0,
        "AWS::CloudFormation::Stack",
        "Custom::Lookup",
        "silent E9604 E9605: attributes of a custom resource",
    ),
    ("outside", 1, "AWS::CloudFormation::Stack", "Some::Module::MODULE", "silent E9101 E9201: a module's"),
    # Secrets
    ("secrets", 0, '"true", AllowedValues: ["true", "false"]', '"yes"', "silent E9219 E9220: a switch by its default"),
    ("secrets", 1, "NoEcho: true, Default: changeme", "NoEcho: true", "silent E9219 E9220: hidden, without a default"),
    ("secrets", 1, "Default: changeme", "Default: /shop/password", "silent E9219: the path of a parameter"),
    (
        "secrets",
        1,
        "Default: changeme",
        "Description: Secrets Manager ARN",
        "silent E9219 E9220: an ARN by its description",
    ),
    # Images
    (
        "seeds",
        0,
        "DependsOn: Seed",
        "DependsOn: Other",
        "reports E9716: what it waits for does not know the repository",
    ),
    ("seeds", 0, "  Web: {", "  Web: {Condition: Second, ", "silent E9716: it comes in a second deployment"),
    # Build variables
    ("build_variables", 0, '"REF_NAME"', '"BRANCH"', "reports E9714: the event rule passes another variable"),
    (
        "build_variables",
        0,
        "$REF_NAME",
        r"$REF_NAME\\ NEXT $REF_NAME'x'NEXT \"$REF_NAME\\ NEXT\" '$NO' \\$NO \"\\$NO\"",
        "silent E9714: escapes and quotes end a name, and keep a dollar sign",
    ),
    (
        "build_variables",
        0,
        "AWS::Events::Rule",
        "AWS::StepFunctions::StateMachine",
        "silent E9714: a state machine starts it",
    ),
    # Emptiers
    ("emptiers", 0, "Custom::BucketAcl", "Custom::BucketEmptier", "once E9953: it is there to empty the bucket"),
    ("emptiers", 0, 'ZipFile: "x"', 'ZipFile: "bucket.delete_objects()"', "once E9953: its code deletes objects"),
    (
        "emptiers",
        0,
        'ZipFile: "x"',
        "ZipFile: \"if (event.RequestType === 'Delete') cleanup()\"",
        "silent E9953: it handles its own deletion",
    ),
    # Namespaces
    ("namespaces", 0, "AWS/Neptune", "AWS/DocDB", "reports E9505: the namespace of DocumentDB"),
    ("namespaces", 0, "AWS/Neptune", "Shop/Custom", "silent E9505: a namespace of one's own"),
    ("namespaces", 2, "Namespace: ContainerInsights", "Namespace: ECS/ContainerInsights", "reports E9505: that of ECS"),
    # Default groups
    (
        "default_groups",
        0,
        "VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24",
        "VpcId: vpc-1, CidrBlock: 10.0.0.0/24",
        "silent E9101: a network that is not shown",
    ),
]


def variants() -> list[Kind]:
    found = []
    for name, number, old, new, expectation in _VARIANTS:
        original = [each for each in documents() if each.name == name][number]
        assert old in original.text, (name, number, old)
        verb, _, rest = expectation.partition(" ")
        rules, _, why = rest.partition(": ")
        found.append(Kind(name, verb, tuple(rules.split()), why, original.text.replace(old, new)))
    return found
