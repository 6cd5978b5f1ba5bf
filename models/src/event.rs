//! The event set: closed and visible, one line per component.

use crate::{alarm, alb, client, cloudwatch, fault, group, health_check, instance, launch, observe, store};
use sim_core::Fingerprint;

/// Everything that can happen.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Populations and call sites.
    Client(client::Event),
    /// Balancer nodes.
    Alb(alb::Event),
    /// Health checks.
    Check(health_check::Event),
    /// Instances at work.
    Instance(instance::Event),
    /// Stores.
    Store(store::Event),
    /// Instances coming up.
    Launch(launch::Event),
    /// Fleets and Auto Scaling groups.
    Group(group::Event),
    /// Metrics.
    CloudWatch(cloudwatch::Event),
    /// Alarms.
    Alarm(alarm::Event),
    /// Faults.
    Fault(fault::Event),
    /// Observation: sampling, warm-up, the end.
    Observe(observe::Event),
}

// Events are moved about by the million.
const _: () = assert!(size_of::<Event>() <= 16);

impl Fingerprint for Event {
    #[inline]
    fn fingerprint(&self) -> (u64, u64) {
        let (part, words) = match *self {
            Event::Client(event) => (1, event.words()),
            Event::Alb(event) => (2, event.words()),
            Event::Check(event) => (3, event.words()),
            Event::Instance(event) => (4, event.words()),
            Event::Store(event) => (5, event.words()),
            Event::Launch(event) => (6, event.words()),
            Event::Group(event) => (7, event.words()),
            Event::CloudWatch(event) => (8, event.words()),
            Event::Alarm(event) => (9, event.words()),
            Event::Fault(event) => (10, event.words()),
            Event::Observe(event) => (11, event.words()),
        };
        (part | words.0 << 8, words.1)
    }
}

/// What an event contributes to the digest: its kind with small operands, and two 32-bit operands.
pub(crate) type Words = (u64, u64);

/// Packs a kind and its operands. Every operand of an event goes in, so that no difference escapes the digest.
#[inline(always)]
pub(crate) fn words(kind: u8, small: u32, a: u32, b: u32) -> Words {
    (u64::from(kind) | u64::from(small) << 8, u64::from(a) << 32 | u64::from(b))
}
