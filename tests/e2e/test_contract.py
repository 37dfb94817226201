"""The contract that proof compare holds every contender to, held to posts and to what else is built."""
import re

import pytest
from comparison import compare, needs_compare, running
from conftest import BUILD, POSTS, ROOT

pytestmark = needs_compare

PLAN = (ROOT / "contenders/compare.yaml").read_text()
SERVICES = re.split(r"^  - name: ", PLAN[PLAN.index("\nservices:"):], flags=re.M)[1:]
NAMES = [s.partition("\n")[0] for s in SERVICES if "control_of:" not in s]


def program(name):
    """The program of a service in the plan."""
    text = next(s for s in SERVICES if s.startswith(name + "\n"))
    folder = re.search(r"^    directory: (.*)$", text, re.M).group(1)
    return (ROOT / "contenders" / folder / re.search(r'^    run: \["([^"]*)"', text, re.M).group(1)).resolve()


@pytest.fixture
def folder(tmp_path):
    """The plan in a tree of links, without its build lines and with the posts that is under test."""
    to = tmp_path / "contenders"
    to.mkdir()
    for entry in (ROOT / "contenders").iterdir():
        (to / entry.name).symlink_to(entry)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (to / "compare.yaml").unlink()
    text = re.sub(r"^    build:\n(      - .*\n)+", "", PLAN, flags=re.M)
    (to / "compare.yaml").write_text(text.replace('"build/release/posts/posts"', f'"{POSTS}"'))
    return to


@pytest.mark.parametrize("name", NAMES)
def test_the_contract_is_kept(folder, name):
    if name.startswith("posts"):
        assert program(name) == ROOT / "build/release/posts/posts"
    elif not program(name).exists():
        pytest.skip(f"{program(name).name} is not built (script/compare does it)")
    done = compare(folder / "compare.yaml", "--contract-only", "--only", name)
    assert done.code == 0, done
    service = done.service(name)
    assert service["state"] == "ran" and len(service["checks"]) == 1 + PLAN.count("\n    status: ")
    assert all(c["passed"] for c in service["checks"])
    assert service["body_bytes"] > 100
    assert running(folder) == []


def test_the_plan_names_programs_that_its_build_lines_make():
    for text in SERVICES:
        made = re.search(r'"-o", "([^"]*)"', text)
        if made:
            assert f'run: ["{made.group(1)}"]' in text


def test_the_service_that_is_counted_keeps_it_too(folder):
    """contenders/gimlet: what script/count-lines counts does the same work as the others."""
    program = BUILD / "contenders/gimlet/posts"
    plan = (folder / "compare.yaml").read_text()
    (folder / "compare.yaml").write_text(plan[:plan.index("\nservices:")] + f"""
services:
  - name: gimlet
    group: memory
    reference: true
    run: ["{program}", "--port", "{{port}}", "--workers", "1"]
""")
    done = compare(folder / "compare.yaml", "--contract-only")
    assert done.code == 0, done
    assert all(c["passed"] for c in done.service("gimlet")["checks"]), done
