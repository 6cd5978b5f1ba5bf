//! The event set: closed and visible, one line per component.
//!
//! ```text
//!  Event::Instance(Deliver(call)) ──pack──► two words ──► event list, hand-over, digest ──unpack──► Event::…
//! ```
//! Components deal in enums. In between, an event is two words that stay in registers and that stand for it in the
//! digest as they are; every operand has its place in them, so that no difference escapes the digest.

use crate::Outcome;
use crate::alb::{classic, nlb};
use crate::plan::*;
use crate::request::{CallId, CallRef, InstanceId, RequestId, RequestRef};
use crate::timeline::EntryId;
use crate::{
    alarm, alb, client, cloudwatch, fault, group, health_check, instance, launch, observe, operation, status, store,
};
use sim_core::Fingerprint;

/// Everything that can happen.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Calls of the API.
    Operation(operation::Event),
    /// Nodes that work by connection.
    Nlb(nlb::Event),
    /// Nodes that queue.
    Classic(classic::Event),
    /// Status checks of EC2.
    Status(status::Event),
}

// Events are moved about by the million.
const _: () = assert!(size_of::<Event>() <= 16 && size_of::<Packed>() <= 16);

/// An event as two words: the part it is for, its kind, and its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed(u64, u64);

impl Packed {
    /// No event.
    pub const NONE: Packed = Packed(0, 0);

    /// The event, but for its part.
    #[inline(always)]
    const fn of(part: u8, rest: u128) -> Packed {
        Packed(rest as u64 | part as u64, (rest >> 64) as u64)
    }

    #[inline(always)]
    const fn rest(self) -> u128 {
        (self.1 as u128) << 64 | self.0 as u128
    }

    /// Part and kind in one byte, four bits each, so that one jump leads to the handler.
    #[inline(always)]
    pub(crate) const fn door(self) -> u8 {
        (self.0 | self.0 >> 4) as u8
    }

    /// The same event, where `DOOR` leads to it: part and kind are constants from here on, and what depends on them is
    /// decided by the compiler.
    #[inline(always)]
    pub(crate) fn through<const DOOR: u8>(self) -> Option<Packed> {
        let code = (DOOR & 0xf) as u64 | ((DOOR >> 4) as u64) << 8;
        (self.0 & 0xffff == code).then_some(Packed(self.0 & !0xffff | code, self.1))
    }
}

/// The doors of what happens by the million: see [`Packed::door`].
pub(crate) mod door {
    use crate::{alb, client, health_check, instance, store};

    macro_rules! doors {
        ($($name:ident = $part:literal $module:ident $kind:ident;)+) => {
            $(pub(crate) const $name: u8 = $part | ($module::Kind::$kind as u8) << 4;)+
        };
    }

    doors! {
        ARRIVE = 1 client Arrive;
        WAKE = 1 client Wake;
        CALL = 1 client Call;
        ANSWER = 1 client Answer;
        REQUEST = 2 alb Request;
        REPLY = 2 alb Reply;
        PROBE = 3 health_check Probe;
        PROBED = 3 health_check Reply;
        DELIVER = 4 instance Deliver;
        COMPUTED = 4 instance ComputeDone;
        CPU_DUE = 4 instance CpuDue;
        STORE_REPLY = 4 instance StoreReply;
        CALL_ANSWERED = 4 instance CallAnswered;
        SLEPT = 4 instance SleepDone;
        ASK = 5 store Ask;
        SERVED = 5 store Done;
        STORE_CPU_DUE = 5 store CpuDue;
    }
}

impl Fingerprint for Packed {
    #[inline]
    fn fingerprint(&self) -> (u64, u64) {
        (self.0, self.1)
    }
}

impl Event {
    /// Whether it is of the control plane, and may change what is there without a word in the timeline.
    pub fn is_rare(self) -> bool {
        use Event as E;
        matches!(
            self,
            E::Launch(_) | E::Group(_) | E::CloudWatch(_) | E::Alarm(_) | E::Fault(_) | E::Operation(_) | E::Status(_)
        )
    }

    /// As two words.
    #[inline(always)]
    pub fn pack(self) -> Packed {
        match self {
            Event::Client(event) => Packed::of(1, event.pack()),
            Event::Alb(event) => Packed::of(2, event.pack()),
            Event::Check(event) => Packed::of(3, event.pack()),
            Event::Instance(event) => Packed::of(4, event.pack()),
            Event::Store(event) => Packed::of(5, event.pack()),
            Event::Launch(event) => Packed::of(6, event.pack()),
            Event::Group(event) => Packed::of(7, event.pack()),
            Event::CloudWatch(event) => Packed::of(8, event.pack()),
            Event::Alarm(event) => Packed::of(9, event.pack()),
            Event::Fault(event) => Packed::of(10, event.pack()),
            Event::Observe(event) => Packed::of(11, event.pack()),
            Event::Operation(event) => Packed::of(12, event.pack()),
            Event::Nlb(event) => Packed::of(13, event.pack()),
            Event::Classic(event) => Packed::of(14, event.pack()),
            Event::Status(event) => Packed::of(15, event.pack()),
        }
    }

    /// The event of these two words; none of none.
    #[inline(always)]
    pub fn unpack(packed: Packed) -> Option<Event> {
        let rest = packed.rest();
        Some(match packed.0 as u8 {
            1 => Event::Client(client::Event::unpack(rest)?),
            2 => Event::Alb(alb::Event::unpack(rest)?),
            3 => Event::Check(health_check::Event::unpack(rest)?),
            4 => Event::Instance(instance::Event::unpack(rest)?),
            5 => Event::Store(store::Event::unpack(rest)?),
            6 => Event::Launch(launch::Event::unpack(rest)?),
            7 => Event::Group(group::Event::unpack(rest)?),
            8 => Event::CloudWatch(cloudwatch::Event::unpack(rest)?),
            9 => Event::Alarm(alarm::Event::unpack(rest)?),
            10 => Event::Fault(fault::Event::unpack(rest)?),
            11 => Event::Observe(observe::Event::unpack(rest)?),
            12 => Event::Operation(operation::Event::unpack(rest)?),
            13 => Event::Nlb(nlb::Event::unpack(rest)?),
            14 => Event::Classic(classic::Event::unpack(rest)?),
            15 => Event::Status(status::Event::unpack(rest)?),
            _ => return None,
        })
    }
}

/// What an event may carry, as bits.
pub(crate) trait Operand: Copy {
    /// How many.
    const BITS: u32;
    /// As the lowest bits.
    fn bits(self) -> u64;
    /// From the lowest bits; what stands above them is not for it.
    fn from_bits(bits: u64) -> Self;
}

macro_rules! operands {
    ($($type:ty: $bits:literal, $value:ident => $to:expr, $raw:ident => $from:expr;)+) => {$(
        impl Operand for $type {
            const BITS: u32 = $bits;
            #[inline(always)]
            fn bits(self) -> u64 {
                let $value = self;
                $to
            }
            #[inline(always)]
            fn from_bits($raw: u64) -> Self {
                $from
            }
        }
    )+};
}

operands! {
    bool: 8, value => u64::from(value), bits => bits & 1 == 1;
    u8: 8, value => u64::from(value), bits => bits as u8;
    u16: 16, value => u64::from(value), bits => bits as u16;
    u32: 32, value => u64::from(value), bits => bits as u32;
    EntryId: 32, value => u64::from(value.0), bits => EntryId(bits as u32);
    Outcome: 8, value => value as u64, bits => Outcome::ALL[(bits as u8) as usize % Outcome::ALL.len()];
    launch::Stage: 8, value => value as u64, bits => launch::Stage::ALL[(bits as u8) as usize % launch::Stage::ALL.len()];
    StatusCheck: 8, value => value as u64, bits => StatusCheck::ALL[(bits as u8) as usize % StatusCheck::ALL.len()];
    CallRef: 64, value => (value.id.index() as u64) << 32 | u64::from(value.generation),
        bits => CallRef { id: CallId::new((bits >> 32) as usize), generation: bits as u32 };
    RequestRef: 64, value => (value.id.index() as u64) << 32 | u64::from(value.generation),
        bits => RequestRef { id: RequestId::new((bits >> 32) as usize), generation: bits as u32 };
}

macro_rules! id_operands {
    ($($id:ty: $bits:literal $int:ty,)+) => {
        operands! { $($id: $bits, value => value.index() as u64, bits => <$id>::new(bits as $int as usize);)+ }
    };
}

id_operands! {
    ZoneId: 16 u16, SiteId: 16 u16, PopulationId: 16 u16, TargetGroupId: 16 u16, StoreId: 16 u16, FleetId: 16 u16, AlarmId: 16 u16,
    CompositeId: 16 u16,
    FaultId: 16 u16, OperationId: 16 u16, InstanceId: 32 u32, health_check::CheckId: 32 u32,
}

/// Where the next operand stands, and where the one after it may: one of 64 bits has the second word to itself, the
/// others fill what is left of the first and then the second, none of them astride.
#[inline(always)]
pub(crate) const fn place(free: u32, bits: u32) -> (u32, u32) {
    if bits == 64 {
        return (64, free);
    }
    let at = if free < 64 && free + bits > 64 { 64 } else { free };
    (at, at + bits)
}

/// Declares the events of a component, and how they are packed: part (by [`Event`]) and kind, then the operands.
macro_rules! events {
    (
        $(#[$meta:meta])*
        pub enum Event {
            $(
                $(#[$doc:meta])*
                $kind:ident $(($one:ty))? $({ $($(#[$note:meta])* $field:ident: $type:ty,)+ })?,
            )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Event {
            $(
                $(#[$doc])*
                $kind $(($one))? $({ $($(#[$note])* $field: $type,)+ })?,
            )+
        }

        /// The kinds of event, in order.
        #[derive(Clone, Copy)]
        pub(crate) enum Kind {
            $($kind,)+
        }

        #[allow(non_upper_case_globals, unused_imports, unused_mut, unused_assignments, unused_variables)]
        impl Event {
            /// Kind and operands; the lowest eight bits are left to the part.
            #[inline(always)]
            pub(crate) fn pack(self) -> u128 {
                use $crate::event::{Operand, place};
                let (mut bits, mut at, mut free) = (0_u128, 0, 16);
                match self {
                    $(
                        Event::$kind { $(0: events!(@name one $one))? $($($field,)+)? } => {
                            bits |= (Kind::$kind as u128) << 8;
                            $(
                                (at, free) = place(free, <$one as Operand>::BITS);
                                bits |= u128::from(one.bits()) << at;
                            )?
                            $($(
                                (at, free) = place(free, <$type as Operand>::BITS);
                                bits |= u128::from($field.bits()) << at;
                            )+)?
                        }
                    )+
                }
                debug_assert!(Event::unpack(bits) == Some(self), "{self:?} has no room for all it carries");
                bits
            }

            /// The event of these bits; none if there is no such kind.
            #[inline(always)]
            pub(crate) fn unpack(bits: u128) -> Option<Event> {
                use $crate::event::{Operand, place};
                $(const $kind: u8 = Kind::$kind as u8;)+
                let (mut at, mut free) = (0, 16);
                Some(match (bits >> 8) as u8 {
                    $(
                        $kind => Event::$kind {
                            $(0: {
                                (at, free) = place(free, <$one as Operand>::BITS);
                                <$one as Operand>::from_bits((bits >> at) as u64)
                            })?
                            $($($field: {
                                (at, free) = place(free, <$type as Operand>::BITS);
                                <$type as Operand>::from_bits((bits >> at) as u64)
                            },)+)?
                        },
                    )+
                    _ => return None,
                })
            }
        }
    };
    (@name $name:ident $type:ty) => { $name };
}

pub(crate) use events;
