"""A template in one scenario: its resources, and the resource that a value refers to."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from .evaluation import Evaluation, Scenario
from .names import NAMES
from .nodes import MISSING, Node, Resource
from .values import Part, Ref, Text, text

Found = TypeVar("Found")

_MOST_EXPANDED = 5


class Stack(Evaluation):
    """A template in one scenario, such as the defaults of its parameters.

    `filename` is the path of the template, if known. Stacks of the same template may share `strings`, a cache of
    `mentioning`.
    """

    def __init__(
        self,
        template: dict[str, Any],
        scenario: Scenario | None = None,
        filename: str | None = None,
        strings: dict[str, str] | None = None,
    ) -> None:
        super().__init__(template, scenario or Scenario())
        self.filename = filename
        self._strings = {} if strings is None else strings
        self._results: dict[str, Any] = {}
        self._expanded = 0

    # Contents of the template

    def section(self, name: str) -> Node:
        return Node(self, self.template.get(name, MISSING), [name])

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The resources by logical id, without those whose condition is known to be false."""
        section = self.template.get("Resources")
        if not isinstance(section, dict):
            return {}
        return {
            name: Resource(self, name, raw)
            for name, raw in section.items()
            if isinstance(name, str) and isinstance(raw, dict) and self.holds(raw.get("Condition")) is not False
        }

    @property
    def by_macro(self) -> bool:
        """Whether a macro may add resources; of AWS's macros only AWS::Include does."""
        named = [item.literal or "" for item in self.section("Transform").items]
        return (
            any(not name.startswith("AWS::") or name == "AWS::Include" for name in named)
            or "Fn::Transform" in self.template
            or "Fn::Transform" in self.section("Resources").keys
        )

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources.values():
            found.setdefault(resource.type, []).append(resource)
        return found

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types."""
        return [resource for kind in types for resource in self._by_type.get(kind, [])]

    def mentioning(self, words: str) -> list[Resource]:
        """The resources whose strings contain these words, in any scenario: a fast preselection."""
        if not self._strings:
            self._strings.update((name, _strings_in(resource.whole)) for name, resource in self.resources.items())
        return [resource for name, resource in self.resources.items() if words in self._strings.get(name, words)]

    def parameter(self, name: str) -> Node:
        return Node(self, self.parameters.get(name, MISSING), ["Parameters", name])

    def once(self, key: str, compute: Callable[[], Found]) -> Found:
        """The cached result of a computation on this stack, by key."""
        if key not in self._results:
            self._results[key] = compute()
        found: Found = self._results[key]
        return found

    # Resources that values refer to

    def resource(self, value: Text | Node | None, *types: str) -> Resource | None:
        """The resource of the template that a value refers to: by Ref, by an attribute, or by its name."""
        if isinstance(value, Node):
            value = value.text
        if value is None:
            return None
        ref = value.reference
        if ref is not None:
            found = self.resources.get(ref.name)
            return found if found and (not types or found.type in types) else None
        for resource in self.of(*types):
            name = self.name_of(resource)
            if name is not None and not name.reference and name == value:
                return resource
        return None

    def waits_for(self, resource: Resource, others: set[str]) -> bool:
        """Whether a resource depends on one of the others, directly or indirectly."""
        pending, seen = [resource.id], {resource.id}
        while pending:
            for name in self.resources[pending.pop()].named:
                if name in others:
                    return True
                if name in self.resources and name not in seen:
                    seen.add(name)
                    pending.append(name)
        return False

    def shared(self, resource: Resource) -> bool:
        """Whether other stacks may use a resource: by an export, or as a parameter of a nested stack."""
        outputs = self.section("Outputs")
        exported = any(
            resource.id in {ref.name for ref in value.refs}
            for name in outputs.keys
            if outputs.at(name, "Export").given
            for _, value in outputs.at(name, "Value").texts()
        )
        return exported or any(resource.id in nested.named for nested in self.of("AWS::CloudFormation::Stack"))

    def name_of(self, resource: Resource) -> Text | None:
        """The physical name of a resource, or a reference to it if the template sets no name."""
        if resource.name.given:
            return self.expanded(resource.name.text)
        return text(Ref(resource.id))

    def expanded(self, value: Text | None) -> Text | None:
        """The text with the names of resources in place of references to the names.

        Different forms of the same name then have equal texts.
        """
        if value is None or not value.refs:
            return value
        parts: list[Part] = []
        for part in value.parts:
            parts.extend(self._expanded_part(part))
        return text(*parts)

    def _expanded_part(self, part: Part) -> tuple[Part, ...]:
        resource = self.resources.get(part.name) if isinstance(part, Ref) else None
        naming = NAMES.get(resource.type) if resource is not None else None
        if resource is None or naming is None or not isinstance(part, Ref) or not naming.is_name(part.attribute):
            return (part,)
        given = resource[naming.property].text
        if given is None or self._expanded >= _MOST_EXPANDED:
            return (Ref(part.name),)
        self._expanded += 1
        try:
            expanded = self.expanded(given)
        finally:
            self._expanded -= 1
        return expanded.parts if expanded else (part,)


def _strings_in(raw: Any) -> str:
    """All strings in a value."""
    found: list[str] = []
    pending = [raw]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, dict):
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return "\n".join(found)
