import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_behaviour_on_the_engine_page_has_its_test() -> None:
    page = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    tests = [*(ROOT / "tests" / "local").glob("*.py"), *(ROOT / "tests" / "engine").glob("*.py")]
    written = set(re.findall(r"def (test_\w+)", "".join(file.read_text("utf-8") for file in tests)))

    named = set(re.findall(r"`(test_\w+)`", page))

    assert named
    assert named <= written
