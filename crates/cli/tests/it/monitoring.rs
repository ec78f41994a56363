//! Prometheus reads what the program says of itself: the judges are in `judges/monitoring`.

#[test]
fn prometheus_reads_the_server_the_watcher_and_the_recorder_and_its_rules_hold() {
    crate::judges::run("WAVEKEEP_PYTHON", "monitoring/test_prometheus.py");
}
