//! Requests a second of one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Addresses that are remembered.
const ADDRESSES: usize = 1 << 16;

/// A bucket of tokens for each address: it holds one second's worth, at least one.
#[derive(Debug)]
pub struct Rate {
    per_s: f64,
    buckets: Mutex<HashMap<IpAddr, (f64, Instant)>>,
}

impl Rate {
    /// So many requests a second.
    pub fn new(per_s: f64) -> Self {
        Self { per_s, buckets: Mutex::default() }
    }

    /// Whether a request of this address is answered now.
    ///
    /// # Errors
    /// With the seconds after which it would be.
    pub fn admit(&self, address: IpAddr, now: Instant) -> Result<(), u64> {
        let most = self.per_s.max(1.0);
        let refilled = |(tokens, at): (f64, Instant)| {
            (tokens + now.saturating_duration_since(at).as_secs_f64() * self.per_s).min(most)
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES {
            // A full bucket is as good as none. When that is not enough, all begin afresh.
            buckets.retain(|_, bucket| refilled(*bucket) < most);
            if buckets.len() >= ADDRESSES {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(subscriber(address)).or_insert((most, now));
        let tokens = refilled(*bucket);
        let is_enough = tokens >= 1.0;
        *bucket = (if is_enough { tokens - 1.0 } else { tokens }, now);
        match is_enough {
            true => Ok(()),
            // Casting saturates.
            false => Err((((1.0 - tokens) / self.per_s).ceil() as u64).max(1)),
        }
    }
}

/// One subscriber of IPv6 has 2⁶⁴ addresses.
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_holds_a_second_and_fills_again() {
        let (rate, now) = (Rate::new(2.0), Instant::now());
        let address = IpAddr::from([192, 0, 2, 1]);
        assert_eq!([(); 3].map(|()| rate.admit(address, now)), [Ok(()), Ok(()), Err(1)]);
        assert_eq!(rate.admit(IpAddr::from([192, 0, 2, 2]), now), Ok(()), "each has its own");
        assert_eq!(rate.admit(address, now + Duration::from_millis(500)), Ok(()));
    }

    #[test]
    fn less_than_one_a_second_says_how_long_to_wait() {
        let (rate, now) = (Rate::new(0.1), Instant::now());
        let address = IpAddr::from([192, 0, 2, 1]);
        assert_eq!([(); 2].map(|()| rate.admit(address, now)), [Ok(()), Err(10)]);
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_share_a_bucket() {
        let (rate, now) = (Rate::new(1.0), Instant::now());
        let of = |last| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        assert_eq!(rate.admit(of(1), now), Ok(()));
        assert_eq!(rate.admit(of(2), now), Err(1));
    }
}
