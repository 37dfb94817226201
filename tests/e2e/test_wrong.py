"""Programs with a mistake in them do not compile, and what the compiler says names the place and the mend.

Each file of tests/data/wrong is such a program; with -DRIGHT it is mended, and must compile.
"""

import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import SANITIZED

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRONG = sorted((ROOT / "tests/data/wrong").glob("*.c"))
COMPILERS = [cc for cc in ("gcc", "clang") if shutil.which(cc)]
SAYS = {
    "array_in_map": "the member tags must be a gim_array",
    "double_in_float": "the member d must be a double",
    "enum_in_float": "the member kind must be an int",
    "flag_in_int": "the member b must be a bool",
    "int_in_int": "the member n must be an int64_t",
    "map_in_array": "the member tags must be a gim_map",
    "object_in_pointer": "the member at must be a struct",
    "object_in_text": "the member at must be a struct",
    "raw_in_text": "the member any must be a gim_raw",
    "set_in_int": "the member set must be a gim_set",
    "text_as_pointer": "the member s must be a gim_str",
    "time_in_int": "the member at must be a gim_time",
}

pytestmark = pytest.mark.skipif(SANITIZED or not COMPILERS, reason="compiles the same twice")


def compile_it(cc, file, *more):
    return subprocess.run([cc, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", *more,
                           f"-I{ROOT / 'gimlet/include'}", "-c", "-o", os.devnull, str(file)],
                          capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("cc", COMPILERS)
def test_a_wrong_program_does_not_compile(cc):
    assert {p.stem for p in WRONG} >= set(SAYS)
    for file in WRONG:
        right, wrong = compile_it(cc, file, "-DRIGHT"), compile_it(cc, file)
        assert right.returncode == 0, f"{file.name}, mended:\n{right.stderr}"
        assert wrong.returncode != 0, f"{file.name} compiles"
        assert f"{file.name}:" in wrong.stderr, f"{file.name}: its line is not named:\n{wrong.stderr}"
        assert SAYS.get(file.stem, "") in wrong.stderr, f"{file.name}:\n{wrong.stderr}"
