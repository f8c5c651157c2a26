"""Properties whose change the documentation prints as "Some interruptions", or that take a service down for a moment.

No registry schema has this. Sources: the page of each type in the template reference, unless another stands here.
"""

from __future__ import annotations

from .effects import Rules, interrupts

_REBOOT = "the broker reboots in its maintenance window, or at once"
_DATABASE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html"
_REDSHIFT = "https://docs.aws.amazon.com/redshift/latest/mgmt/managing-cluster-operations.html"
_CONFIGURATION = interrupts("the documentation says: some interruptions")
_FAILOVER = interrupts(
    "the nodes are replaced one after the other, with a failover",
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.HowTo.html",
)
_NOT_REACHABLE = interrupts("for a short time, connections through the group are not possible")
_DEPLOYS = "the service is not available while AWS applies it"

_BATCH = """
    AllocationStrategy BidPercentage Ec2Configuration Ec2KeyPair ImageId InstanceRole InstanceTypes
    LaunchTemplate PlacementGroup SecurityGroupIds Subnets Tags Type
"""
_MWAA = """
    AirflowConfigurationOptions DagS3Path EnvironmentClass ExecutionRoleArn LoggingConfiguration MaxWorkers
    MinWorkers PluginsS3ObjectVersion PluginsS3Path RequirementsS3ObjectVersion RequirementsS3Path Schedulers
    SourceBucketArn StartupScriptS3ObjectVersion StartupScriptS3Path Tags WebserverAccessMode
    WeeklyMaintenanceWindowStart
"""
_EMR_SERVERLESS = """
    Architecture AutoStartConfiguration AutoStopConfiguration ImageConfiguration InitialCapacity MaximumCapacity
    NetworkConfiguration ReleaseLabel WorkerTypeSpecifications
"""
_CLASSIC = """
    InstancePort InstanceProtocol LoadBalancerPort PolicyNames Protocol SSLCertificateId
"""

INTERRUPTIONS: Rules = {
    "AWS::AmazonMQ::Broker": {
        ("Configuration",): interrupts(_REBOOT),
        ("HostInstanceType",): interrupts(_REBOOT),
        ("EngineVersion",): interrupts(_REBOOT),
    },
    "AWS::AutoScaling::AutoScalingGroup": {
        ("VPCZoneIdentifier",): interrupts("the group stays; its instances are replaced by instances in the subnets"),
        ("MixedInstancesPolicy", "InstancesDistribution", "OnDemandBaseCapacity"): interrupts(
            "the group stays; its instances are replaced one after the other"
        ),
        ("MixedInstancesPolicy", "InstancesDistribution", "OnDemandPercentageAboveBaseCapacity"): interrupts(
            "the group stays; its instances are replaced one after the other"
        ),
    },
    "AWS::Batch::ComputeEnvironment": {("ComputeResources", each): _CONFIGURATION for each in _BATCH.split()},
    "AWS::Cassandra::Table": {("RegularColumns",): _CONFIGURATION},
    "AWS::CodeCommit::Repository": {("Triggers",): _CONFIGURATION},
    "AWS::DMS::ReplicationInstance": {
        ("ReplicationInstanceClass",): interrupts("the instance restarts, and its tasks pause"),
        ("EngineVersion",): interrupts("the instance restarts, and its tasks pause"),
    },
    "AWS::DocDB::DBCluster": {
        ("Port",): interrupts("connections to the earlier port are refused from then on"),
    },
    "AWS::DocDB::DBInstance": {
        ("DBInstanceClass",): interrupts(
            "the instance restarts with the other class; where it is the writer, the cluster fails over"
        ),
        ("CACertificateIdentifier",): interrupts("the instance restarts unless CertificateRotationRestart is false"),
    },
    "AWS::DynamoDB::Table": {("SSESpecification",): _CONFIGURATION},
    "AWS::EC2::EIP": {
        each: interrupts("the documentation says: may require some interruptions")
        for each in (("InstanceId",), ("PublicIpv4Pool",), ("Tags",))
    },
    "AWS::EC2::SecurityGroup": {("SecurityGroupIngress",): _NOT_REACHABLE, ("SecurityGroupEgress",): _NOT_REACHABLE},
    "AWS::EMR::Cluster": {("Instances",): _CONFIGURATION},
    "AWS::EMRServerless::Application": {(each,): _CONFIGURATION for each in _EMR_SERVERLESS.split()},
    "AWS::ElastiCache::CacheCluster": {
        ("AZMode",): _CONFIGURATION,
        ("PreferredAvailabilityZone",): _CONFIGURATION,
        ("PreferredAvailabilityZones",): _CONFIGURATION,
        ("EngineVersion",): _FAILOVER,
    },
    "AWS::ElastiCache::ReplicationGroup": {("CacheNodeType",): _FAILOVER, ("EngineVersion",): _FAILOVER},
    "AWS::ElasticLoadBalancing::LoadBalancer": {
        **{("Listeners", each): _CONFIGURATION for each in _CLASSIC.split()},
    },
    "AWS::ElasticLoadBalancingV2::Listener": {
        ("SslPolicy",): interrupts("interruptions are possible where the load balancer has a high volume of traffic"),
    },
    "AWS::Elasticsearch::Domain": {
        ("EncryptionAtRestOptions",): _CONFIGURATION,
        ("NodeToNodeEncryptionOptions",): _CONFIGURATION,
        ("AdvancedSecurityOptions",): _CONFIGURATION,
    },
    "AWS::LakeFormation::Resource": {("UseServiceLinkedRole",): _CONFIGURATION},
    "AWS::Lightsail::Container": {("ContainerServiceDeployment",): _CONFIGURATION},
    "AWS::Lightsail::Database": {("BackupRetention",): _CONFIGURATION},
    "AWS::Lightsail::Instance": {("Hardware",): _CONFIGURATION},
    "AWS::MWAA::Environment": {(each,): interrupts(_DEPLOYS) for each in _MWAA.split()},
    "AWS::MemoryDB::Cluster": {
        ("NodeType",): interrupts("the nodes are replaced one after the other, with a failover")
    },
    "AWS::Neptune::DBInstance": {
        ("DBInstanceClass",): _CONFIGURATION,
        ("AutoMinorVersionUpgrade",): _CONFIGURATION,
        ("DBParameterGroupName",): interrupts("the instance may restart"),
        ("PreferredMaintenanceWindow",): _CONFIGURATION,
    },
    "AWS::Neptune::DBCluster": {("EngineVersion",): interrupts("the instances restart with the other engine")},
    "AWS::OpenSearchService::Domain": {
        ("DomainEndpointOptions", "EnforceHTTPS"): _CONFIGURATION,
    },
    "AWS::RDS::DBCluster": {
        ("EngineVersion",): interrupts("the instances restart with the other engine"),
        ("Port",): interrupts("the instances restart, and connections to the earlier port are refused", _DATABASE),
        ("DBClusterParameterGroupName",): interrupts("the instances may restart"),
        ("DBClusterInstanceClass",): interrupts("the instances restart with the other class", _DATABASE),
    },
    "AWS::RDS::DBInstance": {
        ("DBInstanceClass",): interrupts("the instance restarts with the other class"),
        ("EngineVersion",): interrupts("the instance restarts with the other engine"),
        ("AutoMinorVersionUpgrade",): _CONFIGURATION,
        ("CACertificateIdentifier",): interrupts("the instance restarts unless CertificateRotationRestart is false"),
        ("DBParameterGroupName",): interrupts("static parameters take a restart"),
        ("LicenseModel",): interrupts("the documentation says: some interruptions to the database's availability"),
        ("MultiAZ",): _CONFIGURATION,
        ("PreferredMaintenanceWindow",): _CONFIGURATION,
        ("StorageType",): interrupts("a change from or to magnetic storage takes the instance down", _DATABASE),
        ("OptionGroupName",): interrupts("some options take a restart", _DATABASE),
    },
    "AWS::Redshift::Cluster": {
        each: interrupts("the cluster can only be read, or is not available, while it is resized", _REDSHIFT)
        for each in (("NodeType",), ("NumberOfNodes",), ("ClusterType",), ("Encrypted",))
    },
}
