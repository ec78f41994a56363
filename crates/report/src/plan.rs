//! Pictures of plans as they are kept.

use crate::DrawError;
use crate::logo::looks_like_svg;
use crate::render::{png, tree};

/// Bytes of an SVG, at most.
const MOST_BYTES: usize = 4 << 20;
/// Pixels of the longer side of a drawn SVG.
const SIDE_PX: f32 = 3000.0;

/// A picture of a plan as an archive can keep it: an SVG drawn as PNG, anything else as it is. Scripts of an
/// SVG are not run, and what it refers to outside of itself is not looked for: no SVG is ever handed on.
///
/// # Errors
/// [`DrawError`] when an SVG cannot be drawn.
pub fn plan_picture(bytes: Vec<u8>) -> Result<Vec<u8>, DrawError> {
    if !looks_like_svg(&bytes) {
        return Ok(bytes);
    }
    let refused = |what: String| DrawError::Render(what);
    if bytes.len() > MOST_BYTES {
        return Err(refused(format!("an SVG plan has at most {MOST_BYTES} bytes")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| refused(error.to_string()))?;
    let size = tree(text)?.size();
    let (width, height) = (size.width(), size.height());
    if !(0.05..=20.0).contains(&(width / height)) {
        return Err(refused(format!("{width} × {height} is no shape of a plan")));
    }
    let width_px = SIDE_PX * (width / height).min(1.0);
    // Positive, and at most SIDE_PX.
    png(text, width_px.round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(of: &str, within: &str) -> Vec<u8> {
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {of}>{within}</svg>").into_bytes()
    }

    #[test]
    fn an_svg_is_drawn_with_its_longer_side_at_3000_pixels() {
        let size = |of: &str| {
            let png = plan_picture(svg(of, "<rect width='9' height='9'/>")).unwrap();
            assert!(png.starts_with(b"\x89PNG"));
            let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
            (side(16), side(20))
        };
        assert_eq!(size("width='60' height='20'"), (3000, 1000));
        assert_eq!(size("width='20' height='60'"), (1000, 3000));
        // However large it says that it is.
        assert_eq!(size("width='90000000' height='30000000'"), (3000, 1000));
    }

    #[test]
    fn a_script_and_references_to_elsewhere_are_not_in_what_is_kept() {
        let hostile = "<script>alert(1)</script><image href='http://198.51.100.1/a.png' width='9' height='9'/>\
            <image href='/etc/passwd' width='9' height='9'/><a href='javascript:alert(1)'><rect width='5' height='5'/></a>";
        let png = plan_picture(svg("width='60' height='20' onload='alert(1)'", hostile)).unwrap();
        for word in [&b"alert"[..], b"<svg", b"198.51", b"root:"] {
            assert!(!png.windows(word.len()).any(|of| of == word));
        }
    }

    #[test]
    fn what_is_no_svg_stays_as_it_is_and_what_cannot_be_drawn_is_refused() {
        for bytes in [&b""[..], b"\x89PNG", b"\xff\xd8\xff", b"GIF89a"] {
            assert_eq!(plan_picture(bytes.to_vec()).unwrap(), bytes);
        }
        let entities = format!(
            "<!DOCTYPE svg [{}]>",
            (0..20)
                .map(|n| format!("<!ENTITY e{} \"{}\">", n + 1, format!("&e{n};").repeat(20)))
                .collect::<String>()
        );
        let bomb =
            [entities.into_bytes(), svg("width='9' height='9'", "<text>&e20;</text>")].concat();
        for bytes in [
            b"<svg".to_vec(),
            svg("width='9' height='0.001'", ""),
            svg("width='0' height='0'", ""),
            bomb,
        ] {
            assert!(plan_picture(bytes).is_err());
        }
        assert!(plan_picture([svg("", ""), vec![b' '; MOST_BYTES]].concat()).is_err());
    }
}
