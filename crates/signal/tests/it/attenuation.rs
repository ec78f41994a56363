//! The attenuation law: against scipy, against exact laws, and in whatever units.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use wavekeep_core::Unit;
use wavekeep_signal::{Attenuation, BlastLine, BlastUnits, NoAttenuation, Root, table_distances};

/// Points about 1140 · SD^(−1.6), the scatter from a simple generator.
fn points(count: usize, scatter: f64) -> Vec<(f64, f64)> {
    let mut state = 42u64 + count as u64;
    let mut random = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..count)
        .map(|_| {
            let sd = 5.0 * 40f64.powf(random());
            let off = (random() + random() + random() - 1.5) * scatter;
            (sd, 1140.0 * sd.powf(-1.6) * 10f64.powf(off))
        })
        .collect()
}

#[test]
fn scipy_finds_the_same_laws_and_bounds() {
    let sizes = [3, 4, 5, 10, 30, 31, 402, 403, 5000];
    let laws = sizes.iter().flat_map(|count| {
        [0.01, 0.3, 1.0].map(|scatter| {
            let points = points(*count, scatter);
            let law = Attenuation::fit(&points).unwrap();
            let lines: Vec<[f64; 4]> = [0.5, 7.0, 33.0, 900.0]
                .map(|sd| {
                    let [mean, k95, prediction] = BlastLine::ALL.map(|line| law.peak(sd, line));
                    [sd, mean, k95, prediction]
                })
                .into();
            json!({ "points": points, "law": law, "lines": lines })
        })
    });
    let laws: Vec<_> = laws.collect();
    let python = env::var_os("WAVEKEEP_PYTHON").unwrap_or_else(|| {
        panic!("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`")
    });
    let mut judge = Command::new(python);
    judge.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../judges/attenuation/law.py"));
    judge.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut judge = judge.spawn().unwrap();
    judge.stdin.take().unwrap().write_all(json!(laws).to_string().as_bytes()).unwrap();
    let verdict = judge.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&verdict.stdout);
    let complained = String::from_utf8_lossy(&verdict.stderr);
    assert!(said.contains("compared 27 laws"), "{said}{complained}");
}

#[test]
fn points_on_a_law_give_that_law_without_scatter() {
    let on = |sd: f64| (sd, 1140.0 * sd.powf(-1.6));
    let law = Attenuation::fit(&[5.0, 12.0, 30.0, 80.0].map(on)).unwrap();
    assert!((law.k / 1140.0 - 1.0).abs() < 1e-12 && (law.beta - 1.6).abs() < 1e-12, "{law:?}");
    assert!(law.standard_error < 1e-12 && law.r_squared > 1.0 - 1e-12);
    for line in BlastLine::ALL {
        assert!((law.peak(10.0, line) / on(10.0).1 - 1.0).abs() < 1e-9);
        assert!((law.scaled_distance(on(20.0).1, line).unwrap() / 20.0 - 1.0).abs() < 1e-9);
    }
    assert!(law.is_extrapolated(4.9) && law.is_extrapolated(81.0));
    assert!(!law.is_extrapolated(5.0) && !law.is_extrapolated(80.0));
}

#[test]
fn too_few_or_equal_points_have_no_law_and_say_why() {
    let of = |points: &[(f64, f64)]| Attenuation::fit(points).unwrap_err();
    assert_eq!(of(&[]), NoAttenuation::TooFew { found: 0 });
    assert_eq!(
        of(&[(1.0, 2.0), (2.0, 1.0)]).to_string(),
        "a law needs 3 events that count: found 2"
    );
    assert_eq!(of(&[(7.0, 2.0); 5]), NoAttenuation::SameDistance { found: 5 });
    assert_eq!(
        of(&[(7.0, 2.0), (7.0, 3.0), (9.0, 1.0), (9.0, 2.0)]),
        NoAttenuation::SameDistance { found: 4 }
    );
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(of(&[(1.0, 1.0), (2.0, wrong), (3.0, 1.0)]), NoAttenuation::NotPositive);
        assert_eq!(of(&[(1.0, 1.0), (wrong, 1.0), (3.0, 1.0)]), NoAttenuation::NotPositive);
    }
}

#[test]
fn peaks_that_do_not_fall_permit_no_charge() {
    let law = Attenuation::fit(&[(1.0, 1.0), (10.0, 2.0), (100.0, 4.0)]).unwrap();
    assert!(!law.is_falling());
    for line in BlastLine::ALL {
        assert_eq!(law.scaled_distance(1.5, line), None);
        assert_eq!(law.charge_of(Root::Square, 100.0, 1.5, line), None);
    }
    let same = Attenuation::fit(&[(1.0, 2.0), (10.0, 2.0), (100.0, 2.0)]).unwrap();
    assert_eq!((same.beta, same.r_squared, same.standard_error), (0.0, 0.0, 0.0));
}

#[test]
fn three_scattered_events_predict_so_little_that_no_charge_is_permitted() {
    let law = Attenuation::fit(&[(10.0, 30.0), (11.0, 5.0), (12.0, 12.0)]).unwrap();
    assert!(law.is_falling());
    assert!(law.scaled_distance(5.0, BlastLine::K95).is_some());
    assert_eq!(law.scaled_distance(5.0, BlastLine::Prediction95), None);
}

#[test]
fn a_table_of_distances_is_round_and_bounded() {
    assert_eq!(table_distances(90.0, 520.0), [100.0, 150.0, 200.0, 300.0, 500.0]);
    assert_eq!(table_distances(100.0, 100.0), [100.0]);
    assert!(table_distances(0.1, 1e5).len() <= 12);
    for (from, to) in [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (1.0, f64::INFINITY), (f64::NAN, 1.0)] {
        assert_eq!(table_distances(from, to), [0.0; 0]);
    }
}

#[test]
fn roots_scale_distances_and_charges_back() {
    assert_eq!(Root::Square.scaled_distance(320.0, 64.0), 40.0);
    assert_eq!(Root::Cube.scaled_distance(320.0, 64.0), 80.0);
    for root in [Root::Square, Root::Cube] {
        let sd = root.scaled_distance(250.0, 45.0);
        assert!((root.charge(250.0, sd) / 45.0 - 1.0).abs() < 1e-12);
        assert!((root.distance(45.0, sd) / 250.0 - 1.0).abs() < 1e-12);
    }
}

fn distances() -> impl Strategy<Value = Vec<(f64, f64)>> {
    vec((1.0f64..200.0, 0.05f64..200.0), 3..40)
}

proptest! {
    #[test]
    fn other_units_of_charge_distance_and_peak_give_the_same_law(points in distances()) {
        let Ok(law) = Attenuation::fit(&points) else { return Ok(()) };
        let root = Root::Square;
        let metric = BlastUnits::with(Unit::MillimetrePerSecond, root);
        let imperial = BlastUnits::with(Unit::InchPerSecond, root);
        let factor = imperial.scaled_distance_factor(metric, root);
        let converted: Vec<_> = points.iter().map(|(sd, peak)| (sd * factor, peak / 25.4)).collect();
        let there = Attenuation::fit(&converted).unwrap();
        let same = law.in_units(metric, imperial, root);
        prop_assert!((there.beta - law.beta).abs() < 1e-9 * (1.0 + law.beta.abs()));
        prop_assert!((there.k / same.k - 1.0).abs() < 1e-7);
        prop_assert!((there.k95 / same.k95 - 1.0).abs() < 1e-7);
        for line in BlastLine::ALL {
            prop_assert!((there.peak(20.0 * factor, line) * 25.4 / law.peak(20.0, line) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn peaks_that_are_all_larger_raise_k_alone(points in distances(), times in 0.1f64..10.0) {
        let Ok(law) = Attenuation::fit(&points) else { return Ok(()) };
        let larger: Vec<_> = points.iter().map(|(sd, peak)| (*sd, peak * times)).collect();
        let larger = Attenuation::fit(&larger).unwrap();
        prop_assert!((larger.k / law.k / times - 1.0).abs() < 1e-7);
        prop_assert!((larger.beta - law.beta).abs() < 1e-8 * (1.0 + law.beta.abs()));
        prop_assert!((larger.standard_error - law.standard_error).abs() < 1e-8);
    }

    #[test]
    fn lines_lie_in_order_and_a_permitted_charge_meets_the_limit(
        points in distances(), distance in 20.0f64..2000.0, limit in 0.5f64..50.0,
    ) {
        let Ok(law) = Attenuation::fit(&points) else { return Ok(()) };
        let [mean, k95, prediction] = BlastLine::ALL.map(|line| law.peak(40.0, line));
        prop_assert!(mean <= k95 * (1.0 + 1e-12) && k95 <= prediction * (1.0 + 1e-9));
        for line in BlastLine::ALL {
            if let Some(permitted) = law.charge_of(Root::Square, distance, limit, line) {
                let peak = law.peak_of(Root::Square, distance, permitted.charge, line).peak;
                prop_assert!((peak / limit - 1.0).abs() < 1e-5, "{line:?} {peak} {limit}");
                let at = law.distance_of(Root::Square, permitted.charge, limit, line).unwrap();
                prop_assert!((at.distance / distance - 1.0).abs() < 1e-9);
            }
        }
    }
}
