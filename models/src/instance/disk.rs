//! The EBS volume of an instance: disk steps take their turn at its IOPS and throughput.
//!
//! ```text
//!  Disk step ─► turn (FCFS) ─► operations at the IOPS that are left, or bytes at the throughput ─► latency ─► SleepDone
//! ```
//! # Models      gp3: provisioned IOPS and throughput; gp2: three IOPS per GiB and a bucket that lets a small volume burst;
//!   operations of more than 256 KiB count as several; a step is served when its turn has come, first come first served
//!   (a volume whose I/O is paused keeps its steps waiting, those it had begun too)
//! # Leaves out  volumes of several kinds; the instance's own EBS limits; lazy loading from snapshots
//! # Source      EBS user guide, "General Purpose SSD volumes"; `aws/scaling.md` §6.4

use super::Instances;
use crate::plan::{FleetId, StatusCheck, Volume};
use crate::program::Op;
use crate::request::{CallRef, InstanceId};
use crate::result::VolumeFigures;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

/// The volume of one instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disk {
    terms: Volume,
    /// Everything asked of it is done by then.
    free: Time,
    /// I/O credits of a gp2 volume, and when they were last counted.
    bucket: f64,
    counted: Time,
    /// Operations served, nanoseconds of work, least that was in the bucket.
    operations: f64,
    busy_ns: f64,
    least: f64,
}

impl Disk {
    /// As it is created: with a full bucket.
    pub fn new(terms: Volume, now: Time) -> Disk {
        let bucket = terms.burst.map_or(0.0, |burst| burst.bucket);
        Disk { terms, free: now, bucket, counted: now, operations: 0.0, busy_ns: 0.0, least: bucket }
    }

    fn refill(&mut self, now: Time) {
        if let Some(burst) = self.terms.burst {
            let passed = (now - self.counted).as_secs_f64();
            self.bucket = (self.bucket + passed * self.terms.iops).min(burst.bucket);
            self.counted = now;
        }
    }

    /// Takes its turn with so many operations of so many bytes in all; gives the moment at which they are done.
    pub fn take(&mut self, now: Time, operations: f64, bytes: f64) -> Time {
        let begins = self.free.max(now);
        self.refill(begins);
        let mut seconds = operations / self.terms.iops;
        if let Some(burst) = self.terms.burst {
            // At the burst rate as long as the bucket lasts, net of what it earns meanwhile; then at the baseline.
            let drain = burst.iops - self.terms.iops;
            let fast = operations.min(self.bucket / drain * burst.iops);
            seconds = fast / burst.iops + (operations - fast) / self.terms.iops;
            // What it earns meanwhile is counted below.
            self.bucket -= operations;
        }
        let seconds = seconds.max(bytes / self.terms.bytes_per_s);
        self.operations += operations;
        self.busy_ns += seconds * 1e9;
        self.free = begins + Duration::from_secs_f64(seconds);
        let end = self.free;
        self.refill(end);
        self.bucket = self.bucket.max(0.0);
        self.least = self.least.min(self.bucket);
        end + self.terms.latency
    }

    /// What is left in the bucket, percent.
    fn balance(&self, now: Time) -> Option<f64> {
        let burst = self.terms.burst?;
        let mut then = *self;
        if now > then.counted {
            then.refill(now);
        }
        Some(100.0 * then.bucket / burst.bucket)
    }
}

impl Instances {
    /// How long a disk step lasts, its turn included.
    pub(super) fn disk(&mut self, instance: InstanceId, operations: f64, bytes: f64, now: Time) -> Duration {
        match &mut self.rows[instance].disk {
            Some(disk) => disk.take(now, operations, bytes) - now,
            None => Duration::ZERO,
        }
    }

    /// I/O of its volume is paused, or (counted down to no pause) goes on: what was begun is done, the rest takes its turn.
    pub(super) fn pause_io(&mut self, instance: InstanceId, paused: bool, cause: EntryId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        if !paused && row.io_paused == 0 {
            // It was another machine whose volume was paused.
            return;
        }
        row.io_paused = if paused { row.io_paused + 1 } else { row.io_paused - 1 };
        self.ill(instance, StatusCheck::AttachedEbs, paused, cause, cx);
        if self.rows[instance].io_paused > 0 {
            return;
        }
        for (call, begun) in std::mem::take(&mut self.rows[instance].io_held) {
            if begun {
                self.sleep_done(call, cx);
            } else {
                self.run(call, cx);
            }
        }
    }

    /// Whether a step that has had its time was one on a volume whose I/O is paused by now.
    #[cold]
    #[inline(never)]
    pub(super) fn waits_for_io(&mut self, at: CallRef, cx: &Cx) -> bool {
        let Some(call) = cx.call(at) else { return true };
        let on_disk = matches!(cx.program.ops[call.pc as usize], Op::Disk { .. });
        if on_disk {
            self.rows[call.instance].io_held.push((at, true));
        }
        on_disk
    }

    /// BurstBalance of an instance's volume, if it has a bucket.
    pub(super) fn burst_balance(&self, instance: InstanceId, now: Time) -> Option<f64> {
        self.rows.get(instance)?.disk.as_ref()?.balance(now)
    }

    /// Keeps the figures of a volume whose machine is gone.
    pub(super) fn close_disk(&mut self, instance: InstanceId, fleet: FleetId, now: Time) {
        if let Some(disk) = &self.rows[instance].disk {
            let figures = &mut self.volumes[fleet];
            figures.operations += disk.operations;
            figures.busy_s += disk.busy_ns / 1e9 - (disk.free.max(now) - now).as_secs_f64();
            if let Some(burst) = disk.terms.burst {
                let least = 100.0 * disk.least / burst.bucket;
                figures.least_burst_percent = Some(figures.least_burst_percent.map_or(least, |old| old.min(least)));
            }
        }
    }

    /// What the volumes of a fleet have come to; none without any.
    pub fn volume_figures(&mut self, fleet: FleetId, now: Time, cx: &Cx) -> Option<VolumeFigures> {
        cx.plan.fleets[fleet].template.machine.volume?;
        let closed = self.volumes[fleet];
        for index in 0..self.rows.len() {
            let instance = InstanceId::new(index);
            if cx.directory.facts(instance).fleet == fleet {
                self.close_disk(instance, fleet, now);
            }
        }
        Some(std::mem::replace(&mut self.volumes[fleet], closed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Burst;

    fn at(seconds: f64) -> Time {
        Time::ZERO + Duration::from_secs_f64(seconds)
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{a} is not {b}");
    }

    const GP3: Volume = Volume {
        gib: 100.0,
        iops: 3000.0,
        bytes_per_s: 131_072_000.0,
        burst: None,
        latency: Duration::ZERO,
        month: 8.0,
    };

    #[test]
    fn gp3_serves_its_iops_and_its_throughput_whichever_is_slower() {
        let mut disk = Disk::new(GP3, Time::ZERO);
        near(disk.take(at(0.0), 30.0, 0.0).as_secs_f64(), 0.01);
        // It waits for its turn.
        near(disk.take(at(0.0), 30.0, 0.0).as_secs_f64(), 0.02);
        near(disk.take(at(1.0), 3.0, 13_107_200.0).as_secs_f64(), 1.1);
        assert_eq!(disk.balance(at(2.0)), None);
    }

    /// The table of the EBS user guide: baseline, seconds of burst from a full bucket, seconds to fill an empty one.
    #[test]
    fn s6_4_gp2_bursts_and_refills_as_the_table_says() {
        for (iops, burst_s, refill_s) in [
            (100.0, 1862.0, 54_000.0),
            (300.0, 2000.0, 18_000.0),
            (750.0, 2400.0, 7_200.0),
            (1002.0, 2703.0, 5_389.0),
            (1500.0, 3600.0, 3_600.0),
            (2250.0, 7200.0, 2_400.0),
        ] {
            let burst = Some(Burst { iops: 3000.0, bucket: 5.4e6 });
            let mut disk = Disk::new(Volume { iops, burst, ..GP3 }, Time::ZERO);
            let mut now = at(0.0);
            while disk.balance(now).unwrap() > 1e-6 {
                now = disk.take(now, 30.0, 0.0);
            }
            assert!((now.as_secs_f64() - burst_s).abs() < 1.0, "{iops}: {now}");
            let full = |seconds: f64| disk.balance(now + Duration::from_secs_f64(seconds)).unwrap();
            assert!(full(refill_s - 2.0) < 100.0 && full(refill_s + 2.0) > 99.999, "{iops}");
        }
    }

    /// 5.4 million over 3000 less the baseline: 100 GiB at 300 IOPS burst for 2000 s.
    #[test]
    fn gp2_bursts_as_long_as_its_bucket_lasts_and_then_goes_at_its_baseline() {
        let burst = Some(Burst { iops: 3000.0, bucket: 5.4e6 });
        let mut disk = Disk::new(Volume { iops: 300.0, burst, ..GP3 }, Time::ZERO);
        let mut now = at(0.0);
        let mut served = 0.0;
        while disk.balance(now).unwrap() > 1e-6 {
            now = disk.take(now, 300.0, 0.0);
            served += 300.0;
        }
        near(now.as_secs_f64(), 2000.0);
        near(served, 6e6);
        near(disk.take(now, 300.0, 0.0).as_secs_f64(), 2001.0);
        // Full again after 5.4 million / 300 = 18,000 s of rest.
        near(disk.balance(at(2001.0 + 9000.0)).unwrap(), 50.0);
        near(disk.balance(at(2001.0 + 18_000.0)).unwrap(), 100.0);
    }
}
