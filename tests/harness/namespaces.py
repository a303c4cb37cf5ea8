"""Network namespaces: hosts of their own on one machine, joined by cables. Needs root."""

import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000
COMMAND_S = 20
LIFE_S = 900


class Host:
    """`with Host() as one: one.do(function)` runs the function as if on that host.

    What the function starts, threads, programs and sockets, stays on that host.
    """

    def __enter__(self) -> "Host":
        # Holds the namespace; its end, whoever brings it about, is that of the host.
        command = ["unshare", "--net", "sh", "-c", "echo up; exec sleep " + str(LIFE_S)]
        self.holder = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.holder.stdout.readline() == b"up\n"
        self.ip("link", "set", "lo", "up")
        return self

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait(COMMAND_S)
        self.holder.stdout.close()

    @property
    def pid(self) -> str:
        return str(self.holder.pid)

    def command(self, *words: str) -> str:
        done = subprocess.run(["nsenter", "--net", "--target", self.pid, *words],
                              capture_output=True, text=True, timeout=COMMAND_S)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stderr}")
        return done.stdout

    def ip(self, *words: str) -> str:
        return self.command("ip", *words)

    def do(self, function):
        """What `function()` returns or raises, in a thread that is on this host."""
        out: dict = {}

        def run():
            try:
                enter(f"/proc/{self.pid}/ns/net")
                out["value"] = function()
            except BaseException as error:  # raised again by the caller's thread
                out["error"] = error

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if "error" in out:
            raise out["error"]
        return out["value"]

    def sent_packets(self, interface: str) -> int:
        """By the interface's own counter, of every protocol."""
        text = self.command("cat", "/proc/net/dev")
        for line in text.splitlines():
            name, _, numbers = line.partition(":")
            if name.strip() == interface:
                return int(numbers.split()[9])
        raise KeyError(interface)

    def impair(self, interface: str, loss_percent: int, bits_per_s: int) -> None:
        """What this host sends by the interface: no faster than that, and of its packets so many
        lost, drawn by the kernel for each. Once for each interface; then change_loss()."""
        # So that a packet is one, not 64 KiB that the card would cut up.
        self.ip("link", "set", interface, "gso_max_segs", "1")
        self.tc("qdisc", "add", interface, "root", "handle", "1:", "htb", "default", "1")
        for number in (1, 2):
            self.tc("class", "add", interface, "parent", "1:", "classid", f"1:{number}", "htb",
                    "rate", f"{bits_per_s}bit")
        self.tc("qdisc", "add", interface, "parent", "1:2", "blackhole")
        self.change_loss(interface, loss_percent)

    def change_loss(self, interface: str, loss_percent: int) -> None:
        """100: nothing arrives, and nobody is told."""
        self.tc("filter", "replace", interface, "parent", "1:", "protocol", "all", "prio", "1",
                "handle", "1", "bpf", "bytecode", lottery(loss_percent))

    def tc(self, kind: str, what: str, interface: str, *words: str) -> str:
        return self.command("tc", kind, what, "dev", interface, *words)

    def refused_routes(self) -> int:
        """Packets that were to go somewhere to which there is no way."""
        lines = [line.split() for line in self.command("cat", "/proc/net/snmp").splitlines()
                 if line.startswith("Ip:")]
        return int(lines[1][lines[0].index("OutNoRoutes")])


def lottery(loss_percent: int) -> str:
    """A classic BPF program that puts so many of a hundred packets into class 1:2. (There is no
    netem in every kernel.)"""
    random_word = 0xFFFFF000 + 56  # SKF_AD_OFF + SKF_AD_RANDOM
    program = [(0x20, 0, 0, random_word),  # A = random
               (0x94, 0, 0, 100),  # A %= 100
               (0x35, 1, 0, loss_percent),  # A >= loss: skip one
               (0x06, 0, 0, 0x10002),  # return class 1:2
               (0x06, 0, 0, 0)]  # return no class
    lines = (" ".join(map(str, line)) for line in program)
    return ",".join([str(len(program)), *lines])


def cable(one: Host, other: Host, name: str, network: str) -> None:
    """Joins two hosts by an interface `name` on both; .1 and .2 of `network`, such as 10.1.1."""
    subprocess.run(
        ["ip", "link", "add", name, "netns", one.pid, "type", "veth", "peer", "name", name,
         "netns", other.pid], check=True, capture_output=True, timeout=COMMAND_S)
    for number, host in enumerate((one, other), 1):
        # Or the kernel greets its neighbours by itself, which is counted.
        host.ip("link", "set", name, "addrgenmode", "none")
        host.ip("address", "add", f"{network}.{number}/24", "dev", name)
        host.ip("link", "set", name, "up")


def enter(path: str) -> None:
    """Moves this thread, and what it starts, to another namespace."""
    library = ctypes.CDLL(None, use_errno=True)
    with open(path) as namespace:
        if library.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
