//! Python pickles that hold plain data: `None`, booleans, integers, floats, text, bytes, lists,
//! tuples and dictionaries.
//!
//! A pickle is a program. This reader has no instruction that could look up a name, call or build
//! anything: the first such opcode is an error that says which one. Values are kept once and
//! shared by reference, so that sharing within sharing cannot grow, and every value costs at least
//! one byte of input. Opcodes of protocols 3 to 5 are read; older ones cannot carry bytes without
//! naming a global.

use std::collections::HashMap;

use wavekeep_core::{Cursor, Error, Result};

/// A value, by its place among all values of the pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id(usize);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Sequence(Vec<Id>),
    Dict(Vec<(Id, Id)>),
}

/// A pickle, read.
#[derive(Debug)]
pub(crate) struct Pickle<'a> {
    values: Vec<Value<'a>>,
    root: Id,
}

impl<'a> Pickle<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self> {
        Machine {
            at: Cursor::new(bytes),
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        }
        .run()
    }

    pub(crate) fn root(&self) -> &Value<'a> {
        self.value(self.root)
    }

    pub(crate) fn value(&self, id: Id) -> &Value<'a> {
        &self.values[id.0]
    }

    /// The value behind `key`; the last one wins, as in Python.
    pub(crate) fn get(&self, dict: &Value<'a>, key: &str) -> Option<&Value<'a>> {
        let Value::Dict(items) = dict else { return None };
        let found = items.iter().rev().find(|(k, _)| *self.value(*k) == Value::Text(key));
        found.map(|(_, value)| self.value(*value))
    }
}

struct Machine<'a> {
    at: Cursor<'a>,
    values: Vec<Value<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack at which a mark was set.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    fn run(mut self) -> Result<Pickle<'a>> {
        loop {
            let offset = self.at.offset();
            let opcode = self.at.u8("pickle opcode")?;
            match opcode {
                b'.' => {
                    let root = self.pop(offset)?;
                    return Ok(Pickle { values: self.values, root });
                }
                // Protocol and frame length are hints for a streaming reader.
                0x80 => drop(self.at.u8("pickle protocol")?),
                0x95 => drop(self.at.take(8, "pickle frame length")?),
                b'N' => self.push(Value::None),
                0x88 => self.push(Value::Bool(true)),
                0x89 => self.push(Value::Bool(false)),
                b'K' => {
                    let value = self.at.u8("pickle integer")?;
                    self.push(Value::Int(value.into()));
                }
                b'M' => {
                    let value = self.at.u16_le("pickle integer")?;
                    self.push(Value::Int(value.into()));
                }
                b'J' => {
                    let value = self.at.u32_le("pickle integer")? as i32;
                    self.push(Value::Int(value.into()));
                }
                0x8a => self.long(offset)?,
                b'G' => {
                    let value = f64::from_be_bytes(self.at.array("pickle float")?);
                    self.push(Value::Float(value));
                }
                b'C' | b'B' | 0x8e | 0x96 => {
                    let bytes = self.sized(opcode, "pickle bytes")?;
                    self.push(Value::Bytes(bytes));
                }
                0x8c | b'X' | 0x8d => {
                    let bytes = self.sized(opcode, "pickle text")?;
                    let text = std::str::from_utf8(bytes)
                        .map_err(|_| malformed(offset, "text in UTF-8", "other bytes"))?;
                    self.push(Value::Text(text));
                }
                b']' | b')' => self.push(Value::Sequence(Vec::new())),
                b'}' => self.push(Value::Dict(Vec::new())),
                b'(' => self.marks.push(self.stack.len()),
                b'a' => {
                    let item = self.pop(offset)?;
                    self.extend(offset, &[item])?;
                }
                b'e' => {
                    let items = self.pop_mark(offset)?;
                    self.extend(offset, &items)?;
                }
                b's' => {
                    let value = self.pop(offset)?;
                    let key = self.pop(offset)?;
                    self.set(offset, &[key, value])?;
                }
                b'u' => {
                    let items = self.pop_mark(offset)?;
                    self.set(offset, &items)?;
                }
                b't' => {
                    let items = self.pop_mark(offset)?;
                    self.push(Value::Sequence(items));
                }
                0x85..=0x87 => {
                    let mut items = Vec::new();
                    for _ in 0x84..opcode {
                        items.insert(0, self.pop(offset)?);
                    }
                    self.push(Value::Sequence(items));
                }
                0x94 => self.remember(offset, self.memo.len() as u32)?,
                b'q' => {
                    let place = self.at.u8("pickle memo place")?;
                    self.remember(offset, place.into())?;
                }
                b'r' => {
                    let place = self.at.u32_le("pickle memo place")?;
                    self.remember(offset, place)?;
                }
                b'h' => {
                    let place = self.at.u8("pickle memo place")?;
                    self.recall(offset, place.into())?;
                }
                b'j' => {
                    let place = self.at.u32_le("pickle memo place")?;
                    self.recall(offset, place)?;
                }
                _ => return Err(refused(offset, opcode)),
            }
        }
    }

    fn push(&mut self, value: Value<'a>) {
        self.stack.push(Id(self.values.len()));
        self.values.push(value);
    }

    fn pop(&mut self, offset: u64) -> Result<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(malformed(offset, "a value on the stack", "none"));
        }
        self.stack.pop().ok_or_else(|| malformed(offset, "a value on the stack", "none"))
    }

    fn pop_mark(&mut self, offset: u64) -> Result<Vec<Id>> {
        let mark =
            self.marks.pop().ok_or_else(|| malformed(offset, "a mark on the stack", "none"))?;
        Ok(self.stack.split_off(mark))
    }

    fn top(&mut self, offset: u64) -> Result<&mut Value<'a>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.last() {
            Some(id) if self.stack.len() > floor => Ok(&mut self.values[id.0]),
            _ => Err(malformed(offset, "a value on the stack", "none")),
        }
    }

    fn extend(&mut self, offset: u64, items: &[Id]) -> Result<()> {
        match self.top(offset)? {
            Value::Sequence(sequence) => {
                sequence.extend_from_slice(items);
                Ok(())
            }
            _ => Err(malformed(offset, "a list to append to", "another value")),
        }
    }

    fn set(&mut self, offset: u64, items: &[Id]) -> Result<()> {
        let pairs = items.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return Err(malformed(offset, "pairs of key and value", "a key without a value"));
        }
        match self.top(offset)? {
            Value::Dict(dict) => {
                dict.extend(pairs.map(|pair| (pair[0], pair[1])));
                Ok(())
            }
            _ => Err(malformed(offset, "a dictionary to add to", "another value")),
        }
    }

    fn remember(&mut self, offset: u64, place: u32) -> Result<()> {
        self.top(offset)?;
        if let Some(&id) = self.stack.last() {
            self.memo.insert(place, id);
        }
        Ok(())
    }

    fn recall(&mut self, offset: u64, place: u32) -> Result<()> {
        let id = self.memo.get(&place).copied();
        self.stack.push(
            id.ok_or_else(|| malformed(offset, "a remembered value", "an empty memo place"))?,
        );
        Ok(())
    }

    /// The bytes behind a length of 1, 4 or 8 bytes.
    fn sized(&mut self, opcode: u8, field: &'static str) -> Result<&'a [u8]> {
        let length = match opcode {
            b'C' | 0x8c => u64::from(self.at.u8(field)?),
            b'B' | b'X' => u64::from(self.at.u32_le(field)?),
            _ => u64::from_le_bytes(self.at.array(field)?),
        };
        self.at.take(usize::try_from(length).unwrap_or(usize::MAX), field)
    }

    /// A little-endian two's-complement integer of up to eight bytes.
    fn long(&mut self, offset: u64) -> Result<()> {
        let length = usize::from(self.at.u8("pickle integer")?);
        let bytes = self.at.take(length, "pickle integer")?;
        if length > 8 {
            return Err(malformed(offset, "an integer of at most 64 bits", "a longer one"));
        }
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut wide = if negative { [0xff; 8] } else { [0; 8] };
        wide[..length].copy_from_slice(bytes);
        self.push(Value::Int(i64::from_le_bytes(wide)));
        Ok(())
    }
}

fn malformed(offset: u64, expected: &'static str, found: &str) -> Error {
    Error::Malformed {
        offset,
        field: "pickle".into(),
        expected: expected.into(),
        found: found.to_owned(),
    }
}

fn refused(offset: u64, opcode: u8) -> Error {
    let what = match opcode {
        b'c' | 0x93 => "a name of a global (it could run code)",
        b'i' | b'o' | b'R' | b'b' | 0x81 | 0x92 => {
            "a call or an object to build (it could run code)"
        }
        b'P' | b'Q' | 0x82..=0x84 => "a reference to something outside",
        _ => "an opcode that plain data of protocols 3 to 5 does not need",
    };
    malformed(offset, "plain data", &format!("{what}: opcode {opcode:#04x}"))
}

/// Writes opcodes of protocol 3, which every Python 3 reads.
#[derive(Debug)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0x80, 3] }
    }

    pub(crate) fn dict(&mut self, items: impl FnOnce(&mut Self)) {
        self.bytes.extend(*b"}(");
        items(self);
        self.bytes.push(b'u');
    }

    pub(crate) fn list(&mut self, items: impl FnOnce(&mut Self)) {
        self.bytes.extend(*b"](");
        items(self);
        self.bytes.push(b'e');
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes.push(b'X');
        self.sized(text.as_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.push(b'B');
        self.sized(bytes);
    }

    pub(crate) fn small_int(&mut self, value: u8) {
        self.bytes.extend([b'K', value]);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.bytes.push(if value { 0x88 } else { 0x89 });
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(b'.');
        self.bytes
    }

    fn sized(&mut self, bytes: &[u8]) {
        // Frames are a page long: no length of ours comes near 4 GiB.
        self.bytes.extend((bytes.len() as u32).to_le_bytes());
        self.bytes.extend(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pickle_that_names_a_global_is_refused() {
        // pickle.dumps of an object whose __reduce__ is (os.system, ("true",)), protocols 3 and 4.
        for bytes in [
            &b"\x80\x03cposix\nsystem\nX\x04\x00\x00\x00true\x85R."[..],
            &b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."[..],
        ] {
            let error = Pickle::read(bytes).unwrap_err();
            assert!(error.to_string().contains("a name of a global"), "{error}");
        }
    }

    #[test]
    fn sharing_within_sharing_does_not_grow() {
        // Thirty lists, each of ten references to the one before: 10^30 values if copied.
        let mut bytes = b"\x80\x04]\x94".to_vec();
        for level in 0..30 {
            bytes.extend([b']', 0x94, b'(']);
            bytes.extend([b'h', level].repeat(10));
            bytes.push(b'e');
        }
        bytes.push(b'.');
        let pickle = Pickle::read(&bytes).unwrap();
        assert!(matches!(pickle.root(), Value::Sequence(items) if items.len() == 10));
    }

    #[test]
    fn a_length_that_is_not_there_is_an_error_and_not_an_allocation() {
        let error = Pickle::read(b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f").unwrap_err();
        assert_eq!(error.offset(), Some(11));
    }

    #[test]
    fn a_stack_that_runs_dry_is_an_error() {
        for bytes in
            [&b"."[..], b"a.", b"(a.", b"e.", b"u.", b"}(K\x01u.", b"\x94.", b"h\x00.", b"\x87."]
        {
            assert_eq!(Pickle::read(bytes).unwrap_err().kind(), "malformed", "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_pickle_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Pickle::read(&bytes);
        }

        #[test]
        fn any_plain_opcodes_are_survived(
            opcodes in proptest::collection::vec(
                proptest::sample::select(&b".N\x88K\x01])}(aesut\x85\x86\x87\x94q\x00h\x00"[..]), 0..60
            )
        ) {
            let _ = Pickle::read(&opcodes);
        }
    }
}
