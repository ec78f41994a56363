//! The server behind nginx and Caddy: the judges are in `judges/proxy`.

#[test]
fn the_server_is_served_by_the_proxies_that_the_page_configures() {
    crate::judges::run("WAVEKEEP_PYTHON", "proxy/test_proxy.py");
}
