//! Numbers as text: the shortest decimal that reads back as the same number.

/// Appends `value` with a fraction (`0.03`, `-10.0`, `0.00003626`); it must be finite.
pub(crate) fn push_real(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
}

/// Appends `value`.
pub(crate) fn push_integer(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_as_short_as_it_can_be_and_reads_back_as_itself() {
        for (value, text) in [
            (0.03, "0.03"),
            (-10.0, "-10.0"),
            (0.0, "0.0"),
            (2.9990234375, "2.9990234375"),
            (3.625943528e-5, "0.00003625943528"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            let mut out = Vec::new();
            push_real(&mut out, value);
            let printed = String::from_utf8(out).unwrap();
            assert_eq!(printed, text);
            assert_eq!(printed.parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
