//! Retries: how long to wait before another attempt.
//!
//! ```text
//!  failed attempt ─► backoff ─► wait            SDK: quota of the client ─► none left: no retry
//!                                               adaptive: throttled ─► rate × 0.7 ─► CUBIC growth; attempts wait for tokens
//! ```
//! # Models      backoffs with jitter; the retry modes of the AWS SDKs before and from 2026: attempts, waits, quota, hints of
//!   the server, the client-side rate limiter
//! # Leaves out  retries of legacy modes other than Python's; clients that share a quota
//! # Source      AWS Architecture Blog, "Exponential Backoff And Jitter"; AWS SDKs and Tools reference guide, "Retry behavior";
//!   `aws/network.md` §10.3, §10.4

use super::Caller;
use super::care::member;
use crate::Outcome;
use crate::plan::{Backoff, Jitter, Sdk, SdkEra, SdkMode};
use crate::request::Request;
use sim_core::{Duration, Stream, Time, Words, math};

impl Caller {
    /// Wait before the attempt after `attempt`. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
    pub(super) fn backoff(&mut self, attempt: u32, previous_ns: u64) -> Duration {
        let (base, cap, jitter) = match self.retry.backoff {
            // Those of the SDKs have been dealt with.
            Backoff::Immediate | Backoff::Sdk(_) => return Duration::ZERO,
            Backoff::Fixed(delay) => return delay,
            Backoff::Exponential { base, cap, jitter } => (base, cap, jitter),
        };
        let doubled = base.nanos().saturating_mul(1u64.checked_shl(attempt - 1).unwrap_or(u64::MAX));
        let most = Duration::from_nanos(doubled).min(cap).as_secs_f64();
        let unit = self.backoff.unit();
        Duration::from_secs_f64(match jitter {
            Jitter::None => most,
            Jitter::Full => most * unit,
            Jitter::Equal => most / 2.0 + most / 2.0 * unit,
            Jitter::Decorrelated => {
                let previous = Duration::from_nanos(previous_ns).max(base).as_secs_f64();
                let (low, high) = (base.as_secs_f64(), previous * 3.0);
                (low + (high - low) * unit).min(cap.as_secs_f64())
            }
        })
    }
}

/// Tokens of a full quota.
const QUOTA: u32 = 500;
/// Longest wait of the standard modes, seconds.
const LONGEST_S: f64 = 20.0;
/// How far the server's hint may go beyond the computed wait, seconds.
const HINT_S: f64 = 5.0;

/// What the retry modes tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Transient,
    Timeout,
    Throttling,
}

impl Failure {
    fn of(outcome: Outcome) -> Failure {
        match outcome {
            Outcome::Throttled => Failure::Throttling,
            Outcome::TimedOut | Outcome::ConnectTimeout | Outcome::StaleDns => Failure::Timeout,
            _ => Failure::Transient,
        }
    }
}

/// The SDK clients of a caller: each has its own quota and its own rate limiter.
pub(super) struct SdkClients {
    sdk: Sdk,
    clients: Vec<SdkClient>,
}

#[derive(Clone, Debug)]
struct SdkClient {
    tokens: u32,
    limiter: Limiter,
}

impl SdkClients {
    pub(super) fn new(sdk: Sdk, clients: u32) -> Self {
        let client = SdkClient { tokens: QUOTA, limiter: Limiter::default() };
        SdkClients { sdk, clients: vec![client; clients.max(1) as usize] }
    }

    fn client(&mut self, request: &Request) -> &mut SdkClient {
        let index = member(request.luck, request.user, self.clients.len());
        &mut self.clients[index]
    }

    /// How long an attempt has to wait for the rate limiter.
    pub(super) fn permission(&mut self, request: &Request, now: Time) -> Duration {
        match self.sdk.mode {
            SdkMode::Adaptive => self.client(request).limiter.acquire(now),
            SdkMode::Legacy | SdkMode::Standard => Duration::ZERO,
        }
    }

    /// An attempt has ended: the quota is refunded on success, the rate limiter learns in any case.
    pub(super) fn answered(&mut self, request: &Request, outcome: Outcome, now: Time) {
        let mode = self.sdk.mode;
        let client = self.client(request);
        if outcome.is_ok() {
            // What the last retry cost, which its row remembers; one token if there was none.
            let refund = if request.attempt > 1 { request.backoff_ns as u32 } else { 1 };
            client.tokens = (client.tokens + refund).min(QUOTA);
        }
        if mode == SdkMode::Adaptive {
            client.limiter.answered(outcome == Outcome::Throttled, now);
        }
    }

    /// The wait before the next attempt and what it cost; none if the quota has not that much left.
    pub(super) fn retry(
        &mut self,
        request: &Request,
        outcome: Outcome,
        hint: Option<Duration>,
        stream: &mut Stream,
    ) -> Option<(Duration, u64)> {
        let sdk = self.sdk;
        let failure = Failure::of(outcome);
        let cost = cost(sdk, failure);
        let client = self.client(request);
        client.tokens = client.tokens.checked_sub(cost)?;
        let unit = stream.unit();
        let computed = wait_s(sdk, failure, u32::from(request.attempt) - 1) * unit;
        let wait = match hint {
            Some(hint) if sdk.era == SdkEra::From2026 && sdk.mode != SdkMode::Legacy => {
                hint.as_secs_f64().clamp(computed, computed + HINT_S)
            }
            _ => computed,
        };
        Some((Duration::from_secs_f64(wait), u64::from(cost)))
    }
}

/// Tokens that a retry takes from the quota.
fn cost(sdk: Sdk, failure: Failure) -> u32 {
    match (sdk.mode, sdk.era, failure) {
        (SdkMode::Legacy, ..) => 0,
        (_, SdkEra::Before2026, Failure::Timeout) => 10,
        (_, SdkEra::Before2026, _) => 5,
        (_, SdkEra::From2026, Failure::Throttling) => 5,
        (_, SdkEra::From2026, _) => 14,
    }
}

/// The longest wait before retry `i`, from 0, in seconds; the wait is uniform from 0 to it.
fn wait_s(sdk: Sdk, failure: Failure, i: u32) -> f64 {
    let doubled = math::pow(2.0, f64::from(i));
    let base = match (sdk.mode, sdk.era, failure) {
        (SdkMode::Legacy, ..) => return doubled,
        (_, SdkEra::Before2026, _) => 1.0,
        (_, SdkEra::From2026, Failure::Throttling) => 1.0,
        (_, SdkEra::From2026, _) if sdk.dynamodb => 0.025,
        (_, SdkEra::From2026, _) => 0.05,
    };
    (base * doubled).min(LONGEST_S)
}

/// The client-side rate limiter of the adaptive mode: off until the first throttling answer.
///
/// Attempts that wait have their turn in the order of their coming; a later change of the rate does not move them.
#[derive(Clone, Debug, Default)]
struct Limiter {
    on: bool,
    /// Tokens; below zero as far as they are promised.
    tokens: f64,
    most: f64,
    /// Tokens a second.
    rate: f64,
    refilled: Time,
    /// Attempts a second, smoothed.
    measured: f64,
    bucket: f64,
    count: f64,
    most_before: f64,
    throttled: Time,
}

/// Least tokens a second.
const LEAST_RATE: f64 = 0.5;
/// Share of the rate that is left after a throttling answer.
const BETA: f64 = 0.7;
/// Scale of the cubic growth.
const SCALE: f64 = 0.4;
/// Weight of the newest bucket in the measured rate.
const SMOOTH: f64 = 0.8;
/// Buckets a second.
const BUCKETS_PER_S: f64 = 2.0;

impl Limiter {
    fn refill(&mut self, now: Time) {
        let passed = (now - self.refilled).as_secs_f64();
        self.refilled = now;
        self.tokens = (self.tokens + passed * self.rate).min(self.most);
    }

    /// Takes a token; says how long it takes to be there.
    fn acquire(&mut self, now: Time) -> Duration {
        if !self.on {
            return Duration::ZERO;
        }
        self.refill(now);
        self.tokens -= 1.0;
        Duration::from_secs_f64((-self.tokens / self.rate).max(0.0))
    }

    /// Counts an answer, in buckets of half a second.
    fn measure(&mut self, now: Time) {
        let bucket = (now.as_secs_f64() * BUCKETS_PER_S).floor() / BUCKETS_PER_S;
        self.count += 1.0;
        if bucket > self.bucket {
            let current = self.count / (bucket - self.bucket);
            self.measured = current * SMOOTH + self.measured * (1.0 - SMOOTH);
            self.count = 0.0;
            self.bucket = bucket;
        }
    }

    fn answered(&mut self, throttled: bool, now: Time) {
        self.measure(now);
        let rate = if throttled {
            self.most_before = if self.on { self.measured.min(self.rate) } else { self.measured };
            self.throttled = now;
            self.on = true;
            self.most_before * BETA
        } else {
            let k = math::pow(self.most_before * (1.0 - BETA) / SCALE, 1.0 / 3.0);
            let t = (now - self.throttled).as_secs_f64() - k;
            SCALE * t * t * t + self.most_before
        };
        if !self.on {
            return;
        }
        self.refill(now);
        let rate = rate.min(2.0 * self.measured);
        self.rate = rate.max(LEAST_RATE);
        self.most = rate.max(1.0);
        self.tokens = self.tokens.min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: [SdkMode; 3] = [SdkMode::Legacy, SdkMode::Standard, SdkMode::Adaptive];

    fn sdk(mode: SdkMode, era: SdkEra) -> Sdk {
        Sdk { mode, era, dynamodb: false }
    }

    #[test]
    fn waits_are_those_of_the_table() {
        use Failure::*;
        use SdkEra::*;
        // Mode, era, DynamoDB, failure, retry, longest wait.
        let table = [
            (SdkMode::Standard, Before2026, false, Transient, 0, 1.0),
            (SdkMode::Standard, Before2026, false, Throttling, 1, 2.0),
            (SdkMode::Standard, Before2026, true, Transient, 4, 16.0),
            (SdkMode::Standard, Before2026, false, Timeout, 5, 20.0),
            (SdkMode::Standard, From2026, false, Transient, 0, 0.05),
            (SdkMode::Standard, From2026, false, Timeout, 1, 0.1),
            (SdkMode::Adaptive, From2026, false, Throttling, 0, 1.0),
            (SdkMode::Adaptive, From2026, false, Throttling, 5, 20.0),
            (SdkMode::Standard, From2026, true, Transient, 0, 0.025),
            (SdkMode::Standard, From2026, true, Throttling, 0, 1.0),
            (SdkMode::Standard, From2026, false, Transient, 9, 20.0),
            (SdkMode::Legacy, Before2026, false, Transient, 0, 1.0),
            (SdkMode::Legacy, From2026, false, Throttling, 5, 32.0),
        ];
        for (mode, era, dynamodb, failure, retry, expected) in table {
            let found = wait_s(Sdk { mode, era, dynamodb }, failure, retry);
            assert!((found - expected).abs() < 1e-12, "{mode:?} {era:?} {failure:?} {retry}: {found}, not {expected}");
        }
    }

    #[test]
    fn costs_are_those_of_the_table() {
        use Failure::*;
        use SdkEra::*;
        let table = [(Before2026, Transient, 5), (Before2026, Throttling, 5), (Before2026, Timeout, 10)];
        let table =
            table.into_iter().chain([(From2026, Transient, 14), (From2026, Timeout, 14), (From2026, Throttling, 5)]);
        for (era, failure, expected) in table {
            for mode in MODES {
                let expected = if mode == SdkMode::Legacy { 0 } else { expected };
                assert_eq!(cost(sdk(mode, era), failure), expected, "{mode:?} {era:?} {failure:?}");
            }
        }
    }

    fn request(attempt: u16, cost: u64) -> Request {
        use crate::request::{CallRef, OUTSIDE};
        Request {
            born: Time::ZERO,
            luck: 0,
            backoff_ns: cost,
            parent: CallRef::NONE,
            call: CallRef::NONE,
            user: 0,
            site: crate::plan::SiteId::new(0),
            endpoint: crate::plan::EndpointId::new(0),
            attempt,
            zone: OUTSIDE,
            instance: u32::MAX,
            uncounted: false,
        }
    }

    #[test]
    fn a_quota_lasts_for_so_many_retries_and_is_refunded() {
        let mut clients = SdkClients::new(sdk(SdkMode::Standard, SdkEra::From2026), 1);
        let mut stream = Stream::new(1, 0, "test", "backoff");
        let mut retries = 0;
        while clients.retry(&request(1, 0), Outcome::Target5xx, None, &mut stream).is_some() {
            retries += 1;
        }
        // 35 × 14 = 490: ten tokens are left, which is too few for another, but enough for two of a throttling kind.
        assert_eq!((retries, clients.clients[0].tokens), (35, 10));
        assert!(clients.retry(&request(1, 0), Outcome::Throttled, None, &mut stream).is_some());
        assert!(clients.retry(&request(1, 0), Outcome::Throttled, None, &mut stream).is_some());
        assert!(clients.retry(&request(1, 0), Outcome::Throttled, None, &mut stream).is_none());
        clients.answered(&request(2, 14), Outcome::Ok, Time::ZERO);
        assert_eq!(clients.clients[0].tokens, 14, "success after a retry: what it cost");
        clients.answered(&request(1, 0), Outcome::Ok, Time::ZERO);
        assert_eq!(clients.clients[0].tokens, 15, "success without a retry: one");
        clients.answered(&request(1, 0), Outcome::Target5xx, Time::ZERO);
        assert_eq!(clients.clients[0].tokens, 15, "a failure refunds nothing");
        for _ in 0..600 {
            clients.answered(&request(1, 0), Outcome::Ok, Time::ZERO);
        }
        assert_eq!(clients.clients[0].tokens, 500, "never above the full quota");
    }

    #[test]
    fn a_hint_of_the_server_is_clamped_to_five_seconds_beyond_the_computed_wait() {
        let secs = |seconds: f64| Duration::from_secs_f64(seconds);
        for (hint, low, high) in [(0.0, 0.0, 1.0), (3.0, 3.0, 3.0), (60.0, 5.0, 6.0)] {
            let mut clients = SdkClients::new(sdk(SdkMode::Standard, SdkEra::From2026), 1);
            let mut stream = Stream::new(1, 0, "test", "backoff");
            let found = clients.retry(&request(1, 0), Outcome::Throttled, Some(secs(hint)), &mut stream);
            let wait = found.expect("the quota is full").0;
            assert!(wait >= secs(low) && wait <= secs(high), "hint {hint} s: {wait:?}");
            // Before 2026 nobody reads it.
            let mut clients = SdkClients::new(sdk(SdkMode::Standard, SdkEra::Before2026), 1);
            let wait = clients.retry(&request(1, 0), Outcome::Throttled, Some(secs(60.0)), &mut stream);
            assert!(wait.expect("the quota is full").0 <= secs(1.0));
        }
    }

    #[test]
    fn the_rate_limiter_falls_to_seven_tenths_and_grows_as_a_cubic() {
        let mut limiter = Limiter::default();
        let at = |ms: u64| Time::ZERO + Duration::from_millis(ms);
        // 100 answers a second for 20 s: the measured rate comes close to that.
        let mut ms = 0;
        while ms < 20_000 {
            limiter.answered(false, at(ms));
            ms += 10;
        }
        assert!(!limiter.on && limiter.acquire(at(ms)).is_zero(), "no limit before the first throttling answer");
        let measured = limiter.measured;
        assert!((measured - 100.0).abs() < 2.0, "{measured}");
        limiter.answered(true, at(20_000));
        assert!((limiter.rate - 0.7 * limiter.measured).abs() < 1e-9, "{}", limiter.rate);
        let most = limiter.most_before;
        let k = math::pow(most * 0.3 / 0.4, 1.0 / 3.0);
        // At the cubic's point of inflection, K seconds later, the rate is what it was before.
        let later = Time::ZERO + Duration::from_secs_f64(20.0 + k);
        limiter.answered(false, later);
        let bound = 2.0 * limiter.measured;
        assert!((limiter.rate - most.min(bound)).abs() < 1e-6, "{} of {most}, at most {bound}", limiter.rate);
        // A second one during the limit takes the smaller of the measured rate and the limit.
        let limit = limiter.rate.min(limiter.measured);
        limiter.answered(true, later);
        assert!((limiter.rate - (0.7 * limit).max(0.5)).abs() < 1e-6, "{}", limiter.rate);
        // Tokens are given out at the rate.
        limiter.tokens = 0.0;
        let first = limiter.acquire(later).as_secs_f64();
        let second = limiter.acquire(later).as_secs_f64();
        assert!((second - first - 1.0 / limiter.rate).abs() < 1e-6);
        assert!(limiter.rate >= 0.5);
    }
}
