//! What is asked for is what is answered: a parameter that a path does not have, or a value that is
//! none of its values, is refused by name.

use crate::common::*;

#[test]
fn a_parameter_that_the_path_does_not_have_is_refused_with_those_that_it_has() {
    let server = Running::with_samples(&[BLAST, QUIET]);
    for (path, name) in [
        ("/api/v1/events?min_pvp=1", "min_pvp"),
        ("/api/v1/events?serial=BE11529&limt=5", "limt"),
        ("/api/v1/events/1?limit=5", "limit"),
        ("/api/v1/units?kind=waveform", "kind"),
        ("/api/v1/export?to=csv&form=2026-05-01", "form"),
        ("/api/v1/events/1/verdict?curv=din-2", "curv"),
        ("/api/v1/events/1/samples?chanels=Vert", "chanels"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 422, "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(&format!("\"{name}\"")), "{path}: {detail}");
    }
    assert_eq!(server.get("/api/v1/events?limit=5&sort=-ppv&max_ppv_in_s=9").status, 200);
    assert_eq!(
        server.get("/db/events?_=17").status,
        200,
        "the paths of other programs keep their ways"
    );
}

#[test]
fn a_wrong_value_is_refused_by_the_name_of_its_parameter() {
    let server = Running::with_samples(&[BLAST]);
    for (path, name) in [
        ("/api/v1/events?limit=many", "limit"),
        ("/api/v1/events?limit=NaN", "limit"),
        ("/api/v1/events?kind=wave", "kind"),
        ("/api/v1/events?sort=loudest", "sort"),
        ("/api/v1/events?from=2026-05-01T13:16:34-05:00", "from"),
        ("/api/v1/events?to=2026-05-01Z", "to"),
        ("/api/v1/events?reviewed=perhaps", "reviewed"),
        ("/api/v1/events/NaN", "number"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 422, "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(name) && !detail.contains("i64"), "{path}: {detail}");
    }
}
