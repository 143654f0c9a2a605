//! SIP as a client needs it: requests as they are built, messages as they come. Not strict: a test
//! may send anything.

pub mod digest;
mod message;
mod request;

pub use message::Message;
pub use request::{Request, Sender};
pub(super) use request::{branch, unique};
