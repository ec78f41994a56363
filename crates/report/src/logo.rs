//! A company's logo: PNG or SVG, checked before anything is drawn.

use std::sync::Arc;

use base64::Engine;
use resvg::tiny_skia::Pixmap;
use resvg::usvg::ImageHrefResolver;

use crate::canvas::Rect;
use crate::render::tree;

/// A logo. It refers to nothing outside of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Logo {
    href: Arc<str>,
    width: f64,
    height: f64,
}

/// Why a file is no logo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogoError {
    /// It is neither PNG nor SVG.
    #[error("a logo is a PNG or an SVG picture; this is neither")]
    OtherFormat,
    /// It is too long.
    #[error("a logo has at most {} bytes; this has {bytes}", Logo::MOST_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It has too many pixels, or none.
    #[error("a PNG logo has 1 to {} pixels a side; this has {width} × {height}", Logo::MOST_PIXELS)]
    Pixels {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// It cannot be read.
    #[error("the {kind} picture cannot be read: {reason}")]
    Damaged {
        /// PNG or SVG.
        kind: &'static str,
        /// Why.
        reason: String,
    },
}

impl Logo {
    /// Bytes of a logo, at most.
    pub const MOST_BYTES: usize = 2 << 20;
    /// Pixels of a side of a PNG, at most.
    pub const MOST_PIXELS: u32 = 4096;

    /// Reads a logo.
    ///
    /// # Errors
    /// [`LogoError`] when it is none, or larger than a logo is.
    pub fn new(bytes: &[u8]) -> Result<Self, LogoError> {
        if bytes.len() > Self::MOST_BYTES {
            return Err(LogoError::TooLong { bytes: bytes.len() });
        }
        let (kind, width, height) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            let (width, height) = png_size(bytes)?;
            ("image/png", f64::from(width), f64::from(height))
        } else if looks_like_svg(bytes) {
            let (width, height) = svg_size(bytes)?;
            ("image/svg+xml", width, height)
        } else {
            return Err(LogoError::OtherFormat);
        };
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        Ok(Self { href: format!("data:{kind};base64,{data}").into(), width, height })
    }

    /// The picture as a reference for SVG.
    pub(crate) fn href(&self) -> &str {
        &self.href
    }

    /// The largest rectangle of its shape in a box, at the left or at the right of it.
    pub(crate) fn fitted(&self, area: Rect, is_right: bool) -> Rect {
        let scale = (area.w / self.width).min(area.h / self.height);
        let (w, h) = (self.width * scale, self.height * scale);
        let x = if is_right { area.right() - w } else { area.x };
        Rect::new(x, area.y, w, h)
    }
}

/// Width and height of a PNG whose pixels can be read.
fn png_size(bytes: &[u8]) -> Result<(u32, u32), LogoError> {
    let damaged = |reason: String| LogoError::Damaged { kind: "PNG", reason };
    let number = |at: usize| {
        let field = bytes.get(at..at + 4).and_then(|field| field.try_into().ok());
        field.map(u32::from_be_bytes).ok_or_else(|| damaged("it ends within its header".to_owned()))
    };
    let (width, height) = (number(16)?, number(20)?);
    let sides = 1..=Logo::MOST_PIXELS;
    if !sides.contains(&width) || !sides.contains(&height) {
        return Err(LogoError::Pixels { width, height });
    }
    Pixmap::decode_png(bytes).map_err(|error| damaged(error.to_string()))?;
    Ok((width, height))
}

pub(crate) fn looks_like_svg(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    let text = String::from_utf8_lossy(start);
    text.trim_start_matches('\u{feff}').trim_start().starts_with('<') && text.contains("<svg")
}

/// Width and height of an SVG.
fn svg_size(bytes: &[u8]) -> Result<(f64, f64), LogoError> {
    let damaged = |reason: String| LogoError::Damaged { kind: "SVG", reason };
    let text = std::str::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
    let size = tree(text).map_err(|error| damaged(error.to_string()))?.size();
    let (width, height) = (f64::from(size.width()), f64::from(size.height()));
    let shape = width / height;
    if !(0.01..=100.0).contains(&shape) {
        return Err(damaged(format!("{width} × {height} is no shape of a logo")));
    }
    Ok((width, height))
}

/// A picture within a drawing: a PNG of the size of a logo, or an SVG. Files that a drawing names are
/// not looked for.
pub(crate) fn pictures_within() -> ImageHrefResolver<'static> {
    let known = ImageHrefResolver::default_data_resolver();
    ImageHrefResolver {
        resolve_data: Box::new(move |kind, data, options| match kind {
            "image/png" => png_size(&data).ok().and_then(|_| known(kind, data, options)),
            "image/svg+xml" if looks_like_svg(&data) => known(kind, data, options),
            _ => None,
        }),
        resolve_string: Box::new(|_, _| None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20" fill="#0067a5"/></svg>"##;

    fn png(width: u32, height: u32) -> Vec<u8> {
        Pixmap::new(width, height).unwrap().encode_png().unwrap()
    }

    #[test]
    fn a_logo_keeps_its_shape_in_its_box() {
        for logo in [Logo::new(DRAWN.as_bytes()), Logo::new(&png(300, 100))] {
            let placed = logo.unwrap().fitted(Rect::new(10.0, 5.0, 90.0, 20.0), true);
            assert_eq!(placed, Rect::new(40.0, 5.0, 60.0, 20.0));
        }
    }

    #[test]
    fn what_is_no_logo_is_refused_with_the_reason() {
        let mut huge = png(1, 1);
        huge[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        let mut cut = png(20, 20);
        cut.truncate(40);
        let long = vec![b' '; Logo::MOST_BYTES + 1];
        let flat = DRAWN.replace("height=\"20\"", "height=\"0.001\"");
        for (bytes, words) in [
            (&huge[..], "65535 × 65535"),
            (&cut, "PNG picture cannot be read"),
            (&long, "at most 2097152 bytes"),
            (b"GIF89a", "neither"),
            (b"", "neither"),
            (b"<svg", "SVG picture cannot be read"),
            (b"\x1f\x8b<svg", "neither"),
            (flat.as_bytes(), "no shape"),
        ] {
            let refused = Logo::new(bytes).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }

    #[test]
    fn a_file_that_an_svg_names_is_not_read() {
        let folder = std::env::temp_dir().join("wavekeep-logo-names-a-file.png");
        std::fs::write(&folder, png(8, 8)).unwrap();
        let named = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{}" width="9" height="9"/></svg>"#,
            folder.display()
        );
        Logo::new(named.as_bytes()).unwrap();
        let drawn = tree(&named).unwrap();
        std::fs::remove_file(&folder).unwrap();
        assert!(!drawn.root().has_children());
    }
}
