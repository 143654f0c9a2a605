//! The detectors, each in a room of its own: an inspection in, evidence out. They decide nothing;
//! what follows is the business of [`super::enforce`].

pub mod agent;
pub mod contact;
pub mod listed;
pub mod network;
pub mod place;
pub mod rate;
pub mod route;
pub mod sqli;
pub mod texts;
pub mod unreadable;
