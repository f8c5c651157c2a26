"""Faults and near misses: what roles allow."""

from __future__ import annotations

from tests.rules.corpus.parts import DEPLOY
from tests.rules.house import PIPELINE, Case, add, att, drop, fault, forbid, limit, near_miss, permit, put, ref, sub

BOUNDARY = (
    add(
        "Boundary",
        "AWS::IAM::ManagedPolicy",
        PolicyDocument={"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    ),
    permit("DeployRole", "iam:CreatePolicy"),
    put("TaskRole/PermissionsBoundary", ref("Boundary")),
)

CASES: list[Case] = [
    fault(
        "E9801",
        "a role is an administrator",
        put("TaskRole/ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
    ),
    fault(
        "E9801",
        "a role is an administrator in any partition",
        put("BuildRole/ManagedPolicyArns", [sub("arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess")]),
    ),
    near_miss(
        "E9801",
        "a managed policy that reads only",
        put("TaskRole/ManagedPolicyArns", ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]),
    ),
    fault(
        "E9802",
        "a policy allows everything",
        permit("BuildRole", "*"),
    ),
    near_miss("E9802", "everything is denied", permit("BuildRole", "*", effect="Deny")),
    near_miss("E9802 E9803 E9215", "a permissions boundary allows everything", *BOUNDARY),
    fault(
        "E9802",
        "a permissions boundary is a policy of the role, too",
        *BOUNDARY,
        put("TaskRole/ManagedPolicyArns", [ref("Boundary")]),
    ),
    fault("E9803", "the pipeline may pass every role", limit("PipelineRole", "iam:PassRole", "*")),
    fault(
        "E9803",
        "the pipeline may pass every role of the account",
        limit("PipelineRole", "iam:PassRole", sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*")),
    ),
    near_miss(
        "E9803",
        "roles of one path",
        limit(
            "PipelineRole",
            "iam:PassRole",
            att("DeployRole", "Arn"),
            sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/phoenix/*"),
        ),
    ),
    fault(
        "E9804",
        "the execution role trusts EC2",
        put("TaskExecutionRole/AssumeRolePolicyDocument/Statement/0/Principal/Service", "ec2.amazonaws.com"),
    ),
    fault(
        "E9804",
        "the deploy role trusts the pipeline",
        put("DeployRole/AssumeRolePolicyDocument/Statement/0/Principal/Service", "codepipeline.amazonaws.com"),
    ),
    near_miss(
        "E9804",
        "a role trusts several services",
        put(
            "TaskExecutionRole/AssumeRolePolicyDocument/Statement/0/Principal/Service",
            ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"],
        ),
    ),
    fault(
        "E9804 E9805",
        "every account may assume a role",
        put(
            "TaskRole/AssumeRolePolicyDocument/Statement/0",
            {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
        ),
    ),
    near_miss(
        "E9805",
        "every account of this organization may assume a role",
        put(
            "TaskRole/AssumeRolePolicyDocument/Statement/1",
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
            },
        ),
    ),
    fault(
        "E9806",
        "the execution role may not write the log",
        forbid("TaskExecutionRole", "logs:PutLogEvents", "logs:CreateLogStream"),
    ),
    near_miss(
        "E9806",
        "the execution role has AWS's policy",
        forbid("TaskExecutionRole", "logs:PutLogEvents", "logs:CreateLogStream"),
        put(
            "TaskExecutionRole/ManagedPolicyArns",
            ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
        ),
    ),
    fault("E9807", "the build may not push", forbid("BuildRole", "ecr:PutImage")),
    fault("E9807", "the build may not log in to the registry", forbid("BuildRole", "ecr:GetAuthorizationToken")),
    near_miss(
        "E9807",
        "the build's rights are a policy of their own",
        drop("BuildRole/Policies"),
        add(
            "Rights",
            "AWS::IAM::Policy",
            PIPELINE,
            PolicyName="rights",
            Roles=[ref("BuildRole")],
            PolicyDocument={"Statement": [{"Effect": "Allow", "Action": ["logs:*", "s3:*", "ecr:*"], "Resource": "*"}]},
        ),
    ),
    fault("E9808", "the pipeline may not start the build", forbid("PipelineRole", "codebuild:StartBuild")),
    fault("E9808", "the pipeline may not pass the deploy role", forbid("PipelineRole", "iam:PassRole")),
    fault(
        "E9808", "the pipeline may not read its bucket", limit("PipelineRole", "s3:GetObject", att("Repository", "Arn"))
    ),
    near_miss(
        "E9808",
        "an action runs by a role of its own",
        forbid("PipelineRole", "codebuild:StartBuild"),
        put("Pipeline/Stages/1/Actions/0/RoleArn", "arn:aws:iam::123456789012:role/build"),
    ),
    fault(
        "E9809",
        "the deploy role may not make the database",
        forbid("DeployRole", "rds:CreateDBCluster"),
    ),
    near_miss(
        "E9809",
        "the deploy role is elsewhere",
        put(f"{DEPLOY}/Configuration/RoleArn", "arn:aws:iam::123456789012:role/deploy"),
    ),
    fault("E9810", "the function may not write its log", forbid("BucketEmptierRole", "logs:PutLogEvents")),
    near_miss(
        "E9810",
        "the function's role has AWS's policy",
        forbid("BucketEmptierRole", "logs:PutLogEvents"),
        put(
            "BucketEmptierRole/ManagedPolicyArns", ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
        ),
    ),
]
