//! SIP as a client needs it: requests as they are built, messages as they come. Not strict: a test
//! may send anything.

pub mod digest;
mod message;
mod request;

pub use message::Message;
pub(super) use request::branch;
pub use request::{Request, Sender, unique};
