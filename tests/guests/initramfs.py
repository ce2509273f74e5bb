"""Initial file systems for Linux kernels of guests: programs with their libraries, made without root."""
import gzip
import os
import stat
import subprocess

import tap

LIBRARIES = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"]


def needed(program):
    said = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
    return [line.split("[")[1].rstrip("]") for line in said.splitlines() if "(NEEDED)" in line]


class Initramfs:
    """A cpio archive of the new ASCII format."""

    def __init__(self):
        self.bytes = bytearray()
        self.names = set()

    def entry(self, name, mode, content=b""):
        self.names.add(name)
        fields = [len(self.names), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        self.bytes += b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        self.bytes += bytes(-len(self.bytes) % 4) + content
        self.bytes += bytes(-len(self.bytes) % 4)

    def folder(self, name):
        parent = os.path.dirname(name)
        if name and name not in self.names:
            self.folder(parent)
            self.entry(name, stat.S_IFDIR | 0o755)

    def file(self, name, content, mode=0o755):
        if name not in self.names:
            self.folder(os.path.dirname(name))
            self.entry(name, stat.S_IFREG | mode, content)

    def link(self, name, target):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFLNK | 0o777, target.encode())

    def copy(self, name, path):
        with open(path, "rb") as f:
            self.file(name, f.read())

    def program(self, name, path, places):
        """Copy a program with the libraries that it needs, from the first place that has them."""
        self.copy(name, path)
        for library in needed(path):
            if f"lib/{library}" not in self.names:
                found = next((f"{place}/{library}" for place in places if os.path.exists(f"{place}/{library}")), None)
                tap.check(found, f"{library} is nowhere, which {path} needs")
                self.program(f"lib/{library}", found, places)

    def write(self, path):
        self.entry("TRAILER!!!", 0)
        with gzip.open(path, "wb", 1) as f:
            f.write(self.bytes)
