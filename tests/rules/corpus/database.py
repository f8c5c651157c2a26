"""Faults and near misses: the database, the connection to it, and its secrets."""

from __future__ import annotations

from tests.rules.corpus.parts import CONTAINER, OVERRIDES
from tests.rules.house import (
    Case,
    Change,
    Template,
    add,
    att,
    drop,
    fault,
    forbid,
    limit,
    near_miss,
    permit,
    put,
    ref,
    remove,
    sub,
    swap,
)

CONNECTION = "DatabaseConnection/SecretString"
OPEN_DATABASE: Template = {"IpProtocol": "tcp", "FromPort": ref("MongoDBPort"), "ToPort": ref("MongoDBPort")}


def engine(version: str) -> list[Change]:
    """Another engine version, with its family of parameters, on a class that every version has."""
    family = "docdb" + ".".join(version.split(".")[:2])
    return [
        put("DatabaseCluster/EngineVersion", version),
        *(put(f"DatabaseInstance{number}/DBInstanceClass", "db.r5.large") for number in (1, 2)),
        *([] if family == "docdb5.0" else [put("DatabaseParameterGroup/Family", family)]),
    ]


API_TOKEN = put("/Parameters/ApiToken", {"Type": "String", "Default": "prod/phoenix/api"})

CASES: list[Case] = [
    fault(
        "E9201",
        "the database admits another port",
        put("DatabaseSecurityGroup/SecurityGroupIngress/0/FromPort", 5432),
        put("DatabaseSecurityGroup/SecurityGroupIngress/0/ToPort", 5432),
    ),
    fault("E9201", "the database allows no ingress", put("DatabaseSecurityGroup/SecurityGroupIngress", [])),
    fault("E9201", "the tasks may not connect to the database", remove("TaskEgress")),
    fault(
        "E9201",
        "the database listens on another port than it admits",
        put("DatabaseCluster/Port", 27018),
    ),
    fault("E9201", "the database has no security group", drop("DatabaseCluster/VpcSecurityGroupIds")),
    near_miss(
        "E9201",
        "the database admits the tasks by a rule of its own",
        drop("DatabaseSecurityGroup/SecurityGroupIngress"),
        add(
            "FromTasks",
            "AWS::EC2::SecurityGroupIngress",
            GroupId=ref("DatabaseSecurityGroup"),
            SourceSecurityGroupId=ref("TaskSecurityGroup"),
            IpProtocol="tcp",
            FromPort=ref("MongoDBPort"),
            ToPort=ref("MongoDBPort"),
        ),
    ),
    fault(
        "E9201",
        "the database's port is a parameter, the port that it admits is spelled",
        put("DatabaseSecurityGroup/SecurityGroupIngress/0/FromPort", 27017),
        put("DatabaseSecurityGroup/SecurityGroupIngress/0/ToPort", 27017),
    ),
    fault(
        "E9201",
        "the database allows no ingress, and the connection string is elsewhere",
        put(f"{CONTAINER}/Secrets/0/ValueFrom", {"Fn::ImportValue": "connection"}),
        put("DatabaseSecurityGroup/SecurityGroupIngress", []),
    ),
    fault(
        "E9202",
        "the database admits the whole network",
        put("DatabaseSecurityGroup/SecurityGroupIngress/1", {**OPEN_DATABASE, "CidrIp": att("Vpc", "CidrBlock")}),
    ),
    fault(
        "E9202",
        "the database admits the internet",
        put("DatabaseSecurityGroup/SecurityGroupIngress/1", {**OPEN_DATABASE, "CidrIp": "0.0.0.0/0"}),
    ),
    fault(
        "E9202",
        "the database admits the load balancer",
        put(
            "DatabaseSecurityGroup/SecurityGroupIngress/1",
            {**OPEN_DATABASE, "SourceSecurityGroupId": att("LoadBalancerSecurityGroup", "GroupId")},
        ),
    ),
    near_miss(
        "E9202",
        "the database admits itself",
        put(
            "DatabaseSecurityGroup/SecurityGroupIngress/1",
            {**OPEN_DATABASE, "SourceSecurityGroupId": "sg-0123456789abcdef0"},
        ),
    ),
    fault(
        "E9203",
        "the database is in a public subnet",
        put("DatabaseSubnetGroup/SubnetIds/0", ref("PublicSubnetA")),
    ),
    near_miss(
        "E9203", "the database is in private subnets", put("DatabaseSubnetGroup/SubnetIds/0", ref("PrivateSubnetA"))
    ),
    fault("E9203", "the database has no subnet group", drop("DatabaseCluster/DBSubnetGroupName")),
    fault("E9204", "the database is not encrypted", put("DatabaseCluster/StorageEncrypted", False)),
    fault("E9204", "the database does not set encryption", drop("DatabaseCluster/StorageEncrypted")),
    near_miss(
        "E9204",
        "the database comes from a snapshot",
        drop("DatabaseCluster/StorageEncrypted"),
        put("DatabaseCluster/SnapshotIdentifier", "last"),
    ),
    fault("E9205", "TLS is switched off", put("DatabaseParameterGroup/Parameters/tls", "disabled")),
    near_miss("E9205", "TLS is 1.3 or later", put("DatabaseParameterGroup/Parameters/tls", "tls1.3+")),
    fault("E9206", "the connection string lacks TLS", swap(CONNECTION, "tls=true&", "")),
    fault("E9206", "the connection string refuses TLS", swap(CONNECTION, "tls=true", "tls=false")),
    near_miss("E9206", "TLS by its older name", swap(CONNECTION, "tls=true", "ssl=true")),
    fault("E9207", "the connection string leaves retryable writes on", swap(CONNECTION, "&retryWrites=false", "")),
    near_miss(
        "E9207",
        "the options in another case and order",
        swap(CONNECTION, "retryWrites=false&", ""),
        swap(CONNECTION, "?", "?retrywrites=false&"),
    ),
    *(
        near_miss(
            "E9207",
            f"DocumentDB {version} retries writes",
            *engine(version),
            swap(CONNECTION, "&retryWrites=false", ""),
        )
        for version in ("8.0.2", "8.0", "8.1.0", "10.0.0")
    ),
    near_miss(
        "E9207",
        "the newest DocumentDB retries writes",
        drop("DatabaseCluster/EngineVersion"),
        swap(CONNECTION, "&retryWrites=false", ""),
    ),
    *(
        fault(
            "E9207",
            f"DocumentDB {version} refuses retryable writes, and the connection string enables them",
            *engine(version),
            swap(CONNECTION, "retryWrites=false", "retryWrites=true"),
        )
        for version in ("8.0.1", "5.0", "3.6.0")
    ),
    fault("W9208", "the connection string lacks authSource", swap(CONNECTION, "&authSource=admin", "")),
    near_miss(
        "W9208",
        "no database, so no authSource",
        swap(CONNECTION, "&authSource=admin", ""),
        swap(CONNECTION, "/phoenix", "/"),
    ),
    fault("E9209", "the connection string lacks the replica set", swap(CONNECTION, "replicaSet=rs0&", "")),
    near_miss(
        "E9209", "a direct connection to one instance", swap(CONNECTION, "replicaSet=rs0", "directConnection=true")
    ),
    fault("E9210", "the connection string has another port", swap(CONNECTION, "${DatabaseCluster.Port}", "27018")),
    near_miss(
        "E9210",
        "the connection string has the parameter's port",
        swap(CONNECTION, "${DatabaseCluster.Port}", "${MongoDBPort}"),
    ),
    fault("E9211", "the connection string has another user", swap(CONNECTION, "${MongoDBMasterUsername}", "root")),
    fault(
        "E9211",
        "the user is spelled, the database's is a parameter",
        swap(CONNECTION, "${MongoDBMasterUsername}", "documentdb"),
    ),
    near_miss(
        "E9211",
        "the application has a user of its own",
        swap(CONNECTION, "${MongoDBMasterUsername}", "phoenix"),
        swap(CONNECTION, "${MongoDBSecretArn}:SecretString:password", "phoenix-user:SecretString:password"),
    ),
    fault(
        "E9212",
        "the connection string leads to the reader",
        swap(CONNECTION, "DatabaseCluster.Endpoint", "DatabaseCluster.ReadEndpoint"),
    ),
    near_miss(
        "E9212",
        "the endpoint by GetAtt in a Join",
        swap(CONNECTION, "${DatabaseCluster.Endpoint}", "${Host}"),
        put(
            CONNECTION,
            {
                "Fn::Join": [
                    "",
                    [
                        "mongodb://",
                        ref("MongoDBMasterUsername"),
                        ":x@",
                        att("DatabaseCluster", "Endpoint"),
                        ":",
                        ref("MongoDBPort"),
                        "/?tls=true&replicaSet=rs0&retryWrites=false",
                    ],
                ]
            },
        ),
    ),
    fault("E9213", "DB_CONNECTION_STRING has another name", put(f"{CONTAINER}/Secrets/0/Name", "MONGO_URL")),
    near_miss(
        "E9213",
        "names of variables come from a file",
        put(f"{CONTAINER}/Secrets/0/Name", "MONGO_URL"),
        put(f"{CONTAINER}/EnvironmentFiles", [{"Type": "s3", "Value": "arn:aws:s3:::bucket/env"}]),
    ),
    near_miss(
        "E9213",
        "the task definition of another service is not here, and may be the application's",
        put(f"{CONTAINER}/Secrets/0/Name", "MONGO_URL"),
        put("/Parameters/OtherTask", {"Type": "String", "Default": ""}),
        add(
            "Other",
            "AWS::ECS::Service",
            whole={"DependsOn": "Listener"},
            Cluster=ref("Cluster"),
            TaskDefinition=ref("OtherTask"),
            DeploymentConfiguration={"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
            LoadBalancers=[{"ContainerName": "other", "ContainerPort": 8080, "TargetGroupArn": ref("TargetGroup")}],
        ),
    ),
    fault(
        "E9214",
        "the execution role may not read the secret",
        forbid("TaskExecutionRole", "secretsmanager:GetSecretValue"),
    ),
    fault(
        "E9214",
        "the execution role may read another secret only",
        limit("TaskExecutionRole", "secretsmanager:GetSecretValue", ref("EncryptionKey")),
    ),
    fault("E9214", "the execution role may not decrypt the secret", forbid("TaskExecutionRole", "kms:Decrypt")),
    near_miss(
        "E9214",
        "the execution role has an unknown managed policy",
        forbid("TaskExecutionRole", "secretsmanager:GetSecretValue"),
        put("TaskExecutionRole/ManagedPolicyArns", ["arn:aws:iam::123456789012:policy/secrets"]),
    ),
    fault(
        "E9215",
        "the execution role may read all secrets",
        limit("TaskExecutionRole", "secretsmanager:GetSecretValue", "*"),
    ),
    fault(
        "E9215",
        "the tasks themselves may read the secret",
        put(
            "TaskRole/Policies",
            [
                {
                    "PolicyName": "read",
                    "PolicyDocument": {
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": "secretsmanager:GetSecretValue",
                                "Resource": ref("DatabaseConnection"),
                            }
                        ]
                    },
                }
            ],
        ),
    ),
    near_miss(
        "E9215",
        "secrets with a certain tag",
        limit(
            "TaskExecutionRole",
            "secretsmanager:GetSecretValue",
            "*",
            Condition={"StringEquals": {"aws:ResourceTag/Project": "phoenix"}},
        ),
    ),
    fault(
        "E9216",
        "the connection string is a plain variable",
        drop(f"{CONTAINER}/Secrets"),
        put(
            f"{CONTAINER}/Environment/3",
            {
                "Name": "DB_CONNECTION_STRING",
                "Value": sub(
                    "mongodb://${MongoDBMasterUsername}:secret12@${DatabaseCluster.Endpoint}:${MongoDBPort}/?tls=true&replicaSet=rs0&retryWrites=false"
                ),
            },
        ),
    ),
    fault(
        "E9216",
        "a plain variable holds a parameter that is not echoed",
        put("/Parameters/Key", {"Type": "String", "NoEcho": True, "Default": ""}),
        put(f"{CONTAINER}/Environment/3", {"Name": "KEY", "Value": ref("Key")}),
    ),
    near_miss(
        "E9216",
        "a plain variable holds the ARN of a secret, which is not echoed either",
        put(f"{CONTAINER}/Environment/3", {"Name": "KEY", "Value": ref("MongoDBSecretArn")}),
    ),
    fault(
        "E9216",
        "a plain variable holds a dynamic reference to a secret",
        put(
            f"{CONTAINER}/Environment/3",
            {"Name": "KEY", "Value": sub("{{resolve:secretsmanager:${DatabaseConnection}}}")},
        ),
    ),
    fault("E9216", "a token in plain text", put(f"{CONTAINER}/Environment/3", {"Name": "API_TOKEN", "Value": "abc"})),
    fault(
        "E9216",
        "the build gets the password as a plain variable",
        put("BuildProject/Environment/EnvironmentVariables/1", {"Name": "PASS", "Value": ref("MongoDBMasterPassword")}),
    ),
    near_miss(
        "E9216",
        "a variable holds the ARN of a secret",
        put(f"{CONTAINER}/Environment/3", {"Name": "SECRET_ARN", "Value": ref("DatabaseConnection")}),
    ),
    near_miss(
        "E9216",
        "a build variable of Secrets Manager",
        put(
            "BuildProject/Environment/EnvironmentVariables/1",
            {"Name": "TOKEN", "Type": "SECRETS_MANAGER", "Value": "token"},
        ),
    ),
    fault(
        "E9216 E9219 E9220",
        "a parameter is a token with a default",
        API_TOKEN,
        put(f"{CONTAINER}/Environment/3", {"Name": "TOKEN", "Value": ref("ApiToken")}),
    ),
    fault(
        "E9217",
        "an output shows the connection string",
        put("/Outputs/Uri", {"Value": sub("mongodb://u:${MongoDBSecretArn}@${DatabaseCluster.Endpoint}:27017/")}),
    ),
    fault("E9217", "an output shows the password", put("P/Outputs/Password", {"Value": ref("MongoDBMasterPassword")})),
    near_miss(
        "E9217", "an output shows the secret's ARN", put("/Outputs/Secret", {"Value": ref("DatabaseConnection")})
    ),
    fault(
        "E9218",
        "the password is in ParameterOverrides",
        put("/Parameters/MongoDBMasterPassword", {"Type": "String", "NoEcho": True}),
        swap(OVERRIDES, '"MongoDBPort"', '"MongoDBMasterPassword":"${MongoDBMasterPassword}","MongoDBPort"'),
    ),
    fault(
        "E9218",
        "a secret is resolved into ParameterOverrides",
        swap(
            OVERRIDES,
            "${DatabaseCredentials}",
            "{{resolve:secretsmanager:${DatabaseCredentials}:SecretString:password}}",
        ),
    ),
    near_miss(
        "E9218",
        "the secret's ARN under another name",
        put("/Parameters/PasswordSecretArn", {"Type": "String", "Default": ""}),
        swap(OVERRIDES, '"MongoDBPort"', '"PasswordSecretArn":"${DatabaseCredentials}","MongoDBPort"'),
    ),
    fault("E9219", "the password has a default", put("P/Parameters/MongoDBMasterPassword/Default", "documentdb")),
    near_miss("E9219", "the token has no default", put("P/Parameters/GithubOAuthToken/Default", "")),
    near_miss(
        "E9219 E9220",
        "a parameter names a secret in an ARN",
        API_TOKEN,
        put(
            f"{CONTAINER}/Secrets/1",
            {
                "Name": "API_TOKEN",
                "ValueFrom": sub("arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${ApiToken}"),
            },
        ),
    ),
    near_miss(
        "E9219 E9220",
        "a parameter names a parameter of the Parameter Store",
        API_TOKEN,
        permit("TaskExecutionRole", "ssm:GetParameters"),
        put(f"{CONTAINER}/Secrets/1", {"Name": "API_TOKEN", "ValueFrom": ref("ApiToken")}),
    ),
    near_miss(
        "E9219 E9220",
        "a parameter names a secret in a policy",
        API_TOKEN,
        permit(
            "TaskExecutionRole",
            "secretsmanager:GetSecretValue",
            resource=sub("arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${ApiToken}-??????"),
        ),
    ),
    fault("E9220", "the token is echoed", drop("P/Parameters/GithubOAuthToken/NoEcho")),
    near_miss("E9220", "a secret's name is echoed", put("P/Parameters/SecretName", {"Type": "String"})),
    fault(
        "E9221",
        "the database's password is written in the template",
        put("DatabaseCluster/MasterUserPassword", "documentdb"),
    ),
    near_miss(
        "E9221",
        "AWS manages the password",
        drop("DatabaseCluster/MasterUserPassword"),
        put("DatabaseCluster/ManageMasterUserPassword", True),
    ),
    fault(
        "E9222",
        "the generated password may break the URI",
        add(
            "Generated",
            "AWS::SecretsManager::Secret",
            GenerateSecretString={"ExcludeCharacters": '"@/', "PasswordLength": 32},
        ),
        swap(CONNECTION, "${MongoDBSecretArn}:SecretString:password", "${Generated}:SecretString"),
    ),
    near_miss(
        "E9222",
        "the generated password leaves punctuation out",
        add("Generated", "AWS::SecretsManager::Secret", GenerateSecretString={"ExcludePunctuation": True}),
        swap(CONNECTION, "${MongoDBSecretArn}:SecretString:password", "${Generated}:SecretString"),
    ),
    fault("E9223", "the cluster has no instance", remove("DatabaseInstance1", "DatabaseInstance2")),
    near_miss(
        "E9223",
        "an instance by the cluster's name",
        put("DatabaseInstance1/DBClusterIdentifier", sub("${StagePrefix}-phoenix")),
    ),
    fault(
        "E9224",
        "the container uses a key that the secret does not have",
        put(f"{CONTAINER}/Secrets/0/ValueFrom", sub("${DatabaseConnection}:uri::")),
    ),
    fault(
        "E9224",
        "the secret is a JSON document, and the container gets all of it",
        put(CONNECTION, sub('{"host":"${DatabaseCluster.Endpoint}"}')),
    ),
    near_miss(
        "E9224",
        "the container uses a key of the secret",
        put(CONNECTION, sub('{"uri":"x","host":"${DatabaseCluster.Endpoint}"}')),
        put(f"{CONTAINER}/Secrets/0/ValueFrom", sub("${DatabaseConnection}:uri::")),
    ),
    fault(
        "E9225",
        "the webhook's secret is the GitHub token",
        put("SourceWebhook/AuthenticationConfiguration/SecretToken", ref("GithubOAuthToken")),
    ),
    fault(
        "E9225",
        "the webhook's secret is written in the template",
        put("SourceWebhook/AuthenticationConfiguration/SecretToken", "phoenix"),
    ),
    near_miss(
        "E9225",
        "the webhook's secret is a parameter of its own",
        put("P/Parameters/WebhookSecretToken", {"Type": "String", "NoEcho": True}),
        put("SourceWebhook/AuthenticationConfiguration/SecretToken", ref("WebhookSecretToken")),
    ),
    fault(
        "E9226",
        "the GitHub token is written in the template",
        put("Pipeline/Stages/0/Actions/0/Configuration/OAuthToken", "ghp_0123456789"),
    ),
    near_miss(
        "E9226",
        "the token is in Secrets Manager",
        put(
            "Pipeline/Stages/0/Actions/0/Configuration/OAuthToken",
            "{{resolve:secretsmanager:github:SecretString:token}}",
        ),
    ),
    fault("E9231", "the master user is admin", put("/Parameters/MongoDBMasterUsername/Default", "admin")),
    fault("E9231", "the master user is RdsAdmin", put("/Parameters/MongoDBMasterUsername/Default", "RdsAdmin")),
    fault("E9231", "the master user has a hyphen", put("/Parameters/MongoDBMasterUsername/Default", "db-owner")),
    near_miss(
        "E9231", "the master user is administrator", put("/Parameters/MongoDBMasterUsername/Default", "administrator")
    ),
    near_miss("E9231", "the master user is not known", drop("/Parameters/MongoDBMasterUsername/Default")),
    fault(
        "E9232", "an instance of a class before the version", put("DatabaseInstance1/DBInstanceClass", "db.r4.large")
    ),
    fault("E9232", "a serverless instance without a range", put("DatabaseInstance1/DBInstanceClass", "db.serverless")),
    fault(
        "E9232 E9233",
        "a version before the instance class",
        put("DatabaseCluster/EngineVersion", "3.6.0"),
    ),
    near_miss(
        "E9232",
        "a serverless instance with a range",
        put("DatabaseInstance1/DBInstanceClass", "db.serverless"),
        put("DatabaseCluster/ServerlessV2ScalingConfiguration", {"MinCapacity": 0.5, "MaxCapacity": 4}),
    ),
    near_miss("E9232", "an instance of the newest class", put("DatabaseInstance1/DBInstanceClass", "db.r8g.large")),
    fault("E9233", "parameters of another version's family", put("DatabaseParameterGroup/Family", "docdb4.0")),
    fault(
        "E9233",
        "AWS's own parameters of another version",
        put("DatabaseCluster/DBClusterParameterGroupName", "default.docdb4.0"),
    ),
    near_miss(
        "E9233",
        "version and family are both the next",
        put("DatabaseCluster/EngineVersion", "8.0.0"),
        put("DatabaseParameterGroup/Family", "docdb8.0"),
    ),
    fault(
        "E9234",
        "backups during maintenance",
        put("DatabaseCluster/PreferredBackupWindow", "23:30-00:30"),
        put("DatabaseCluster/PreferredMaintenanceWindow", "sun:00:15-sun:01:00"),
    ),
    fault("E9234", "backups within ten minutes", put("DatabaseCluster/PreferredBackupWindow", "03:00-03:10")),
    fault("E9234", "maintenance without a day", put("DatabaseCluster/PreferredMaintenanceWindow", "03:00-04:00")),
    near_miss(
        "E9234",
        "maintenance right after the backup",
        put("DatabaseCluster/PreferredBackupWindow", "23:30-00:30"),
        put("DatabaseCluster/PreferredMaintenanceWindow", "Sun:00:30-Sun:01:00"),
    ),
]
