//! DNS answers that callers hold, as shares: which nodes of a balancer the traffic of a site goes to.
//!
//! # Models      caches whose times of expiry are spread over the time to live; those that keep answers longer
//! # Source      `aws/network.md` §2, §10.1

use crate::plan::{BalancerId, Site};
use sim_core::Duration;

/// Caches that stand for all of a site: enough that none is more than a few percent.
const CACHES: usize = 24;

/// The caches of one site.
#[derive(Clone, Debug)]
pub(super) struct Caches {
    pub balancer: BalancerId,
    rows: Vec<Cache>,
}

#[derive(Clone, Debug)]
struct Cache {
    hold_s: f64,
    expires_s: f64,
    nodes: Vec<u16>,
}

impl Caches {
    /// Caches with the answer of the beginning.
    pub fn new(site: &Site, balancer: BalancerId, answer: &[u16]) -> Caches {
        let violators = site.ttl_violators.as_ref();
        let row = |index: usize| {
            let place = (index as f64 + 0.5) / CACHES as f64;
            // The last of them hold answers longer, if some do: each as long as its place among those says.
            let longer = violators
                .filter(|violators| place > 1.0 - violators.share)
                .map(|violators| violators.hold.quantile((place - (1.0 - violators.share)) / violators.share));
            let hold_s = longer.unwrap_or_else(|| seconds(site.dns_ttl)).max(1e-3);
            // A stride that shares no factor with their number spreads both kinds over their times.
            let phase = (index * 7 % CACHES) as f64 + 0.5;
            Cache { hold_s, expires_s: hold_s * phase / CACHES as f64, nodes: answer.to_vec() }
        };
        Caches { balancer, rows: (0..CACHES).map(row).collect() }
    }

    /// Share of the traffic that goes to each node of the balancer.
    pub fn shares(&mut self, now_s: f64, answer: &[u16]) -> Vec<(u16, f64)> {
        let mut shares: Vec<(u16, f64)> = Vec::new();
        for cache in &mut self.rows {
            if cache.expires_s <= now_s {
                cache.expires_s += cache.hold_s * (((now_s - cache.expires_s) / cache.hold_s).floor() + 1.0);
                answer.clone_into(&mut cache.nodes);
            }
            let share = 1.0 / (CACHES * cache.nodes.len().max(1)) as f64;
            for &node in &cache.nodes {
                match shares.iter_mut().find(|one| one.0 == node) {
                    Some(one) => one.1 += share,
                    None => shares.push((node, share)),
                }
            }
        }
        shares
    }
}

/// The longest that a site's usual caches keep an answer, in seconds; nothing if for ever.
pub(super) fn longest_s(site: &Site) -> f64 {
    let held = seconds(site.dns_ttl);
    let longer = site.ttl_violators.as_ref().map_or(0.0, |violators| violators.hold.quantile(0.99));
    [held, longer].into_iter().filter(|held| held.is_finite()).fold(0.0, f64::max)
}

fn seconds(hold: Duration) -> f64 {
    if hold == Duration::MAX { f64::INFINITY } else { hold.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::*;
    use sim_core::dist::Dist;

    fn site(ttl: Duration, ttl_violators: Option<TtlViolators>) -> Site {
        Site {
            name: "users".into(),
            to: Destination::Balancer(BalancerId::new(0)),
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(3),
            retry: Retry { attempts: 1, backoff: Backoff::Immediate },
            abandoned_work: AbandonedWork::Continues,
            resolvers: 100,
            dns_ttl: ttl,
            ttl_violators,
            connections: None,
            request_bytes: 0,
            response_bytes: 0,
        }
    }

    fn share_of(shares: &[(u16, f64)], node: u16) -> f64 {
        shares.iter().filter(|one| one.0 == node).map(|one| one.1).sum()
    }

    #[test]
    fn answers_expire_evenly_over_the_time_to_live() {
        let mut caches = Caches::new(&site(Duration::from_secs(60), None), BalancerId::new(0), &[0, 1]);
        assert!((share_of(&caches.shares(0.0, &[0, 1]), 1) - 0.5).abs() < 1e-12);
        for (after_s, left) in [(15.0, 0.375), (30.0, 0.25), (45.0, 0.125), (60.0, 0.0)] {
            let shares = caches.shares(after_s, &[0]);
            assert!((share_of(&shares, 1) - left).abs() < 0.5 / 24.0, "{after_s} s: {shares:?}");
            assert!((shares.iter().map(|one| one.1).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn some_hold_an_answer_for_ever() {
        let never = TtlViolators { share: 0.25, hold: Dist::Constant(1e9) };
        let mut caches = Caches::new(&site(Duration::from_secs(60), Some(never)), BalancerId::new(0), &[0, 1]);
        let shares = caches.shares(600.0, &[0]);
        assert!((share_of(&shares, 1) - 0.125).abs() < 1e-12, "{shares:?}");
        let mut forever = Caches::new(&site(Duration::MAX, None), BalancerId::new(0), &[0, 1]);
        assert!((share_of(&forever.shares(1e6, &[0]), 1) - 0.5).abs() < 1e-12);
    }
}
