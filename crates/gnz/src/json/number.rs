//! Floats as CPython's `repr` prints them.

/// Appends the shortest text that reads back as the same float.
///
/// Rust and CPython agree on the digits (shortest, then nearest); they differ
/// in the layout: CPython takes an exponent below 1e-4 and from 1e16 on, gives
/// it a sign and at least two digits, and otherwise always writes a fraction.
pub(super) fn push_float(out: &mut String, number: f64) {
    if number.is_nan() {
        out.push_str("NaN");
        return;
    }
    if number.is_sign_negative() {
        out.push('-');
    }
    let number = number.abs();
    if number.is_infinite() {
        out.push_str("Infinity");
        return;
    }

    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();

    match exponent {
        -4..0 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', exponent.unsigned_abs() as usize - 1));
            out.push_str(&digits);
        }
        0..16 => {
            let whole = exponent.unsigned_abs() as usize + 1;
            if digits.len() > whole {
                out.push_str(&digits[..whole]);
                out.push('.');
                out.push_str(&digits[whole..]);
            } else {
                out.push_str(&digits);
                out.extend(std::iter::repeat_n('0', whole - digits.len()));
                out.push_str(".0");
            }
        }
        _ => {
            let sign = if exponent < 0 { '-' } else { '+' };
            out.push_str(mantissa);
            out.push_str(&format!("e{sign}{:02}", exponent.unsigned_abs()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_float;

    #[test]
    fn floats_look_as_python_prints_them() {
        for (number, expected) in [
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (9007199254740993.0, "9007199254740992.0"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (0.00012345, "0.00012345"),
            (1.2345678901234568e17, "1.2345678901234568e+17"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (-123.456, "-123.456"),
            (1e15, "1000000000000000.0"),
            (f64::NAN, "NaN"),
            (-f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut text = String::new();
            push_float(&mut text, number);
            assert_eq!(text, expected);
        }
    }
}
