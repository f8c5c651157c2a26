from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.cloudformation.names import NAMES
from phoenix_cfn.cloudformation.values import marked, text
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding

# Patterns of reserved names, by type; a reference is replaced with a character that matches none of them.
RESERVED = {
    "AWS::DocDB::DBCluster": r".*--.*|.*-|[0-9-].*",
    "AWS::DocDB::DBInstance": r".*--.*|.*-|[0-9-].*",
    "AWS::EC2::SecurityGroup": r"(?i)sg-.*",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": r"internal-.*|-.*|.*-",
    "AWS::ElasticLoadBalancingV2::TargetGroup": r"-.*|.*-",
    "AWS::KMS::Alias": r"alias/aws/.*",
    "AWS::Logs::LogGroup": r"aws/.*",
    "AWS::S3::Bucket": r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)|[.-].*|.*[.-]",
    "AWS::SSM::Parameter": r"(?i)(aws|ssm).*|/(aws|ssm)(/.*)?",
}


class NamesNotReserved(Rule):
    """No physical name has a reserved prefix or suffix: sg- for security groups, internal- for load balancers, xn--,
    sthree- and amzn-s3-demo- for buckets, aws/ for log groups, aws or ssm for parameters, a hyphen at the end or two
    in a row for databases.

    Risk: Creating the stack fails: the name is not valid.

    Fix: Begin the name with the stage, or remove it.
    """

    id = "E9911"
    shortdesc = "No physical name is reserved"
    source_url = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"
    tags = ["stages", "names"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for kind, reserved in RESERVED.items():
            for resource in stack.of(kind):
                node = resource[NAMES[kind].property]
                value = node.text
                if value is None or "{{" in value.plain:
                    continue
                known = text(*(part if isinstance(part, str) else part.literal or part for part in value.parts))
                name = re.sub("\ue000\\d+\ue001", "\ue000", marked(known))
                if re.fullmatch(reserved, name, re.DOTALL):
                    yield finding(node, f"{value} is reserved for an {kind}")
