"""Properties that AWS's documentation replaces on, and that the schema of their type no longer names, or never did.

The schema is the younger of the two: the service may be able to change them in place by now. So they may replace.
"""

from __future__ import annotations

from .effects import Rules, may_replace

# https://github.com/awsdocs/aws-cloudformation-user-guide, its last edition (19 September 2023).
_TEXT = "the documentation says replacement, the registry schema does not"
_PROPERTIES = {
    "AWS::AppSync::GraphQLSchema": "ApiId",
    "AWS::Cassandra::Keyspace": "ReplicationSpecification",
    "AWS::CertificateManager::Certificate": "ValidationMethod",
    "AWS::CleanRooms::ConfiguredTable": "AllowedColumns AnalysisMethod TableReference",
    "AWS::Connect::PhoneNumber": "Description",
    "AWS::Connect::TrafficDistributionGroup": "InstanceArn",
    "AWS::Connect::ViewVersion": "VersionDescription",
    "AWS::DataSync::LocationEFS": "AccessPointArn FileSystemAccessRoleArn InTransitEncryption Subdirectory",
    "AWS::DataSync::LocationFSxLustre": "Subdirectory",
    "AWS::DataSync::LocationFSxONTAP": "Protocol Subdirectory",
    "AWS::DataSync::LocationFSxOpenZFS": "Protocol Subdirectory",
    "AWS::DataSync::LocationFSxWindows": "Domain Password Subdirectory User",
    "AWS::DataSync::LocationNFS": "ServerHostname",
    "AWS::DataSync::LocationObjectStorage": "ServerHostname",
    "AWS::DataSync::LocationS3": "S3Config S3StorageClass Subdirectory",
    "AWS::DataSync::LocationSMB": "ServerHostname",
    "AWS::EC2::CapacityReservation": "InstanceMatchCriteria TagSpecifications",
    "AWS::EC2::CapacityReservationFleet": "TagSpecifications",
    "AWS::EC2::EIP": "Domain",
    "AWS::EC2::TrafficMirrorSession": "NetworkInterfaceId",
    "AWS::EC2::TransitGatewayRouteTable": "Tags",
    "AWS::EC2::VPCPeeringConnection": "PeerRoleArn",
    "AWS::EC2::VPNConnection": "CustomerGatewayId TransitGatewayId VpnGatewayId VpnTunnelOptionsSpecifications",
    "AWS::EMR::InstanceFleetConfig": "InstanceTypeConfigs",
    "AWS::ElastiCache::ReplicationGroup": "Engine ReplicasPerNodeGroup",
    "AWS::ElastiCache::User": "Engine",
    "AWS::ElastiCache::UserGroup": "Engine",
    "AWS::EntityResolution::SchemaMapping": "Description MappedInputFields",
    "AWS::Events::EventBus": "EventSourceName",
    "AWS::FSx::FileSystem": "FileSystemTypeVersion",
    "AWS::Glue::Database": "CatalogId",
    "AWS::GuardDuty::Member": "Email",
    "AWS::HealthLake::FHIRDatastore": "DatastoreName IdentityProviderConfiguration",
    "AWS::IoT::ThingType": "ThingTypeProperties",
    "AWS::KafkaConnect::Connector": "ConnectorConfiguration",
    "AWS::KinesisAnalyticsV2::Application": "RuntimeEnvironment",
    "AWS::Lambda::EventSourceMapping": "AmazonManagedKafkaEventSourceConfig SelfManagedKafkaEventSourceConfig",
    "AWS::Location::GeofenceCollection": "Description",
    "AWS::Location::Map": "Description PricingPlan",
    "AWS::Location::PlaceIndex": "DataSourceConfiguration Description PricingPlan",
    "AWS::Location::RouteCalculator": "Description PricingPlan",
    "AWS::Location::Tracker": "Description PositionFiltering",
    "AWS::MWAA::Environment": "AirflowVersion NetworkConfiguration",
    "AWS::Omics::SequenceStore": "Description FallbackLocation Name",
    "AWS::SageMaker::Domain": "AppNetworkAccessType SubnetIds",
    "AWS::ServiceCatalog::PortfolioShare": "AcceptLanguage",
    "AWS::Timestream::ScheduledQuery": "ClientToken",
    "AWS::Transfer::Server": "IdentityProviderType",
    "AWS::WorkSpacesWeb::UserSettings": "AdditionalEncryptionContext CustomerManagedKey",
}
DOCUMENTED: Rules = {
    each: {(name,): may_replace(_TEXT) for name in names.split()} for each, names in _PROPERTIES.items()
}
