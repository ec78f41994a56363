//! Spellings of a type that numpy takes beside the one that it writes.

use super::{ByteOrder, Dtype};

impl Dtype {
    /// Reads any spelling of a type that `numpy.dtype()` takes; `None` if numpy
    /// does not take it or the format has no such type.
    ///
    /// Beside the strings of [`parse`](Self::parse) these are names (`float32`,
    /// `double`, `datetime64[ns]`), codes of one character (`f`, `<d`, `?`, `B`),
    /// and strings whose byte order is left out, `=`, or `|` where one is needed
    /// (`f4`, `=f4`, `|f4`): all three mean this machine's, as they do for numpy.
    /// Types of C have the sizes that they have on 64-bit Linux (`l` and `long`: 8
    /// bytes, `longdouble`: 16). Names that only numpy 1 has are taken too.
    /// Python objects, records, subarrays (`3f4`) and strings of any length (`T`) are
    /// not.
    ///
    /// ```
    /// use gnz::{ByteOrder, Dtype};
    ///
    /// for text in ["float32", "f4", "=f4", "f", "single"] {
    ///     let dtype = Dtype::parse_numpy(text).expect(text);
    ///     assert_eq!((dtype.item_size(), dtype.byte_order()), (4, ByteOrder::NATIVE));
    /// }
    /// assert_eq!(Dtype::parse_numpy(">d"), Dtype::parse(">f8"));
    /// assert_eq!(Dtype::parse_numpy("object"), None);
    /// ```
    pub fn parse_numpy(text: &str) -> Option<Dtype> {
        if let Some(dtype) = Dtype::parse(text) {
            return Some(dtype);
        }
        if let Some(code) = code_of_name(text) {
            return Dtype::parse_numpy(code);
        }
        let (order, rest) = match text.as_bytes().first()? {
            b'<' => ('<', &text[1..]),
            b'>' => ('>', &text[1..]),
            b'=' | b'|' => (ByteOrder::NATIVE.character(), &text[1..]),
            _ => (ByteOrder::NATIVE.character(), text),
        };
        let plain = match code_of_character(rest) {
            Some(code) => format!("{order}{code}"),
            None => format!("{order}{}", without_variants(rest)?),
        };
        Dtype::parse(&plain)
    }
}

/// The code that a name of numpy's stands for.
fn code_of_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "bool" | "bool_" | "bool8" => "b1",
        "int8" | "byte" => "i1",
        "int16" | "short" => "i2",
        "int32" | "intc" => "i4",
        "int64" | "int" | "int_" | "intp" | "int0" | "long" | "longlong" => "i8",
        "uint8" | "ubyte" => "u1",
        "uint16" | "ushort" => "u2",
        "uint32" | "uintc" => "u4",
        "uint64" | "uint" | "uintp" | "uint0" | "ulong" | "ulonglong" => "u8",
        "float16" | "half" => "f2",
        "float32" | "single" => "f4",
        "float64" | "float" | "float_" | "double" => "f8",
        "float96" => "f12",
        "float128" | "longdouble" | "longfloat" => "f16",
        "complex64" | "csingle" | "singlecomplex" => "c8",
        "complex128" | "complex" | "complex_" | "cdouble" | "cfloat" => "c16",
        "complex192" => "c24",
        "complex256" | "clongdouble" | "clongfloat" => "c32",
        "bytes" | "bytes_" | "bytes0" | "string_" => "S0",
        "str" | "str_" | "str0" | "unicode" | "unicode_" => "U0",
        "void" | "void0" => "V0",
        _ => return None,
    })
}

/// The kind and size that one character alone stands for.
fn code_of_character(character: &str) -> Option<&'static str> {
    Some(match character {
        "?" => "b1",
        "b" => "i1",
        "B" => "u1",
        "h" => "i2",
        "H" => "u2",
        "i" => "i4",
        "I" => "u4",
        "l" | "q" | "n" | "p" => "i8",
        "L" | "Q" | "N" | "P" => "u8",
        "e" => "f2",
        "f" => "f4",
        "d" => "f8",
        "g" => "f16",
        "F" => "c8",
        "D" => "c16",
        "G" => "c32",
        "c" => "S1",
        "S" | "a" => "S0",
        "U" => "U0",
        "V" => "V0",
        "M" => "M8",
        "m" => "m8",
        _ => return None,
    })
}

/// A kind with its size, as [`Dtype::parse`] wants it: without leading zeros, dates
/// by their letter and with the plainest spelling of their unit.
fn without_variants(text: &str) -> Option<String> {
    let (kind, rest) = match (text.strip_prefix("datetime64"), text.strip_prefix("timedelta64")) {
        (Some(rest), _) => ("M8", rest),
        (_, Some(rest)) => ("m8", rest),
        _ if text.starts_with("M8") || text.starts_with("m8") => text.split_at(2),
        _ => {
            let kind = text.get(..1)?;
            let digits = text.get(1..).filter(|digits| !digits.is_empty())?;
            let number = digits.trim_start_matches('0');
            let kind = if kind == "a" { "S" } else { kind };
            return Some(format!("{kind}{}", if number.is_empty() { "0" } else { number }));
        }
    };
    if rest.is_empty() || rest == "[generic]" {
        return Some(kind.to_owned());
    }
    let inner = rest.strip_prefix('[')?.strip_suffix(']')?;
    let unit = inner.trim_start_matches(|c: char| c.is_ascii_digit());
    let multiple = match &inner[..inner.len() - unit.len()] {
        "" => "",
        // `[0s]` stays, and is refused.
        digits => match digits.trim_start_matches('0') {
            "" => "0",
            "1" => "",
            multiple => multiple,
        },
    };
    let unit = if unit == "μs" { "us" } else { unit };
    Some(format!("{kind}[{multiple}{unit}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_numpy_takes_are_the_type_that_numpy_makes_of_them() {
        let native = ByteOrder::NATIVE.character();
        for (spelling, code) in [
            ("float32", "f4"),
            ("f4", "f4"),
            ("=f4", "f4"),
            ("|f4", "f4"),
            ("f", "f4"),
            ("f04", "f4"),
            ("double", "f8"),
            ("int", "i8"),
            ("l", "i8"),
            ("i", "i4"),
            ("complex64", "c8"),
            ("g", "f16"),
            ("U5", "U5"),
            ("|U5", "U5"),
            ("str", "U0"),
            ("datetime64", "M8"),
            ("datetime64[ns]", "M8[ns]"),
            ("=timedelta64[25s]", "m8[25s]"),
            ("M8[1ns]", "M8[ns]"),
            ("M8[generic]", "M8"),
            ("m", "m8"),
        ] {
            let expected = Dtype::parse(&format!("{native}{code}"));
            assert!(expected.is_some(), "{code}");
            assert_eq!(Dtype::parse_numpy(spelling), expected, "{spelling}");
        }
        for (spelling, expected) in [
            ("<d", "<f8"),
            (">d", ">f8"),
            (">l", ">i8"),
            (">f04", ">f4"),
            (">datetime64[us]", ">M8[us]"),
            ("<M8[μs]", "<M8[us]"),
            (">M8[05s]", ">M8[5s]"),
            ("bool", "|b1"),
            ("?", "|b1"),
            (">?", "|b1"),
            ("b1", "|b1"),
            ("b", "|i1"),
            ("B", "|u1"),
            ("uint8", "|u1"),
            ("u1", "|u1"),
            ("=u1", "|u1"),
            ("S10", "|S10"),
            ("a10", "|S10"),
            ("S", "|S0"),
            ("c", "|S1"),
            ("V12", "|V12"),
            ("V04", "|V4"),
        ] {
            let found = Dtype::parse_numpy(spelling).expect(spelling);
            assert_eq!(found.to_string(), expected, "{spelling}");
        }
    }

    #[test]
    fn spellings_that_numpy_refuses_or_that_are_no_plain_type_are_refused() {
        for text in [
            "",
            "=",
            "<",
            "Float32",
            "<float32",
            "=bool",
            " f4",
            "f4 ",
            "f3",
            "ff",
            "u",
            "==f4",
            "<=f4",
            "?1",
            "O",
            "object",
            "|O8",
            "T",
            "3f4",
            "(2,)f4",
            "f4,f4",
            "f-4",
            "f+4",
            "f00000000000000000000000000000000000000000",
            "M8[]",
            "M8[0]",
            "M8[0s]",
            "M8[xs]",
            "M4[s]",
            "datetime64 [s]",
            "datetime64[s",
            "datetime32",
            "фloat32",
            "f٤",
            "S99999999999999999999",
        ] {
            assert_eq!(Dtype::parse_numpy(text), None, "{text}");
        }
    }
}
