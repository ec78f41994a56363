//! What a company puts on event pages, and the sensor check in rows.

use resvg::usvg::roxmltree::Document;
use wavekeep_report::{
    Appendix, Drawing, Letterhead, Logo, PageFoot, PageOptions, Paper, Period, PeriodContent,
    PeriodOptions, PeriodPages, event_report,
};
use wavekeep_signal::measure;

use crate::events;

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20" fill="#0067a5"/></svg>"##;

fn framed(paper: Paper) -> Drawing {
    let logo = Logo::new(LOGO.as_bytes()).unwrap();
    let foot = PageFoot { left: "printed 2026-06-01", right: "3 of 17" };
    let recording = events::reported();
    let options = PageOptions::default()
        .with_paper(paper)
        .with_logo(Some(&logo))
        .with_foot(Some(foot))
        .with_sensor_check_in_rows(true);
    event_report(&recording, &measure(&recording), options)
}

/// The texts of a drawing with the sizes of their letters.
fn texts(drawing: &Drawing) -> Vec<(String, f64)> {
    let document = Document::parse(drawing.svg()).unwrap();
    let nodes = document.descendants().filter(|node| node.has_tag_name("text"));
    let size = |size: Option<&str>| size.unwrap().parse().unwrap();
    nodes
        .map(|node| (node.text().unwrap_or_default().to_owned(), size(node.attribute("font-size"))))
        .collect()
}

#[test]
fn a_page_has_its_number_its_print_date_and_the_logo() {
    for paper in [Paper::A4, Paper::Letter] {
        let page = framed(paper);
        let texts = texts(&page);
        for words in ["printed 2026-06-01", "3 of 17"] {
            assert_eq!(texts.iter().filter(|(text, _)| text == words).count(), 1, "{words}");
        }
        assert_eq!(page.svg().matches("<image ").count(), 1);
        let pdf = lopdf::Document::load_mem(&page.pdf().unwrap()).unwrap();
        assert_eq!(pdf.get_pages().len(), 1);
    }
}

#[test]
fn the_sensor_check_in_rows_has_letters_of_the_size_of_all_others() {
    let texts = texts(&framed(Paper::A4));
    let at = |label: &str| texts.iter().position(|(text, _)| text == label).unwrap();
    for (label, cells) in [
        ("Check frequency (Hz)", ["7.4", "7.6", "7.3"]),
        ("Check overswing ratio", ["3.8", "3.8", "3.8"]),
        ("Sensor check", ["Passed", "Passed", "Passed"]),
    ] {
        let row = &texts[at(label)..][..4];
        let shown: Vec<&str> = row[1..].iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(shown, cells, "{label}");
        assert!(row.iter().all(|(_, size)| *size == row[0].1), "{row:?}");
    }
}

#[test]
fn without_them_the_page_is_as_it_was() {
    let recording = events::reported();
    let page = event_report(&recording, &measure(&recording), PageOptions::default());
    assert!(!page.svg().contains("<image ") && !page.svg().contains("Check frequency"));
}

#[test]
fn a_png_logo_is_a_picture_of_the_document_and_stands_in_it_once() {
    let png = resvg::tiny_skia::Pixmap::new(300, 100).unwrap().encode_png().unwrap();
    let letterhead = Letterhead::default().with_logo(Some(Logo::new(&png).unwrap()));
    let period: Period = "2026-05".parse().unwrap();
    let content = PeriodContent::default().with_period(period);
    let options = PeriodOptions::default().with_letterhead(letterhead);
    let mut pages = PeriodPages::new(&content, &options, Appendix::default());
    let recording = events::blast();
    for _ in 0..3 {
        pages.add_event(&recording, &measure(&recording), PageOptions::default());
    }
    let pdf = lopdf::Document::load_mem(&pages.pdf().unwrap()).unwrap();
    let is_picture = |object: &&lopdf::Object| {
        let kind = object.as_stream().ok().and_then(|stream| stream.dict.get(b"Subtype").ok());
        kind.and_then(|kind| kind.as_name().ok()) == Some(b"Image")
    };
    let pictures = pdf.objects.values().filter(is_picture);
    let widths = pictures.filter_map(|picture| {
        let stream = picture.as_stream().ok()?;
        stream.dict.get(b"Width").ok()?.as_i64().ok()
    });
    let widths: Vec<i64> = widths.filter(|width| *width == 300).collect();
    // The picture, and its transparency.
    assert!((1..=2).contains(&widths.len()), "{widths:?}");
}
