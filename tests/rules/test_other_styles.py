"""Templates of other authors' styles: the good ones have no finding, broken ones the right ones, on the right lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.decode import decode

from tests.rules.house import ROOT, RULES, findings

HERE = Path(__file__).parent
GOOD = sorted((HERE / "good").iterdir())
BAD = HERE / "bad" / "quickstart.yml"


def linted(*files: Path) -> list[tuple[str, int]]:
    """What cfn-lint itself says with the rules: id and line."""
    command = [Path(sys.executable).with_name("cfn-lint"), "--config-file", "/dev/null", "--format", "json"]
    result = subprocess.run(
        [*command, "-t", *files, "-a", RULES], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.stderr == ""
    return [(one["Rule"]["Id"], one["Location"]["Start"]["LineNumber"]) for one in json.loads(result.stdout)]


def test_good_templates_have_no_finding_of_any_kind() -> None:
    assert len(GOOD) == 3
    assert linted(*GOOD) == []


def test_the_bad_template_has_its_faults_on_their_lines_and_no_other() -> None:
    expected: list[tuple[str, int]] = []
    for number, line in enumerate(BAD.read_text().splitlines(), start=1):
        if re.fullmatch(r" *# ([EW]9\d{3} ?)+", line):
            expected += [(rule, number + 1) for rule in line.split()[1:]]
    found = [(rule, line) for rule, line in linted(BAD) if rule[1] == "9"]
    assert sorted(found) == sorted(expected)


# Faults of other styles: the template, what is replaced in its text, and the rules that must see it.
FAULTS: list[tuple[str, str, str, str]] = [
    (
        "monolith.yml",
        "CidrIp: 0.0.0.0/0",
        "CidrIp: 0.0.0.0/0\n      Description: x\n  Nobody:\n    Type: AWS::SNS::Topic",
        "",
    ),
    (
        "monolith.yml",
        "FromPort: !If [HasCertificate, 443, 80]\n      ToPort: !If [HasCertificate, 443, 80]",
        "FromPort: 80\n      ToPort: 80",
        "E9101",
    ),
    ("monolith.yml", "Port: !If [HasCertificate, 443, 80]\n      Protocol", "Port: 443\n      Protocol", "E9101"),
    ("monolith.yml", "FromPort: 1024\n      ToPort: 65535", "FromPort: 8000\n      ToPort: 9000", "E9107"),
    (
        "monolith.yml",
        "SourceSecurityGroupId: !GetAtt BalancerGroup.GroupId",
        "SourceSecurityGroupId: !GetAtt DataGroup.GroupId",
        "E9107",
    ),
    ("monolith.yml", '!Join ["-", [!Ref Project, web]]', '!Join ["-", [!Ref Project, app]]', "E9105"),
    ("monolith.yml", "ContainerPort: 3000", "ContainerPort: 3001", "E9106 E9120 W9109"),
    ("monolith.yml", "Container: 3000", "Container: 8080", "E9106 W9109"),
    ("monolith.yml", "SubnetId: !Ref PubA, AllocationId", "SubnetId: !Ref AppB, AllocationId", "E9115"),
    ("monolith.yml", "NatGatewayId: !Ref Nat}", "GatewayId: !Ref IGW}", "E9113 E9116 E9203"),
    (
        "monolith.yml",
        'AvailabilityZone: !Sub "${AWS::Region}b"}\n  PublicTable',
        'AvailabilityZone: !Sub "${AWS::Region}a"}\n  PublicTable',
        "E9304",
    ),
    ("monolith.yml", "DependsOn: [WebListener, ReadUri]", "DependsOn: ReadUri", "E9117"),
    (
        "monolith.yml",
        "{IpProtocol: tcp, FromPort: 27018, ToPort: 27018, SourceSecurityGroupId: !Ref BastionGroup}",
        "{IpProtocol: tcp, FromPort: 27018, ToPort: 27018, CidrIp: 172.20.0.0/16}",
        "E9202",
    ),
    ("monolith.yml", "ssl=true&", "", "E9206"),
    ("monolith.yml", "replicaSet=rs0&retryWrites=false", "replicaSet=rs0", "E9207"),
    ("monolith.yml", "${Port}/?ssl", "${Port}/phoenix?ssl", "E9208"),
    (
        "monolith.yml",
        "Port: !FindInMap [Ports, Web, Database]\n\n  TaskStarter",
        'Port: "27017"\n\n  TaskStarter',
        "E9210",
    ),
    ("monolith.yml", "${Data.Endpoint}", "${DataOne.Endpoint}", "E9212"),
    ("monolith.yml", "{Name: DB_CONNECTION_STRING, ValueFrom", "{Name: MONGODB_URI, ValueFrom", "E9213"),
    (
        "monolith.yml",
        'Action: "secretsmanager:Get*", Resource: !Ref Uri',
        'Action: "secretsmanager:Get*", Resource: !Ref DataSecret',
        "E9214",
    ),
    ("monolith.yml", "Roles: [!Ref TaskStarter]", "Users: [somebody]", "E9214"),
    (
        "monolith.yml",
        'Action: "secretsmanager:Get*", Resource: !Ref Uri',
        'Action: "secretsmanager:*", Resource: "*"',
        "E9215",
    ),
    (
        "monolith.yml",
        "{Name: STAGE, Value: !Ref Environment}",
        '{Name: STAGE, Value: !Sub "{{resolve:secretsmanager:${DataSecret}:SecretString:password}}"}',
        "E9216",
    ),
    ("monolith.yml", "ExcludeCharacters: '\"@/\\:?#[]%&+=;, '", "ExcludeCharacters: '\"@/\\'", "E9222"),
    ("monolith.yml", 'Rollback: "true"', 'Rollback: "false"', "E9301"),
    ("monolith.yml", 'Tasks: "2", Most: "3"', 'Tasks: "3", Most: "3"', "E9606"),
    ("monolith.yml", 'Tasks: "3", Most: "9"', 'Tasks: "1", Most: "9"', "W9308"),
    (
        "monolith.yml",
        'BackupRetentionPeriod: "7"',
        "BackupRetentionPeriod: !If [SecureProduction, 7, !If [IsProduction, 7, 1]]",
        "E9407",
    ),
    (
        "monolith.yml",
        "RetentionInDays: 7\n  AuditLogs",
        "RetentionInDays: !If [InIreland, 7, 30]\n  AuditLogs",
        "E9401",
    ),
    (
        "monolith.yml",
        "awslogs-group: !Sub /${Project}/${Environment}/app",
        "awslogs-group: !Sub /${Project}/${Environment}/web",
        "E9402",
    ),
    ("monolith.yml", "Parameters: {audit_logs: all}", "Parameters: {tls: disabled}", "E9205 E9406"),
    ("monolith.yml", "Environment]], audit]]", "Project]], audit]]", "E9405"),
    ("monolith.yml", "ExpirationInDays: 7", "ExpirationInDays: 30", "E9410"),
    (
        "monolith.yml",
        "Subscription: !If\n        - HasEmail\n        - [{Protocol: email, Endpoint: !Ref OperatorEmail}]\n        - !Ref AWS::NoValue",
        "DisplayName: operators",
        "E9502",
    ),
    ("monolith.yml", "{Name: ServiceName, Value: !GetAtt Web.Name}", "{Name: ServiceName, Value: !Ref Web}", "E9505"),
    (
        "monolith.yml",
        "{Name: ClusterName, Value: !Ref Fleet}\n      Statistic",
        "{Name: ClusterName, Value: !GetAtt Fleet.Arn}\n      Statistic",
        "E9505",
    ),
    ("monolith.yml", "Threshold: 600", "Threshold: 10", "E9602"),
    (
        "monolith.yml",
        "Dimensions: [{Name: LoadBalancer, Value: !GetAtt Balancer.LoadBalancerFullName}]\n      Statistic: Sum\n      Period: 60\n      EvaluationPeriods: 1\n",
        "Statistic: Sum\n      Period: 60\n      EvaluationPeriods: 1\n",
        "E9504",
    ),
    ("monolith.yml", "AlarmActions: [!Ref More]", "AlarmActions: [!Ref Operators]", "E9601 E9608"),
    (
        "monolith.yml",
        "[service, !Ref Fleet, !GetAtt Web.Name]",
        "[service, !GetAtt Fleet.Arn, !GetAtt Web.Name]",
        "E9605",
    ),
    (
        "monolith.yml",
        'Name: !Sub "${Project}-${Environment}-web"',
        'Name: !Sub "${Project}-${Environment}-target-group-for-web"',
        "E9902",
    ),
    ("monolith.yml", "AlarmName: !Sub ${AWS::StackName}-cpu", "AlarmName: cpu", "E9901"),
    ("monolith.yml", '"${AWS::StackName}-url"', '"phoenix-url"', "E9904"),
    (
        "monolith.yml",
        'deletion_protection.enabled, Value: "false"',
        'deletion_protection.enabled, Value: "true"',
        "E9954",
    ),
    ("monolith.yml", "DeletionPolicy: Snapshot\n", "DeletionPolicy: Delete\n", "E9412"),
    ("service.json", '"HealthCheckPath": "/health"', '"HealthCheckPath": "/crash"', "E9111"),
    ("service.json", '"Environment": [{"Name": "PORT", "Value": {"Ref": "Port"}}],', "", "E9120"),
    ("service.json", '"ContainerName": "phoenix"', '"ContainerName": "web"', "E9105"),
    ("service.json", '"TargetType": "ip", ', "", "E9104"),
    ("service.json", '"DependsOn": "Everything",', "", "E9117"),
    ("service.json", '"Enable": true, "Rollback": true', '"Enable": false, "Rollback": true', "E9301"),
    ("service.json", '{"Ref": "AlarmTopic"}', "", "E9501"),
    ("service.json", '["Service", "Name"]', '["Service", "ServiceArn"]', "E9505"),
    ("service.json", '"Threshold": 80', '"Threshold": 0.8', "E9507"),
    ("service.json", '"EvaluationPeriods": 1', '"EvaluationPeriods": 15', "W9508"),
    ("release.yml", '"name":"phoenix"', '"name":"web"', ""),
    ("release.yml", "docker push $IMAGES:$TAG", "docker push $REPOSITORY:$TAG", "E9714"),
    ("release.yml", "PrivilegedMode: true", "PrivilegedMode: false", "E9717"),
    ("release.yml", 'PollForSourceChanges: "false"', 'PollForSourceChanges: "true"', "E9711"),
    (
        "release.yml",
        "Targets:\n        - Id: pipeline",
        "Targets:\n        - Id: other\n          Arn: !Ref SourceArn\n      Name: !Ref Env\n      Other:\n        - Id: pipeline",
        "E9712",
    ),
    ("release.yml", "InputArtifacts: [{Name: definitions}]", "InputArtifacts: [{Name: image}]", "E9701"),
    ("release.yml", "#{image.TAG}", "#{image.VERSION}", "E9720"),
    ("release.yml", "#{image.TAG}", "#{build.TAG}", "E9720"),
    ("release.yml", 'Action: "codebuild:*"', 'Action: "codebuild:List*"', "E9808"),
    ("release.yml", 'Action: "logs:*"', 'Action: "logs:Describe*"', "E9807"),
    ("release.yml", "role/${Env}-tasks-*", "role/*", "E9803"),
    (
        "release.yml",
        "Principal: {Service: [codebuild.amazonaws.com]}",
        "Principal: {Service: [lambda.amazonaws.com]}",
        "E9804",
    ),
    ("release.yml", "EmptyOnDelete: true", "EmptyOnDelete: false", "E9951"),
    (
        "release.yml",
        "Type: AWS::S3::Bucket\n    DeletionPolicy: Retain",
        "Type: AWS::S3::Bucket\n    DeletionPolicy: Delete",
        "E9952",
    ),
    ("release.yml", "/aws/codebuild/${Env}-image", "/codebuild/${Env}-image", "E9403"),
    ("release.yml", '!Sub "${Env}/phoenix"', "phoenix/web", "E9901"),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "rules"),
    FAULTS,
    ids=[f"{rules or 'none'} {name} {number}" for number, (name, _, _, rules) in enumerate(FAULTS)],
)
def test_fault(name: str, old: str, new: str, rules: str, tmp_path: Path) -> None:
    content = (HERE / "good" / name).read_text()
    assert content.count(old) == 1, "the replacement must change one place"
    target = tmp_path / name
    target.write_text(content.replace(old, new))
    template, problems = decode(str(target))
    assert not problems
    found = list(findings(template, str(target)))
    assert sorted({rule for rule, _, _ in found}) == sorted(rules.split()), found
