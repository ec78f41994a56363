//! Greeting and READY.

use std::io::{Read, Write};

use super::parts::Wire;
use super::{Kind, WireError};

const GREETING_LEN: usize = 64;
/// First and last byte of the ten that every greeting begins with.
const SIGNATURE: (u8, u8) = (0xff, 0x7f);
const VERSION: (u8, u8) = (3, 1);
/// Where the mechanism stands: a name, filled up with zeros.
const MECHANISM: std::ops::Range<usize> = 12..32;
const NULL: &[u8] = b"NULL";
/// Bytes of a READY command: socket type, identity (at most 255 bytes) and a few more.
const LONGEST_READY: u64 = 4096;

impl<R: Read, W: Write> Wire<R, W> {
    /// Greets, is greeted, and finds out that both sockets fit.
    ///
    /// # Errors
    /// [`WireError`]: the connection is of no use then.
    pub(crate) fn shake_hands(&mut self, kind: Kind) -> Result<(), WireError> {
        self.write(&greeting())?;
        let mut theirs = [0; GREETING_LEN];
        self.read_exact(&mut theirs)?;
        check_greeting(&theirs)?;
        self.write_command(&ready(kind))?;
        let part = self.next_raw()?;
        if !part.is_command || part.length > LONGEST_READY {
            return Err(WireError::Broken("expected the command READY first"));
        }
        let mut body = Vec::new();
        self.take(part.length, &mut body)?;
        check_ready(&body, kind)
    }
}

fn greeting() -> [u8; GREETING_LEN] {
    let mut bytes = [0; GREETING_LEN];
    (bytes[0], bytes[9]) = SIGNATURE;
    (bytes[10], bytes[11]) = VERSION;
    bytes[MECHANISM.start..MECHANISM.start + NULL.len()].copy_from_slice(NULL);
    bytes
}

fn check_greeting(theirs: &[u8; GREETING_LEN]) -> Result<(), WireError> {
    if (theirs[0], theirs[9]) != SIGNATURE {
        return Err(WireError::Foreign("its first bytes are no greeting"));
    }
    if theirs[10] < VERSION.0 {
        return Err(WireError::Foreign("its version is older; ZeroMQ 4 or later was expected"));
    }
    let mechanism = &theirs[MECHANISM];
    let name = mechanism.split(|byte| *byte == 0).next().unwrap_or_default();
    match name == NULL {
        true => Ok(()),
        false => Err(WireError::Foreign("it wants a security mechanism, NULL was expected")),
    }
}

fn ready(kind: Kind) -> Vec<u8> {
    let mut body = b"\x05READY\x0bSocket-Type".to_vec();
    let name = kind.name().as_bytes();
    body.extend((name.len() as u32).to_be_bytes());
    body.extend(name);
    body
}

/// Looks for the socket's type among the properties of READY.
fn check_ready(body: &[u8], kind: Kind) -> Result<(), WireError> {
    let cut = WireError::Broken("the command READY is cut");
    let (name, mut rest) = short(body).ok_or(WireError::Broken("a command without a name"))?;
    match name {
        b"READY" => {}
        b"ERROR" => {
            let why = short(rest).map_or(rest, |(why, _)| why);
            return Err(WireError::Refused(String::from_utf8_lossy(why).into_owned()));
        }
        _ => return Err(WireError::Broken("expected the command READY first")),
    }
    while !rest.is_empty() {
        let Some((property, after)) = short(rest) else { return Err(cut) };
        let Some((length, after)) = after.split_first_chunk() else { return Err(cut) };
        let length = u32::from_be_bytes(*length) as usize;
        let Some((value, after)) = after.split_at_checked(length) else { return Err(cut) };
        if property.eq_ignore_ascii_case(b"Socket-Type") {
            let found = String::from_utf8_lossy(value).into_owned();
            let expected = kind.peers();
            return match expected.contains(&found.as_str()) {
                true => Ok(()),
                false => Err(WireError::Kind { expected, found }),
            };
        }
        rest = after;
    }
    Err(WireError::Broken("the command READY names no socket type"))
}

/// A length of one byte, so many bytes, and what follows.
fn short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    rest.split_at_checked(length.into())
}
