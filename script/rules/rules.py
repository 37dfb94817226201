"""The rules. Each takes the tree and yields (path, line, what, mend). Tables first, then the functions."""
import os
import re
import shutil
import statistics
import subprocess

BASE, JSON, HTTP, NET, WIRE, REST, KIT = (
    "gimlet/" + f for f in ("base", "json", "http", "net", "wire", "rest", "kit"))
SOURCES = ("gimlet", "posts", "proof", "examples")

# Which floors a floor may include, besides itself. Siblings are absent from each other's row.
FLOORS = {
    BASE: set(),
    JSON: {BASE},
    HTTP: {BASE},
    NET: {BASE},
    WIRE: {BASE, HTTP, NET},
    REST: {BASE, JSON, HTTP, NET, WIRE},
    KIT: {BASE, JSON, HTTP, NET, WIRE, REST},
    "proof": {BASE, JSON, HTTP, NET, WIRE},
}
# The floor that a public header belongs to.
PUBLIC = {
    "str": BASE, "arena": BASE, "time": BASE, "log": BASE, "option": BASE,
    "schema": JSON, "json": JSON,
    "set_cookie": HTTP,
    "pull": WIRE,
    "app": REST, "ctx": REST, "stream": REST, "openapi": REST, "metrics": REST, "test": REST, "sandbox": REST, "tls": REST,
}
# Folders whose files see the framework as its users do.
USERS = ("posts", "examples")

# Where a library's header may stand, when that is not simply one file.
LIBRARY_HOMES = {"sqlite3.h": "posts/sqlite/", "openssl/ssl.h": "gimlet/net/tls_", "openssl/err.h": "gimlet/net/tls_"}
SYSTEM = re.compile(
    r"(sys|linux|netinet|net|arpa|asm|sanitizer)/.*|"
    r"(assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|stdalign|"
    r"stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath|threads|time|uchar|"
    r"wchar|wctype|aio|cpio|dirent|dlfcn|fcntl|fnmatch|ftw|getopt|glob|grp|iconv|ifaddrs|langinfo|libgen|"
    r"malloc|mqueue|netdb|poll|pthread|pwd|regex|resolv|sched|search|semaphore|spawn|strings|syslog|"
    r"termios|ucontext|unistd|utime|immintrin|emmintrin|nmmintrin|arm_neon)\.h")

FILE_LINES, TEST_LINES, FUNCTION_LINES, MEDIAN_LINES = 600, 800, 60, 15

# Calls that are banned: names, where they are at home, reason and mend. Tests may call what they like;
# proof/null is bare on purpose and links nothing of ours.
STORES, MAINS = ("posts/memory", "posts/sqlite"), ("gimlet/rest/main.c", "posts/main.c", "proof", "examples")
BANNED = [
    ("malloc calloc realloc free strdup", (BASE, *STORES, "examples"),
     "memory goes by lifetime", "gim_alloc from an arena, a gim_buf, or gim_heap_alloc"),
    ("strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets", (),
     "it does not know how much room there is", "gim_str, gim_buf or snprintf"),
    ("strtok strtok_r", (), "it hides state and needs a NUL", "gim_str_cut"),
    ("atoi atol atoll atof strtol strtoll strtoul strtoull", ("proof/null",),
     "errors pass as numbers", "gim_str_to_int"),
    ("gmtime gmtime_r localtime localtime_r mktime timegm strftime ctime asctime", ("proof/null",),
     "it knows zones and locales, and not the year 10000", "base/civil.h or gim_time_write"),
    ("alloca setjmp longjmp", (), "the stack is no heap", "an arena, or a return value"),
    ("system popen", (), "it starts a shell", "what the shell would call"),
    ("rand srand random srandom", ("proof",), "it can be guessed", "getrandom"),
    ("time gettimeofday clock_gettime", (BASE, NET, *STORES, "proof"),
     "it is a system call a request", "the loop's cached time, or base/clock.h"),
    ("read write close open openat readv writev recv send recvmsg sendmsg", (NET, "posts/sqlite", "proof"),
     "file descriptors live in net", "a stream (net/stream.h)"),
    ("assert abort", (BASE,), "nothing a client sends may end the process", "an error return"),
    ("exit _exit quick_exit", MAINS, "a library does not end its program", "an error return"),
    ("printf fprintf vprintf vfprintf puts fputs putchar perror", (BASE, *MAINS),
     "a library does not print", "gim_log, or text for the caller"),
]

# Words that must not be left in any file: pattern, what it is, mend.
WORDS = [
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "an unfinished thought", "finish it, or say it in an issue"),
    (re.compile(r"^(<<<<<<<|>>>>>>>) "), "a conflict left in", "resolve it"),
    (re.compile(r"(?<![\w.])/(home/\w+|root|work)/"), "a path of one machine", "a relative path"),
    (re.compile(r"(GOPROXY|index-url|index_url|replace-with|registry)[\"']?\s*[:=]\s*[\"']?\w*\+?https?://", re.I),
     "a package host of one network", "leave it to the machine's configuration"),
]
OWN = ("script/rules/",)  # these files spell the words in order to find them


def floor_of(path):
    if path.startswith("gimlet/include/"):
        return PUBLIC.get(os.path.basename(path)[:-2], KIT)
    for floor in FLOORS:
        if path.startswith(floor + "/"):
            return floor
    return path.split("/")[0]


# ---- includes ------------------------------------------------------------------------------------

def floors(tree):
    """A floor includes only lower floors, never a sibling; users of the framework only <gimlet.h>."""
    for f in tree.c(*SOURCES):
        floor = floor_of(f.path)
        for i in f.includes:
            if not i.path:
                continue
            target = floor_of(i.path)
            if floor in USERS:
                if target != floor and i.name != "gimlet.h":
                    yield f.path, i.line, f"{floor}/ includes {i.name}", "include <gimlet.h>, which has all of the manual"
            elif floor in FLOORS and target != floor and target not in FLOORS[floor]:
                lower = ", ".join(sorted(p.split("/")[-1] for p in FLOORS[floor])) or "nothing"
                yield (f.path, i.line, f"{floor} includes {i.name} of {target}",
                       f"below it there is {lower}: move the code, or what it needs, to another floor")


def missing(tree):
    """An include in quotes names a file that is there."""
    for f in tree.c():
        for i in f.includes:
            if not i.angled and i.path not in tree.files:
                yield f.path, i.line, f'"{i.name}" is not there', "add it, or mend the path"


def cycles(tree):
    """The include graph has no cycle."""
    state, stack = {}, []

    def visit(path):
        state[path] = 1
        stack.append(path)
        for i in tree.files[path].includes:
            if i.path not in tree.files:
                continue
            if state.get(i.path) == 1:
                ring = stack[stack.index(i.path):] + [i.path]
                yield path, i.line, "a cycle of includes: " + " -> ".join(ring), "move what both need to a third header"
            elif i.path not in state:
                yield from visit(i.path)
        stack.pop()
        state[path] = 2

    for f in tree.c():
        if f.path not in state:
            yield from visit(f.path)


def own_header_first(tree):
    """x.c includes x.h first, so that the header is known to stand on its own."""
    for f in tree.c(*SOURCES, headers=False):
        stem = f.name[:-2]
        private, public = f"{f.folder}/{stem}.h", f"gimlet/include/gimlet/{stem}.h"
        if private in tree.files:
            own, says = private, f'#include "{stem}.h"'
        elif public in tree.files and floor_of(public) == floor_of(f.path):
            own, says = public, f"#include <gimlet/{stem}.h>"
        else:
            continue
        if not f.includes or f.includes[0].path != own:
            line = f.includes[0].line if f.includes else 1
            yield f.path, line, "its own header does not come first", f"make {says} the first include"


def libraries(tree):
    """The header of a library that is not the system's appears in one file."""
    seen = {}
    for f in tree.c(*SOURCES):
        for i in f.includes:
            if not i.angled or i.path or SYSTEM.fullmatch(i.name):
                continue
            home = LIBRARY_HOMES.get(i.name) or seen.setdefault(i.name, f.path)
            if not f.path.startswith(home):
                yield f.path, i.line, f"<{i.name}> belongs to {home}", "call what is there instead"


# ---- sizes ---------------------------------------------------------------------------------------

def file_sizes(tree):
    """Files have at most 600 lines, tests (rows are data) 800."""
    for f in tree.files.values():
        if not f.path.endswith((".c", ".h", ".py", ".sh")) and not f.path.startswith("script/"):
            continue
        limit = TEST_LINES if f.path.startswith("tests/") else FILE_LINES
        if len(f.lines) > limit:
            yield f.path, limit + 1, f"{len(f.lines)} lines, at most {limit}", "split it along a real seam"


def function_sizes(tree):
    """Functions have at most 60 lines."""
    for f in tree.c(*SOURCES):
        for name, line, lines in f.functions:
            if lines > FUNCTION_LINES:
                yield (f.path, line, f"{name} has {lines} lines, at most {FUNCTION_LINES}",
                       "split it (a commented table may be listed in script/check.allow)")


def median_size(tree):
    """The median function has 15 lines or less."""
    lengths = [lines for f in tree.c(*SOURCES) for _, _, lines in f.functions]
    median = statistics.median(lengths) if lengths else 0
    if median > MEDIAN_LINES:
        yield "gimlet", 1, f"the median function has {median:g} lines, at most {MEDIAN_LINES}", "write smaller ones"


# ---- text ----------------------------------------------------------------------------------------

def essays(tree):
    """A source file opens with a comment that says what it is."""
    for f in tree.c(*SOURCES):
        if not f.text.startswith(("/* ", "/**", "// ")):
            yield f.path, 1, "no essay on top", f"open it with /* {f.name}: its job, and the idea worth knowing */"


def banned_calls(tree):
    """Calls that have a better place or a better name here."""
    homes = {name: (at, why, mend) for names, at, why, mend in BANNED for name in names.split()}
    call = re.compile(r"(?<![\w.>])(" + "|".join(sorted(homes, key=len, reverse=True)) + r")[ ]*\(")
    for f in tree.c(*SOURCES):
        for m in call.finditer(f.code):
            at, why, mend = homes[m.group(1)]
            if not any(f.path == home or f.path.startswith(home + "/") for home in at):
                yield f.path, f.line_at(m.start()), f"{m.group(1)}() is banned here: {why}", f"use {mend}"


def words(tree):
    """Nothing unfinished, no conflict, no path or host of one machine is left in a file."""
    for f in tree.files.values():
        if f.path.startswith(OWN):
            continue
        for pattern, what, mend in WORDS:
            if not pattern.search(f.text) and not pattern.pattern.startswith("^"):
                continue
            for n, line in enumerate(f.lines, 1):
                if pattern.search(line):
                    yield f.path, n, f"{what}: {pattern.search(line).group().strip()}", mend


def formatting(tree):
    """clang-format has nothing to change."""
    tool = shutil.which("clang-format")
    paths = [f.path for f in tree.c()]
    if not tool or not paths or not os.path.isfile(os.path.join(tree.root, ".clang-format")):
        return
    half = (len(paths) + 1) // 2
    runs = [subprocess.Popen([tool, "--dry-run", "--ferror-limit=1", *part], cwd=tree.root, text=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for part in (paths[:half], paths[half:]) if part]
    seen = set()
    for run in runs:
        for m in re.finditer(r"^(.+?):(\d+):\d+: \w+: code should be clang-formatted", run.communicate()[1], re.M):
            if m.group(1) not in seen:
                seen.add(m.group(1))
                yield m.group(1), int(m.group(2)), "not as .clang-format has it", "script/fmt " + m.group(1)


RULES = [floors, missing, cycles, own_header_first, libraries, file_sizes, function_sizes, median_size,
         essays, banned_calls, words, formatting]
