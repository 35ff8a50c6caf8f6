"""The documentation names things that exist, and leaves out none that a reader looks for."""

import re
from collections.abc import Iterator
from itertools import batched, takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from cli.app import app
from domain import letters
from domain.charging import TEMPLATES
from domain.chart import CHART
from domain.events import BUS_EVENTS
from domain.iso8583.elements import ELEMENTS
from domain.iso8583.problems import REMEDIES
from domain.problem import KINDS
from samples.api_operations import OPERATIONS
from samples.make_event_table import PAGE, page_with_tables
from tests.template.reading import of_type

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
RUNBOOK = ROOT / "docs" / "runbook.md"
RELIABILITY = ROOT / "docs" / "reliability.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
each_page = pytest.mark.parametrize(
    "page", PAGES, ids=[str(each.relative_to(ROOT)) for each in PAGES]
)

COMMANDS: Any = get_command(app)
PLACEHOLDERS = {"..."}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def section(page: Path, heading: str) -> str:
    """What stands under a second-level heading."""
    return text_of(page).split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def code_spans(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def links(page: Path) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", text_of(page))
    return [each for each in found if not each.startswith(("https:", "http:", "mailto:"))]


def table(text: str, first: str) -> list[list[str]]:
    """The rows of the table whose head begins with this cell."""
    lines = text.split(f"| {first} |", 1)[1].splitlines()[2:]
    rows = takewhile(lambda line: line.startswith("|"), lines)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def written_tests() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return set(re.findall(r"def (test_\w+)", "".join(text_of(file) for file in files)))


def all_commands(group: Any, path: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if can_be_given(command):
            yield f"{path}{name}"
        if hasattr(command, "commands"):
            yield from all_commands(command, f"{path}{name} ")


def can_be_given(command: Any) -> bool:
    """Whether it does anything by itself: a group may only hold others."""
    return not hasattr(command, "commands") or bool(command.invoke_without_command)


def command_lines(page: Path) -> list[list[str]]:
    return lines_in(text_of(page))


def lines_in(text: str) -> list[list[str]]:
    """The words after each ./posting, up to what ends a command in a sentence."""
    lines = re.findall(r"\./posting((?: +[^\s`',;:#)]+)*)", text)
    return [line.split() for line in lines]


def options_of(command: Any) -> set[str]:
    return {option for each in command.params for option in (*each.opts, *each.secondary_opts)}


def follow(words: list[str]) -> Any:
    """The command that the words name; the root when they name none. Values are in capitals."""
    command = COMMANDS
    for word in words:
        known = getattr(command, "commands", {})
        if known and word not in known and word.islower() and not word.startswith("-"):
            return COMMANDS
        command = known.get(word, command)
    return command


@each_page
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = [page.parent / link.partition("#")[0] for link in links(page)]

    assert [str(each) for each in targets if not each.exists()] == []


@each_page
def test_every_link_into_a_page_leads_to_a_heading(page: Path) -> None:
    for link in links(page):
        target, hash_sign, anchor = link.partition("#")
        if hash_sign:
            text = text_of(page.parent / target if target else page)
            headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)

            assert anchor in {each.lower().replace(" ", "-") for each in headings}


@each_page
def test_every_test_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", text_of(page)))

    assert named - written_tests() == set()


@each_page
def test_every_command_that_is_named_exists_with_its_options(page: Path) -> None:
    for words in command_lines(page):
        if not words or words[0] in PLACEHOLDERS:
            continue
        command = follow(words)
        given = {word for word in words if word.startswith("--")}

        assert command is not COMMANDS, words
        assert can_be_given(command), words
        assert given <= options_of(command) | options_of(COMMANDS), words


def test_every_command_is_in_the_readme() -> None:
    named = code_spans(section(README, "Commands"))

    missing = [
        command
        for command in all_commands(COMMANDS)
        if not any(span == command or span.startswith(f"{command} ") for span in named)
    ]

    assert missing == []


def test_every_alarm_has_its_entry_in_the_runbook_and_every_entry_its_alarm() -> None:
    entries = re.findall(r"^### (\w+)$", text_of(RUNBOOK), re.MULTILINE)

    assert len(entries) == len(set(entries))
    assert set(entries) == set(of_type("AWS::CloudWatch::Alarm"))


def entries_of_the_runbook() -> dict[str, str]:
    """What stands under each alarm."""
    parts = re.split(r"^### (\w+)$", text_of(RUNBOOK), flags=re.MULTILINE)
    return {name: text.split("\n## ")[0] for name, text in batched(parts[1:], 2, strict=True)}


@pytest.mark.parametrize("alarm", sorted(entries_of_the_runbook()))
def test_every_entry_says_where_to_look_and_names_a_command_that_exists(alarm: str) -> None:
    entry = entries_of_the_runbook()[alarm]
    named = [words for words in lines_in(entry) if words and follow(words) is not COMMANDS]

    assert named, "no ./posting command"
    assert "Look: " in entry


@pytest.mark.parametrize("queue", letters.QUEUES)
def test_the_alarm_of_a_queue_of_letters_names_its_redrive(queue: str) -> None:
    assert f"`./posting redrive {queue}`" in entries_of_the_runbook()[f"{queue}Alarm"]
    assert f"`./posting redrive {queue}`" in section(RELIABILITY, "Every hop")


def test_the_table_of_hops_names_every_queue_of_letters_and_no_alarm_that_is_not_there() -> None:
    hops = section(RELIABILITY, "Every hop")
    letters = {name for name in of_type("AWS::SQS::Queue") if name.endswith("DeadLetters")}

    assert set(re.findall(r"\b\w+DeadLetters\b", hops)) == letters
    assert set(re.findall(r"\b\w+Alarm\b", hops)) == set(of_type("AWS::CloudWatch::Alarm"))


def test_the_readme_lists_the_events_of_the_bus() -> None:
    events = [row[0].strip("`") for row in table(text_of(README), "event")]
    files = [link for link in links(README) if link.startswith(("src/", "statemachine/"))]

    assert events == [event.detail_type() for event in BUS_EVENTS]
    assert len(files) == len(events)


def test_the_tables_of_the_events_page_are_what_the_classes_say() -> None:
    assert text_of(PAGE) == page_with_tables(text_of(PAGE))


def test_every_table_of_the_template_is_described() -> None:
    described = [row[0] for row in table(text_of(ROOT / "docs" / "architecture.md"), "table")]

    assert {f"{name}Table" for name in described} == set(of_type("AWS::DynamoDB::Table"))


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(each.name for each in folder.glob("[0-9]*.md"))

    assert links(folder / "README.md") == pages


def test_the_hooks_before_a_commit_have_the_versions_of_the_requirements() -> None:
    hooks = yaml.safe_load(text_of(ROOT / ".pre-commit-config.yaml"))["repos"]
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", text_of(ROOT / "requirements.txt"), re.MULTILINE))
    public = {each["repo"].rpartition("/")[2]: each["rev"] for each in hooks if "rev" in each}

    assert public == {
        "cfn-lint": f"v{pinned['cfn-lint']}",
        "ruff-pre-commit": f"v{pinned['ruff']}",
    }


def test_our_own_hooks_run_what_is_installed_here() -> None:
    repos = yaml.safe_load(text_of(ROOT / ".pre-commit-config.yaml"))["repos"]
    entries = [hook["entry"] for repo in repos if repo["repo"] == "local" for hook in repo["hooks"]]
    programs = [next(word for word in entry.split() if "/" in word) for entry in entries]

    assert programs
    assert [each for each in programs if not (ROOT / each).exists()] == []


def test_the_page_on_messages_names_every_fault_and_every_element_that_is_kept() -> None:
    page = text_of(ROOT / "docs" / "messages.md")
    codes = {row[0].strip("`") for row in table(page, "code")}
    kept = {f"{each.number} {each.title}" for each in ELEMENTS.values() if each.kept}

    assert codes >= REMEDIES.keys()
    assert [each for each in kept if each not in page] == []


def test_the_accounting_page_lists_every_account_template_and_case() -> None:
    page = text_of(ROOT / "docs" / "accounting.md")
    accounts = set(code_spans(section(ROOT / "docs" / "accounting.md", "Accounts")))
    rows = table(page, "template")

    assert {account.pattern for account in CHART.accounts.values()} <= accounts
    assert [name for row in rows for name in row[0].split(", ")] == [
        template.name for template in TEMPLATES.all
    ]
    for row in rows:
        told = set(row[1].split(", ")) - {""}
        named = [each.cases for each in TEMPLATES.all if each.name in row[0].split(", ")]
        assert told == {case for cases in named for case in cases}


def test_the_page_on_the_api_names_every_route_and_every_problem_with_its_remedy() -> None:
    page = text_of(ROOT / "docs" / "api.md")
    told = {row[0].strip("`"): row[1:] for row in table(page, "code")}

    assert told == {
        code: [str(kind.status), kind.title, kind.remedy] for code, kind in KINDS.items()
    }
    routes = [row[0].strip("`") for row in table(page, "route")]
    assert routes == [f"{each.method.upper()} {each.path}" for each in OPERATIONS]
