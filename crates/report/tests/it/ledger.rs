//! What the event page prints of an archive's ledger.

use crate::events;
use resvg::tiny_skia::Pixmap;
use resvg::usvg::roxmltree::{Document, Node};
use wavekeep_core::Recording;
use wavekeep_report::{Drawing, LedgerState, PageOptions, Paper, event_report};
use wavekeep_signal::measure;

const LEAF: &str = "9c1d0f6f3a0c9b6e4d1f8f0a5b7c3d2e1f00aabbccddeeff0011223344556677";
const ROOT: &str = "3b1d9e0c5a0c9b6e4d1f8f0a0f6f3a0c9b6e4d1f8f0a5b7c3d2e1f0012345678";
const ARCHIVE: &str = "0f6f3a0c9b6e4d1f8f0a5b7c3d2e1f00";

fn state() -> LedgerState {
    LedgerState {
        archive: ARCHIVE.to_owned(),
        entry: 17,
        leaf: LEAF.to_owned(),
        time: "2026-11-28T13:20:00Z".to_owned(),
        size: 52,
        root: ROOT.to_owned(),
    }
}

fn page(recording: &Recording, ledger: Option<&LedgerState>, paper: Paper) -> Drawing {
    let options = PageOptions::default().with_ledger(ledger).with_paper(paper);
    event_report(recording, &measure(recording), options)
}

/// The texts of a drawing with their places from above, the lowest last.
fn texts(drawing: &Drawing) -> Vec<(f64, String)> {
    let document = Document::parse(drawing.svg()).unwrap();
    let place = |node: Node<'_, '_>| node.attribute("y")?.parse::<f64>().ok();
    let nodes = document.descendants().filter(|node| node.has_tag_name("text"));
    let mut texts: Vec<(f64, String)> = nodes
        .filter_map(|node| Some((place(node)?, node.text().unwrap_or_default().to_owned())))
        .collect();
    texts.sort_by(|one, other| one.0.total_cmp(&other.0));
    texts
}

#[test]
fn the_pdf_has_leaf_and_root_with_all_their_digits() {
    for paper in [Paper::A4, Paper::Letter] {
        let pdf = page(&events::blast(), Some(&state()), paper).pdf().unwrap();
        let document = lopdf::Document::load_mem(&pdf).unwrap();
        assert_eq!(document.get_pages().len(), 1);
        // Every glyph is placed by itself, which reads as a line of its own.
        let text = document.extract_text(&[1]).unwrap().replace('\n', "");
        assert!(text.contains(LEAF) && text.contains(ROOT) && text.contains(ARCHIVE), "{text}");
    }
}

#[test]
fn the_entry_and_the_head_are_the_two_lowest_lines() {
    let texts = texts(&page(&events::blast(), Some(&state()), Paper::A4));
    let lowest: Vec<&str> = texts.iter().rev().take(2).map(|(_, text)| text.as_str()).collect();
    let entry = format!("Ledger of archive {ARCHIVE}: entry 17, leaf {LEAF}");
    let head = format!("head of 2026-11-28T13:20:00Z: 52 entries, root {ROOT}");
    assert_eq!(lowest, [head, entry]);
}

#[test]
fn the_lines_of_the_ledger_leave_the_margin_of_the_page_empty() {
    for (paper, width) in [(Paper::A4, 595.276), (Paper::Letter, 612.0)] {
        let long = LedgerState { entry: u64::MAX, size: u64::MAX, ..state() };
        let png = page(&events::hostile(), Some(&long), paper).png(1200).unwrap();
        let picture = Pixmap::decode_png(&png).unwrap();
        let margin = (24.0 * 1200.0 / width) as u32;
        for y in 0..picture.height() {
            let is_low = y >= picture.height() - margin;
            for x in (0..1200).filter(|x| is_low || *x < margin || *x >= 1200 - margin) {
                let pixel = picture.pixel(x, y).unwrap();
                assert_eq!((pixel.red(), pixel.green(), pixel.blue()), (255, 255, 255), "{x} {y}");
            }
        }
    }
}

#[test]
fn the_lines_of_the_ledger_are_below_all_that_is_in_doubt() {
    let texts = texts(&page(&events::hostile(), Some(&state()), Paper::Letter));
    let place = texts.iter().position(|(_, text)| text.starts_with("Ledger of archive")).unwrap();
    assert!(texts[place - 1].1.ends_with("further notes do not fit here."), "{texts:?}");
    assert!(texts[place].0 - texts[place - 1].0 >= 8.0, "{texts:?}");
}

#[test]
fn without_a_ledger_nothing_is_said_of_one() {
    let texts = texts(&page(&events::blast(), None, Paper::A4));
    assert!(!texts.iter().any(|(_, text)| text.contains("Ledger") || text.contains("root")));
}
