//! Stub.
use crate::event::{Words, words};
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
