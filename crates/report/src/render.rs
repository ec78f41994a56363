//! SVG to PNG and PDF.

use std::sync::{Arc, LazyLock};

use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt, SvgSettings};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use resvg::{tiny_skia, usvg};

use crate::drawing::DrawError;
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

fn tree(svg: &str) -> Result<Tree, DrawError> {
    let options = Options {
        fontdb: Arc::clone(&FONTS),
        font_family: "Liberation Sans".to_owned(),
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

pub(crate) fn pdf(svg: &str, title: &str) -> Result<Vec<u8>, DrawError> {
    let tree: usvg::Tree = tree(svg)?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let unusable = || failed(format!("a page of {width} × {height} points"));
    let mut document = krilla::Document::new();
    // No date and no random identifier: the same drawing gives the same bytes.
    document.set_metadata(
        Metadata::new()
            .title(title.to_owned())
            .language("en".to_owned())
            .creator("wavekeep".to_owned()),
    );
    let settings = PageSettings::from_wh(width, height).ok_or_else(unusable)?;
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    let size = Size::from_wh(width, height).ok_or_else(unusable)?;
    surface.draw_svg(&tree, size, SvgSettings::default()).ok_or_else(unusable)?;
    surface.finish();
    page.finish();
    document.finish().map_err(|error| failed(format!("{error:?}")))
}
