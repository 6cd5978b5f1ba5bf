//! Sticky sessions: which target a session's cookie names, and until when.
//!
//! ```text
//!  choose ─► cookie good and its target a candidate? that one : by algorithm     answer ─► cookie written or renewed
//! ```
//! # Models      `lb_cookie`, renewed by every answer of a target; `app_cookie`, begun when the target sets its own cookie;
//!   a new target when the named one is ill, draining or gone, and the session stays there
//! # Leaves out  cookies of calls between services; clients that keep no cookies
//! # Source      Elastic Load Balancing user guide, "Sticky sessions"; `aws/network.md` §3.9

use super::Albs;
use super::backend::keep_alive;
use crate::Outcome;
use crate::plan::Stickiness;
use crate::request::{Call, CallRef, InstanceId, Request, Waiter};
use crate::shared::Cx;
use sim_core::{Duration, Time};

/// The cookies that sessions hold, by site and user.
pub(super) struct Jar<T> {
    duration: Duration,
    /// What each names, and when it ends.
    sites: Vec<Vec<Option<(T, Time)>>>,
}

impl<T: Copy> Jar<T> {
    pub fn new(duration: Duration) -> Self {
        Jar { duration, sites: Vec::new() }
    }

    /// What the session's cookie names, if it is still good: one that ends now is not.
    pub fn get(&self, request: &Request, now: Time) -> Option<T> {
        let cookie = self.sites.get(request.site.index())?.get(request.user as usize)?;
        cookie.filter(|(_, end)| now < *end).map(|(named, _)| named)
    }

    /// Writes the session's cookie anew.
    pub fn put(&mut self, request: &Request, named: T, now: Time) {
        let end = now + self.duration;
        if let Some(cookie) = self.cookie(request) {
            *cookie = Some((named, end));
        }
    }

    /// Lets a good cookie name another, for the rest of its time.
    pub fn rename(&mut self, request: &Request, named: T, now: Time) {
        if let Some(Some((old, end))) = self.cookie(request)
            && now < *end
        {
            *old = named;
        }
    }

    fn cookie(&mut self, request: &Request) -> Option<&mut Option<(T, Time)>> {
        let (site, user) = (request.site.index(), request.user as usize);
        if self.sites.len() <= site {
            self.sites.resize_with(site + 1, Vec::new);
        }
        let users = &mut self.sites[site];
        if users.len() <= user {
            users.resize(user + 1, None);
        }
        users.get_mut(user)
    }
}

/// Stickiness of a target group.
pub(super) struct Sticky {
    pub kind: Stickiness,
    pub jar: Jar<InstanceId>,
}

impl Sticky {
    pub fn new(kind: Stickiness) -> Self {
        let jar = Jar::new(kind.duration());
        Sticky { kind, jar }
    }

    /// A target has answered a session.
    fn answered(&mut self, request: &Request, call: &Call, now: Time) {
        match &self.kind {
            Stickiness::LbCookie(_) => self.jar.put(request, call.instance, now),
            Stickiness::AppCookie { set_by, .. } if set_by.contains(&call.endpoint) => {
                self.jar.put(request, call.instance, now);
            }
            // The balancer's own cookie follows the session to its new target, as long as the application's lasts.
            Stickiness::AppCookie { .. } => self.jar.rename(request, call.instance, now),
        }
    }
}

/// Whether a request belongs to a session that could stick: those of services that call are strangers.
pub(super) fn is_session(request: &Request) -> bool {
    request.user != 0 && request.parent == CallRef::NONE
}

impl Albs {
    /// An answer of a target, or the lack of one, in a group where that matters.
    #[inline(never)]
    pub(super) fn heed(&mut self, call: &Call, request: Option<&Request>, outcome: Outcome, cx: &mut Cx) {
        let now = cx.now();
        let group = &mut self.groups[call.target_group];
        let from_target = !matches!(outcome, Outcome::Refused | Outcome::BadGateway | Outcome::GatewayTimeout);
        if let Some(sticky) = &mut group.sticky
            && let Some(request) = request
            && from_target
            && is_session(request)
        {
            sticky.answered(request, call, now);
        }
        if let Some(weights) = &mut group.weights {
            weights.count(call.instance, !outcome.is_ok());
        }
        if from_target
            && outcome != Outcome::Abandoned
            && call.waiter != Waiter::Nobody
            && keep_alive(call.instance, cx).is_some()
        {
            self.backend_rests(call, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{EndpointId, SiteId};

    fn request(site: usize, user: u32) -> Request {
        Request {
            born: Time::ZERO,
            luck: 0,
            backoff_ns: 0,
            parent: CallRef::NONE,
            call: CallRef::NONE,
            user,
            site: SiteId::new(site),
            endpoint: EndpointId::new(0),
            attempt: 1,
            zone: 0,
            instance: 0,
            uncounted: false,
        }
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_cookie_is_good_until_its_end_and_not_at_it() {
        let mut jar = Jar::new(Duration::from_secs(10));
        let visitor = request(1, 3);
        assert_eq!(jar.get(&visitor, at(0)), None);
        jar.put(&visitor, 7_u8, at(5));
        for (now, expected) in [(5, Some(7)), (14, Some(7)), (15, None), (100, None)] {
            assert_eq!(jar.get(&visitor, at(now)), expected, "{now} s");
        }
        // Others hold none: of the same site, and the same number at another site.
        assert_eq!((jar.get(&request(1, 2), at(6)), jar.get(&request(0, 3), at(6))), (None, None));
        assert_eq!((jar.get(&request(1, 4), at(6)), jar.get(&request(9, 3), at(6))), (None, None));
    }

    #[test]
    fn a_renewed_cookie_lasts_longer_and_a_renamed_one_does_not() {
        let mut jar = Jar::new(Duration::from_secs(10));
        let visitor = request(0, 1);
        jar.rename(&visitor, 1_u8, at(0));
        assert_eq!(jar.get(&visitor, at(0)), None, "there was none to rename");
        jar.put(&visitor, 1, at(0));
        jar.put(&visitor, 1, at(8));
        assert_eq!(jar.get(&visitor, at(17)), Some(1));
        jar.rename(&visitor, 2, at(12));
        assert_eq!((jar.get(&visitor, at(17)), jar.get(&visitor, at(18))), (Some(2), None));
        jar.rename(&visitor, 3, at(18));
        assert_eq!(jar.get(&visitor, at(18)), None, "it is over");
    }

    #[test]
    fn calls_between_services_and_strangers_hold_no_cookies() {
        assert!(is_session(&request(0, 1)));
        assert!(!is_session(&request(0, 0)));
        let called = Request { parent: CallRef { generation: 1, ..CallRef::NONE }, ..request(0, 1) };
        assert!(!is_session(&called));
    }
}
