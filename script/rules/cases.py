"""The self-test: a small sound tree, and for each rule what breaks it."""
import os
import re
import shutil
import tempfile

STYLE = {".clang-format": "BasedOnStyle: LLVM\nIndentWidth: 4\nBreakBeforeBraces: Linux\n"
         "AllowShortFunctionsOnASingleLine: None\n"}
HEADER = "/* {0}: a noun. */\n#ifndef {1}\n#define {1}\n#endif\n"
SOUND = {
    "gimlet/include/gimlet.h": "/* gimlet.h: all of it. */\n#include <gimlet/app.h>\n#include <gimlet/str.h>\n",
    "gimlet/include/gimlet/app.h": HEADER.format("app.h", "GIMLET_APP_H"),
    "gimlet/include/gimlet/str.h": HEADER.format("str.h", "GIMLET_STR_H"),
    "gimlet/base/str.c": "/* str.c: bytes. */\n#include <gimlet/str.h>\n#include <string.h>\n",
    "gimlet/base/buf.h": HEADER.format("buf.h", "BASE_BUF_H"),
    "gimlet/base/buf.c": '/* buf.c: room. */\n#include "buf.h"\n#include <stdlib.h>\n\n'
                         "void *room(void)\n{\n    return malloc(1);\n}\n",
    "gimlet/json/put.h": HEADER.format("put.h", "JSON_PUT_H"),
    "gimlet/json/put.c": '/* put.c: out. */\n#include "put.h"\n#include "../base/buf.h"\n',
    "gimlet/http/head.h": HEADER.format("head.h", "HTTP_HEAD_H"),
    "gimlet/rest/app.h": '/* app.h: built. */\n#include "../json/put.h"\n',
    "gimlet/rest/app.c": '/* app.c: builds. */\n#include "app.h"\n#include "../http/head.h"\n',
    "posts/store.h": "/* store.h: posts. */\n#include <gimlet.h>\n",
    "posts/sqlite/file.c": '/* file.c: disk. */\n#include "../store.h"\n#include <sqlite3.h>\n',
    "proof/load.c": '/* load.c: load. */\n#include "../gimlet/http/head.h"\n',
    "tests/unit/base/test_buf.c": '#include "gimlet/base/buf.h"\n',
    "README.md": "# a\n",
}
LONG = "/* long.c: it. */\nint f(int a)\n{\n" + "    a++;\n" * 58 + "    return a;\n}\n"
MIDDLING = "/* middling.c: it. */\n" + "".join(
    f"int f{n}(int a)\n{{\n" + "    a++;\n" * 13 + "    return a;\n}\n\n" for n in range(3))[:-1]
FINE = "/* fine.c: it. */\nint f(int a)\n{\n" + "    a++;\n" * 56 + "    return a;\n}\n"
SMALL = "".join(f"int s{n}(void)\n{{\n    return {n};\n}}\n\n" for n in range(4))[:-1]


def after(path, line):
    """The sound file with a line more."""
    return {path: SOUND[path] + line + "\n"}


# rule, what changes in the sound tree, what the one defect must say ("" : none).
CASES = [
    ("floors", after("gimlet/json/put.c", '#include "../http/head.h"'), r"put.c:4: gimlet/json includes ../http/head.h"),
    ("floors", after("gimlet/base/buf.h", '#include "../json/put.h"'), r"buf.h:5: gimlet/base includes"),
    ("floors", after("gimlet/base/buf.h", "#include <gimlet/app.h>"), r"buf.h:5: gimlet/base includes gimlet/app.h"),
    ("floors", after("proof/load.c", '#include "../gimlet/rest/app.h"'), r"load.c:3: proof includes"),
    ("floors", after("posts/store.h", '#include "../gimlet/base/buf.h"'), r"store.h:3: posts/ includes"),
    ("floors", after("posts/store.h", "#include <gimlet/str.h>"), r"store.h:3: posts/ includes gimlet/str.h"),
    ("missing", after("posts/store.h", '#include "none.h"'), r'store.h:3: "none.h" is not there'),
    ("cycles", {**after("gimlet/json/put.h", '#include "b.h"'), "gimlet/json/b.h": '/* b */\n#include "put.h"\n'},
     r"a cycle of includes: gimlet/json/\w+.h -> gimlet/json/\w+.h -> gimlet/json/\w+.h"),
    ("own_header_first", {"gimlet/json/put.c": '/* put.c */\n#include "../base/buf.h"\n#include "put.h"\n'},
     r"put.c:2: its own header"),
    ("own_header_first", {"gimlet/base/str.c": "/* str.c */\n#include <string.h>\n#include <gimlet/str.h>\n"},
     r"str.c:2: its own header"),
    ("libraries", {"gimlet/base/a.c": "/* a.c */\n#include <ini.h>\n", "gimlet/base/b.c": "/* b.c */\n#include <ini.h>\n"},
     r"base/b.c:2: <ini.h> belongs to gimlet/base/a.c"),
    ("libraries", after("posts/store.h", "#include <sqlite3.h>"), r"store.h:3: <sqlite3.h> belongs to posts/sqlite/"),
    ("libraries", {"gimlet/base/a.c": "/* a.c */\n#include <ini.h>\n#include <sys/stat.h>\n"}, ""),
    ("file_sizes", {"posts/big.c": "/* big.c */\n" + "int x;\n" * 600}, r"posts/big.c:601: 601 lines"),
    ("file_sizes", {"posts/big.c": "/* big.c */\n" + "int x;\n" * 599}, ""),
    ("file_sizes", {"tests/unit/base/test_big.c": "int x;\n" * 801}, r"test_big.c:801: 801 lines"),
    ("function_sizes", {"posts/long.c": LONG + "\n" + SMALL}, r"posts/long.c:2: f has 62 lines"),
    ("function_sizes", {"posts/fine.c": FINE + "\n" + SMALL}, ""),
    ("function_sizes", {"posts/long.c": LONG + "\n" + SMALL, "script/check.allow": "function_sizes posts/long.c:f  a table\n"}, ""),
    ("median_size", {"posts/middling.c": MIDDLING}, r"the median function has 17 lines"),
    ("essays", {"posts/bare.c": "#include <stdio.h>\n"}, r"posts/bare.c:1: no essay on top"),
    ("banned_calls", {"gimlet/json/a.c": "/* a.c */\nvoid *f(void)\n{\n    return malloc(1);\n}\n"},
     r"json/a.c:4: malloc\(\) is banned here"),
    ("banned_calls", {"gimlet/json/a.c": '/* malloc(1) */\nconst char *f = "free(p)"; // read(0)\n'}, ""),
    ("banned_calls", {"gimlet/json/a.c": "/* a.c */\nint f(struct s *s)\n{\n    return s->read(s) + s.write(s);\n}\n"}, ""),
    ("banned_calls", {"gimlet/rest/a.c": "/* a.c */\nvoid f(int fd)\n{\n    close(fd);\n}\n"}, r"rest/a.c:4: close\(\)"),
    ("banned_calls", {"gimlet/net/a.c": "/* a.c */\nvoid f(int fd)\n{\n    close(fd);\n}\n"}, ""),
    ("banned_calls", {"gimlet/base/a.c": "/* a.c */\nvoid f(char *p)\n{\n    strcpy(p, p);\n}\n"}, r"base/a.c:4: strcpy\(\)"),
    ("banned_calls", {"gimlet/http/a.c": "/* a.c */\nvoid f(void)\n{\n    abort();\n}\n"}, r"http/a.c:4: abort\(\)"),
    ("words", {"README.md": "# a\n" + "TO" + "DO later\n"}, r"README.md:2: an unfinished thought"),
    ("words", {"README.md": "# a\n" + "see /ho" + "me/me/x\n"}, r"README.md:2: a path of one machine"),
    ("words", {"README.md": "<<<<<<< mine\n"}, r"README.md:1: a conflict left in"),
    ("words", {"proof/go.ini": "GOPROXY=ht" + "tps://host.example/\n"}, r"go.ini:1: a package host"),
    ("formatting", {**STYLE, "posts/a.c": "/* a.c */\nint  x;\n"}, r"posts/a.c:2: not as .clang-format has it; script/fmt posts/a.c"),
    ("allow", {"script/check.allow": "function_sizes posts/long.c:f  a table\n"},
     r"script/check.allow:1: posts/long.c:f breaks no function_sizes"),
    ("allow", {"posts/x.c": "/* x.c */\n", "script/check.allow": "# why\n\nfile_sizes posts/x.c\n"},
     r"check.allow:3: posts/x.c is allowed without a reason"),
]


def build(root, changes):
    for path, text in {**SOUND, **changes}.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)


def found_in(changes, defects_of):
    root = tempfile.mkdtemp(prefix="check.")
    try:
        build(root, changes)
        return [f"{path}:{line}: {what}; {mend}" for path, line, what, mend in defects_of(root)[1]]
    finally:
        shutil.rmtree(root)


def run(rules, defects_of):
    wrong = [f"the sound tree: {d}" for d in found_in({}, defects_of)]
    for rule, changes, want in CASES:
        if rule == "formatting" and not shutil.which("clang-format"):
            continue
        got = found_in(changes, defects_of)
        if not all(want and re.search(want, d) for d in got) or bool(got) != bool(want):
            wrong.append(f"{rule}: wanted '{want}', got {got or 'nothing'}")
    unproved = {r.__name__ for r in rules} - {rule for rule, _, want in CASES if want}
    wrong += [f"{name}: no case breaks it" for name in sorted(unproved)]
    for line in wrong:
        print("self-test: " + line)
    print(f"script/check --self-test: {len(CASES)} cases, {len(wrong)} wrong")
    return 1 if wrong else 0
