"""The time stamp of a head: RFC 3161 in CMS (RFC 5652), read and checked."""

import hashlib, re
from datetime import datetime, timezone
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

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
