//! The server behind nginx and Caddy and as a service: the judges are in `judges/proxy`.

#[test]
fn the_server_is_served_by_the_proxies_that_the_page_configures() {
    crate::judges::run("WAVEKEEP_PYTHON", "proxy/test_proxy.py");
}

#[test]
fn the_server_listens_at_each_kind_of_place_and_reads_its_files_again_at_sighup() {
    crate::judges::run("WAVEKEEP_PYTHON", "proxy/test_listening.py");
}
