"""CloudFormation: as strict as AWS about templates, parameters, names and roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from phoenix_cfn.cloudformation.documents import LOADER
from phoenix_cfn.local.aws import iam, ministack, permissions
from phoenix_cfn.local.aws.corrections import correction

_GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide"
_API = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference"

# The property that names a resource, for the types whose names collide in an account and region.
_NAME_PROPERTIES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CodeBuild::Project": "Name",
    "AWS::CodePipeline::Pipeline": "Name",
    "AWS::DocDB::DBCluster": "DBClusterIdentifier",
    "AWS::DocDB::DBClusterParameterGroup": "Name",
    "AWS::DocDB::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::SNS::Topic": "TopicName",
}


@correction(
    "The functions of the Rules section have short forms in YAML too",
    "https://github.com/aws-cloudformation/cfn-lint/issues/979",
)
def rule_functions_have_short_forms() -> None:
    engine = ministack.cfn_engine
    engine.CfnLoader = _fast(engine.CfnLoader)
    for name in ("Contains", "EachMemberEquals", "EachMemberIn", "RefAll", "ValueOf", "ValueOfAll"):
        engine.CfnLoader.add_constructor(f"!{name}", engine._construct_cfn_tag(f"Fn::{name}"))


def _fast(loader: type[yaml.SafeLoader]) -> type:
    """The same loader of templates by libyaml, where PyYAML has it: a tenth of the time."""
    return type(loader.__name__, (LOADER,), {"yaml_constructors": loader.yaml_constructors})


@correction("A parameter that the template does not declare is refused", f"{_API}/API_CreateStack.html")
def unknown_parameters_are_refused() -> None:
    resolve = ministack.cfn_handlers._resolve_parameters

    def strict(template: dict[str, Any], provided: list[dict[str, Any]], *previous: Any) -> Any:
        unknown = sorted({each["Key"] for each in provided} - set(template.get("Parameters", {})))
        if unknown:
            raise ValueError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        return resolve(template, provided, *previous)

    ministack.cfn_handlers._resolve_parameters = strict


@correction(
    "A reference to nothing, or to a circle, is refused before anything exists",
    f"{_GUIDE}/intrinsic-function-reference-ref.html",
)
def unresolved_references_are_refused() -> None:
    support = ministack.cfn_handlers.validate_template_support

    def strict(template: dict[str, Any], *arguments: Any, **options: Any) -> Any:
        known = set(template.get("Resources", {})) | set(template.get("Parameters", {}))
        missing = sorted(
            name
            for section in ("Resources", "Outputs")
            for name in _references(template.get(section, {}))
            if name not in known and not name.startswith("AWS::")
        )
        if missing:
            raise ValueError(
                f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] in the template"
            )
        ministack.stacks._topological_sort(template.get("Resources", {}), {})
        return support(template, *arguments, **options)

    ministack.cfn_handlers.validate_template_support = strict


def _references(value: Any) -> Iterator[str]:
    """The logical names that Ref, Fn::GetAtt, Fn::Sub and DependsOn point to."""
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key == "Ref" and isinstance(inner, str):
            yield inner
        elif key == "Fn::GetAtt":
            yield inner[0] if isinstance(inner, list) else inner.split(".")[0]
        elif key == "DependsOn":
            yield from [inner] if isinstance(inner, str) else inner
        elif key == "Fn::Sub":
            text, own = (inner, {}) if isinstance(inner, str) else inner
            names = re.findall(r"\$\{([^!][^}]*)\}", text)
            yield from (name.split(".")[0] for name in names if name not in own)
            yield from _references(own)
        else:
            yield from _references(inner)


@correction(
    "Properties follow the resource type's registry schema: values get its types; unknown, missing and wrong ones fail",
    f"{_GUIDE}/validate-stack-deployments.html",
)
def properties_follow_the_schema() -> None:
    provision, update = ministack.stacks._provision_resource, ministack.stacks._update_resource

    def create(resource_type: str, logical_id: str, properties: Any, stack: str) -> Any:
        return provision(resource_type, logical_id, conform(resource_type, properties), stack)

    def change(resource_type: str, physical_id: str, old: Any, new: Any, *rest: Any) -> Any:
        # Compared as the schema has them: "8080" and 8080 are the same port.
        return update(resource_type, physical_id, conform(resource_type, old), conform(resource_type, new), *rest)

    ministack.stacks._provision_resource = create
    ministack.stacks._update_resource = change


def conform(resource_type: str, properties: Any) -> Any:
    """The properties with the schema's types, ValueError where they break it. Custom resources have no schema."""
    if not resource_type.startswith("AWS::"):
        return properties
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    return _conform(properties, schema, schema, "")


def _conform(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str) -> Any:
    while "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, dict):
        properties = schema.get("properties")
        if properties is None:
            return value
        for required in schema.get("required", []):
            if required not in value:
                raise ValueError(f"Model validation failed (#{path}: required key [{required}] not found)")
        read_only = {each.rsplit("/", 1)[1] for each in schema.get("readOnlyProperties", [])}
        conformed = {}
        for key, inner in value.items():
            if (key not in properties or key in read_only) and not schema.get("patternProperties"):
                raise ValueError(f"Model validation failed (#{path}: extraneous key [{key}] is not permitted)")
            conformed[key] = _conform(inner, properties.get(key, {}), root, f"{path}/{key}")
        return conformed
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_conform(each, items, root, f"{path}/{index}") for index, each in enumerate(value)]
    return _scalar(value, kinds, schema, path)


def _scalar(value: Any, kinds: list[str], schema: dict[str, Any], path: str) -> Any:
    if isinstance(value, str) and "string" not in kinds:
        if "integer" in kinds or "number" in kinds:
            try:
                value = float(value) if "integer" not in kinds and "." in value else int(value)
            except ValueError:
                raise ValueError(f"Model validation failed (#{path}: expected type: Number, found: String)") from None
        elif "boolean" in kinds and value in ("true", "false"):
            value = value == "true"
    elif "string" in kinds and isinstance(value, (int, float)) and not {"integer", "number", "boolean"} & set(kinds):
        value = str(value).lower() if isinstance(value, bool) else str(value)
    if "enum" in schema and value not in schema["enum"] and str(value) not in map(str, schema["enum"]):
        raise ValueError(f"Model validation failed (#{path}: {value} is not a valid enum value)")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        raise ValueError(f"Model validation failed (#{path}: {value} is out of range)")
    return value


@correction("A name that exists already fails the resource", f"{_GUIDE}/validate-stack-deployments.html")
def names_collide() -> None:
    provision = ministack.stacks._provision_resource

    def create(resource_type: str, logical_id: str, properties: Any, stack: str) -> Any:
        name = properties.get(_NAME_PROPERTIES.get(resource_type, ""))
        if name and name in _taken(resource_type, stack, logical_id):
            raise ValueError(f"Resource of type '{resource_type}' with identifier '{name}' already exists.")
        return provision(resource_type, logical_id, properties, stack)

    ministack.stacks._provision_resource = create


def _taken(resource_type: str, stack_name: str, logical_id: str) -> set[str]:
    """The names of this type that any stack holds, or that exist without one."""
    key = _NAME_PROPERTIES[resource_type]
    names = {
        resource["Properties"].get(key)
        for stack in ministack.cloudformation._stacks.values()
        if stack["StackStatus"] != "DELETE_COMPLETE"
        for own_id, resource in list(stack.get("_resources", {}).items())
        if resource["ResourceType"] == resource_type and (stack["StackName"], own_id) != (stack_name, logical_id)
    }
    if resource_type == "AWS::Logs::LogGroup":
        names |= set(ministack.logs._log_groups)
    return {name for name in names if name}


@correction("A stack that rolled back its creation can only be deleted", f"{_GUIDE}/view-stack-events.html")
def rolled_back_creations_stay() -> None:
    create = ministack.cfn_handlers._ACTION_HANDLERS["CreateStack"]

    def strict(params: dict[str, Any]) -> Any:
        name = ministack.cfn_handlers._p(params, "StackName")
        stack = ministack.cloudformation._stacks.get(name)
        if stack and stack["StackStatus"] == "ROLLBACK_COMPLETE":
            return ministack.cfn_handlers._error("AlreadyExistsException", f"Stack [{name}] already exists")
        return create(params)

    ministack.cfn_handlers._ACTION_HANDLERS["CreateStack"] = strict


@correction(
    "A stack's operations use its role alone, which the caller must be allowed to pass; what the role lacks fails",
    f"{_GUIDE}/using-iam-servicerole.html",
)
def service_role_is_consulted() -> None:
    actions = ministack.cfn_handlers._ACTION_HANDLERS
    for name in ("CreateStack", "UpdateStack", "DeleteStack"):
        actions[name] = _remembering_the_role(actions[name])
    provision, update = ministack.stacks._provision_resource, ministack.stacks._update_resource
    delete = ministack.stacks._delete_resource

    def create_resource(resource_type: str, logical_id: str, properties: Any, stack: str) -> Any:
        role = _role_of(stack)
        if not role:
            return provision(resource_type, logical_id, properties, stack)
        permissions.check_actions(role, resource_type, "create", properties)
        physical_id, attributes = provision(resource_type, logical_id, properties, stack)
        try:
            permissions.check_scope(role, resource_type, "create", physical_id, properties, stack)
        except iam.AccessDenied:
            delete(resource_type, physical_id, properties, stack, logical_id)
            raise
        return physical_id, attributes

    def update_resource(resource_type: str, physical_id: str, old: Any, new: Any, stack: str, *rest: Any) -> Any:
        role = _role_of(stack)
        if role and old != new:
            permissions.check_actions(role, resource_type, "update", new)
            permissions.check_scope(role, resource_type, "update", physical_id, new, stack)
        return update(resource_type, physical_id, old, new, stack, *rest)

    def delete_resource(
        resource_type: str, physical_id: str, properties: Any, stack: str | None = None, logical_id: str | None = None
    ) -> Any:
        role = _role_of(stack)
        if role:
            permissions.check_actions(role, resource_type, "delete", properties)
            permissions.check_scope(role, resource_type, "delete", physical_id, properties, stack or "")
        return delete(resource_type, physical_id, properties, stack, logical_id)

    ministack.stacks._provision_resource = create_resource
    ministack.stacks._update_resource = update_resource
    ministack.stacks._delete_resource = delete_resource


def _remembering_the_role(handler: Any) -> Any:
    def handle(params: dict[str, Any]) -> Any:
        cfn = ministack.cfn_handlers
        role = cfn._p(params, "RoleARN")
        if role:
            caller = ministack.iam_evaluator.caller_arn()
            if ":assumed-role/" in caller:
                name = caller.split(":assumed-role/")[1].split("/")[0]
                acting = f"arn:aws:iam::{ministack.account()}:role/{name}"
                if not iam.allows(
                    acting, "iam:PassRole", role, {"iam:PassedToService": "cloudformation.amazonaws.com"}
                ):
                    message = f"User: {caller} is not authorized to perform: iam:PassRole on resource: {role}"
                    return cfn._error("AccessDenied", message, 403)
            try:
                iam.credentials(role, "cloudformation.amazonaws.com")
            except iam.AccessDenied as error:
                return cfn._error("ValidationError", f"Role {role} is invalid or cannot be assumed ({error})")
            _ROLES[ministack.account(), ministack.region(), _stack_name(cfn._p(params, "StackName"))] = role
        return handler(params)

    return handle


# AWS keeps the role of a stack's last operation for all later ones: the stack's name here leads to it.
_ROLES: dict[tuple[str, str, str], str] = {}


def _role_of(stack: str | None) -> str | None:
    return _ROLES.get((ministack.account(), ministack.region(), stack or ""))


def _stack_name(name_or_id: str) -> str:
    return name_or_id.split("/")[1] if name_or_id.startswith("arn:") else name_or_id


@correction(
    "A stack operation goes on by itself: the API answers meanwhile",
    f"{_API}/API_CreateStack.html",
)
def provisioning_leaves_the_api_free() -> None:
    runs = ministack.stacks._runs_on_worker_thread
    blocking = {
        # Its deletion removes the volume of the layer cache, which takes the engine up to half a minute.
        "AWS::CodeBuild::Project",
        "AWS::CodePipeline::Webhook",
        "AWS::DocDB::DBCluster",
        "AWS::DocDB::DBInstance",
        "AWS::ECS::Service",
    }
    ministack.stacks._runs_on_worker_thread = lambda resource_type: resource_type in blocking or runs(resource_type)


@correction(
    "What needs nothing of each other is created at the same time: a database begins as early as it can",
    f"{_GUIDE}/aws-attribute-dependson.html",
)
def databases_begin_early() -> None:
    sort = ministack.stacks._topological_sort

    def early(resources: dict[str, Any], conditions: dict[str, Any]) -> list[str]:
        ordered: list[str] = sort(resources, conditions)
        for cluster in [each for each in ordered if resources[each].get("Type") == "AWS::DocDB::DBCluster"]:
            before = _before(cluster, resources, set(ordered))
            ordered = [
                *(each for each in ordered if each in before),
                cluster,
                *(each for each in ordered if each not in before and each != cluster),
            ]
        return ordered

    ministack.stacks._topological_sort = early


def _before(logical_id: str, resources: dict[str, Any], known: set[str]) -> set[str]:
    """What must exist before a resource."""
    found: set[str] = set()
    waiting = {logical_id}
    while waiting:
        waiting = {name for each in waiting for name in ministack.cfn_engine._extract_deps(resources[each], known)}
        waiting -= found
        found |= waiting
    return found


@correction(
    "A reference in a resource's Metadata is a dependency",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html",
)
def metadata_references_are_dependencies() -> None:
    extract = ministack.cfn_engine._extract_deps

    def all_of_them(resource: dict[str, Any], names: set[str]) -> set[str]:
        return set(extract(resource, names)) | set(_references(resource.get("Metadata", {}))) & names

    ministack.cfn_engine._extract_deps = all_of_them


@correction(
    "The rollback of a creation deletes with the resource's DeletionPolicy, Snapshot included",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
)
def rollbacks_take_snapshots() -> None:
    delete = ministack.stacks._delete_resource

    def with_snapshot(
        resource_type: str, physical_id: str, properties: Any, stack: str | None = None, logical_id: str | None = None
    ) -> Any:
        record = ministack.cloudformation._stacks.get(stack or "", {})
        resource = record.get("_template", {}).get("Resources", {}).get(logical_id, {})
        if record.get("StackStatus") == "ROLLBACK_IN_PROGRESS" and resource.get("DeletionPolicy") == "Snapshot":
            ministack.stacks._snapshot_resource(resource_type, physical_id, properties)
        return delete(resource_type, physical_id, properties, stack, logical_id)

    ministack.stacks._delete_resource = with_snapshot


@correction(
    "What a rollback could not delete belongs to the stack, and is deleted with it", f"{_API}/API_DeleteStack.html"
)
def failed_rollbacks_keep_their_resources() -> None:
    delete = ministack.cfn_handlers._ACTION_HANDLERS["DeleteStack"]

    def complete(params: dict[str, Any]) -> Any:
        stack = ministack.cloudformation._stacks.get(_stack_name(ministack.cfn_handlers._p(params, "StackName")), {})
        if stack.get("StackStatus") == "ROLLBACK_FAILED":
            for logical_id, record in stack.pop("_rollback_failed", {}).items():
                stack["_resources"][logical_id] = {**record, "LogicalResourceId": logical_id, "Attributes": {}}
        return delete(params)

    ministack.cfn_handlers._ACTION_HANDLERS["DeleteStack"] = complete
