"""The enrichment of the test pipe: passes keys on, leaves some out, fails on poison."""

from typing import Any


def handler(records: list[dict[str, Any]], _context: object) -> list[dict[str, str]]:
    images = [record["dynamodb"]["NewImage"] for record in records]
    if any("poison" in image for image in images):
        raise ValueError("poison")
    return [{"pk": image["pk"]["S"]} for image in images if "leave_out" not in image]
