"""The released posts as readelf sees it: what the OpenSSF guide wants of a program's file. A test of the
release alone; what the compiler or the C library has not is left out where it says so."""
import platform
import re
import subprocess

import pytest
from conftest import POSTS, SANITIZED

pytestmark = pytest.mark.skipif(SANITIZED, reason="a debug build is not hardened")


def readelf(*flags):
    return subprocess.run(["readelf", "-W", *flags, POSTS], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def segments():
    """By type: (address, size in memory, flags)."""
    rows = re.findall(r"^ +([A-Z_]+) +0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+) ([R W E]{3}) 0x", readelf("-l"), re.M)
    return [(kind, int(at, 16), int(size, 16), flags) for kind, at, size, flags in rows]


def test_it_is_position_independent():
    head = readelf("-h")
    assert re.search(r"Type: +DYN", head), head
    assert "PIE" in readelf("-d"), "FLAGS_1"


def test_nothing_is_writable_and_executable(segments):
    assert len(segments) > 5
    assert not [s for s in segments if "W" in s[3] and "E" in s[3]]
    assert [s[3] for s in segments if s[0] == "GNU_STACK"] == ["RW "]


def test_addresses_are_read_only_once_they_are_known(segments):
    """Full RELRO: bound at the start, the table within the part that becomes read-only."""
    dynamic = readelf("-d")
    assert "BIND_NOW" in dynamic or re.search(r"FLAGS_1.*\bNOW\b", dynamic), dynamic
    [(_, start, size, _)] = [s for s in segments if s[0] == "GNU_RELRO"]
    tables = re.findall(r"\] +(\.got(?:\.plt)?|\.data\.rel\.ro|\.init_array) +\w+ +(\w+) +\w+ (\w+)", readelf("-S"))
    assert len(tables) >= 3
    for name, at, length in tables:
        assert start <= int(at, 16) and int(at, 16) + int(length, 16) <= start + size, name


def test_stacks_are_protected_and_copies_are_checked():
    """A released program may have lost its names: then it has them for the linker alone, or none to look at."""
    names = set(re.findall(r" (\w+)(?:@\S+)?$", readelf("-s"), re.M))
    if len(names) < 100:
        pytest.skip("stripped")
    assert "__stack_chk_fail" in names
    assert [n for n in names if re.fullmatch(r"__(mem(cpy|move|set)|v?snprintf|v?fprintf|recv|pread64|read)_chk", n)]


def test_branches_land_where_they_are_allowed_to():
    """The code is made for it; the file is marked when the C library's is, too."""
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", POSTS], capture_output=True, text=True, check=True).stdout
    mark = {"x86_64": "endbr64", "aarch64": "bti"}.get(platform.machine())
    if not mark:
        pytest.skip("no such marks on this machine")
    bodies = re.findall(r"^\w+ <(gim_\w+|main)>:\n(.*)$", code, re.M)
    if len(bodies) < 100:
        pytest.skip("stripped")
    assert sum(mark in line for _, line in bodies) > len(bodies) // 2
