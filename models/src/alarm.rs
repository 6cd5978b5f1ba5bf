//! Stub.
use crate::cloudwatch::CloudWatch;
use crate::event::{Words, words};
use crate::plan::AlarmId;
use crate::result::AlarmChange;
use crate::shared::Cx;
/// Events.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// X.
    X,
}
impl Event {
    pub(crate) fn words(self) -> Words {
        words(0, 0, 0, 0)
    }
}
pub struct State;
impl State {
    pub fn code(&self) -> f64 {
        0.0
    }
}
pub struct Alarms;
impl Alarms {
    pub fn new(_: &mut Cx) -> Self {
        Alarms
    }
    pub fn start(&mut self, _: &mut Cx) {}
    pub fn handle(&mut self, _: Event, _: &mut CloudWatch, _: &mut Cx) {}
    pub fn state(&self, _: AlarmId) -> State {
        State
    }
    pub fn value(&self, _: AlarmId) -> Option<f64> {
        None
    }
    pub fn changes(&self, _: AlarmId) -> &[AlarmChange] {
        &[]
    }
}
