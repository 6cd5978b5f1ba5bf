//! Stub.
use crate::event::{Words, words};
use crate::request::InstanceId;
use crate::shared::Cx;
/// Events.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// X.
    Begin(InstanceId),
}
impl Event {
    pub(crate) fn words(self) -> Words {
        words(0, 0, 0, 0)
    }
}
pub struct Launches;
impl Launches {
    pub fn new(_: &mut Cx) -> Self {
        Launches
    }
    pub fn handle(&mut self, _: Event, _: &mut Cx) {}
}
