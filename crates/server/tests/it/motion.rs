//! Traces of acceleration, displacement and vector sum; spectra and one-third-octave bands.

use crate::common::*;
use serde_json::{Value, json};

/// The samples of a channel, missing ones NaN.
fn samples(plot: &Value, channel: &str) -> Vec<f64> {
    let samples = plot["channels"][channel]["samples"].as_array().unwrap();
    samples.iter().map(|sample| sample.as_f64().unwrap_or(f64::NAN)).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().map(|value| value.abs()).fold(0.0, f64::max)
}

#[test]
fn the_plot_of_velocities_is_what_it_was() {
    let server = Running::with_samples(&[BLAST]);
    let plain = server.json("/api/v1/events/1/plot");
    assert_eq!(server.json("/api/v1/events/1/plot?quantity=velocity"), plain);
    assert_eq!(plain.get("quantity"), None);
    assert_eq!(plain["channels"].as_object().unwrap().len(), 4);
}

#[test]
fn the_plot_of_accelerations_has_the_peaks_of_the_event() {
    let server = Running::with_samples(&[BLAST]);
    let plot = server.json("/api/v1/events/1/plot?quantity=acceleration");
    assert_eq!((&plot["kind"], &plot["quantity"]), (&json!("sfm.plot.v1"), &json!("acceleration")));
    let event = server.json("/api/v1/events/1");
    let channels = plot["channels"].as_object().unwrap();
    assert_eq!(channels.keys().map(String::as_str).collect::<Vec<_>>(), ["Tran", "Vert", "Long"]);
    for (index, (name, channel)) in channels.iter().enumerate() {
        assert_eq!(channel["unit"], "g");
        let peak =
            event["measurements"]["channels"][index]["peak_acceleration"]["computed"]["value"]
                .as_f64()
                .unwrap();
        assert!((largest(&samples(&plot, name)) - peak).abs() < 1e-12);
        assert!((channel["peak"]["value"].as_f64().unwrap() - peak).abs() < 1e-12);
    }
    let velocity = server.json("/api/v1/events/1/plot");
    let (axis, own) = (&velocity["time_axis"], &plot["time_axis"]);
    assert_eq!(own["n"].as_u64().unwrap() + 1, axis["n"].as_u64().unwrap());
    let middle = axis["t0"].as_f64().unwrap() + axis["dt"].as_f64().unwrap() / 2.0;
    assert!((own["t0"].as_f64().unwrap() - middle).abs() < 1e-9);
}

#[test]
fn the_vector_sum_is_one_channel_and_its_peak_is_the_pvs() {
    let server = Running::with_samples(&[BLAST]);
    let plot = server.json("/api/v1/events/1/plot?quantity=vector_sum");
    let pvs =
        server.json("/api/v1/events/1")["measurements"]["peak_vector_sum"]["computed"].clone();
    let values = samples(&plot, "Vector sum");
    assert!((largest(&values) - pvs["value"].as_f64().unwrap()).abs() < 1e-12);
    assert_eq!(plot["channels"]["Vector sum"]["unit"], "in/s");
    assert!(values.iter().all(|value| *value >= 0.0));
}

#[test]
fn missing_samples_are_missing_in_every_quantity() {
    let server = Running::with_samples(&[DAMAGED]);
    for quantity in ["velocity", "acceleration", "displacement", "vector_sum"] {
        let plot = server.json(&format!("/api/v1/events/1/plot?quantity={quantity}"));
        let (name, gaps) = plot["gaps"].as_object().unwrap().iter().next().unwrap();
        let first = gaps[0]["first"].as_u64().unwrap() as usize;
        assert!(samples(&plot, name)[first].is_nan(), "{quantity}");
    }
}

#[test]
fn peaks_over_the_range_are_flagged_in_every_quantity() {
    let server = Running::with_samples(&[OVER_RANGE]);
    for quantity in ["acceleration", "displacement", "vector_sum"] {
        let plot = server.json(&format!("/api/v1/events/1/plot?quantity={quantity}"));
        let peaks = plot["channels"].as_object().unwrap().values().map(|channel| &channel["peak"]);
        assert!(peaks.clone().any(|peak| peak["flags"] != json!([])), "{quantity}");
    }
}

#[test]
fn samples_of_a_quantity_are_those_of_its_plot() {
    let server = Running::with_samples(&[BLAST]);
    let plot = server.json("/api/v1/events/1/plot?quantity=displacement");
    let path = "/api/v1/events/1/samples?quantity=displacement&channels=Vert";
    let found = server.json(path);
    assert_eq!(found["channels"]["Vert"]["samples"], plot["channels"]["Vert"]["samples"]);
    assert_eq!(found["channels"]["Vert"]["unit"], "in");
    let binary = server.ask("GET", path, &[("Accept", "application/octet-stream")], b"");
    assert_eq!(binary.header("X-Wavekeep-Units"), Some("in"));
    let refused = server.get(&format!("{path}&units=raw"));
    assert_eq!(refused.status, 422);
    assert!(refused.json()["detail"].as_str().unwrap().contains("no counts"));
}

#[test]
fn a_quantity_that_an_event_has_not_is_refused_with_the_reason() {
    let server = Running::with_samples(&[NIGHT]);
    let refused = server.get("/api/v1/events/1/plot?quantity=displacement");
    assert_eq!(refused.status, 409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("peaks, not samples"));
    assert_eq!(server.get("/api/v1/events/1/plot?quantity=jerk").status, 422);
    assert_eq!(server.get("/api/v1/events/1/spectrum?window=hann").status, 409);
}

#[test]
fn a_spectrum_says_its_window_and_has_bands_when_they_are_asked_for() {
    let server = Running::with_samples(&[BLAST]);
    let plain = server.json("/api/v1/events/1/spectrum");
    assert_eq!((&plain["window"], &plain["coherent_gain"]), (&json!("none"), &json!(1.0)));
    assert_eq!(plain["channels"]["Vert"].get("third_octaves"), None);
    let hann = server.json("/api/v1/events/1/spectrum?window=hann&bands=third_octave");
    assert_eq!((&hann["window"], &hann["coherent_gain"]), (&json!("hann"), &json!(0.5)));
    let bands = &hann["channels"]["Vert"]["third_octaves"];
    assert_eq!(bands["unit"], "in/s");
    assert_eq!(bands["bands"][0]["nominal_hz"], 1.6);
    let square = |value: &Value| value.as_f64().unwrap().powi(2);
    let all: f64 = bands["bands"].as_array().unwrap().iter().map(|band| square(&band["rms"])).sum();
    let all = all + square(&bands["below_rms"]) + square(&bands["above_rms"]);
    let values = samples(&server.json("/api/v1/events/1/plot"), "Vert");
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance =
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
    assert!((all / variance - 1.0).abs() < 1e-9);
    // Air has levels: 20 log10 of the RMS over 20 µPa.
    let air = &hann["channels"]["MicL"]["third_octaves"]["bands"][8];
    let pascals = air["rms"].as_f64().unwrap() * 6_894.757_293_168_361;
    assert!((air["level_db"].as_f64().unwrap() - 20.0 * (pascals / 20e-6).log10()).abs() < 1e-9);
    for wrong in ["window=kaiser", "bands=octave"] {
        assert_eq!(server.get(&format!("/api/v1/events/1/spectrum?{wrong}")).status, 422);
    }
}
