#!/usr/bin/env python3
"""chiron diff --max-memory over every format: pairs whose content is many times the cap are compared in a process
that the system refuses more than the cap and a fixed allowance of private memory (RLIMIT_DATA). Each has to end with a
report that says they differ: within the cap, or with the reason why a format was not read. Closes on
`N passed, N failed, N skipped`.

    memory.py [FORMAT...]
"""
import bz2
import functools
import gzip
import lzma
import marshal
import os
import re
import resource
import shutil
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from io import BytesIO

CHIRON = os.path.abspath(os.environ.get("CHIRON_BINARY", "build/release/bin/chiron"))
CAP_MIB = 8
# Above the cap: the program's own data, the stacks of three threads (8 MiB each, counted whole), the tables of the
# report and what the allocator keeps.
ALLOWANCE_MIB = 56
SECONDS = 300
LARGE = 24 << 20


class Skip(Exception):
    """A pair that cannot be made here."""


def noise(size, seed):
    """Bytes that no compressor makes small, the same each time."""
    state, out = seed, bytearray()
    while len(out) < size:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out += struct.pack("<Q", state) * 16
    return bytes(out[:size])


def log(side):
    lines = [b"2026-01-01 line %07d of the log, written by worker %d\n" % (i, i % 7) for i in range(LARGE // 55)]
    lines[len(lines) // 2] = b"2026-01-01 the line that differs: %s\n" % side.encode()
    return b"".join(lines)


@functools.cache
def data(side):
    block = bytearray(noise(1 << 20, 1) * (LARGE >> 20))
    block[len(block) // 2] = ord(side)
    return bytes(block)


@functools.cache
def tar(side, members=4000, big=True):
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for i in range(members):
            content = b"member %d%s\n" % (i, side.encode() if i == members // 2 else b"")
            info = tarfile.TarInfo("folder/%06d" % i)
            info.size = len(content)
            archive.addfile(info, BytesIO(content))
        if big:
            content = data(side)
            info = tarfile.TarInfo("big")
            info.size = len(content)
            archive.addfile(info, BytesIO(content))
    return out.getvalue()


def through(program, *options):
    def run(content):
        if shutil.which(program) is None:
            raise Skip(f"{program} is not installed")
        return subprocess.run([program, *options], input=content, stdout=subprocess.PIPE, check=True).stdout
    return run


def zip_archive(side):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(5000):
            info = zipfile.ZipInfo("folder/%06d" % i)
            archive.writestr(info, b"member %d%s\n" % (i, side.encode() if i == 2500 else b""))
        archive.writestr(zipfile.ZipInfo("big"), data(side))
    return out.getvalue()


def ar(members):
    out = bytearray(b"!<arch>\n")
    for name, content in members:
        out += b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, 0, 0, 0, b"100644", len(content)) + content
        out += b"\n" * (len(content) % 2)
    return bytes(out)


def deb(side):
    small = lzma.compress(tar("", 3, False))
    packed = lzma.compress(tar(side), preset=0)
    return ar([(b"debian-binary", b"2.0\n"), (b"control.tar.xz", small), (b"data.tar.xz", packed)])


def cpio(side):
    out = bytearray()
    def add(name, content):
        values = (1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        head = "070701" + "".join("%08X" % value for value in values)
        out.extend(head.encode() + name + b"\0")
        out.extend(b"\0" * (-len(out) % 4) + content)
        out.extend(b"\0" * (-len(out) % 4))
    for i in range(5000):
        add(b"folder/%06d" % i, b"member %d%s\n" % (i, side.encode() if i == 7 else b""))
    add(b"big", data(side))
    add(b"TRAILER!!!", b"")
    return bytes(out)


def image(program, *options):
    """An image of a folder of many files and a large one."""
    def make(side):
        if shutil.which(program) is None:
            raise Skip(f"{program} is not installed")
        with tempfile.TemporaryDirectory(prefix="chiron-memory") as work:
            os.makedirs(work + "/in/folder")
            for i in range(3000):
                with open(work + "/in/folder/%06d" % i, "w", encoding="ascii") as file:
                    file.write("member %d%s\n" % (i, side if i == 7 else ""))
            with open(work + "/in/big", "wb") as file:
                file.write(data(side))
            command = [word.replace("IN", work + "/in").replace("OUT", work + "/out") for word in options]
            subprocess.run([program, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            with open(work + "/out", "rb") as file:
                return file.read()
    return make


def json_text(side):
    return ("[" + ",".join(str(i % 10) for i in range(3_000_000)) + ',"%s"]' % side).encode()


def yaml_text(side):
    return "".join("k%d: [1, 2, %d]\n" % (i, i) for i in range(150_000)).encode() + b"last: " + side.encode() + b"\n"


def toml_text(side):
    return "".join("k%d = [1, 2, %d]\n" % (i, i) for i in range(150_000)).encode() + b'last = "%s"\n' % side.encode()


def xml_text(side):
    return b"<?xml version='1.0'?><r>" + b"<a b='1'/>" * 600_000 + b"<last>%s</last></r>" % side.encode()


def html_text(side):
    return b"<!doctype html><html><body>" + b"<p>x</p>" * 500_000 + b"<b>%s</b></body></html>" % side.encode()


def png(side):
    width = height = 3000
    rows = bytearray(b"\0" + b"\x10\x20\x30" * width) * height
    rows[len(rows) // 2] = ord(side)
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b""))


def pyc(side):
    source = "x = [" + ",".join("'text %d'" % i for i in range(200_000)) + ", '%s']\n" % side
    head = b"\xa7\r\r\n" if sys.version_info[:2] == (3, 11) else None
    if head is None:
        import importlib.util
        head = importlib.util.MAGIC_NUMBER
    return head + b"\0" * 12 + marshal.dumps(compile(source, "x.py", "exec"))


def catalogue(side):
    pairs = [(b"id %07d" % i, b"text %07d" % i) for i in range(150_000)] + [(b"last", side.encode())]
    ids, texts = bytearray(), bytearray()
    table_ids, table_texts = [], []
    start = 28 + 16 * len(pairs)
    for key, text in sorted(pairs):
        table_ids += [len(key), len(ids)]
        table_texts += [len(text), len(texts)]
        ids += key + b"\0"
        texts += text + b"\0"
    for i in range(1, len(table_ids), 2):
        table_ids[i] += start
        table_texts[i] += start + len(ids)
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    tables = struct.pack("<%dI" % (2 * len(table_ids)), *table_ids, *table_texts)
    return head + tables + ids + texts


def database(side):
    with tempfile.TemporaryDirectory(prefix="chiron-memory") as work:
        connection = sqlite3.connect(work + "/x.db")
        connection.execute("create table t(id integer primary key, text)")
        connection.executemany("insert into t values(?, ?)", ((i, "row %d" % i) for i in range(400_000)))
        connection.execute("insert into t values(500000, ?)", (side,))
        connection.commit()
        connection.close()
        with open(work + "/x.db", "rb") as file:
            return file.read()


def git_index(side):
    out = bytearray(b"DIRC" + struct.pack(">II", 2, 100_000))
    for i in range(100_000):
        name = b"folder/file-%06d" % i
        object_name = b"\1" * 19 + (side.encode() if i == 5 else b"\2")
        entry = struct.pack(">10I", 1, 0, 1, 0, 1, i, 0o100644, 0, 0, 3) + object_name
        entry += struct.pack(">H", len(name)) + name
        out += entry + b"\0" * (8 - len(entry) % 8)
    return bytes(out) + b"\0" * 20


def certificates(side):
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    if not os.path.exists(bundle):
        raise Skip(f"{bundle} is not there")
    with open(bundle, "rb") as file:
        blocks = file.read()
    return blocks * 40 + b"# %s\n" % side.encode() + blocks[: blocks.index(b"-----BEGIN", 11) if side == "1" else None]


def control(side):
    text = "".join("Package: p%d\nVersion: 1.%d\nDepends: a, b (>= 2), c%d\n\n" % (i, i, i) for i in range(120_000))
    return text.encode() + b"Package: last\nVersion: " + side.encode() + b"\n"


def elf(side):
    if shutil.which("as") is None:
        raise Skip("as is not installed")
    lines = [".text"]
    for i in range(120_000):
        lines.append(f".globl f{i}\n.type f{i},@function\nf{i}: mov ${i % 9}, %eax\nret\n.size f{i}, .-f{i}")
    lines.append(f".globl last\n.type last,@function\nlast: mov ${ord(side)}, %eax\nret\n.size last, .-last")
    with tempfile.TemporaryDirectory(prefix="chiron-memory") as work:
        subprocess.run(["as", "-o", work + "/x.o"], input="\n".join(lines).encode() + b"\n", check=True)
        with open(work + "/x.o", "rb") as file:
            return file.read()


def wasm(side):
    def leb(value):
        out = bytearray()
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        return bytes(out + bytes([value]))
    count = 300_000
    types = b"\1\x60\0\1\x7f"
    functions = leb(count) + b"\0" * count
    code = leb(count) + b"".join(b"\4\0\x41" + bytes([ord(side) & 63 if i == 9 else 1]) + b"\x0b" for i in range(count))
    sections = ((1, types), (3, functions), (10, code))
    return b"\0asm\1\0\0\0" + b"".join(bytes([kind]) + leb(len(body)) + body for kind, body in sections)


FORMATS = {
    "text": ("log.txt", log),
    "bytes": ("x.bin", data),
    "tar": ("x.tar", tar),
    "gzip": ("x.tar.gz", lambda side: gzip.compress(tar(side), 1, mtime=0)),
    "xz": ("x.tar.xz", lambda side: lzma.compress(tar(side), preset=0)),
    "lzma": ("x.tar.lzma", lambda side: lzma.compress(tar(side), format=lzma.FORMAT_ALONE, preset=0)),
    "bzip2": ("x.tar.bz2", lambda side: bz2.compress(tar(side), 1)),
    "zstd": ("x.tar.zst", lambda side: through("zstd", "-q", "-1", "-c")(tar(side))),
    "lz4": ("x.tar.lz4", lambda side: through("lz4", "-q", "-c")(tar(side))),
    "lzip": ("x.tar.lz", lambda side: through("lzip", "-q", "-0", "-c")(tar(side))),
    "zip": ("x.zip", zip_archive),
    "ar": ("x.a", lambda side: ar([(b"m%d/" % i, b"%d" % i) for i in range(50000)] + [(b"big/", data(side))])),
    "deb": ("x.deb", deb),
    "cpio": ("x.cpio", cpio),
    "squashfs": ("x.squashfs", image("mksquashfs", "IN", "OUT", "-noappend", "-quiet", "-no-progress")),
    "iso9660": ("x.iso", image("genisoimage", "-quiet", "-R", "-o", "OUT", "IN")),
    "ext4": ("x.img", image("mkfs.ext4", "-q", "-d", "IN", "OUT", "80M")),
    "json": ("x.json", json_text),
    "yaml": ("x.yaml", yaml_text),
    "toml": ("x.toml", toml_text),
    "xml": ("x.xml", xml_text),
    "html": ("x.html", html_text),
    "png": ("x.png", png),
    "python": ("x.pyc", pyc),
    "gettext": ("x.mo", catalogue),
    "sqlite": ("x.db", database),
    "git-index": ("index", git_index),
    "certificates": ("x.pem", certificates),
    "control": ("Packages", control),
    "elf": ("x.o", elf),
    "wasm": ("x.wasm", wasm),
}


def run(paths, options):
    limit = (CAP_MIB + ALLOWANCE_MIB) << 20
    bound = lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    return subprocess.run([CHIRON, "diff", "-j", "2", *options, *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=bound, timeout=SECONDS, check=False)


def check(name):
    file_name, make = FORMATS[name]
    with tempfile.TemporaryDirectory(prefix="chiron-memory") as work:
        paths = []
        for side in "12":
            os.makedirs(f"{work}/{side}")
            paths.append(f"{work}/{side}/{file_name}")
            with open(paths[-1], "wb") as file:
                file.write(make(side))
        result = run(paths, ["--max-memory", str(CAP_MIB)])
    text = result.stdout.decode(errors="replace")
    if result.returncode != 1:
        return f"ended with {result.returncode}: {result.stderr.decode(errors='replace')[-300:]}"
    reasons = re.findall(r"[^\n]*(?:--max-memory|bytes of memory)[^\n]*", text)
    # Without a reason the place must be told: a member, a line, an offset.
    if not reasons and not re.search(r"[├└]|@@| at 0x", text):
        return f"says nothing of what differs: {text[:300]}"
    print(f"{name}: {'within the cap' if not reasons else reasons[0].strip()[:150]}")
    return None


def main():
    names = sys.argv[1:] or list(FORMATS)
    failed = skipped = 0
    for name in names:
        try:
            problem = check(name)
        except Skip as reason:
            skipped += 1
            print(f"SKIP {name}: {reason}")
            continue
        except subprocess.TimeoutExpired:
            problem = f"did not end within {SECONDS} s"
        if problem:
            failed += 1
            print(f"FAIL {name}: {problem}")
    print(f"{len(names) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
