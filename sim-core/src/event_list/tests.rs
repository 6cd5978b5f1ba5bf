use super::*;
use crate::stream::Words;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// The list as one would write it without a thought for speed: sorted, scanned, slow.
struct Naive {
    now: u64,
    seq: u64,
    pending: Vec<(u64, u64, Option<Slot>, u32)>,
}

impl Naive {
    fn add(&mut self, time: u64, slot: Option<Slot>, event: u32) {
        if slot.is_some() {
            self.pending.retain(|p| p.2 != slot);
        }
        self.pending.push((time.max(self.now), self.seq, slot, event));
        self.seq += 1;
    }

    fn pop_before(&mut self, end: u64) -> Option<(Time, u32)> {
        let first = (0..self.pending.len()).min_by_key(|at| (self.pending[*at].0, self.pending[*at].1))?;
        if self.pending[first].0 > end {
            self.now = self.now.max(end);
            return None;
        }
        let (time, _, _, event) = self.pending.remove(first);
        self.now = time;
        Some((Time::from_nanos(time), event))
    }
}

#[derive(Clone, Debug)]
enum Step {
    At(u64),
    Lane(usize),
    Soon,
    Set(usize, u64),
    Clear(usize),
    Pop(usize),
    PopBefore(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        // Few different times, so that many are equal.
        4 => (0_u64..12).prop_map(Step::At),
        1 => (0_u64..1_000_000).prop_map(Step::At),
        4 => (0_usize..64).prop_map(Step::Lane),
        2 => Just(Step::Soon),
        2 => (0_usize..64, 0_u64..12).prop_map(|(slot, after)| Step::Set(slot, after)),
        1 => (0_usize..64).prop_map(Step::Clear),
        5 => (1_usize..4).prop_map(Step::Pop),
        2 => (0_u64..12).prop_map(Step::PopBefore),
    ];
    prop::collection::vec(step, 0..400)
}

/// Plays the steps to both lists, and then pops both empty.
fn play(mut list: EventList<u32>, delays: &[u64], slots: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut naive = Naive { now: 0, seq: 0, pending: Vec::new() };
    let lanes: Vec<Lane> = delays.iter().map(|delay| list.lane(Duration::from_nanos(*delay))).collect();
    let slots: Vec<Slot> = (0..slots).map(|_| list.slot()).collect();
    for (event, step) in (0_u32..).zip(steps) {
        match *step {
            Step::At(after) => {
                list.at(list.now() + Duration::from_nanos(after), event);
                naive.add(naive.now + after, None, event);
            }
            Step::Lane(lane) => {
                let lane = lane % lanes.len();
                list.via(lanes[lane], event);
                naive.add(naive.now + delays[lane], None, event);
            }
            Step::Soon => {
                list.soon(event);
                naive.add(naive.now, None, event);
            }
            Step::Set(slot, after) => {
                let slot = slots[slot % slots.len()];
                list.set(slot, list.now() + Duration::from_nanos(after), event);
                naive.add(naive.now + after, Some(slot), event);
            }
            Step::Clear(slot) => {
                let slot = slots[slot % slots.len()];
                list.clear(slot);
                naive.pending.retain(|p| p.2 != Some(slot));
            }
            Step::Pop(times) => {
                for _ in 0..times {
                    prop_assert_eq!(list.pop(), naive.pop_before(u64::MAX));
                }
            }
            Step::PopBefore(after) => {
                let end = naive.now + after;
                prop_assert_eq!(list.pop_before(Time::from_nanos(end)), naive.pop_before(end));
            }
        }
        prop_assert_eq!((list.now().nanos(), list.len()), (naive.now, naive.pending.len()));
    }
    while let Some(next) = naive.pop_before(u64::MAX) {
        prop_assert_eq!(list.pop(), Some(next));
    }
    prop_assert_eq!((list.pop(), list.is_empty()), (None, true));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_is_that_of_a_sorted_list(
        delays in prop::collection::vec(0_u64..20, 1..40),
        slots in 1_usize..9,
        steps in steps(),
    ) {
        play(EventList::new(), &delays, slots, &steps)?;
    }

    #[test]
    fn numbering_anew_changes_no_order(
        delays in prop::collection::vec(0_u64..20, 1..5),
        slots in 1_usize..4,
        steps in steps(),
        left in 0_u32..300,
    ) {
        let mut list = EventList::new();
        list.seq = u32::MAX - left;
        play(list, &delays, slots, &steps)?;
    }
}

#[test]
fn equal_delays_share_a_lane() {
    let mut list: EventList<u8> = EventList::new();
    let hop = list.lane(Duration::from_millis(1));
    assert_eq!(hop, list.lane(Duration::from_millis(1)));
    assert_ne!(hop, list.lane(Duration::from_millis(2)));
}

#[test]
fn an_empty_list_keeps_its_clock_and_a_later_event_lets_it_run_to_the_end() {
    let mut list = EventList::new();
    assert_eq!(list.pop_before(Time::from_nanos(9)), None);
    assert_eq!(list.now(), Time::ZERO);
    list.at(Time::from_nanos(20), 'a');
    assert_eq!(list.pop_before(Time::from_nanos(9)), None);
    assert_eq!(list.now(), Time::from_nanos(9));
    assert_eq!(list.pop_before(Time::from_nanos(20)), Some((Time::from_nanos(20), 'a')));
}

#[test]
fn the_end_of_time_is_a_time_too() {
    let mut list = EventList::new();
    list.after(Duration::MAX, 'b');
    list.after(Duration::from_nanos(1), 'a');
    let order: String = std::iter::from_fn(|| list.pop()).map(|(_, event)| event).collect();
    assert_eq!((order.as_str(), list.now()), ("ab", Time::MAX));
}

#[test]
fn past_warm_up_nothing_grows() {
    let mut list = EventList::new();
    let (lane, slot) = (list.lane(Duration::from_nanos(50)), list.slot());
    let mut words = crate::stream::Substream::new(1, 1);
    let mut round = |list: &mut EventList<u64>| {
        for event in 0..200 {
            list.after(Duration::from_nanos(1 + words.word() % 100), event);
            list.via(lane, event);
            list.soon(event);
            list.set(slot, list.now() + Duration::from_nanos(30), event);
        }
        while list.pop().is_some() {}
    };
    round(&mut list);
    let room = |list: &EventList<u64>| {
        let sources: usize = list.sources.iter().map(|source| source.queue.room()).sum();
        (list.heap.room(), sources)
    };
    let warm = room(&list);
    for _ in 0..100 {
        round(&mut list);
    }
    assert_eq!(room(&list), warm);
}
