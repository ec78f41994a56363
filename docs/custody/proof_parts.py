"""The parts of a proof, read from a zip file that may come from anybody: bounded, and of one form only."""

import hashlib, json, os, re, struct, zipfile, zlib

# A part, and the most bytes that are read of it. The SHA-256 of files is computed without keeping them.
PARTS = {"README.txt": 1 << 20, "proof.json": 16 << 20, "head.txt": 1 << 20,
         "head.txt.minisig": 1 << 20, "head.txt.tsr": 1 << 20}
MOST_FILES, MOST_FILE_BYTES = 1000, (1 << 32) - (1 << 26)
HEX = re.compile("[0-9a-f]{64}")


class NotAProof(Exception):
    """The file has another form than a proof."""


def require(condition, message):
    if not condition:
        raise NotAProof(message)


def read_zip(path):
    """The parts by name, and the SHA-256 (or None if unreadable) of each file below files/."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        require(size >= 42, "not a zip file")
        file.seek(size - 42)
        before, end = file.read(20), file.read(22)
        # One record at the end and no comment behind it: all programs find the same directory.
        mark, disk, first, here, count, length, start, comment = struct.unpack("<4s4H2LH", end)
        require(mark == b"PK\5\6" and comment == 0 and before[:4] != b"PK\6\7"
                and disk == first == 0 and here == count and length <= 4 << 20
                and length + start + 22 == size, "not a plain zip file")
        require(count <= MOST_FILES + len(PARTS), f"{count} members in the zip file are too many")
        parts, files, bytes_left, last_end = {}, {}, MOST_FILE_BYTES, 0
        with zipfile.ZipFile(file) as archive:
            members = sorted(archive.infolist(), key=lambda member: member.header_offset)
            names = {member.orig_filename for member in members}
            require(len(names) == len(members) == count, "two members have the same name")
            for member in members:
                name = member.orig_filename
                require(name in PARTS or name.startswith("files/") and is_file_name(name[6:]),
                        f"no proof has a member {name!r}")
                require(member.compress_type in (0, 8) and not member.flag_bits & ~0x80E
                        and b"up" not in member.extra, f"{name} is packed in a way that proofs are not")
                require(name.isascii() or member.flag_bits & 0x800, f"{name!r}: the name is not UTF-8")
                require(member.header_offset >= last_end, "two members lie over each other")
                last_end = member.header_offset + 30 + len(name) + member.compress_size
                if name in PARTS:
                    require(member.file_size <= PARTS[name], f"{name} is too large")
                    parts[name] = archive.read(member)
                    continue
                bytes_left -= member.file_size
                require(bytes_left >= 0, "the files are too large")
                sha256 = hashlib.sha256()
                try:
                    with archive.open(member) as opened:
                        while piece := opened.read(1 << 16):
                            sha256.update(piece)
                    files[name[6:]] = sha256.hexdigest()
                except (zipfile.BadZipFile, zlib.error, EOFError):
                    files[name[6:]] = None
    for name in ("README.txt", "proof.json", "head.txt"):
        require(name in parts, f"there is no {name} in the zip file")
    return parts, files


def is_file_name(name):
    return (len(name.encode()) <= 1000 and not re.search(r"[\x00-\x1f\x7f-\x9f\\:]", name)
            and all(part not in ("", ".", "..") for part in name.split("/")))


def read_head(data):
    lines = [line.rstrip() for line in data.decode().split("\n")] + [""] * 5
    require(lines[0] == "wavekeep head 1", "head.txt is not a head of version 1")
    head = {}
    for line, (name, form) in zip(lines[1:], [("archive", "[0-9a-fA-F]{32}"), ("size", "[0-9]{1,19}"),
                                              ("root", "[0-9a-f]{64}"), ("time", ".*")]):
        require(re.fullmatch(f"{name} {form}", line), f"head.txt: {name!r} was expected, found {line!r}")
        head[name] = line[len(name) + 1:]
    return head | {"size": int(head["size"])}


def no_doubles(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return dict(pairs)


def read_json(text):
    def refuse(word):
        raise ValueError(f"{word} is not JSON")
    value = json.loads(text, object_pairs_hook=no_doubles, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode()  # refuses halves of characters
    return value


def is_number(value):
    return type(value) is int and 0 <= value < 1 << 64


def is_event(event):
    return (isinstance(event, dict) and type(event.get("id")) is int
            and all(isinstance(event.get(name), str) for name in ("serial", "filename")))


def is_entry(line):
    return (isinstance(line, dict) and is_number(line.get("entry"))
            and HEX.fullmatch(str(line.get("previous")))
            and all(isinstance(line.get(name), str) for name in ("at", "who", "action"))
            and isinstance(line.get("files", {}), dict)
            and all(isinstance(value, str) and HEX.fullmatch(value) for value in line.get("files", {}).values()))


def read_proof(data):
    proof = read_json(data.decode())
    require(isinstance(proof, dict) and is_number(proof.get("version")), "proof.json: no version")
    require(proof["version"] == 1, "proof.json is of a newer version: use a newer script")
    entries = proof.get("entries")
    require(is_event(proof.get("event")) and isinstance(entries, list) and entries,
            "proof.json: event or entries are missing")
    for entry in entries:
        require(isinstance(entry, dict) and is_number(entry.get("entry")) and isinstance(entry.get("text"), str)
                and isinstance(entry.get("path"), list)
                and all(isinstance(value, str) and HEX.fullmatch(value) for value in entry["path"]),
                "proof.json: an entry has not entry, text and path")
    return proof
