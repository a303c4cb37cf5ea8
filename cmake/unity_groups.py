#!/usr/bin/env python3
"""Groups the sources of one target for a unity build: unity_groups.py SOURCE...

Prints a line a group, its sources apart by ';'. Two sources share a group only where gluing them
changes no meaning, as far as their text tells: no name that one keeps to itself (an unnamed
namespace's, a static function's, a macro's) is a word of the other or declared by a header of it,
and neither looks into namespaces where the other's headers declare a name that it uses. Neighbours
in the tree come first, as they share headers.
"""

import functools
import os
import re
import sys

MAX_SOURCES = 12
MAX_BYTES = 96 << 10

WORD = re.compile(r"[A-Za-z_]\w*")
LITERAL = re.compile(
    r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*(?:.|\n)*?\*/'
)
TYPE = re.compile(r"\b(?:struct|class|enum|concept)\s+([A-Za-z_]\w*)|\busing\s+([A-Za-z_]\w*)\s*=")
NAMED = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]]*\])*\s*(?:\(|=|\{|;)")
NO_NAME = {"alignas", "decltype", "noexcept", "sizeof"}
MORE = re.compile(r",\s*([A-Za-z_]\w*)\s*=")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
USING = re.compile(r"^using namespace ([\w:]+);", re.M)
TAKEN = re.compile(r"^using ((?:\w+::)+(\w+));", re.M)
SPACE = re.compile(r"^namespace ((?:\w+::)*(\w+)) \{", re.M)
ROOT = re.compile(r"(?<![:\w])(\w+)::")
MACRO = re.compile(r"^#\s*define\s+(\w+)", re.M)


def declared(line):
    """The names that a line at namespace scope may declare."""
    if line.startswith(("namespace", "TEST_CASE")):
        return []
    if line.startswith("using ") and "=" not in line:
        return []
    types = [name for found in TYPE.findall(line) for name in found if name not in ("", "class")]
    names = [name for name in NAMED.findall(line) if name not in NO_NAME]
    return types or names[:1] + MORE.findall(line)


def own_names(text):
    """What only this source may mean by a name of its own."""
    names = set(MACRO.findall(text))
    unnamed = False
    for line in text.split("\n"):
        if line.startswith("namespace {"):
            unnamed = True
        elif unnamed and line.startswith("}") and "namespace" in line:
            unnamed = False
        if (unnamed or line.startswith("static ")) and line[:1] not in ("", " ", "}", "#", ")"):
            names.update(declared(line))
    return names


def without_text(source, keep_ends=False):
    """Without literals and comments, but, if asked, those that end a namespace."""

    def kept(found):
        is_end = keep_ends and found[0].startswith("//") and "namespace" in found[0]
        return found[0] if is_end else " "

    return LITERAL.sub(kept, source)


@functools.cache
def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@functools.cache
def headers(path):
    """Our own headers that a file includes, and theirs."""
    found = set()
    for name in INCLUDE.findall(read(path)):
        if os.path.exists(name) and name not in found:
            found |= {name} | headers(name)
    return frozenset(found)


@functools.cache
def declared_by(header):
    lines = without_text(read(header)).split("\n")
    at_scope = [line for line in lines if line[:1] not in ("", " ", "}", "#")]
    return frozenset(name for line in at_scope for name in declared(line))


@functools.cache
def spaces_of(header):
    """(full, last) name of each namespace that it opens."""
    return frozenset(SPACE.findall(read(header)))


class Source:
    def __init__(self, path):
        self.path = path
        text = read(path)
        self.bytes = len(text)
        self.own = own_names(without_text(text, keep_ends=True))
        self.words = set(WORD.findall(without_text(text)))
        self.roots = set(ROOT.findall(without_text(text)))
        self.views = set(USING.findall(text))
        self.taken = set(TAKEN.findall(text))
        self.headers = headers(path)
        self.declared = set().union(*map(declared_by, self.headers))
        self.spaces = set().union(*map(spaces_of, self.headers))

    def loses_meaning_with(self, other):
        if self.own & (other.words | other.declared):
            return True
        if any(name in other.words for _, name in self.taken - other.taken):
            return True
        # A namespace's last name, of which the other's headers have another.
        known = {name for _, name in self.spaces} & self.roots
        if any(name in known for _, name in other.spaces - self.spaces):
            return True
        # A name that both find in headers, and one of them by looking into a namespace.
        new = set().union(*map(declared_by, other.headers - self.headers))
        return self.views != other.views and bool(self.words & self.declared & new)

    def fits(self, other):
        return not (self.loses_meaning_with(other) or other.loses_meaning_with(self))


def grouped(sources):
    groups = []
    for source in sources:
        for group in groups:
            size = sum(other.bytes for other in group) + source.bytes
            if len(group) < MAX_SOURCES and size <= MAX_BYTES and all(map(source.fits, group)):
                group.append(source)
                break
        else:
            groups.append([source])
    return groups


def main():
    sources = [Source(path) for path in sorted(sys.argv[1:])]
    for group in grouped(sources):
        print(";".join(source.path for source in group))


if __name__ == "__main__":
    main()
