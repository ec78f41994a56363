"""Checks a proof of wavekeep without wavekeep: docs/ledger.md, section Proofs, says what it does.

    pip install cryptography
    python check_proof.py proof.zip [--public-key RW...] [--ca authority.pem]

What is proved is computed here. proof_parts.py beside it reads the zip file and its texts, with bounds, and
proof_stamp.py the time stamp; without --ca nothing depends on the latter.

Exit code 0: all that was checked fits. 3: something does not fit. 1: this is no proof, or wrong usage.
"""

import argparse, base64, hashlib, sys, zipfile, zlib
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from proof_parts import NotAProof, is_entry, is_event, read_head, read_json, read_proof, read_zip, require
from proof_stamp import check_stamp

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
