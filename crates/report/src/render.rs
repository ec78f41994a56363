//! SVG to PNG and PDF.

use std::sync::{Arc, LazyLock};

use krilla::destination::XyzDestination;
use krilla::geom::{Point, Size};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt, SvgSettings};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use resvg::{tiny_skia, usvg};

use crate::drawing::DrawError;
use crate::language::Language;
use crate::logo::pictures_within;
use crate::text::{BOLD, REGULAR};

/// The largest side of a picture in pixels.
const LARGEST_PX: u32 = 16_384;

/// The embedded fonts and nothing else: a drawing does not depend on the machine.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    fonts.set_sans_serif_family("Liberation Sans");
    Arc::new(fonts)
});

/// The shapes of a drawing.
pub(crate) fn tree(svg: &str) -> Result<Tree, DrawError> {
    let options = Options {
        fontdb: Arc::clone(&FONTS),
        font_family: "Liberation Sans".to_owned(),
        image_href_resolver: pictures_within(),
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> DrawError {
    DrawError::Render(error.to_string())
}

pub(crate) fn png(svg: &str, width_px: u32) -> Result<Vec<u8>, DrawError> {
    let tree = tree(svg)?;
    let scale = width_px as f32 / tree.size().width();
    // A float-to-integer cast saturates: an absurd height is refused with the rest.
    let height_px = (tree.size().height() * scale).round() as u32;
    let refused = DrawError::Size { width: width_px, height: height_px, largest: LARGEST_PX };
    if !(1..=LARGEST_PX).contains(&width_px) || !(1..=LARGEST_PX).contains(&height_px) {
        return Err(refused);
    }
    let mut picture = tiny_skia::Pixmap::new(width_px, height_px).ok_or(refused)?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut picture.as_mut());
    picture.encode_png().map_err(failed)
}

pub(crate) fn pdf(svg: &str, title: &str, language: Language) -> Result<Vec<u8>, DrawError> {
    document(&Document { title, language: language.code(), pages: &[svg], marks: &[] })
}

/// A place of a document that is listed in the outline of its reader.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(crate) title: String,
    /// Its page, from 0.
    pub(crate) page: usize,
    /// Points from the upper edge.
    pub(crate) y: f64,
}

/// Pages that become one file.
pub(crate) struct Document<'a> {
    pub(crate) title: &'a str,
    /// ISO 639-1.
    pub(crate) language: &'a str,
    /// Drawings, one a page.
    pub(crate) pages: &'a [&'a str],
    pub(crate) marks: &'a [Mark],
}

pub(crate) fn document(pages: &Document<'_>) -> Result<Vec<u8>, DrawError> {
    let mut document = krilla::Document::new();
    // No date and no random identifier: the same drawing gives the same bytes.
    document.set_metadata(
        Metadata::new()
            .title(pages.title.to_owned())
            .language(pages.language.to_owned())
            .creator("wavekeep".to_owned()),
    );
    for svg in pages.pages {
        let tree: usvg::Tree = tree(svg)?;
        let (width, height) = (tree.size().width(), tree.size().height());
        let unusable = || failed(format!("a page of {width} × {height} points"));
        let settings = PageSettings::from_wh(width, height).ok_or_else(unusable)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let size = Size::from_wh(width, height).ok_or_else(unusable)?;
        surface.draw_svg(&tree, size, SvgSettings::default()).ok_or_else(unusable)?;
        surface.finish();
        page.finish();
    }
    if !pages.marks.is_empty() {
        let mut outline = Outline::new();
        for mark in pages.marks {
            let place = XyzDestination::new(mark.page, Point::from_xy(0.0, mark.y as f32));
            outline.push_child(OutlineNode::new(mark.title.clone(), place));
        }
        document.set_outline(outline);
    }
    document.finish().map_err(|error| failed(format!("{error:?}")))
}
