//! Sign-ins that were begun: each is used once, by the browser that began it, within ten minutes. Their
//! number is bounded; where there are too many, the oldest is forgotten.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::hash;

/// How long somebody may take to sign in at the provider.
pub(super) const TIME_TO_SIGN_IN: Duration = Duration::from_secs(600);
/// Sign-ins that are remembered.
const MOST: usize = 4096;
/// Of them, those of one address.
const MOST_OF_ADDRESS: usize = 64;

/// A sign-in that was begun.
#[derive(Debug)]
pub(super) struct Begun {
    /// The hash of what identifies it to the provider.
    pub state: String,
    /// The hash of what its browser has in a cookie.
    pub browser: String,
    /// What the ID token has to repeat.
    pub nonce: String,
    /// What the code can be redeemed with: the provider knows its hash.
    pub verifier: String,
    /// Where the provider sends the browser.
    pub redirect_uri: String,
    /// Where the browser goes at the end: a path of this server.
    pub return_to: String,
    /// Who began it.
    pub address: Option<IpAddr>,
    /// When.
    pub at: Instant,
}

/// All of them, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Pending(VecDeque<Begun>);

impl Pending {
    /// One more.
    pub fn add(&mut self, begun: Begun) {
        self.forget_old(begun.at);
        let of_address = self.0.iter().filter(|other| other.address == begun.address).count();
        if of_address >= MOST_OF_ADDRESS
            && let Some(oldest) = self.0.iter().position(|other| other.address == begun.address)
        {
            self.0.remove(oldest);
        }
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(begun);
    }

    /// The sign-in with this state, which is no more from then on. Another browser does not end it.
    pub fn take(&mut self, state: &str, browser: &str, now: Instant) -> Option<Begun> {
        self.forget_old(now);
        let (state, browser) = (hash(state), hash(browser));
        let place = self.0.iter().position(|of| of.state == state && of.browser == browser)?;
        self.0.remove(place)
    }

    /// Whether a browser has begun one: a second tab shares its cookie.
    pub fn knows(&self, browser: &str) -> bool {
        let browser = hash(browser);
        self.0.iter().any(|of| of.browser == browser)
    }

    fn forget_old(&mut self, now: Instant) {
        let is_old = |of: &Begun| now.saturating_duration_since(of.at) > TIME_TO_SIGN_IN;
        while self.0.front().is_some_and(is_old) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(state: &str, browser: &str, address: [u8; 4], at: Instant) -> Begun {
        Begun {
            state: hash(state),
            browser: hash(browser),
            nonce: String::new(),
            verifier: String::new(),
            redirect_uri: String::new(),
            return_to: "/".to_owned(),
            address: Some(address.into()),
            at,
        }
    }

    #[test]
    fn a_sign_in_is_used_once_and_by_its_browser_alone() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        pending.add(begun("a", "kim", [192, 0, 2, 1], now));
        assert!(pending.take("a", "sam", now).is_none());
        assert!(pending.take("b", "kim", now).is_none());
        assert!(pending.knows("kim") && !pending.knows("sam"));
        assert!(pending.take("a", "kim", now).is_some());
        assert!(pending.take("a", "kim", now).is_none());
    }

    #[test]
    fn a_sign_in_is_forgotten_after_ten_minutes() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        pending.add(begun("a", "kim", [192, 0, 2, 1], now));
        assert!(pending.take("a", "kim", now + TIME_TO_SIGN_IN * 2).is_none());
        assert!(pending.0.is_empty());
    }

    #[test]
    fn there_are_so_many_of_an_address_and_of_all() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        pending.add(begun("first", "kim", [192, 0, 2, 1], now));
        for n in 0..200 {
            pending.add(begun(&n.to_string(), "x", [192, 0, 2, 2], now));
        }
        assert_eq!(pending.0.len(), MOST_OF_ADDRESS + 1);
        assert!(pending.take("0", "x", now).is_none() && pending.take("199", "x", now).is_some());
        assert!(pending.take("first", "kim", now).is_some());
        for n in 0..2 * MOST {
            let [.., high, low] = n.to_be_bytes();
            pending.add(begun(&n.to_string(), "x", [10, 0, high, low], now));
        }
        assert_eq!(pending.0.len(), MOST);
    }
}
