//! Stub.
use crate::event::{self, Words, words};
use crate::plan::Metric;
use crate::shared::Cx;
use sim_core::{Duration, Histogram};
/// Events.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A minute is over.
    Collect,
}
impl Event {
    pub(crate) fn words(self) -> Words {
        words(0, 0, 0, 0)
    }
}
pub struct CloudWatch {}
impl CloudWatch {
    pub fn new(_: &mut Cx) -> Self {
        CloudWatch {}
    }
    pub fn start(&mut self, cx: &mut Cx) {
        cx.list.after(Duration::from_secs(60), event::Event::CloudWatch(Event::Collect));
    }
    pub fn handle(&mut self, _: Event, cx: &mut Cx) {
        cx.list.after(Duration::from_secs(60), event::Event::CloudWatch(Event::Collect));
    }
    pub fn watched(&self) -> &[Metric] {
        &[]
    }
    pub fn record(&mut self, _: Metric, _: &[f64], _: &mut Cx) {}
    pub fn record_histogram(&mut self, _: Metric, _: &Histogram, _: f64, _: &mut Cx) {}
}
