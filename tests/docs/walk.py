"""walk.py: does what a page of the guide tells its reader to do, in order, in an empty folder.

Besides what snippets.py takes out of a page, two kinds of blocks count here:

    <!-- snippet: walk -->            console: commands, and what they print
    <!-- edit: notes.c behind "LINE" -->  the block goes into that file, behind that line; also
                                      before "LINE" and instead of "LINE". The line stands there once.

A command that ends in " &" is a server: its start line is what is shown, and it ends at the next
one, or with the page. It gets a free port, and localhost:8080 means it from then on.
"""
import re
import subprocess

import snippets
import transcript

EDIT = re.compile(r'(\S+) (behind|before|instead of) "(.*)"')


def edit(folder, words, text):
    name, how, line = EDIT.fullmatch(words).groups()
    lines = (folder / name).read_text().split("\n")
    assert lines.count(line) == 1, f"{name}: {line!r} stands there {lines.count(line)} times"
    at = lines.index(line)
    lines[at:at + 1] = {"behind": [line, *text], "before": [*text, line], "instead of": text}[how]
    (folder / name).write_text("\n".join(lines))


class Walk:
    def __init__(self, folder, env):
        self.folder, self.env, self.server, self.place = folder, env, None, ""

    def stop(self):
        if self.server:
            self.server.terminate()
            code = self.server.wait(20)
            self.server.stderr.close()
            self.server = None
            assert code == 0, f"the server ended with {code}"

    def serve(self, command):
        self.stop()
        self.server = subprocess.Popen(["sh", "-c", f"exec {command} --port 0"], cwd=self.folder, env=self.env,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = self.server.stderr.readline()
        self.place = re.search(r"http://(\S+?:\d+)", said).group(1)
        return said

    def run(self, command):
        if command.startswith("cd "):
            self.folder /= command[3:]
            return ""
        if command.endswith(" &"):
            return self.serve(command[:-2])
        command = re.sub(r"^curl ", "curl -sS --max-time 20 ", command).replace("localhost:8080", self.place)
        done = subprocess.run(["sh", "-c", command], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300)
        return done.stdout + done.stderr


def walk(page, folder, env):
    """Goes through the page; an AssertionError says where it is not true."""
    there, names = Walk(folder, env), {}
    try:
        for block in snippets.blocks(page):
            if block.note("edit"):
                edit(there.folder, block.note("edit"), block.lines)
            elif block.note("snippet") == "walk":
                for command, shown in snippets.commands(block):
                    got = there.run(command)
                    assert transcript.same(shown, got, names), \
                        f"{block.place}: {command}\n--- the page says\n{shown}\n--- it printed\n{got}"
    finally:
        there.stop()
