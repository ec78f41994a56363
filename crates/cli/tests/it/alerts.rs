//! Alerts arrive at an SMTP server and a web server: the judges are in `judges/alerts`.

#[test]
fn alerts_arrive_once_by_mail_and_webhook_whatever_is_away_meanwhile() {
    crate::judges::run("WAVEKEEP_PYTHON", "alerts/test_alerts.py");
}
