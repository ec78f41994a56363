"""Checks a proof of wavekeep without wavekeep: docs/ledger.md, section Proofs, says what it does.

    pip install cryptography
    python check_proof.py proof.zip [--public-key RW...] [--ca authority.pem]

Exit code 0: all that was checked fits. 3: something does not fit. 1: this is no proof, or wrong usage.
"""

import argparse, base64, hashlib, json, os, re, struct, sys, zipfile, zlib
from datetime import datetime, timezone
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

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


# ---- the zip file: it may come from anybody ----

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


# ---- head and ledger ----

def read_head(data):
    lines = [line.rstrip() for line in data.decode().split("\n")] + [""] * 5
    require(lines[0] == "wavekeep head 1", "head.txt is not a head of version 1")
    head = {}
    for line, (name, form) in zip(lines[1:], [("archive", "[0-9a-fA-F]{32}"), ("size", "[0-9]{1,19}"),
                                              ("root", "[0-9a-f]{64}"), ("time", ".*")]):
        require(re.fullmatch(f"{name} {form}", line), f"head.txt: {name!r} was expected, found {line!r}")
        head[name] = line[len(name) + 1:]
    return head | {"size": int(head["size"])}


def leads_to_root(text, index, size, path, root):
    """RFC 9162, section 2.1.3.2: a leaf is hashed behind the byte 0, two nodes behind the byte 1."""
    value, last = hashlib.sha256(b"\0" + text).digest(), size - 1
    for beside in map(bytes.fromhex, path):
        if last == 0:
            return False
        if index % 2 or index == last:
            value = hashlib.sha256(b"\1" + beside + value).digest()
            while index % 2 == 0 and index != 0:
                index, last = index >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\1" + value + beside).digest()
        index, last = index >> 1, last >> 1
    return last == 0 and value.hex() == root


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


def check_entries(proof, head, problem):
    """Follows each entry to the root, and each one's "earlier" to the one before. Returns the last one."""
    before, line = None, None
    for entry in proof["entries"]:
        number, line = entry["entry"], None
        text = entry["text"].encode()
        if text.startswith(b'{"lost":"'):
            problem(f"entry {number}: its text is lost, what happened is not known")
        else:
            if not 1 <= number <= head["size"]:
                problem(f"entry {number}: the head has the entries 1 to {head['size']}")
            elif not leads_to_root(text, number - 1, head["size"], entry["path"], head["root"]):
                problem(f"entry {number}: its path does not lead to the root in head.txt: it was altered")
            try:
                line = read_json(text)
            except (ValueError, RecursionError):
                pass
            if not is_entry(line):
                problem(f"entry {number}: its text is no entry")
                line = None
        if line:
            print(f"entry {number}: {line['at']} {plain(line['who'])}: {plain(line['action'])}")
            if line["entry"] != number:
                problem(f"entry {number}: its text is that of entry {line['entry']}")
            if not is_event(line.get("event")) or line["event"]["id"] != proof["event"]["id"]:
                problem(f"entry {number}: it is of another event: {plain(str(line.get('event')))}")
            if line.get("earlier") != before:
                problem(f"entry {number}: the entry before it is {line.get('earlier')}, in the proof {before}")
        if before is not None and before >= number:
            problem(f"entry {number}: it stands behind entry {before}")
        before = number
    if line and is_event(line.get("event")):
        names = ("id", "serial", "filename")
        if any(line["event"][name] != proof["event"][name] for name in names):
            problem(f"proof.json: the event is another one than that of entry {before}")
    return line


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


# ---- signature: minisign ----

def from_base64(line):
    raw = base64.b64decode(line.strip(), validate=True)
    if base64.b64encode(raw).decode() != line.strip():
        raise ValueError("base64 with bits left over")
    return raw


def read_public_key(text):
    raw = from_base64(text.strip().split("\n")[-1])
    require(len(raw) == 42 and raw[:2] == b"Ed", "not a public key of minisign: it begins with RW")
    return raw[2:10], raw[10:]


def check_signature(text, head, keys):
    """The key's id if the signature fits; raises ValueError."""
    lines = text.decode().strip().split("\n")
    if len(lines) != 4 or not lines[0].startswith("untrusted comment: ") or not lines[2].startswith("trusted comment: "):
        raise ValueError("not a signature of minisign")
    raw, of_comment = (from_base64(lines[at]) for at in (1, 3))
    if len(raw) != 74 or raw[:2] != b"ED" or len(of_comment) != 64:
        raise ValueError("not a signature of minisign with the algorithm ED")
    name = raw[2:10][::-1].hex().upper().lstrip("0")
    if not keys:
        return None, name
    for number, key in keys:
        if number == raw[2:10]:
            public = ed25519.Ed25519PublicKey.from_public_bytes(key)
            public.verify(raw[10:], hashlib.blake2b(head).digest())
            public.verify(of_comment, raw[10:] + lines[2][len("trusted comment: "):].strip().encode())
            return name, name
    raise ValueError(f"signed with the key {name}, which was not given")


# ---- time stamp: RFC 3161 in CMS (RFC 5652) ----

HASHES = {"608648016503040201": hashes.SHA256(), "608648016503040202": hashes.SHA384(),
          "608648016503040203": hashes.SHA512()}
SHA256, SIGNED_DATA, TST_INFO = "608648016503040201", "2a864886f70d010702", "2a864886f70d0109100104"
CONTENT_TYPE, MESSAGE_DIGEST = "2a864886f70d010903", "2a864886f70d010904"
BINDINGS = ("2a864886f70d010910020c", "2a864886f70d010910022f")  # signing-certificate, and version 2
RSA, RSA_WITH, ECDSA_WITH = "2a864886f70d010101", "2a864886f70d0101", "2a8648ce3d0403"
ENDS = {"sha256": ("0b", "02"), "sha384": ("0c", "03"), "sha512": ("0d", "04")}


INTEGER, OCTETS, OBJECT, TIME, SEQUENCE, SET, FIELD_0 = 2, 4, 6, 24, 0x30, 0x31, 0xA0


def values(data):
    """The values of DER one after the other: tag, content, and all bytes."""
    found, at = [], 0
    while at < len(data):
        tag, length, start = data[at], data[at + 1], at + 2
        if length >= 0x80:
            start += length - 0x80
            length = int.from_bytes(data[at + 2:start])
        if start + length > len(data) or tag & 31 == 31:
            raise ValueError("not DER")
        found.append((tag, data[start:start + length], data[at:start + length]))
        at = start + length
    return found


def content(value, tag):
    if value[0] != tag:
        raise ValueError(f"tag {tag} was expected, found {value[0]}")
    return value[1]


def inside(value, tag=SEQUENCE):
    return values(content(value, tag))


def object_id(value):
    return content(value, OBJECT).hex()


def digest(algorithm, data):
    return hashlib.new(algorithm.name, data).digest()


def check_stamp(answer, head, trusted):
    """The time and the authority if the stamp fits; raises ValueError."""
    [answer] = values(answer)
    status, *token = inside(answer)
    if content(inside(status)[0], INTEGER) not in (b"\0", b"\1") or not token:
        raise ValueError("the authority gave no time stamp")
    kind, data = inside(token[0])
    [data] = inside(data, FIELD_0)
    _, _, encapsulated, *others, signers = inside(data)
    content_kind, encapsulated = inside(encapsulated)
    [encapsulated] = inside(encapsulated, FIELD_0)
    if (object_id(kind), object_id(content_kind)) != (SIGNED_DATA, TST_INFO):
        raise ValueError("not a time stamp")
    [info] = values(content(encapsulated, OCTETS))
    _, _, imprint, _, time, *_ = inside(info)
    algorithm, stamped = inside(imprint)
    moment = re.fullmatch(r"(\d{14})(\.\d{1,20})?Z", content(time, TIME).decode("ascii"))
    if not moment:
        raise ValueError("a time like 20261128132000Z was expected")
    moment = datetime.strptime(moment[1], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
    if object_id(inside(algorithm)[0]) != SHA256 or content(stamped, OCTETS) != hashlib.sha256(head).digest():
        raise ValueError("it is of another file than head.txt")
    if not trusted:
        return None, moment
    # Who signed.
    included = [x509.load_der_x509_certificate(one[2]) for other in others if other[0] == FIELD_0
                for one in values(other[1])]
    [signer] = inside(signers, SET)
    _, wanted, hash_used, attributes, algorithm, signature, *_ = inside(signer)
    issuer, serial = inside(wanted)
    serial = int.from_bytes(content(serial, INTEGER), signed=True)
    hash_used, algorithm = (object_id(inside(value)[0]) for value in (hash_used, algorithm))
    certificate = next((one for one in included + trusted if one.serial_number == serial
                        and one.issuer.public_bytes() == issuer[2]), None)
    if certificate is None or hash_used not in HASHES:
        raise ValueError("the certificate of its signer is missing, or its hash is unknown")
    hash_used = HASHES[hash_used]
    # What was signed: the hash of the content, and the certificate that was used.
    signed = {}
    for attribute in inside(attributes, FIELD_0):
        kind, attribute = inside(attribute)
        [signed[object_id(kind)]] = inside(attribute, SET)
    if object_id(signed[CONTENT_TYPE]) != TST_INFO:
        raise ValueError("another kind of content was signed")
    if content(signed[MESSAGE_DIGEST], OCTETS) != digest(hash_used, content(encapsulated, OCTETS)):
        raise ValueError("its content was altered")
    bindings = [binding for binding in BINDINGS if binding in signed]
    if not bindings:
        raise ValueError("it is bound to no certificate")
    for binding in bindings:
        first = inside(inside(inside(signed[binding])[0])[0])
        algorithm_of = hashes.SHA1() if binding == BINDINGS[0] else hashes.SHA256()
        if first[0][0] == SEQUENCE:
            algorithm_of = HASHES[object_id(inside(first.pop(0))[0])]
        whole = certificate.public_bytes(serialization.Encoding.DER)
        if content(first[0], OCTETS) != digest(algorithm_of, whole):
            raise ValueError("it is bound to another certificate")
    # The signature: over the attributes as a set (RFC 5652, section 5.4).
    message, signature = bytes([SET]) + attributes[2][1:], content(signature, OCTETS)
    (for_rsa, for_ec), key = ENDS[hash_used.name], certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and algorithm in (RSA, RSA_WITH + for_rsa) and key.key_size >= 2048:
        key.verify(signature, message, padding.PKCS1v15(), hash_used)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm == ECDSA_WITH + for_ec:
        key.verify(signature, message, ec.ECDSA(hash_used))
    else:
        raise ValueError("neither RSA nor ECDSA with SHA-256, SHA-384 or SHA-512")
    # Its certificate is one for time stamps alone, and leads to a trusted one.
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("the certificate of its signer is not one for time stamps alone")
    name = certificate.subject.rfc4514_string()
    if is_issuer(certificate) or not leads_to_trusted(certificate, included + trusted, trusted, moment, 0):
        raise ValueError(f"no chain of certificates, valid at {moment}, leads from {name} to a trusted one")
    return name, moment


def is_issuer(certificate, between=0):
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return certificate.version == x509.Version.v1
    return constraints.ca and (constraints.path_length is None or constraints.path_length >= between)


def leads_to_trusted(certificate, known, trusted, moment, depth):
    if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc or depth > 6:
        return False
    for issuer in trusted + known:
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        if certificate.signature_hash_algorithm.name in ENDS and is_issuer(issuer, depth):
            if issuer in trusted or leads_to_trusted(issuer, known, trusted, moment, depth + 1):
                return True
    return False


# ---- all of it ----

def plain(text):
    return "".join(char if char.isprintable() else "?" for char in text)


def check(path, keys, trusted):
    """Prints what was checked. Returns the number of problems."""
    problems = []
    problem = problems.append
    parts, files = read_zip(path)
    head, proof = read_head(parts["head.txt"]), read_proof(parts["proof.json"])
    print(f"event {proof['event']['id']}, unit {plain(proof['event']['serial'])}, "
          f"file {plain(proof['event']['filename'])}")
    last = check_entries(proof, head, problem)
    print(f"head {head['size']}:{head['root']}, taken {plain(head['time'])}")
    by, authority = None, None
    if "head.txt.minisig" not in parts:
        print("signature: there is none")
        if keys:
            problem("head.txt.minisig: a public key was given, but there is no signature")
    else:
        try:
            by, name = check_signature(parts["head.txt.minisig"], parts["head.txt"], keys)
            print(f"signature: by the key {by}" if by else f"signature: NOT CHECKED, give the public key {name}")
        except (ValueError, InvalidSignature) as error:
            problem(f"head.txt.minisig: the signature does not fit: {error}")
    if "head.txt.tsr" not in parts:
        print("time stamp: there is none")
        if trusted:
            problem("head.txt.tsr: a certificate was given, but there is no time stamp")
    else:
        try:
            authority, time = check_stamp(parts["head.txt.tsr"], parts["head.txt"], trusted)
            print(f"time stamp: {time} by {plain(authority)}" if authority else
                  f"time stamp: NOT CHECKED, give the certificate of its authority; it claims {time}")
        except Exception as error:  # the library has many for bytes that are no certificate
            problem(f"head.txt.tsr: the time stamp does not fit: {error!r}")
    named = (last or {}).get("files", {})
    for name, sha256 in files.items():
        if sha256 is not None and named.get(name) == sha256:
            print(f"file {name}: as in the last entry")
        else:
            problem(f"files/{name}: altered: its SHA-256 is {sha256}, that of the last entry {named.get(name)}")
    for name in sorted(named.keys() - files.keys()):
        print(f"file {plain(name)}: not included, not checked")
    for text in problems:
        print("PROBLEM:", plain(text))
    if problems:
        print(f"{len(problems)} things do not fit: this proves nothing.")
    elif by or authority:
        print("Everything that was checked fits.")
    else:
        print("Everything that was checked fits, but neither a signature nor a time stamp was checked: it proves "
              "something only if you have this head from elsewhere.")
    return len(problems)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], exit_on_error=False)
    parser.add_argument("proof")
    parser.add_argument("--public-key", action="append", default=[], help="RW..., as its holder published it")
    parser.add_argument("--ca", action="append", default=[], help="certificates that you trust, PEM")
    try:
        options = parser.parse_args(arguments)
        keys = [read_public_key(text) for text in options.public_key]
        trusted = []
        for path in options.ca:
            with open(path, "rb") as file:
                trusted += x509.load_pem_x509_certificates(file.read())
        return 3 if check(options.proof, keys, trusted) else 0
    except (NotAProof, argparse.ArgumentError, OSError, ValueError, RecursionError, zlib.error, EOFError,
            zipfile.BadZipFile, NotImplementedError) as error:
        print(f"This is no proof, or the command is wrong: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
