//! Processors: running jobs share the vCPUs, each job at most one of them.
//!
//! ```text
//!  n jobs, s vCPUs of background load, V vCPUs:  every job runs at  speed × min(1, V / (n + s))
//! ```
//! With no more workers than vCPUs every job has one to itself and its end is known when it starts (plain FCFS);
//! otherwise jobs share, and the end is found in virtual time: the service that each running job has had. Both are
//! exact (to the nanosecond of the clock).
//!
//! # Models      processor sharing with a cap of one vCPU per job; background load; slow and frozen processors
//!   less than all vCPUs where credits allow no more
//! # Leaves out  hyper-threads, context switches
//! # Source      egalitarian processor sharing: Kleinrock, "Queueing Systems" vol. 2 (1976), chapter 4

use crate::credits::Account;
use crate::request::CallRef;
use sim_core::{Duration, Time};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Processors of one machine.
#[derive(Clone, Debug)]
pub struct Cpu {
    /// vCPUs that may be used: all of them, or what credits allow.
    vcpus: f64,
    /// vCPUs there are.
    whole: f64,
    /// Of a burstable type.
    credits: Option<Box<Account>>,
    /// Whether every job is sure of a vCPU when nothing else is the matter.
    roomy: bool,
    speed: f64,
    stress: f64,
    jobs: u32,
    direct: bool,
    /// Service in nanoseconds that a job running since the last idle moment has had.
    attained: f64,
    advanced: Time,
    due: BinaryHeap<Job>,
    order: u32,
    epoch: u32,
    scheduled: Time,
    /// Busy vCPU-nanoseconds up to `metered`.
    busy: f64,
    metered: Time,
}

/// A job and the attained service at which it is done.
#[derive(Clone, Copy, Debug)]
struct Job {
    finish: f64,
    order: u32,
    call: CallRef,
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Job {}
impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Job {
    /// Greatest first is the one done first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.finish.total_cmp(&self.finish).then(other.order.cmp(&self.order))
    }
}

/// When a started job ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Started {
    /// Then, for certain.
    Until(Time),
    /// When the sharing says so: ask [`Cpu::wake`].
    Shared,
}

impl Cpu {
    /// `vcpus` processors on which at most `jobs` run at once.
    pub fn new(vcpus: u32, jobs: u32, now: Time) -> Self {
        Cpu {
            vcpus: f64::from(vcpus),
            whole: f64::from(vcpus),
            credits: None,
            roomy: jobs <= vcpus,
            speed: 1.0,
            stress: 0.0,
            jobs: 0,
            direct: jobs <= vcpus,
            attained: 0.0,
            advanced: now,
            due: BinaryHeap::new(),
            order: 0,
            epoch: 0,
            scheduled: Time::MAX,
            busy: 0.0,
            metered: now,
        }
    }

    /// Starts a job.
    #[inline]
    pub fn start(&mut self, now: Time, call: CallRef, demand: Duration) -> Started {
        self.meter(now);
        if self.direct {
            self.jobs += 1;
            return Started::Until(now + demand);
        }
        self.advance(now);
        self.jobs += 1;
        self.push(call, demand);
        Started::Shared
    }

    /// A job that had a vCPU to itself is done.
    #[inline]
    pub fn finish_direct(&mut self, now: Time) {
        self.meter(now);
        self.jobs -= 1;
    }

    /// If the next completion is to be announced anew: when, and under which epoch.
    #[inline]
    pub fn wake(&mut self, now: Time) -> Option<(Time, u32)> {
        let rate = self.rate();
        let next = match self.due.peek() {
            Some(job) if rate > 0.0 => {
                let wait = ((job.finish - self.attained) / rate).max(0.0);
                now + Duration::from_nanos(wait.ceil() as u64)
            }
            _ => return None,
        };
        // A completion that comes later than announced is found to be early when it comes, and announced again then.
        if next < self.scheduled {
            self.scheduled = next;
            self.epoch += 1;
            return Some((next, self.epoch));
        }
        None
    }

    /// The announced moment has come: gives the jobs done by now, one by one, until there is none.
    pub fn due(&mut self, now: Time, epoch: u32) -> Option<CallRef> {
        if epoch != self.epoch {
            return None;
        }
        self.meter(now);
        self.advance(now);
        self.scheduled = Time::MAX;
        // Half a nanosecond is below the resolution of the clock.
        if self.due.peek().is_some_and(|job| job.finish <= self.attained + 0.5) {
            self.jobs -= 1;
            let done = self.due.pop().map(|job| job.call);
            self.settle();
            return done;
        }
        None
    }

    /// Changes background load (in vCPUs) and speed. `direct_jobs` are those with a vCPU to themselves and the
    /// service they still need; they share from now on.
    pub fn disturb(&mut self, now: Time, stress: f64, speed: f64, direct_jobs: &[(CallRef, Duration)]) {
        self.meter(now);
        self.advance(now);
        self.stress = stress.max(0.0);
        self.speed = speed;
        self.vcpus = self.credits.as_ref().map_or(self.whole, |account| account.allowance());
        if self.direct {
            self.direct = false;
            self.attained = 0.0;
            for &(call, remaining) in direct_jobs {
                self.push(call, remaining);
            }
        }
        // Whatever was announced may now be too late.
        self.scheduled = Time::MAX;
        self.settle();
    }

    /// Opens an account of credits; it runs from now on.
    pub fn open(&mut self, now: Time, account: Account) {
        self.meter(now);
        self.credits = Some(Box::new(account));
    }

    /// Its credits as of now.
    pub fn credits(&mut self, now: Time) -> Option<&mut Account> {
        self.meter(now);
        self.credits.as_deref_mut()
    }

    /// Closes the account.
    pub fn close(&mut self, now: Time) -> Option<Account> {
        self.meter(now);
        self.credits.take().map(|account| *account)
    }

    /// Whether running jobs have a vCPU to themselves.
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// Drops a running job.
    pub fn drop_job(&mut self, now: Time, call: CallRef) {
        self.meter(now);
        self.advance(now);
        self.jobs -= 1;
        self.due.retain(|job| job.call != call);
        self.scheduled = Time::MAX;
        self.settle();
    }

    /// Drops all jobs.
    pub fn clear(&mut self, now: Time) {
        self.meter(now);
        self.due.clear();
        self.jobs = 0;
        self.epoch += 1;
        self.scheduled = Time::MAX;
        self.settle();
    }

    /// Busy vCPU-nanoseconds since the beginning.
    pub fn busy(&mut self, now: Time) -> f64 {
        self.meter(now);
        self.busy
    }

    #[inline]
    fn rate(&self) -> f64 {
        self.speed * (self.vcpus / (f64::from(self.jobs) + self.stress)).min(1.0)
    }

    #[inline]
    fn advance(&mut self, now: Time) {
        if self.jobs > 0 && !self.direct {
            self.attained += (now - self.advanced).nanos() as f64 * self.rate();
        }
        self.advanced = now;
    }

    #[inline]
    fn meter(&mut self, now: Time) {
        let busy = (f64::from(self.jobs) + self.stress).min(self.vcpus);
        let passed = (now - self.metered).nanos() as f64;
        self.busy += passed * busy;
        if self.credits.is_some() {
            self.pay(passed, busy);
        }
        self.metered = now;
    }

    #[cold]
    #[inline(never)]
    fn pay(&mut self, passed: f64, busy: f64) {
        if let Some(account) = &mut self.credits {
            account.pass(passed, busy);
        }
    }

    fn push(&mut self, call: CallRef, demand: Duration) {
        self.order = self.order.wrapping_add(1);
        self.due.push(Job { finish: self.attained + demand.nanos() as f64, order: self.order, call });
    }

    /// An idle machine starts its virtual time afresh, and one that is roomy and undisturbed needs none.
    fn settle(&mut self) {
        if self.jobs == 0 {
            self.attained = 0.0;
            self.order = 0;
            self.direct = self.roomy && self.stress == 0.0 && self.speed == 1.0 && self.vcpus == self.whole;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::CallId;

    fn job(id: usize) -> CallRef {
        CallRef { id: CallId::new(id), generation: 0 }
    }

    fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    fn at(value: u64) -> Time {
        Time::ZERO + ms(value)
    }

    /// Runs jobs `(arrival, demand)` in milliseconds and gives their ends in milliseconds.
    fn run(cpu: &mut Cpu, arrivals: &[(u64, u64)]) -> Vec<f64> {
        let mut ends = vec![0.0; arrivals.len()];
        let mut next = 0;
        let mut announced: Option<(Time, u32)> = None;
        loop {
            let arrival = arrivals.get(next).map(|job| at(job.0));
            match (arrival, announced) {
                (None, None) => return ends,
                (Some(now), due) if due.is_none_or(|due| now <= due.0) => {
                    assert_eq!(cpu.start(now, job(next), ms(arrivals[next].1)), Started::Shared);
                    announced = cpu.wake(now).or(announced);
                    next += 1;
                }
                (_, Some((now, epoch))) => {
                    while let Some(done) = cpu.due(now, epoch) {
                        ends[done.id.index()] = now.as_secs_f64() * 1e3;
                    }
                    announced = cpu.wake(now);
                }
                (Some(_), None) => unreachable!("an arrival with nothing announced is taken above"),
            }
        }
    }

    #[test]
    fn two_jobs_on_one_vcpu_run_at_half_speed() {
        let mut cpu = Cpu::new(1, 10, Time::ZERO);
        // Alone 0..10 ms, then both at half speed: the second needs 10 more of shared time (20 ms), then the first.
        assert_eq!(run(&mut cpu, &[(0, 30), (10, 10)]), [40.0, 30.0]);
        assert!((cpu.busy(at(40)) / 1e6 - 40.0).abs() < 1e-6);
    }

    #[test]
    fn no_job_gets_more_than_one_vcpu() {
        let mut cpu = Cpu::new(2, 10, Time::ZERO);
        assert_eq!(run(&mut cpu, &[(0, 10), (0, 10)]), [10.0, 10.0]);
        let mut cpu = Cpu::new(2, 10, Time::ZERO);
        assert_eq!(run(&mut cpu, &[(0, 10), (0, 10), (0, 10), (0, 10)]), [20.0; 4]);
    }

    #[test]
    fn background_load_takes_its_share() {
        let mut cpu = Cpu::new(2, 10, Time::ZERO);
        cpu.disturb(Time::ZERO, 2.0, 1.0, &[]);
        // Two jobs and two stressors on two vCPUs: half speed each.
        assert_eq!(run(&mut cpu, &[(0, 10), (0, 10)]), [20.0, 20.0]);
        assert!((cpu.busy(at(100)) / 1e6 - 200.0).abs() < 1e-6, "stress keeps both busy");
    }

    #[test]
    fn a_direct_job_joins_the_sharing_when_stress_begins() {
        let mut cpu = Cpu::new(1, 1, Time::ZERO);
        assert_eq!(cpu.start(Time::ZERO, job(0), ms(10)), Started::Until(at(10)));
        cpu.disturb(at(4), 1.0, 1.0, &[(job(0), ms(6))]);
        let (due, epoch) = cpu.wake(at(4)).unwrap();
        assert_eq!(due, at(16));
        assert_eq!(cpu.due(due, epoch), Some(job(0)));
    }

    #[test]
    fn a_frozen_machine_finishes_nothing_until_it_thaws() {
        let mut cpu = Cpu::new(1, 4, Time::ZERO);
        assert_eq!(cpu.start(Time::ZERO, job(0), ms(10)), Started::Shared);
        let (_, stale) = cpu.wake(Time::ZERO).unwrap();
        cpu.disturb(at(5), 0.0, 0.0, &[]);
        assert_eq!(cpu.wake(at(5)), None);
        cpu.disturb(at(100), 0.0, 1.0, &[]);
        let (due, epoch) = cpu.wake(at(100)).unwrap();
        assert_ne!(epoch, stale);
        assert_eq!(due, at(105));
    }
}
