"""The examples of a README: its fenced blocks, and the comments above them for the test.

A comment stands on the lines right above a block, and readers do not see it:
  <!-- test: file NAME -->              the block is the file NAME of the following commands
  <!-- test: env NAME=VALUE ... -->     the commands of the block run with these variables
  <!-- test: background until WORDS --> each line is a command that does not end; wait for the
                                        regular expression WORDS in what it prints
  <!-- test: skip REASON -->            the block is not run; REASON may name a file that does it
"""
import re
import shlex

LANGUAGES = {"bash", "sh", "text", "json", "toml", "csv", "cpp", "cmake"}
COMMENT = re.compile(r"<!-- test: (file|env|background until|skip) (.+) -->$")
COMMAND = re.compile(r"(\$ )?(sudo |bash |penstock |cmake |ctest |export )")


class Wrong(Exception):
    """A README that the test cannot read. The text says where and what to do."""


class Block:
    def __init__(self, line, language, marks):
        self.line, self.language, self.marks, self.text = line, language, marks, ""

    def is_shell(self):
        return self.language in ("bash", "sh")


def read_blocks(name, text):
    """All fenced blocks of a README. Raises Wrong for commands outside of them."""
    blocks, block, marks, pending = [], None, {}, 0
    for number, line in enumerate(text.splitlines(), 1):
        here = f"{name}:{number}"
        if block is not None:
            if line.rstrip() == "```":
                blocks.append(block)
                block = None
            else:
                block.text += line + "\n"
            continue
        comment = COMMENT.match(line)
        if line.startswith("```"):
            language = line[3:].strip() or "text"
            if language not in LANGUAGES:
                raise Wrong(f"{here}: say what the block is, one of {', '.join(sorted(LANGUAGES))}")
            block, marks = Block(number, language, marks), {}
        elif comment:
            marks[comment[1].split()[0]] = comment[2].split("until ", 1)[-1]
            pending = number
        elif line.startswith("<!-- test:"):
            raise Wrong(f"{here}: the comment is none of file, env, background until, skip")
        elif marks:
            raise Wrong(f"{name}:{pending}: no block follows the comment")
        elif line.startswith("    ") and COMMAND.match(line.strip()):
            raise Wrong(f"{here}: put the command into a block that begins with ```bash")
    if block is not None or marks:
        raise Wrong(f"{name}: the last block or comment has no end")
    for b in blocks:
        if b.language == "text" and any(COMMAND.match(line) for line in b.text.splitlines()):
            raise Wrong(f"{name}:{b.line}: this block has commands; begin it with ```bash")
        if "file" in b.marks and b.is_shell():
            raise Wrong(f"{name}:{b.line}: a file of commands is not supported")
        if not b.is_shell() and b.marks.keys() - {"file"}:
            raise Wrong(f"{name}:{b.line}: only blocks of bash are run")
    return blocks


PRELUDE = r"""set -euo pipefail
await() { # await PID LOG WORDS: until the command says the words; fails if it ends before, or in 30 s.
  local i
  for i in $(seq 300); do
    grep -qE "$3" "$2" && return 0
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  echo "it did not say '$3':"
  cat "$2"
  return 1
}
"""


def make_script(blocks):
    """One bash script that runs the blocks in order, in one shell."""
    out, logs = PRELUDE, 0
    for b in blocks:
        if not b.is_shell() or "skip" in b.marks:
            continue
        variables = shlex.split(b.marks.get("env", ""))
        out += f"echo '@@ {b.line}'\n"
        out += "".join(f"export {shlex.quote(v)}\n" for v in variables)
        if "background" in b.marks:
            for command in filter(None, b.text.splitlines()):
                logs += 1
                out += f"{command} >background-{logs}.log 2>&1 &\n"
                out += f"await $! background-{logs}.log {shlex.quote(b.marks['background'])}\n"
        else:
            out += b.text
        out += "".join(f"unset {v.split('=')[0]}\n" for v in variables)
    return out
