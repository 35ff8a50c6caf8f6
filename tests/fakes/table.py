"""A DynamoDB table in memory: its keys, its items, its indexes and its stream."""

from collections.abc import Collection, Mapping
from typing import Any

from tests.fakes.expressions import Attributes, Invalid

type Key = tuple[str, ...]


class Table:
    """All key attributes are strings. `indexes` are by name (hash, range); those in `keys_only`
    hold their keys and the table's, the others all attributes.
    """

    def __init__(
        self,
        *key: str,
        indexes: Mapping[str, tuple[str, str]] | None = None,
        keys_only: Collection[str] = (),
    ) -> None:
        self.key = key
        self.indexes = dict(indexes or {})
        self.keys_only = frozenset(keys_only)
        self._index_keys = frozenset(name for names in self.indexes.values() for name in names)
        self.items: dict[Key, Attributes] = {}
        self.stream: list[dict[str, Any]] = []

    def key_of(self, attributes: Mapping[str, Any]) -> Key:
        """The key among the attributes of an item. Raises Invalid."""
        try:
            key = tuple([attributes[name]["S"] for name in self.key])
        except KeyError:
            raise Invalid("a key attribute is missing or no string") from None
        if not all(key):
            raise Invalid("a key attribute is empty")
        return key

    def address_of(self, key: Mapping[str, Any]) -> Key:
        """The key of a request that names nothing else. Raises Invalid."""
        if key.keys() != set(self.key):
            raise Invalid("the key does not match the schema")
        return self.key_of(key)

    def check_index_keys(self, item: Mapping[str, Any]) -> None:
        """An index's attribute may be missing, but is a string with something in it."""
        for name in self._index_keys:
            if name in item and not item[name].get("S"):
                raise Invalid(f"{name} is the key of an index, and no string or empty")

    def has_empty_key(self, attributes: Mapping[str, Any]) -> bool:
        """Whether a key attribute, of the table or of an index, is an empty text."""
        names = self._index_keys.union(self.key)
        return any(attributes.get(name) == {"S": ""} for name in names)

    def order_of(self, index: str | None) -> tuple[str, ...]:
        """Hash and range attribute of the table or an index. Raises Invalid."""
        if index is None:
            return self.key
        if index not in self.indexes:
            raise Invalid(f"the table has no index {index}")
        return self.indexes[index]

    def seen_by(self, index: str | None, item: Attributes) -> Attributes:
        """What a query on this index gives of an item."""
        if index not in self.keys_only:
            return dict(item)
        return {name: item[name] for name in {*self.key, *self.order_of(index)}}

    def place_of(self, index: str | None, item: Attributes) -> Attributes:
        """The keys of an item, as a page's LastEvaluatedKey has them."""
        return {name: item[name] for name in {*self.key, *self.order_of(index)}}
