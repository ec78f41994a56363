//! Draws made-up events in every way, for looking at: `cargo run --example gallery -- FOLDER`.

#[path = "../tests/it/events/mod.rs"]
mod events;

use std::error::Error;
use std::path::Path;

use wavekeep_core::Recording;
use wavekeep_report::{Drawing, Language, PageOptions, Paper, Style, Theme, Units, event_report};
use wavekeep_signal::{Curve, measure};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("the folder to write to is missing")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let light = Style::default();
    let dark = Style::default().with_theme(Theme::Dark).with_units(Units::METRIC);
    let all: [(&str, Recording); 6] = [
        ("blast", events::blast()),
        ("reported", events::reported()),
        ("quiet", events::quiet()),
        ("saturated", events::saturated()),
        ("gapped", events::gapped()),
        ("hostile", events::hostile()),
    ];
    for (name, recording) in &all {
        let measured = measure(recording);
        for (theme, style) in [("light", light), ("dark", dark)] {
            let file = |drawing: &str| format!("{name}-{drawing}-{theme}");
            save(folder, &file("traces"), &Drawing::traces(recording, &measured, style)?)?;
            save(folder, &file("spectrum"), &Drawing::spectrum(recording, style)?)?;
            let id = if theme == "light" { "usbm-drywall" } else { "din-2" };
            let curve = Curve::built_in(id).ok_or("no such curve")?;
            let plot = Drawing::ppv_frequency(recording, &measured, curve, None, style);
            save(folder, &file("ppv"), &plot)?;
            let options = PageOptions::default().with_curve(Some(curve)).with_style(style);
            let page = event_report(recording, &measured, options);
            save(folder, &file("page"), &page)?;
        }
    }
    for (name, recording) in
        [("night", events::night()), ("damaged-night", events::damaged_night())]
    {
        let measured = measure(&recording);
        for (theme, style) in [("light", light), ("dark", dark)] {
            let file = |drawing: &str| format!("{name}-{drawing}-{theme}");
            save(folder, &file("bars"), &Drawing::histogram(&recording, &measured, style)?)?;
            let curve = Curve::built_in("osmre").ok_or("no such curve")?;
            let plot = Drawing::ppv_frequency(&recording, &measured, curve, None, style);
            save(folder, &file("ppv"), &plot)?;
            let (curve, paper) = (Some(curve), Paper::Letter);
            let options =
                PageOptions::default().with_curve(curve).with_paper(paper).with_style(style);
            let page = event_report(&recording, &measured, options);
            save(folder, &file("page"), &page)?;
        }
    }
    for language in Language::ALL {
        for (name, recording) in [
            ("reported", events::reported()),
            ("gapped", events::gapped()),
            ("night", events::night()),
        ] {
            let style = Style::default().with_units(Units::METRIC);
            let options = PageOptions::default()
                .with_curve(Curve::built_in("din-2"))
                .with_style(style)
                .with_language(language);
            let page = event_report(&recording, &measure(&recording), options);
            save(folder, &format!("{name}-page-{language}"), &page)?;
        }
    }
    Ok(())
}

fn save(folder: &Path, name: &str, drawing: &Drawing) -> Result<(), Box<dyn Error>> {
    std::fs::write(folder.join(format!("{name}.svg")), drawing.svg())?;
    std::fs::write(folder.join(format!("{name}.png")), drawing.png(1440)?)?;
    std::fs::write(folder.join(format!("{name}.pdf")), drawing.pdf()?)?;
    Ok(())
}
