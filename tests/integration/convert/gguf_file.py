"""Reads a GGUF, by another hand than the hub's."""

import pathlib
import struct

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY, ALIGNMENT = 8, 9, 32


class Gguf:
    """pairs: key -> value; tensors: name -> (type, dimensions, the bytes of its data)."""

    def __init__(self, path: pathlib.Path):
        self.bytes, self.at = pathlib.Path(path).read_bytes(), 4
        version, tensors, pairs = self.take("I"), self.take("Q"), self.take("Q")
        assert self.bytes[:4] == b"GGUF" and version == 3
        self.pairs = {self.text(): self.value(self.take("I")) for _ in range(pairs)}
        heads = [(self.text(), self.dimensions(), self.take("I"), self.take("Q"))
                 for _ in range(tensors)]
        begin = -(-self.at // ALIGNMENT) * ALIGNMENT
        ends = [begin + head[3] for head in heads[1:]] + [len(self.bytes)]
        self.tensors = {
            name: (kind, dimensions, self.bytes[begin + offset:end])
            for (name, dimensions, kind, offset), end in zip(heads, ends)}

    def take(self, letter: str):
        value, = struct.unpack_from("<" + letter, self.bytes, self.at)
        self.at += struct.calcsize("<" + letter)
        return value

    def text(self) -> str:
        length = self.take("Q")
        self.at += length
        return self.bytes[self.at - length:self.at].decode()

    def value(self, kind: int):
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            element, count = self.take("I"), self.take("Q")
            return [self.value(element) for _ in range(count)]
        return self.take(SCALARS[kind])

    def dimensions(self) -> tuple:
        return tuple(self.take("Q") for _ in range(self.take("I")))


def differing(one: Gguf, other: Gguf) -> list[str]:
    """Names of tensors that are not in both with the same type, shape and bytes; order counts."""
    if list(one.tensors) != list(other.tensors):
        return ["order: " + " ".join(set(one.tensors) ^ set(other.tensors))]
    return [name for name in one.tensors if one.tensors[name] != other.tensors[name]]
