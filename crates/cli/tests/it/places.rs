//! Trends, units and plans on the command line.

use std::fs;

use crate::archive::{code, documents, fleet, run, stdout};

#[test]
fn a_trend_has_the_days_and_the_levels_in_force() {
    let fleet = fleet();
    let here = fleet.path();
    assert_eq!(code(&run(here, &["level", "set", "--curve", "din-3"])), 0);
    let of = ["trend", "--serial", "BE11529", "--from", "2026-06-12", "--to", "2026-06-12"];
    let said = stdout(&run(here, &of));
    assert!(said.contains(" 2026-06-12 ") && said.contains("ground: DIN 4150-3 line 3"), "{said}");
    let trend = documents(&run(here, &[&of[..], &["--json"]].concat()));
    assert_eq!(trend[0]["days"][0]["ppv"]["reading"]["value"], 0.41);
    assert_eq!(code(&run(here, &["trend", "--where", "location=Nowhere"])), 1);
    let places = documents(&run(here, &["list", "--by", "location", "--json"]));
    assert!(places.iter().any(|of| of["exceeds"].as_u64() > Some(0)), "{places:?}");
}

#[test]
fn a_unit_is_shown_with_the_sources_of_its_facts() {
    let fleet = fleet();
    let unit = |more: &[&str]| {
        run(fleet.path(), &[&["unit", "BE11529", "--to", "2026-06-30"], more].concat())
    };
    let said = stdout(&unit(&[]));
    for words in ["6.3 Volts (report of event ", "due on 2027-03-03, in 246 days", "not stated"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let later = documents(&unit(&["--calibration-months", "24", "--json"]));
    assert_eq!(later[0]["calibration"]["due"], "2028-03-03");
    assert_eq!(code(&run(fleet.path(), &["unit", "BE1"])), 1);
    assert_eq!(code(&unit(&["--calibration-months", "0"])), 2);
}

#[test]
fn a_plan_is_set_locations_are_placed_and_a_place_is_taken_back() {
    let fleet = fleet();
    let here = fleet.path();
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='30'/>";
    fs::write(here.join("site.svg"), svg).unwrap();
    fs::write(here.join("site.gif"), "GIF89a").unwrap();
    let school = "Crusher foundation";
    assert_eq!(code(&run(here, &["plan", "place", school, "0.5", "0.5"])), 1, "there is no plan");
    let refused = run(here, &["plan", "set", "site.gif"]);
    let why = String::from_utf8(refused.stderr.clone()).unwrap();
    assert!(code(&refused) == 1 && why.contains("PNG, JPEG or SVG"), "{why}");
    assert_eq!(code(&run(here, &["plan", "set", "site.svg"])), 0);
    assert_eq!(code(&run(here, &["plan", "place", school, "0", "1"])), 0);
    let moved = documents(&run(here, &["plan", "place", school, "0.7", "0.2", "--json"]));
    let listed = || stdout(&run(here, &["plan", "list"]));
    assert!(listed().contains("Crusher foundation at 0.700, 0.200"), "{}", listed());
    let entry = moved[0]["entry"].to_string();
    assert_eq!(code(&run(here, &["plan", "undo", &entry])), 0);
    assert!(listed().contains("Crusher foundation at 0.000, 1.000"), "{}", listed());
    assert_eq!(code(&run(here, &["plan", "undo", &entry])), 1, "something came after it");
    assert_eq!(code(&run(here, &["plan", "place", school, "1.5", "0.2"])), 1);
    assert_eq!(code(&run(here, &["plan", "place", school, "--off"])), 0);
    assert_eq!(code(&run(here, &["plan", "remove"])), 0);
    assert_eq!(documents(&run(here, &["plan", "list", "--history", "--json"])).len(), 6);
    assert_eq!(code(&run(here, &["verify", "--hashes"])), 0);
}
