#!/usr/bin/env python3
"""Groups the sources of one target for a unity build: unity_groups.py SOURCE...

Prints a line a group, its sources apart by ';'. Two sources share a group only where gluing them
changes no meaning, as far as their text tells: no name that one keeps to itself (an unnamed
namespace's, a static function's, a macro's) is a word of the other or declared by a header of it, and
neither looks into namespaces where the other's headers declare a name that it uses. Neighbours in the
tree come first, as they share headers.
"""
import functools
import os
import re
import sys

MAX_SOURCES = 12
MAX_BYTES = 96 << 10

WORD = re.compile(r"[A-Za-z_]\w*")
LITERAL = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*(?:.|\n)*?\*/')
TYPE = re.compile(r"\b(?:struct|class|enum|concept)\s+([A-Za-z_]\w*)|\busing\s+([A-Za-z_]\w*)\s*=")
NAMED = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]]*\])*\s*(?:\(|=|\{|;)")
NO_NAME = {"alignas", "decltype", "noexcept", "sizeof"}
MORE = re.compile(r",\s*([A-Za-z_]\w*)\s*=")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
USING = re.compile(r"^using namespace ([\w:]+);", re.M)
SPACE = re.compile(r"^namespace ((?:\w+::)*(\w+)) \{", re.M)
ROOT = re.compile(r"(?<![:\w])(\w+)::")
MACRO = re.compile(r"^#\s*define\s+(\w+)", re.M)


def declared(line):
    """The names that a line at namespace scope may declare."""
    if line.startswith(("namespace", "TEST_CASE")) or line.startswith("using ") and "=" not in line:
        return []
    types = [name for found in TYPE.findall(line) for name in found if name not in ("", "class")]
    return types or [name for name in NAMED.findall(line) if name not in NO_NAME][:1] + MORE.findall(line)


def own_names(text):
    """What only this source may mean by a name of its own."""
    names = set(MACRO.findall(text))
    unnamed = False
    for line in text.split("\n"):
        if line.startswith("namespace {"):
            unnamed = True
        elif unnamed and line.startswith("}") and not line.startswith("};"):
            # The end of a function looks alike: what follows it is read as a declaration again.
            unnamed = "namespace" not in line
        if (unnamed or line.startswith("static ")) and line[:1] not in ("", " ", "}", "#", ")"):
            names.update(declared(line))
    return names


def comments_off(text, keep_namespace=False):
    # The end of an unnamed namespace is told by its comment.
    return LITERAL.sub(
        lambda m: m[0] if keep_namespace and m[0].startswith("//") and "namespace" in m[0] else " ", text)


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
    lines = comments_off(read(header)).split("\n")
    return frozenset(name for line in lines if line[:1] not in ("", " ", "}", "#") for name in declared(line))


@functools.cache
def spaces_of(header):
    return frozenset(SPACE.findall(read(header)))


class Source:
    def __init__(self, path):
        self.path = path
        text = read(path)
        self.bytes = len(text)
        self.own = own_names(comments_off(text, keep_namespace=True))
        self.words = set(WORD.findall(comments_off(text)))
        self.headers = headers(path)
        self.declared = set().union(*map(declared_by, self.headers))
        self.spaces = set().union(*map(spaces_of, self.headers))
        self.roots = set(ROOT.findall(comments_off(text)))
        self.views = set(USING.findall(text))

    def loses_meaning_with(self, other):
        if self.own & (other.words | other.declared):
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
            if (len(group) < MAX_SOURCES and sum(s.bytes for s in group) + source.bytes <= MAX_BYTES
                    and all(source.fits(other) for other in group)):
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
